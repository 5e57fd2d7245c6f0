import { describe, expect, it } from 'vitest';
import { createKubernetesApi } from './kubernetes-api.ts';

const api = createKubernetesApi({
  version: 'v1.31.6',
  token: 'secret',
  namespaces: ['a', 'b', 'c', 'd', 'e'],
  createdAt: new Date('2026-01-01T00:00:00Z'),
});

function get(target: string, token?: string, method = 'GET') {
  const { pathname, searchParams } = new URL(target, 'https://api.invalid');
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const answer = api.answer({ method, path: pathname, query: searchParams, authorization });
  return {
    status: answer.status,
    body: answer.contentType === 'application/json' ? JSON.parse(answer.body) : answer.body,
  };
}

describe('simulated Kubernetes API', () => {
  it('tells its version and health to anyone', () => {
    expect(get('/version')).toMatchObject({ status: 200, body: { major: '1', minor: '31', gitVersion: 'v1.31.6' } });
    expect(get('/readyz')).toEqual({ status: 200, body: 'ok' });
    expect(get('/livez')).toEqual({ status: 200, body: 'ok' });
    expect(get('/readyz?verbose').body).toMatch(/^\[\+\]ping ok\n[^]*readyz check passed\n$/);
  });

  it('shows namespaces to the bearer of its token only', () => {
    expect(get('/api/v1/namespaces')).toMatchObject({
      status: 403,
      body: { kind: 'Status', reason: 'Forbidden', code: 403 },
    });
    expect(get('/api/v1/namespaces', 'wrong')).toMatchObject({
      status: 401,
      body: { kind: 'Status', reason: 'Unauthorized', code: 401 },
    });
    const { status, body } = get('/api/v1/namespaces', 'secret');
    expect(status).toBe(200);
    expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    expect(body.metadata.continue).toBeUndefined();
  });

  it('pages by limit and continue', () => {
    const names: string[] = [];
    const pages: number[] = [];
    let token = '';
    do {
      const { body } = get(`/api/v1/namespaces?limit=2&continue=${token}`, 'secret');
      names.push(...body.items.map((item: { metadata: { name: string } }) => item.metadata.name));
      pages.push(body.metadata.remainingItemCount ?? 0);
      token = body.metadata.continue ?? '';
    } while (token !== '');
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(pages).toEqual([3, 1, 0]);
  });

  it('refuses a continue token that it did not give', () => {
    expect(get('/api/v1/namespaces?limit=2&continue=xyz', 'secret')).toMatchObject({
      status: 410,
      body: { reason: 'Expired' },
    });
  });

  it('answers what it does not have with a Status', () => {
    expect(get('/api', 'secret').body.versions).toEqual(['v1']);
    expect(get('/api/v1/namespaces/b', 'secret').body.metadata.name).toBe('b');
    expect(get('/api/v1/namespaces/z', 'secret')).toMatchObject({
      status: 404,
      body: { reason: 'NotFound', details: { name: 'z' } },
    });
    expect(get('/apis/apps/v1/deployments', 'secret')).toMatchObject({
      status: 404,
      body: { kind: 'Status', reason: 'NotFound' },
    });
    expect(get('/api/v1/namespaces', 'secret', 'POST')).toMatchObject({
      status: 405,
      body: { reason: 'MethodNotAllowed' },
    });
  });
});
