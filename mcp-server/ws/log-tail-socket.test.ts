import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { TailEvent } from '../../backend/collectors/logs/log-tail.ts';
import { WHOLE_FLEET } from '../../backend/model/access.ts';
import { AppError } from '../../backend/model/errors.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createOriginGuard } from '../http/origin-guard.ts';
import { createLogTailSocket } from './log-tail-socket.ts';
import { attachUpgrades } from './upgrades.ts';

const logger = createLogger({ level: 'silent' });
const cluster = testCluster('eu-1', {});
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function start(over: { events?: TailEvent[]; refuse?: AppError } = {}) {
  const calls: { tool: string; input: unknown }[] = [];
  const socket = createLogTailSocket({
    identity: {
      mode: 'token',
      authenticate: async (token) => {
        if (token !== 'good') throw new AppError('AUTH_FAILED', 'The API token is not valid.');
        return { id: 'u', display_name: 'U', role: 'viewer', scope: WHOLE_FLEET };
      },
    },
    guard: createOriginGuard({ host: '127.0.0.1', allowedHosts: [], allowedOrigins: [] }),
    dispatcher: {
      call: async ({ tool, input }) => {
        calls.push({ tool, input });
        if (over.refuse) throw over.refuse;
        const output = {
          query: '{a="b"}',
          start: '2026-03-01T10:00:00.000Z',
          limit: 5,
          line_length: 1000,
          followed: [{ cluster_id: cluster.id, cluster_name: 'eu-1' }],
          skipped: [],
        };
        return { output, text: '', shortened: false, durationMs: 1 };
      },
    },
    tails: {
      follow: async function* follow() {
        yield* over.events ?? [];
      },
    },
    clusterOf: async () => cluster,
    clock: systemClock,
    logger,
  });
  const server = createServer();
  attachUpgrades(server, new Map([['/api/v1/logs/tail', socket.upgrade]]), logger);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // proof: it listens on TCP
  return { base: `ws://127.0.0.1:${port}`, calls };
}

const PATH = '/api/v1/logs/tail?query=%7Ba%3D%22b%22%7D&clusters=eu-1,us-1&limit=5&start_time=-1m';

async function refusal(url: string, options: object = {}, protocols: string[] = ['bearer', 'good']): Promise<number> {
  const client = new WebSocket(url, protocols, options);
  client.on('error', () => undefined);
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, { statusCode: number }]; // proof: the event of ws
  return response.statusCode;
}

describe('the socket of log tails', () => {
  it('passes every tail through its tool, gives its events, and ends when nothing is left to follow', async () => {
    const events: TailEvent[] = [
      { type: 'cluster', cluster_name: 'eu-1', state: 'CONNECTED' },
      { type: 'dropped', cluster_name: 'eu-1', count: 3, by: 'READER' },
    ];
    const { base, calls } = await start({ events });
    const client = new WebSocket(`${base}${PATH}`, ['bearer', 'good']);
    const messages: unknown[] = [];
    client.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
    const [code] = (await once(client, 'close')) as [number]; // proof: the event of ws
    expect([code, client.protocol]).toEqual([1000, 'bearer']);
    expect(messages).toEqual([expect.objectContaining({ type: 'started', limit: 5 }), ...events]);
    expect(calls).toEqual([
      { tool: 'plan_log_tail', input: { query: '{a="b"}', clusters: ['eu-1', 'us-1'], limit: 5, start: '-1m' } },
    ]);
  });

  it('refuses before the upgrade: no or a wrong credential, a foreign page, another path, what the tool refuses', async () => {
    const { base } = await start();
    expect(await refusal(`${base}${PATH}`, {}, [])).toBe(401);
    expect(await refusal(`${base}${PATH}&token=good`, {}, ['bearer', 'wrong'])).toBe(401);
    expect(await refusal(`${base}${PATH}`, { origin: 'http://evil.example' })).toBe(403);
    expect(await refusal(`${base}/api/v1/logs/query`)).toBe(404);
    const invalid = await start({ refuse: new AppError('INVALID_LOGQL', 'no.') });
    expect(await refusal(`${invalid.base}${PATH}`)).toBe(400);
  });
});
