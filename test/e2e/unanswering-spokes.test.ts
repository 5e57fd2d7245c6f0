import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type HttpDouble, freePort, startHttp } from '../../backend/spokes/test-servers.ts';
import { catalog } from '../../tools/catalog.ts';
import { type ServerProcess, eventually, rest, startServerProcess } from '../support/server-process.ts';

let server: ServerProcess;
let silent: HttpDouble;
let goneId: string;
/** Queries that the silent spoke has got and not answered. */
let waiting = 0;

beforeAll(async () => {
  silent = await startHttp((request, response) => {
    if (!request.url?.includes('vector')) return void response.writeHead(503).end(); // a health check
    waiting += 1;
    response.once('close', () => (waiting -= 1));
  });
  server = await startServerProcess();
  await register('silent-1', silent.url);
  goneId = await register('gone-1', `http://127.0.0.1:${await freePort()}`);
});
afterAll(async () => {
  await server.stop();
  await silent.stop();
});

/** A cluster whose every endpoint is at one address, and whose API server is not there. */
async function register(name: string, url: string): Promise<string> {
  const endpoints = { prometheus_url: url, alertmanager_url: url, loki_url: url, tempo_url: url };
  const body = { name, api_server_url: `https://127.0.0.1:${await freePort()}`, endpoints };
  const created = await rest(server.url, 'POST', '/api/v1/clusters', { body });
  expect(created.status).toBe(201);
  return String(created.body['id']);
}

/** Reads that answer from many clusters say whether all of them did. */
const fanOutTools = catalog.filter(
  ({ output, input, annotations }) =>
    annotations.readOnly &&
    'complete' in output.shape &&
    // What one trace or alert is cannot be told in part by nobody: that is an error.
    !('trace' in output.shape || 'trace_id' in output.shape || 'fingerprint' in input.shape) &&
    'clusters' in input.shape &&
    !('cluster' in input.shape),
);

describe('spokes that do not answer', () => {
  it.each(fanOutTools.map((tool) => [tool.name, tool] as const))('make %s answer 206 over REST', async (name, tool) => {
    const example: Record<string, unknown> = z.record(z.string(), z.unknown()).parse(tool.example);
    const answer = await rest(server.url, 'POST', `/api/v1/tools/${name}`, {
      body: { ...example, clusters: ['gone-1'] },
    });
    expect([answer.status, answer.body['complete']]).toEqual([206, false]);
  });

  it('are left alone when the REST client goes away', async () => {
    const caller = new AbortController();
    const call = fetch(`${server.url}/api/v1/metrics/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'vector(42)', clusters: ['silent-1'] }),
      signal: caller.signal,
    });
    await eventually('the spoke is asked', () => Promise.resolve(waiting === 1));
    caller.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await eventually('the spoke is left alone', () => Promise.resolve(waiting === 0));
  });

  it('are not asked while an operator has paused collection, and are when it goes on', async () => {
    const pause = (collection_paused: boolean) =>
      rest(server.url, 'PUT', `/api/v1/clusters/${goneId}`, { body: { collection_paused } });
    const ask = async () => {
      const body = { query: 'up', clusters: ['gone-1'] };
      const answer = await rest(server.url, 'POST', '/api/v1/metrics/query', { body });
      return [
        answer.status,
        ...(answer.body['results'] as { status: string; error?: { code: string } }[]).map((r) => [
          r.status,
          r.error?.code,
        ]),
      ];
    };
    expect((await pause(true)).body['collection_paused']).toBe(true);
    expect(await ask()).toEqual([206, ['SKIPPED', 'COLLECTION_PAUSED']]);
    await pause(false);
    await eventually('it is asked again', async () => JSON.stringify(await ask()).includes('CLUSTER_UNREACHABLE'));
  });
});
