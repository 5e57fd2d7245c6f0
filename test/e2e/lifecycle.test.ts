import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { readDataFolderOwner } from '../../backend/platform/store/data-folder-lock.ts';
import { copyMigratedStore } from '../../backend/platform/store/test-template.ts';
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type Era, type Reply, type TestClient, connectHttp, connectLegacy, connectModern } from '../mcp/clients.ts';
import { MAIN, eventually, rest, runCli, startServerProcess } from '../support/server-process.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
});

/** `STARTED_BEFORE` has every table already; on a `NEW` one the first server makes them. */
async function folder(state: 'STARTED_BEFORE' | 'NEW'): Promise<{ env: Record<string, string>; dataDir: string }> {
  const dir = await mkdtemp(path.join(tmpdir(), 'aiops-life-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const dataDir = path.join(dir, 'data');
  if (state === 'STARTED_BEFORE') await copyMigratedStore(dataDir);
  return {
    dataDir,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: dir,
      AIOPS_DATA_DIR: dataDir,
      AIOPS_PORT: '0',
      AIOPS_OUTBOUND_ALLOW: '127.0.0.0/8',
      AIOPS_ENCRYPTION_KEY_FILE: path.join(dir, 'key'),
    },
  };
}

describe('stopping', () => {
  it('is over soon after SIGTERM, with a frame that says so, whatever clients keep open', async () => {
    const server = await startServerProcess();
    cleanups.push(() => server.stop());
    const client = await connectHttp('v1 client', `${server.url}/mcp`); // keeps a stream open
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    const frames: string[] = [];
    socket.on('message', (data: Buffer) => frames.push(data.toString()));
    await once(socket, 'open');
    const started = performance.now();
    server.child.kill('SIGTERM');
    const [code] = (await once(server.child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(frames.at(-1)).toContain('"disconnect"');
    expect(await readDataFolderOwner(server.dataDir)).toBeUndefined();
    await client.close().catch(() => undefined); // its server is gone, which is the point
  });

  it('by SIGKILL leaves a folder that the next server opens, with everything acknowledged in it', async () => {
    const { env, dataDir } = await folder('STARTED_BEFORE');
    const first = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await urlOf(first);
    for (const name of ['kept-1', 'kept-2', 'kept-3']) {
      expect(
        (await rest(url, 'POST', '/api/v1/clusters', { body: { name, api_server_url: 'https://127.0.0.1:1' } })).status,
      ).toBe(201);
    }
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(await readDataFolderOwner(dataDir)).toBeUndefined();
    const list = await runCli(['call', 'list_clusters', '--json'], env);
    const { items } = JSON.parse(list.stdout) as { items: { name: string }[] };
    expect(items.map((c) => c.name)).toEqual(['kept-1', 'kept-2', 'kept-3']);
  });
});

describe('aiops stdio with no server', () => {
  it('serves its client, and lets a second client and the command line join', async () => {
    const { env, dataDir } = await folder('STARTED_BEFORE');
    const parameters = { command: process.execPath, args: [MAIN, 'stdio'], env, stderr: 'ignore' as const };
    const first = await connectModern('v2 client, 2026 era', new StdioClientTransport(parameters), 'accepts');
    cleanups.push(() => first.close());
    const registered = await first.call('register_cluster', {
      name: 'joined-1',
      api_server_url: 'https://127.0.0.1:1',
    });
    expect(registered.isError).toBe(false);
    await eventually('it can be joined', async () => (await readDataFolderOwner(dataDir))?.url !== undefined);
    const second = await connectModern('v2 client, 2026 era', new StdioClientTransport(parameters));
    cleanups.push(() => second.close());
    expect(JSON.stringify((await second.call('list_clusters', {})).structured)).toContain('joined-1');
    const { stdout } = await runCli(['cluster', 'list'], env);
    expect(stdout).toContain('joined-1');
    // The way in is the token of the lock file, not the open port.
    const owner = await readDataFolderOwner(dataDir);
    expect((await rest(owner?.url ?? '', 'GET', '/api/v1/clusters')).status).toBe(401);
  });

  it('writes nothing but protocol to standard output, also for rubbish, and ends with its client', async () => {
    const { env } = await folder('NEW');
    const child = spawn(process.execPath, [MAIN, 'stdio'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stdin.write('this is not json\n');
    child.stdin.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '0' } } })}\n`,
    );
    await eventually('an answer', async () => out.includes('"id":1'), 60_000);
    child.stdin.end();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    for (const line of out.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  });
});

describe('the clients of a server that ends', () => {
  it.each([
    ['is killed', async (first: Joined) => void process.kill(first.pid, 'SIGKILL')],
    ['is told to stop', async (first: Joined) => void process.kill(first.pid, 'SIGTERM')],
    ['ends with its client', (first: Joined) => first.client.close()],
  ])('are served on when it %s: one of them becomes the server, the others join it', async (_how, end) => {
    const { env, dataDir } = await folder('STARTED_BEFORE');
    const first = await joined('v2 client, 2026 era', env);
    await first.client.call('register_cluster', { name: 'kept-1', api_server_url: 'https://127.0.0.1:1' });
    const others = [
      await joined('v1 client', env),
      await joined('v2 client, 2025 era', env),
      await joined('v2 client, 2026 era', env),
    ];
    const askAll = () => Promise.all(others.map(({ client }) => client.call('list_clusters', {})));
    for (const { structured } of await askAll()) expect(structured).toMatchObject({ total: 1 });
    expect((await readDataFolderOwner(dataDir))?.pid).toBe(first.pid);

    await end(first);
    await eventually('the first takes no more calls', async () => {
      const owner = await readDataFolderOwner(dataDir);
      return owner?.pid !== first.pid || (await fetch(`${owner.url}/health`).catch(() => undefined)) === undefined;
    });
    const started = performance.now();
    for (const { structured } of await Promise.all(others.map(askAgain)))
      expect(structured).toMatchObject({ total: 1 });
    expect(performance.now() - started).toBeLessThan(15_000);
    const winner = await readDataFolderOwner(dataDir);
    expect(others.map(({ pid }) => pid)).toContain(winner?.pid);
    // A write through one of them is seen by all.
    await others[0]?.client.call('register_cluster', { name: 'kept-2', api_server_url: 'https://127.0.0.1:1' });
    for (const { structured } of await askAll()) expect(structured).toMatchObject({ total: 2 });

    // And again: the winner's own client takes it away, and the rest go on.
    const rest = others.filter(({ pid }) => pid !== winner?.pid);
    await others.find(({ pid }) => pid === winner?.pid)?.client.close();
    for (const { structured } of await Promise.all(rest.map(askAgain))) expect(structured).toMatchObject({ total: 2 });
    expect(rest.map(({ pid }) => pid)).toContain((await readDataFolderOwner(dataDir))?.pid);
  });

  it('may all start at once: one is the server, the others join it', async () => {
    const { env } = await folder('NEW');
    const clients = await Promise.all([1, 2, 3].map(() => joined('v2 client, 2025 era', env)));
    await clients[0]?.client.call('register_cluster', { name: 'once-1', api_server_url: 'https://127.0.0.1:1' });
    for (const { client } of clients)
      expect((await client.call('list_clusters', {})).structured).toMatchObject({ total: 1 });
  });
});

interface Joined {
  readonly client: TestClient;
  /** Of its `aiops stdio`. */
  readonly pid: number;
}

/**
 * Asks, and once more after an error: a call that may have reached the server before it died is answered with an error and
 * never sent twice, because it might have been a write.
 */
async function askAgain({ client }: Joined): Promise<Reply> {
  const ask = () => client.call('list_clusters', {});
  return ask().catch(ask);
}

async function joined(era: Era, env: Record<string, string>): Promise<Joined> {
  const parameters = { command: process.execPath, args: [MAIN, 'stdio'], env, stderr: 'ignore' as const };
  const transport = era === 'v1 client' ? new LegacyStdio(parameters) : new StdioClientTransport(parameters);
  const client =
    transport instanceof LegacyStdio
      ? await connectLegacy(transport, 'accepts')
      : await connectModern(era, transport, 'accepts');
  cleanups.push(() => client.close());
  return { client, pid: transport.pid ?? 0 };
}

async function urlOf(child: ChildProcess): Promise<string> {
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  return eventually('the server is ready', async () => /is ready at (http:\/\/\S+)/.exec(printed)?.[1], 60_000);
}
