import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type TestPostgres, startTestPostgres } from '../../backend/platform/store/test-postgres.ts';
import { type ServerProcess, eventually, rest, startServerProcess } from '../support/server-process.ts';

let postgres: TestPostgres;
let first: ServerProcess;
let second: ServerProcess;

beforeAll(async () => {
  postgres = await startTestPostgres();
  const key = path.join(await mkdtemp(path.join(tmpdir(), 'aiops-key-')), 'encryption.key');
  const settings = { DATABASE_URL: postgres.url, AIOPS_ENCRYPTION_KEY_FILE: key };
  first = await startServerProcess(settings);
  second = await startServerProcess(settings);
});
afterAll(async () => {
  await second.stop();
  await first.stop();
  await postgres.stop();
});

describe('two servers on one PostgreSQL', () => {
  it('show each other what is registered, and tell their own clients of it', async () => {
    const socket = new WebSocket(`${second.url.replace('http', 'ws')}/ws`);
    const events: Record<string, unknown>[] = [];
    socket.on('message', (data: Buffer) => events.push(JSON.parse(data.toString()) as Record<string, unknown>));
    await once(socket, 'open');
    socket.send('{"type":"subscribe","event_types":["CLUSTER_REGISTERED"]}');
    await eventually('subscribed', async () => events.some((e) => e['type'] === 'subscribed'));
    const created = await rest(first.url, 'POST', '/api/v1/clusters', {
      body: { name: 'shared-1', api_server_url: 'https://127.0.0.1:1' },
    });
    expect(created.status).toBe(201);
    expect((await rest(second.url, 'GET', '/api/v1/clusters/by-name/shared-1')).body).toMatchObject({
      id: created.body['id'],
    });
    await eventually('the other server tells of it', async () =>
      events.some((e) => JSON.stringify(e).includes('shared-1')),
    );
    socket.close();
  });

  it('check the health of a cluster between them and agree on it', async () => {
    const offline = async (server: ServerProcess) =>
      (await rest(server.url, 'GET', '/api/v1/clusters/shared-1/status')).body['status'];
    await eventually('it is OFFLINE', async () => JSON.stringify(await offline(first)).includes('OFFLINE'));
    expect(await offline(second)).toMatchObject({ state: 'OFFLINE', last_error: expect.any(String) });
  });

  it('serve the command line without a data folder', async () => {
    const { code, stdout } = await first.cli(['cluster', 'list']);
    expect(code).toBe(0);
    expect(stdout).toContain('shared-1');
  });

  it('say so when the database is gone, and come back with it', async () => {
    await postgres.kill();
    const down = await rest(first.url, 'GET', '/api/v1/clusters');
    expect(down.status).toBe(503);
    expect(down.body).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } });
    expect((await rest(first.url, 'GET', '/ready')).status).toBe(503);
    expect((await rest(first.url, 'GET', '/health')).status).toBe(200);
    await postgres.restart();
    await eventually('it is ready again', async () => (await rest(first.url, 'GET', '/ready')).status === 200, 10_000);
    expect((await rest(first.url, 'GET', '/api/v1/clusters/by-name/shared-1')).status).toBe(200);
  });
});
