import { describe, expect, it } from 'vitest';
import { errorResponse, fakeFetch, json, manualClock, type SentRequest } from '../test-support.ts';
import { createApiClient } from './client.ts';
import { createCredential } from './credential.ts';
import { fetchClusters, fetchMessages } from './endpoints.ts';

function setUp(answer: (request: SentRequest) => Response) {
  const { fetch, sent } = fakeFetch(answer);
  const credential = createCredential(undefined);
  const clock = manualClock();
  return { api: createApiClient({ fetch, credential, clock }), credential, sent, clock };
}

describe('API client', () => {
  it('sends the token in the Authorization header and nowhere else', async () => {
    const { api, credential, sent } = setUp(() => json({}));
    credential.set('aiops_secret');
    await api.post('/x', { a: 1 });
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer aiops_secret');
    expect(sent[0]?.path).not.toContain('secret');
  });

  it('tells code, message, trace id and permission of a refusal', async () => {
    const { api } = setUp(() => errorResponse(403, 'PERMISSION_DENIED', { permission: 'chat:write' }));
    await expect(api.get('/x')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      traceId: 'abc123',
      permission: 'chat:write',
      denied: true,
    });
  });

  it('changes only the version that it was told to', async () => {
    const { api, sent } = setUp(() => errorResponse(412, 'STALE_VERSION'));
    await expect(api.put('/x', { a: 1 }, 7)).rejects.toMatchObject({ code: 'STALE_VERSION', status: 412 });
    expect([sent[0]?.method, sent[0]?.headers.get('if-match')]).toEqual(['PUT', '"7"']);
  });

  it('tells which fields the server refused', async () => {
    const issues = [{ field: 'labels.a', message: 'too long' }, { odd: true }];
    const { api } = setUp(() => errorResponse(422, 'VALIDATION_FAILED', { issues }));
    await expect(api.get('/x')).rejects.toMatchObject({ issues: [{ field: 'labels.a', message: 'too long' }] });
  });

  it('tells the status when the answer is not from our server', async () => {
    const { api } = setUp(() => new Response('<html>Bad gateway</html>', { status: 502, statusText: 'Bad Gateway' }));
    await expect(api.get('/x')).rejects.toMatchObject({
      code: 'HTTP_502',
      message: 'The server answered 502 Bad Gateway',
    });
  });

  it('tells a connection that failed from an answer', async () => {
    const { api } = setUp(() => {
      throw new TypeError('Failed to fetch');
    });
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'UNREACHABLE', status: 0 });
  });

  it('asks for a credential after a 401, unless a newer one was given meanwhile', async () => {
    const { api, credential } = setUp(() => errorResponse(401, 'AUTH_FAILED'));
    await expect(api.get('/x')).rejects.toMatchObject({ unauthorized: true });
    expect(credential.required.value).toBe(true);
    const late = api.get('/x');
    credential.set('new');
    await expect(late).rejects.toMatchObject({ unauthorized: true });
    expect(credential.required.value).toBe(false);
  });

  it('accepts a token that is good but lacks a permission, and refuses one that is not', async () => {
    const { api, credential } = setUp(({ headers }) =>
      headers.get('authorization') === 'Bearer good'
        ? errorResponse(403, 'PERMISSION_DENIED')
        : errorResponse(401, 'AUTH_FAILED'),
    );
    expect([await api.accepts('good'), await api.accepts('bad')]).toEqual([true, false]);
    expect(credential.token.value).toBeUndefined();
  });

  it('reads the time from the server when the clock of this machine is wrong', async () => {
    const { api, clock } = setUp(
      () => new Response('{}', { headers: { date: new Date(clock.now() + 600_000).toUTCString() } }),
    );
    await api.get('/x');
    expect(api.serverNow() - clock.now()).toBe(600_000);
  });

  it('fetches every page of clusters, each cluster once', async () => {
    const { api, sent } = setUp(({ path }) => {
      const number = Number(/page=(\d)/.exec(path)?.[1]);
      const items = number === 3 ? [{ id: 'b2' }, { id: 'c' }] : [{ id: `a${number}` }, { id: `b${number}` }];
      return json({ items, total: 5, page: number, page_size: 100, total_pages: 3 });
    });
    expect((await fetchClusters(api)).map((c) => c.id)).toEqual(['a1', 'b1', 'a2', 'b2', 'c']);
    expect(sent).toHaveLength(3);
  });

  it('fetches earlier messages until there are none', async () => {
    const { api } = setUp(({ path }) =>
      path.includes('before=m3')
        ? json({ items: [{ id: 'm1' }, { id: 'm2' }], has_more: false })
        : json({ items: [{ id: 'm3' }], has_more: true }),
    );
    expect((await fetchMessages(api, 's')).map((m) => m.id)).toEqual(['m1', 'm2', 'm3']);
  });
});
