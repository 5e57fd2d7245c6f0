import { request } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../../backend/platform/clock.ts';
import { scriptedDispatcher, scriptedFactory, serve } from './scripted.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of open.splice(0)) await one.close();
});

async function start(options: Parameters<typeof serve>[1] = {}) {
  const parts = scriptedDispatcher();
  const clock = options.clock ?? new ManualClock();
  const running = await serve(scriptedFactory(parts, { clock }), { ...options, clock });
  open.push(running);
  return { ...parts, ...running };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  /** The one JSON-RPC message, whether it came as JSON or as an event. */
  readonly message: Record<string, unknown> | undefined;
}

/** By node:http, which unlike fetch lets a test set Host and break the body. Resolves at the first event of a stream. */
function send(url: string, method: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(
      url,
      { method, headers: { accept: 'application/json, text/event-stream', ...headers } },
      (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (chunk: string) => (text += chunk));
        res.on('error', reject);
        res.on('end', () => {
          const json = /^data: (\{.*\})$/m.exec(text)?.[1] ?? (text.startsWith('{') ? text : undefined);
          const message = json === undefined ? undefined : (JSON.parse(json) as Record<string, unknown>); // proof: asserted by the tests
          resolve({ status: res.statusCode ?? 0, headers: res.headers, text, message });
        });
      },
    );
    req.on('error', reject);
    req.end(body);
  });
}

const JSON_BODY = { 'content-type': 'application/json' };
const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  send(url, 'POST', { ...JSON_BODY, ...headers }, JSON.stringify(body));

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'test', version: '1' },
  },
};

async function openSession(url: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await post(url, INITIALIZE, headers);
  expect(answer.status).toBe(200);
  return String(answer.headers['mcp-session-id']);
}

const ping = (url: string, session: string, headers: Record<string, string> = {}) =>
  post(url, { jsonrpc: '2.0', id: 2, method: 'ping' }, { 'mcp-session-id': session, ...headers });

describe('what /mcp refuses', () => {
  it.each([
    ['a foreign Host', { host: 'evil.example' }],
    ['a foreign Origin', { origin: 'http://evil.example' }],
    ['an opaque Origin', { origin: 'null' }],
  ])('answers 403 to %s, before it asks who is calling', async (_what, headers) => {
    const { url } = await start({ authenticate: () => expect.unreachable() });
    expect((await post(url, INITIALIZE, headers)).status).toBe(403);
    expect((await send(url, 'GET', headers)).status).toBe(403);
  });

  it('lets the page of the same host through', async () => {
    const { url } = await start();
    expect((await post(url, INITIALIZE, { origin: 'http://localhost:5173' })).status).toBe(200);
  });

  it('leaves a missing credential to the authentication in front of it', async () => {
    const { url, fleet } = await start();
    const answer = await post(url, INITIALIZE, { authorization: 'Bearer stolen' });
    expect(answer.status).toBe(401);
    expect(fleet.calls).toEqual([]);
  });

  it('answers 413 to a body over 1 MiB and keeps serving', async () => {
    const { url } = await start();
    const answer = await post(url, { ...INITIALIZE, filler: 'x'.repeat(2 * 1024 * 1024) });
    expect(answer.status).toBe(413);
    expect(answer.message).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { data: { code: 'BODY_TOO_LARGE', trace_id: /^feed/ } },
    });
    expect((await post(url, INITIALIZE)).status).toBe(200);
  });

  it('takes a body just under 1 MiB', async () => {
    const { url } = await start();
    const padded = {
      ...INITIALIZE,
      params: { ...INITIALIZE.params, _meta: { filler: 'x'.repeat(1024 * 1024 - 400) } },
    };
    expect((await post(url, padded)).status).toBe(200);
  });

  it.each(['{"jsonrpc":', 'hello', '"text"'])('answers 400 with a parse error to %s', async (body) => {
    const { url } = await start();
    const answer = await send(url, 'POST', JSON_BODY, body);
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ error: { code: -32700, data: { code: 'INVALID_JSON' } } });
  });

  it.each(['null', '[]', '{}', '{"jsonrpc":"2.0"}', '{"jsonrpc":"1.0","id":1,"method":"ping"}'])(
    'answers 400 to %s, which is JSON but no message',
    async (body) => {
      const { url } = await start();
      const answer = await send(url, 'POST', JSON_BODY, body);
      expect(answer.status).toBe(400);
      expect(answer.message).toHaveProperty('error');
    },
  );

  it('answers 415 to a body that is not JSON by its type', async () => {
    const { url } = await start();
    const answer = await send(url, 'POST', { 'content-type': 'text/plain' }, JSON.stringify(INITIALIZE));
    expect(answer.status).toBe(415);
  });

  it('answers 405 with what is allowed to another method', async () => {
    const { url } = await start();
    const answer = await send(url, 'PUT', JSON_BODY, '{}');
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST, GET, DELETE' } });
  });

  it('answers 410 on the retired SSE endpoint and names the way', async () => {
    const { url } = await start();
    const answer = await send(`${url}/sse`, 'GET', {});
    expect(answer.status).toBe(410);
    expect(answer.message).toMatchObject({
      error: {
        code: 'GONE',
        message: expect.stringContaining('/mcp') as string,
        trace_id: expect.any(String) as string,
      },
    });
  });

  it('answers 422 with the choices to an unknown toolset', async () => {
    const { url } = await start();
    const answer = await post(`${url}?toolsets=metrics,logz`, INITIALIZE);
    expect(answer.status).toBe(422);
    expect(answer.message).toMatchObject({ error: { message: /logz.*clusters, metrics, alerts/ } });
  });
});

describe('sessions of the 2025 era', () => {
  it('belong to who opened them: to anybody else the id names nothing', async () => {
    const { url } = await start();
    const session = await openSession(url, { authorization: 'Bearer admin' });
    expect((await ping(url, session, { authorization: 'Bearer admin' })).status).toBe(200);
    const stranger = await ping(url, session, { authorization: 'Bearer viewer' });
    const unknown = await ping(url, 'no-such-session', { authorization: 'Bearer viewer' });
    expect(stranger.status).toBe(404);
    expect(stranger.text).toBe(unknown.text);
    const deletion = await send(url, 'DELETE', { 'mcp-session-id': session, authorization: 'Bearer viewer' });
    expect(deletion.status).toBe(404);
    expect((await ping(url, session, { authorization: 'Bearer admin' })).status).toBe(200);
  });

  it('must be opened before anything else is asked', async () => {
    const { url } = await start();
    expect((await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(400);
    expect((await send(url, 'GET', {})).status).toBe(400);
  });

  it('end by DELETE', async () => {
    const { url, endpoint } = await start();
    const session = await openSession(url);
    expect((await send(url, 'DELETE', { 'mcp-session-id': session })).status).toBe(200);
    expect((await ping(url, session)).status).toBe(404);
    expect(endpoint.openSessions).toBe(0);
  });

  it('end when nothing happened for the idle time, and not before', async () => {
    const { url, endpoint, clock } = await start({ sessionLimits: { max: 10, maxPerPrincipal: 10, idleMs: 60_000 } });
    const session = await openSession(url);
    await clock.advance(59_000);
    expect((await ping(url, session)).status).toBe(200);
    await clock.advance(59_000);
    expect(endpoint.openSessions).toBe(1);
    await clock.advance(2_000);
    expect(endpoint.openSessions).toBe(0);
    expect((await ping(url, session)).status).toBe(404);
  });

  it('do not end while their stream is open', async () => {
    const { url, endpoint, clock } = await start({ sessionLimits: { max: 10, maxPerPrincipal: 10, idleMs: 60_000 } });
    const session = await openSession(url);
    const leave = new AbortController();
    const stream = await fetch(url, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': session },
      signal: leave.signal,
    });
    expect(stream.status).toBe(200);
    await clock.advance(600_000);
    expect(endpoint.openSessions).toBe(1);
    leave.abort();
    await vi.waitFor(async () => {
      await clock.advance(60_000);
      expect(endpoint.openSessions).toBe(0);
    });
  });

  it("are capped for one caller by ending that caller's longest idle one", async () => {
    const { url, endpoint, clock } = await start({ sessionLimits: { max: 10, maxPerPrincipal: 2, idleMs: 600_000 } });
    const sessions: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      sessions.push(await openSession(url, { authorization: 'Bearer admin' }));
      await clock.advance(1_000);
    }
    expect(endpoint.openSessions).toBe(2);
    const statuses = await Promise.all(
      sessions.map(async (id) => (await ping(url, id, { authorization: 'Bearer admin' })).status),
    );
    expect(statuses).toEqual([404, 200, 200]);
  });

  it('are capped altogether without taking a place from another caller', async () => {
    const { url, endpoint } = await start({ sessionLimits: { max: 1, maxPerPrincipal: 1, idleMs: 600_000 } });
    const session = await openSession(url, { authorization: 'Bearer admin' });
    const refused = await post(url, INITIALIZE, { authorization: 'Bearer viewer' });
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
    expect((await ping(url, session, { authorization: 'Bearer admin' })).status).toBe(200);
    expect(endpoint.openSessions).toBe(1);
  });

  it('leave nothing behind when initialize is refused', async () => {
    const { url, endpoint } = await start();
    expect((await post(url, [INITIALIZE, { jsonrpc: '2.0', id: 2, method: 'ping' }])).status).toBe(400);
    expect(endpoint.openSessions).toBe(0);
  });

  it('end with the endpoint, their streams included, and no new one opens', async () => {
    const { url, endpoint } = await start();
    const session = await openSession(url);
    const stream = await fetch(url, { headers: { accept: 'text/event-stream', 'mcp-session-id': session } });
    await endpoint.close();
    expect(await stream.text()).toBe('');
    expect(endpoint.openSessions).toBe(0);
    expect((await post(url, INITIALIZE)).status).toBe(503);
  });

  it('are not kept at all where the deployment is stateless', async () => {
    const { url, endpoint } = await start({ legacy: 'stateless' });
    const answer = await post(url, {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_clusters', arguments: {} },
    });
    expect(answer.message).toMatchObject({ result: { structuredContent: { total: 2 } } });
    expect((await send(url, 'GET', {})).status).toBe(405);
    expect(endpoint.openSessions).toBe(0);
  });
});

describe('confirmation in the 2026 era', () => {
  const VERSION = '2026-07-28';
  let id = 0;

  function callRemove(
    url: string,
    args: Record<string, unknown>,
    retry: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    const params = {
      name: 'remove_cluster',
      arguments: args,
      ...retry,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': VERSION,
        'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
      },
    };
    const standard = { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': 'remove_cluster' };
    return post(url, { jsonrpc: '2.0', id: (id += 1), method: 'tools/call', params }, { ...standard, ...headers });
  }

  async function asked(url: string, args: Record<string, unknown>): Promise<string> {
    const { message } = await callRemove(url, args);
    expect(message).toMatchObject({
      result: {
        resultType: 'input_required',
        inputRequests: { confirm: { params: { message: 'Remove cluster edge-1?' } } },
      },
    });
    return z.object({ result: z.object({ requestState: z.string() }) }).parse(message).result.requestState;
  }

  const YES = { confirm: { action: 'accept', content: { confirm: true } } };
  const EDGE = { cluster: 'edge-1' };

  it('makes the write when the same call comes back with a yes, in whatever order its arguments stand', async () => {
    const { url, fleet } = await start();
    const requestState = await asked(url, { cluster: 'edge-1', reason: 'gone' });
    const { message } = await callRemove(
      url,
      { reason: 'gone', cluster: 'edge-1' },
      { inputResponses: YES, requestState },
    );
    expect(message).toMatchObject({ result: { structuredContent: { removed: 'edge-1' } } });
    expect(fleet.clusters.has('edge-1')).toBe(false);
  });

  it('is used up by one write', async () => {
    const { url, fleet } = await start();
    const requestState = await asked(url, EDGE);
    await callRemove(url, EDGE, { inputResponses: YES, requestState });
    fleet.clusters.set('edge-1', { name: 'edge-1', state: 'ONLINE' });
    const { message } = await callRemove(url, EDGE, { inputResponses: YES, requestState });
    expect(message).toMatchObject({
      result: { isError: true, content: [{ text: /^CONFIRMATION_REQUIRED: This confirmation does not belong/ }] },
    });
    expect(fleet.clusters.has('edge-1')).toBe(true);
  });

  it('is used up once even when the yes comes many times at once', async () => {
    const { url, fleet } = await start();
    const requestState = await asked(url, EDGE);
    await Promise.all(Array.from({ length: 10 }, () => callRemove(url, EDGE, { inputResponses: YES, requestState })));
    expect(fleet.calls.filter((call) => call.tool === 'remove_cluster')).toHaveLength(1);
  });

  it.each([
    ['other arguments', { cluster: 'hub-1' }, {}],
    ['another caller', EDGE, { authorization: 'Bearer viewer' }],
  ])('does not cover %s', async (_what, args, headers) => {
    const { url, fleet } = await start();
    const requestState = await asked(url, EDGE);
    const { message } = await callRemove(url, args, { inputResponses: YES, requestState }, headers);
    expect(message).toMatchObject({ result: { isError: true } });
    expect(fleet.clusters.size).toBe(2);
  });

  it('is worth nothing without the state that was signed for it', async () => {
    const { url, fleet } = await start();
    const { message } = await callRemove(url, EDGE, { inputResponses: YES });
    expect(message).toMatchObject({ result: { resultType: 'input_required' } });
    expect(fleet.clusters.size).toBe(2);
  });

  it('is refused when the state was touched or signed by somebody else', async () => {
    const { url, fleet } = await start();
    const other = await start();
    const touched = `${await asked(url, EDGE)}x`;
    for (const requestState of [touched, await asked(other.url, EDGE), 'v1.e30.e30', '']) {
      const { message } = await callRemove(url, EDGE, { inputResponses: YES, requestState });
      expect(message).toMatchObject({ error: { code: -32602 } });
    }
    expect(fleet.clusters.size).toBe(2);
  });

  it('expires after five minutes', async () => {
    const { url, fleet } = await start();
    const requestState = await asked(url, EDGE);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 });
    const { message } = await callRemove(url, EDGE, { inputResponses: YES, requestState });
    expect(message).toMatchObject({ error: { code: -32602 } });
    expect(fleet.clusters.size).toBe(2);
  });
});
