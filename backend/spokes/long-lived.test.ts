import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { createAddressPolicy } from './address-policy.ts';
import { type HttpDouble, startHttp, startTcp } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';
import type { SpokeResponse, SpokeStream } from './transport.ts';

const wanted = { path: '/x', timeoutMs: 5_000, idleMs: 60_000 };
const servers: HttpDouble[] = [];
const transport = loopbackTransport();

async function serve(listener: Parameters<typeof startHttp>[0]): Promise<HttpDouble> {
  const server = await startHttp(listener);
  servers.push(server);
  return server;
}

function streaming(answer: SpokeStream | SpokeResponse): SpokeStream {
  if ('chunks' in answer) return answer;
  throw new Error(`no stream but ${answer.status}`);
}

async function text(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString('utf8');
}

afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => transport.close());

describe('a stream', () => {
  it('gives what comes as it comes, and asks for no compression', async () => {
    let encoding: string | undefined;
    const server = await serve((request, response) => {
      encoding = request.headers['accept-encoding'];
      response.write('one ');
      setTimeout(() => response.end('two'), 50);
    });
    const { status, chunks } = streaming(await transport.stream(targetAt(server.url), wanted));
    expect(status).toBe(200);
    expect(await text(chunks)).toBe('one two');
    expect(encoding).toBe('identity');
  });

  it('outlives the deadline of its start, but not its silence', async () => {
    const clock = new ManualClock();
    const timed = loopbackTransport({ clock });
    const server = await serve((_request, response) => void response.write('one '));
    const { chunks } = streaming(await timed.stream(targetAt(server.url), { ...wanted, timeoutMs: 1_000 }));
    const reading = text(chunks);
    const outcome = expect(reading).rejects.toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'SILENT' } });
    await clock.advance(30_000);
    await clock.advance(61_000);
    await outcome;
    await timed.close();
  });

  it('ends its connection when nobody reads it any more', async () => {
    const server = await serve((_request, response) => void response.write('one '));
    const { chunks } = streaming(await transport.stream(targetAt(server.url), wanted));
    for await (const chunk of chunks) {
      expect(chunk.toString()).toBe('one ');
      break;
    }
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('gives an answer that is none as a whole, without the credentials it echoes', async () => {
    const server = await serve((request, response) => {
      response.writeHead(403).end(`no, ${request.headers.authorization ?? ''}`);
    });
    const target = { ...targetAt(server.url), auth: { type: 'BEARER', token: 'token-canary' } } as const;
    const answer = await transport.stream(target, wanted);
    expect(answer).toMatchObject({ status: 403, body: Buffer.from('no, Bearer [redacted]') });
  });

  it('follows no redirect and reads no compression', async () => {
    let hits = 0;
    const canary = await serve((_request, response) => {
      hits += 1;
      response.end();
    });
    const redirecting = await serve((_request, response) => response.writeHead(302, { location: canary.url }).end());
    await expect(transport.stream(targetAt(redirecting.url), wanted)).rejects.toMatchObject({
      details: { reason: 'REDIRECT' },
    });
    expect(hits).toBe(0);
    const packing = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).write('x');
    });
    await expect(transport.stream(targetAt(packing.url), wanted)).rejects.toMatchObject({
      details: { reason: 'ENCODING' },
    });
  });

  it('is ended when the cluster is forgotten', async () => {
    const server = await serve((_request, response) => void response.write('one '));
    const target = targetAt(server.url);
    const { chunks } = streaming(await transport.stream(target, wanted));
    const outcome = expect(text(chunks)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    transport.forget(target.clusterId);
    await outcome;
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('is given up at the deadline, and at once when the caller leaves, before it has begun', async () => {
    const server = await startTcp();
    servers.push(server);
    const late = transport.stream(targetAt(server.url), { ...wanted, timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' });
    const left = new AbortController();
    const leaving = transport.stream(targetAt(server.url), { ...wanted, signal: left.signal });
    left.abort(new Error('enough'));
    await expect(leaving).rejects.toThrow('enough');
    await expect.poll(() => server.sockets.size).toBe(0);
  });
});

describe('a bare connection', () => {
  it('is made under the address policy, to the address that was checked', async () => {
    const strict = loopbackTransport({
      policy: createAddressPolicy({ allow: [], deny: [] }),
      lookup: async () => [{ address: '169.254.169.254', family: 4 }],
    });
    for (const url of ['http://127.0.0.1:1', 'http://metadata.test']) {
      await expect(strict.dial(targetAt(url), { timeoutMs: 1_000 })).rejects.toMatchObject({
        code: 'ADDRESS_FORBIDDEN',
      });
    }
    await strict.close();
  });

  it('carries what is written, knows its credentials, and ends with the signal', async () => {
    const server = await startTcp((socket) => void socket.pipe(socket));
    servers.push(server);
    const done = new AbortController();
    const target = { ...targetAt(server.url), auth: { type: 'BEARER', token: 'abcd' } } as const;
    const { socket, headers } = await transport.dial(target, { timeoutMs: 1_000, signal: done.signal });
    expect(headers['authorization']).toBe('Bearer abcd');
    socket.write('echo');
    expect(await new Promise((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())))).toBe(
      'echo',
    );
    done.abort();
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('tells a refused connection', async () => {
    const server = await startTcp();
    await server.stop();
    await expect(transport.dial(targetAt(server.url), { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      details: { reason: 'REFUSED' },
    });
  });
});
