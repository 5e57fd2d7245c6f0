import { PassThrough } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../backend/platform/clock.ts';
import { bridgeStdio } from '../../mcp-server/mcp/bridge.ts';
import type { ServerEndpoint } from '../../mcp-server/mcp/bridge-http.ts';
import { type StdioService, serveMcpStdio } from '../../mcp-server/mcp/stdio.ts';
import { ERAS, type Era, type Person, type TestClient, connectLegacy, connectModern } from './clients.ts';
import { ADMIN, type RunningEndpoint, scriptedDispatcher, scriptedFactory, serve } from './scripted.ts';

const logger = pino({ level: 'silent' });
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** The v1 client does not tell which version it agreed on over a pipe. */
const VERSIONS: Readonly<Record<Era, string | undefined>> = {
  'v1 client': undefined,
  'v2 client, 2025 era': '2025-11-25',
  'v2 client, 2026 era': '2026-07-28',
};

interface Pipe {
  readonly client: TestClient;
  readonly service: StdioService;
  readonly stdin: PassThrough;
  /** Every line that the service has written to stdout. */
  readonly lines: string[];
}

/** A client at one end of a pipe and the service under test at the other. */
async function pipe(
  era: Era,
  begin: (streams: { stdin: PassThrough; stdout: PassThrough }) => StdioService,
  person?: Person,
): Promise<Pipe> {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const lines: string[] = [];
  stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean)));
  const service = begin({ stdin, stdout });
  open.push(service);
  // Framing is the same in both directions, so the client's end may be a server transport with the pipes crossed over.
  const transport = new StdioServerTransport(stdout, stdin);
  const client =
    era === 'v1 client'
      ? await connectLegacy(Object.assign(transport, {}), person)
      : await connectModern(era, transport, person);
  return { client, service, stdin, lines };
}

interface Started extends Pipe {
  readonly parts: ReturnType<typeof scriptedDispatcher>;
  /** Of the server behind the bridge; 0 where there is none. */
  openSessions(): number;
}

async function direct(era: Era, person?: Person): Promise<Started> {
  const parts = scriptedDispatcher();
  const factory = scriptedFactory(parts);
  const made = await pipe(era, (streams) => serveMcpStdio({ ...streams, factory, principal: ADMIN, logger }), person);
  return { ...made, parts, openSessions: () => 0 };
}

function bridge(endpoint: () => Promise<ServerEndpoint>) {
  return (streams: { stdin: PassThrough; stdout: PassThrough }) =>
    bridgeStdio({ ...streams, endpoint, fetch, clock: systemClock, logger });
}

async function bridged(era: Era, person?: Person): Promise<Started & { running: RunningEndpoint }> {
  const parts = scriptedDispatcher();
  const running = await serve(scriptedFactory(parts));
  open.push(running);
  const made = await pipe(
    era,
    bridge(async () => ({ url: running.url, token: 'admin' })),
    person,
  );
  return { ...made, parts, running, openSessions: () => running.endpoint.openSessions };
}

describe.each([
  ['served in this process', direct],
  ['bridged to a running server', bridged],
] as const)('stdio, %s', (_how, begin) => {
  describe.each(ERAS)('with a %s', (era) => {
    it('lists, calls, reads and fails as over HTTP, with nothing but protocol on stdout', async () => {
      const { client, lines } = await begin(era);
      expect((await client.listTools()).map((tool) => tool.name)).toContain('list_clusters');
      expect(await client.call('list_clusters', {})).toMatchObject({ isError: false, structured: { total: 2 } });
      expect((await client.call('list_clusters', { nope: 1 })).text).toMatch(/^VALIDATION_FAILED/);
      expect(await client.read('aiops://clusters/hub-1')).toMatchObject({ name: 'hub-1' });
      await expect(client.read('aiops://clusters/hub-9')).rejects.toMatchObject({ code: -32602 });
      await expect(client.call('no_such_tool', {})).rejects.toThrow(/not found/);
      expect(await client.prompt('default', { question: 'why?' })).toEqual(['Use the tools.', 'why?']);
      expect(client.protocolVersion()).toBe(VERSIONS[era]);
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    });

    it('asks the person before a write', async () => {
      const { client, parts } = await begin(era, 'accepts');
      expect(await client.call('remove_cluster', { cluster: 'edge-1' })).toMatchObject({
        structured: { removed: 'edge-1' },
      });
      expect(client.questions).toEqual(['Remove cluster edge-1?']);
      expect(parts.fleet.clusters.has('edge-1')).toBe(false);
    });

    it('changes nothing when the person declines', async () => {
      const { client, parts } = await begin(era, 'declines');
      expect((await client.call('remove_cluster', { cluster: 'edge-1' })).text).toContain('declined');
      expect(parts.fleet.clusters.has('edge-1')).toBe(true);
    });

    it('stops the tool when the client cancels', async () => {
      const { client, parts } = await begin(era);
      const cancel = new AbortController();
      const call = client.call('wait', {}, cancel.signal);
      await parts.fleet.waiting.started;
      cancel.abort();
      await expect(call).rejects.toThrow(/abort/i);
      await parts.fleet.waiting.aborted;
    });

    it('answers many calls at once, each its own', async () => {
      const { client } = await begin(era);
      const replies = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((rows) => client.call('query_metrics', { rows })));
      expect(replies.map((reply) => reply.text)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((rows) => `${rows} rows.`));
    });

    it('ends when the client closes its end', async () => {
      const { stdin, service, openSessions } = await begin(era);
      stdin.end();
      await service.closed;
      await vi.waitFor(() => expect(openSessions()).toBe(0));
    });
  });
});

describe('the bridge', () => {
  it('keeps the order of a client that does not wait for the answer to initialize', async () => {
    const running = await serve(scriptedFactory(scriptedDispatcher()));
    open.push(running);
    const streams = { stdin: new PassThrough(), stdout: new PassThrough() };
    open.push(bridge(async () => ({ url: running.url }))(streams));
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'hasty', version: '1' } };
    const sent = [
      { jsonrpc: '2.0', id: 1, method: 'initialize', params },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'list_clusters', arguments: {} } },
    ];
    streams.stdin.write(sent.map((message) => `${JSON.stringify(message)}\n`).join(''));
    let received = '';
    streams.stdout.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await vi.waitFor(() => expect(received.split('\n')).toHaveLength(3));
    expect(
      received
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([
      { id: 1, result: { serverInfo: { name: 'aiops-nextgen' } } },
      { id: 2, result: { structuredContent: { total: 2 } } },
    ]);
  });

  it.each(['v1 client', 'v2 client, 2025 era'] as const)(
    'opens the session of a %s again when the server has forgotten it',
    async (era) => {
      const { client, running } = await bridged(era, 'accepts');
      expect(running.endpoint.openSessions).toBe(1);
      await client.call('list_clusters', {});
      await restart(running);
      expect(await client.call('list_clusters', {})).toMatchObject({ structured: { total: 2 } });
      expect(await client.call('remove_cluster', { cluster: 'edge-1' })).toMatchObject({
        structured: { removed: 'edge-1' },
      });
    },
  );

  it.each(ERAS)("finds a %s's server again after it moved", async (era) => {
    const parts = scriptedDispatcher();
    let running = await serve(scriptedFactory(parts));
    const { client } = await pipe(
      era,
      bridge(async () => ({ url: running.url, token: 'admin' })),
    );
    await client.call('list_clusters', {});
    await running.close();
    running = await serve(scriptedFactory(parts));
    open.push(running);
    expect(await client.call('list_clusters', {})).toMatchObject({ structured: { total: 2 } });
  });

  it.each(ERAS)('answers a %s with an error, and does not hang, when the server is away', async (era) => {
    const parts = scriptedDispatcher();
    const running = await serve(scriptedFactory(parts));
    const { client } = await pipe(
      era,
      bridge(async () => ({ url: running.url, token: 'admin' })),
    );
    await running.close();
    await expect(client.call('list_clusters', {})).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/);
  });

  it('serves again as soon as there is a server again', async () => {
    const parts = scriptedDispatcher();
    let running: RunningEndpoint | undefined = await serve(scriptedFactory(parts));
    const endpoint = async () => {
      if (!running) throw new Error('no server holds the data folder');
      return { url: running.url };
    };
    const { client } = await pipe('v1 client', bridge(endpoint));
    await running.close();
    running = undefined;
    await expect(client.call('list_clusters', {})).rejects.toThrow(/no server holds the data folder/);
    await expect(client.call('list_clusters', {})).rejects.toThrow(/no server holds the data folder/);
    running = await serve(scriptedFactory(parts));
    open.push(running);
    expect(await client.call('list_clusters', {})).toMatchObject({ structured: { total: 2 } });
  });

  it('tells a refused credential', async () => {
    const running = await serve(scriptedFactory(scriptedDispatcher()));
    open.push(running);
    await expect(
      pipe(
        'v1 client',
        bridge(async () => ({ url: running.url, token: 'stolen' })),
      ),
    ).rejects.toThrow(/401: The token is not valid/);
  });

  it('passes names that are not ASCII in the headers of the 2026 era', async () => {
    const { client } = await bridged('v2 client, 2026 era');
    await expect(client.call('löschen', {})).rejects.toThrow(/löschen not found/);
    await expect(client.read('aiops://clusters/ü')).rejects.toMatchObject({ code: -32602 });
  });

  it('never sends a call twice that may have reached the server', async () => {
    const parts = scriptedDispatcher();
    const running = await serve(scriptedFactory(parts));
    open.push(running);
    let posts = 0;
    const breaking: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(init?.body).includes('"tools/call"')) return response;
      posts += 1;
      await response.text();
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
    };
    const { client } = await pipe('v1 client', (streams) =>
      bridgeStdio({
        ...streams,
        endpoint: async () => ({ url: running.url }),
        fetch: breaking,
        clock: systemClock,
        logger,
      }),
    );
    await expect(client.call('list_clusters', {})).rejects.toThrow(/ECONNRESET/);
    expect(posts).toBe(1);
    expect(parts.fleet.calls).toHaveLength(1);
  });
});

/** The same address, but no session is known there any more. */
async function restart(running: RunningEndpoint): Promise<void> {
  const port = Number(new URL(running.url).port);
  await running.close();
  open.splice(open.indexOf(running), 1);
  const parts = scriptedDispatcher();
  open.push(await serve(scriptedFactory(parts), { port }));
}
