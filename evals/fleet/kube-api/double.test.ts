import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeDouble, startKubeDouble } from './double.ts';

/** What clients rely on only in the raw answers; the rest is in `test/kube`, which a real server passes too. */

let double: KubeDouble;
beforeAll(async () => {
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  double = await startKubeDouble({ token: 'secret', objects: () => ['a', 'b', 'c', 'd', 'e'].map(namespace) });
});
afterAll(() => double.stop());

function call(path: string, token?: string, method = 'GET') {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = request(double.url + path, { method, ca: double.caPem, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
}

async function json(path: string, token?: string, method = 'GET') {
  const { status, body } = await call(path, token, method);
  return { status, body: JSON.parse(body) };
}

describe('the Kubernetes API double', () => {
  it('tells its version and health to anyone', async () => {
    expect(await json('/version')).toMatchObject({ body: { major: '1', minor: '31', gitVersion: 'v1.31.6' } });
    expect(await call('/readyz')).toEqual({ status: 200, body: 'ok' });
    expect((await call('/readyz?verbose')).body).toMatch(/^\[\+\]ping ok\n[^]*readyz check passed\n$/);
    double.control({ action: 'FAULTS', faults: [{ kind: 'NOT_READY', checks: ['etcd'] }] });
    const failing = await call('/livez');
    double.control({ action: 'FAULTS', faults: [] });
    expect(failing).toMatchObject({ status: 500, body: expect.stringContaining('[-]etcd failed: reason withheld') });
  });

  it('answers 401 to a wrong token and 403 to none, with a Status', async () => {
    expect(await json('/api/v1/namespaces', 'wrong')).toMatchObject({ status: 401, body: { reason: 'Unauthorized' } });
    expect(await json('/api/v1/namespaces')).toMatchObject({
      status: 403,
      body: { kind: 'Status', reason: 'Forbidden', code: 403, message: expect.stringContaining('system:anonymous') },
    });
  });

  it('counts what is left on each page, and forgets places', async () => {
    const pages: number[] = [];
    let token = '';
    do {
      const { body } = await json(`/api/v1/namespaces?limit=2&continue=${token}`, 'secret');
      pages.push(body.metadata.remainingItemCount ?? 0);
      token = body.metadata.continue ?? '';
      expect(body.items[0].kind).toBeUndefined();
    } while (token !== '');
    expect(pages).toEqual([3, 1, 0]);
    expect(await json('/api/v1/namespaces?continue=xyz', 'secret')).toMatchObject({ body: { reason: 'Expired' } });
    const { body } = await json('/api/v1/namespaces?limit=2', 'secret');
    double.control({ action: 'COMPACT' });
    const late = await json(`/api/v1/namespaces?limit=2&continue=${body.metadata.continue}`, 'secret');
    expect(late).toMatchObject({ status: 410, body: { reason: 'Expired' } });
  });

  it('answers what it does not have: plain text for groups, a Status for kinds and names', async () => {
    expect(await call('/apis/nothing.example.com/v1/things', 'secret')).toEqual({
      status: 404,
      body: '404 page not found\n',
    });
    expect(await json('/apis/apps/v1/things', 'secret')).toMatchObject({ status: 404, body: { kind: 'Status' } });
    expect(await json('/api/v1/namespaces/z', 'secret')).toMatchObject({
      status: 404,
      body: { reason: 'NotFound', details: { name: 'z' }, message: 'namespaces "z" not found' },
    });
    expect(await json('/api/v1/namespaces/a', 'secret', 'PATCH')).toMatchObject({ status: 405 });
  });
});
