import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { acquireDataFolder } from '../../backend/platform/store/data-folder-lock.ts';
import { loadConfig } from '../config.ts';
import { type CliSession, createSession } from './session.ts';

const logger = pino({ level: 'silent' });
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
});

async function folder(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'aiops-session-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function session(dir: string): CliSession {
  const made = createSession(
    loadConfig({ AIOPS_DATA_DIR: path.join(dir, 'data'), AIOPS_ENCRYPTION_KEY_FILE: path.join(dir, 'key') }),
    logger,
  );
  cleanups.push(() => made.close());
  return made;
}

/** A session through a server that answers as `listener` does. */
async function through(listener: RequestListener): Promise<CliSession> {
  const dir = await folder();
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const lock = await acquireDataFolder(path.join(dir, 'data'));
  cleanups.push(() => lock.release());
  const { port } = server.address() as AddressInfo; // proof: it listens on TCP
  await lock.publish({ url: `http://127.0.0.1:${port}`, token: 'local' });
  return session(dir);
}

describe('a session through a server', () => {
  it('tells where the whole answer is when the server has cut it', async () => {
    const whole = await through((_, response) => {
      response.setHeader('Link', '<aiops://evidence/e-1>; rel="full"').end('{"items":[]}');
    });
    expect(await whole.call('list_api_tokens', {})).toEqual({
      output: { items: [] },
      text: '0 API tokens.',
      evidence: 'aiops://evidence/e-1',
    });
    const uncut = await through((_, response) => response.end('{"items":[]}'));
    expect(await uncut.call('list_api_tokens', {})).not.toHaveProperty('evidence');
    expect(uncut.via).toMatch(/^http:\/\/127/);
  });

  it("carries the server's error with its trace id", async () => {
    const error = { code: 'CLUSTER_NOT_FOUND', message: 'No.', details: { a: 1 }, trace_id: 'abc', timestamp: 't' };
    const failing = await through((_, response) => response.writeHead(404).end(JSON.stringify({ error })));
    await expect(failing.call('get_cluster', { cluster: 'x' })).rejects.toMatchObject({
      code: 'CLUSTER_NOT_FOUND',
      details: { a: 1, trace_id: 'abc' },
    });
  });

  it('says so when the answer cannot be read', async () => {
    const garbled = await through((_, response) => response.end('<html>'));
    await expect(garbled.call('list_clusters', {})).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'The server answered 200 without a readable body.',
    });
  });
});

describe('a session without a server', () => {
  it.each(['list_clusters', 'remove_cluster', 'no_such_tool'])('makes no data folder for %s', async (tool) => {
    const dir = await folder();
    await expect(session(dir).call(tool, { cluster: 'x' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      sentence: `There is no data folder at ${dir}/data; start the server there once, or set AIOPS_DATA_DIR.`,
    });
    expect(existsSync(path.join(dir, 'data'))).toBe(false);
  });

  it('makes one for what adds something, and then reads it; errors have a trace id', async () => {
    const dir = await folder();
    const writing = session(dir);
    const registered = await writing.call('register_cluster', { name: 'c-1', api_server_url: 'https://c-1.example' });
    expect(registered.output).toMatchObject({ name: 'c-1' });
    expect(writing.via).toBeUndefined();
    await writing.close();
    const reading = session(dir);
    expect((await reading.call('list_clusters', {})).output).toMatchObject({ total: 1 });
    await expect(reading.call('get_cluster', { cluster: 'c-9' })).rejects.toMatchObject({
      code: 'CLUSTER_NOT_FOUND',
      details: { trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
  });
});
