import { type JSONRPCMessage, isInitializeRequest } from '@modelcontextprotocol/server';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../backend/platform/clock.ts';
import { type ServerEndpoint, createHttpLeg } from './bridge-http.ts';

type Answer = (message: JSONRPCMessage | undefined) => Response | 'ECONNREFUSED' | 'ECONNRESET';

const INITIALIZE = {
  jsonrpc: '2.0' as const,
  id: 0,
  method: 'initialize' as const,
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};
const PING = { jsonrpc: '2.0' as const, id: 7, method: 'ping' };

const result = (id: unknown, headers = {}) => Response.json({ jsonrpc: '2.0', id, result: {} }, { headers });

/** A server that answers everything, under a session of its own. */
function serving(session: string): Answer {
  return (message) => {
    if (message === undefined || !('id' in message)) return new Response(null, { status: 202 });
    return result(message.id, isInitializeRequest(message) ? { 'mcp-session-id': session } : {});
  };
}

/** A leg over servers that are found one after the other; `answers` may be replaced as time goes on. */
function legOver(answers: Record<string, Answer>, places: ServerEndpoint[]) {
  const asked: (string | undefined)[] = [];
  const sent: string[] = [];
  const clock = new ManualClock();
  const leg = createHttpLeg({
    clock,
    logger: pino({ level: 'silent' }),
    endpoint: async (gone) => {
      asked.push(gone?.token);
      const place = places.shift();
      if (!place) throw new Error('no server');
      return place;
    },
    fetch: async (input, init) => {
      const body = init?.body as string | null | undefined; // proof: the leg sends text or nothing
      const message = body ? (JSON.parse(body) as JSONRPCMessage) : undefined; // proof: the leg sends JSON-RPC
      const url = String(input);
      sent.push(`${url} ${message && 'method' in message ? message.method : init?.method}`);
      const answer = answers[url]?.(message) ?? 'ECONNREFUSED';
      if (typeof answer !== 'string') return answer;
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(answer), { code: answer }) });
    },
  });
  const post = async (message: JSONRPCMessage) => {
    const got: JSONRPCMessage[] = [];
    await leg.post(message, { signal: new AbortController().signal, onMessage: (m) => got.push(m) });
    return got;
  };
  const open = async () => {
    leg.noteInitialize(INITIALIZE);
    await post(INITIALIZE);
  };
  return { leg, clock, asked, sent, post, open };
}

const A: ServerEndpoint = { url: 'http://a', token: 'token-a' };
const B: ServerEndpoint = { url: 'http://b', token: 'token-b' };

describe('the HTTP leg of the bridge', () => {
  it('asks once for the next server, saying which one takes no more connections, however many messages find out', async () => {
    const answers: Record<string, Answer> = { 'http://a': serving('s-a'), 'http://b': serving('s-b') };
    const { open, post, asked, sent } = legOver(answers, [A, B]);
    await open();
    answers['http://a'] = () => 'ECONNREFUSED';
    expect(await Promise.all([post(PING), post({ ...PING, id: 8 }), post({ ...PING, id: 9 })])).toEqual(
      [7, 8, 9].map((id) => [{ jsonrpc: '2.0', id, result: {} }]),
    );
    expect(asked).toEqual([undefined, 'token-a']);
    expect(sent.filter((line) => line === 'http://b initialize')).toHaveLength(1);
  });

  it('waits for a server that is ending to be gone, and opens its session at the next one', async () => {
    const answers: Record<string, Answer> = { 'http://a': serving('s-a'), 'http://b': serving('s-b') };
    const { open, post, clock } = legOver(answers, [A, B]);
    await open();
    answers['http://a'] = (message) =>
      new Response('', { status: message !== undefined && isInitializeRequest(message) ? 503 : 404 });
    const answer = post(PING);
    await clock.advance(500);
    answers['http://a'] = () => 'ECONNREFUSED';
    await clock.advance(1_000);
    expect(await answer).toEqual([{ jsonrpc: '2.0', id: 7, result: {} }]);
  });

  it('does not send again what the server may have taken, and looks for the next server with the message after it', async () => {
    const answers: Record<string, Answer> = { 'http://a': serving('s-a'), 'http://b': serving('s-b') };
    const { open, post, sent } = legOver(answers, [A, B]);
    await open();
    answers['http://a'] = () => 'ECONNRESET';
    await expect(post(PING)).rejects.toThrow('ECONNRESET');
    expect(sent.filter((line) => line.endsWith('ping'))).toHaveLength(1);
    expect(await post(PING)).toHaveLength(1);
  });

  it('looks for no server only to listen or to say goodbye', async () => {
    const answers: Record<string, Answer> = { 'http://a': serving('s-a') };
    const { leg, open, asked } = legOver(answers, [A, B]);
    await open();
    answers['http://a'] = () => 'ECONNREFUSED';
    const delivery = { signal: new AbortController().signal, onMessage: () => undefined };
    await expect(leg.listen(delivery)).rejects.toThrow('ECONNREFUSED');
    await expect(leg.listen(delivery)).rejects.toThrow('there is no server now');
    await leg.end();
    expect(asked).toEqual([undefined]);
  });
});
