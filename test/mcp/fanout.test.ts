import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFanout } from '../../backend/collectors/fanout/fanout.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { ManualClock, systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { type HttpDouble, startHttp, startTcp } from '../../backend/spokes/test-servers.ts';
import { loopbackTransport } from '../../backend/spokes/test-transport.ts';
import { defineTool } from '../../tools/define.ts';
import { createDispatcher } from '../../tools/dispatch.ts';
import type { Services } from '../../tools/services.ts';
import { eventually } from '../support/server-process.ts';
import { ERAS, type Told, connectHttp } from './clients.ts';
import { scriptedDispatcher, scriptedFactory, serve } from './scripted.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const logger = createLogger({ level: 'silent' });

/** `/mcp` with one tool, which asks these spokes by the real fan-out over the real transport. */
async function start(doubles: readonly HttpDouble[]) {
  for (const double of doubles) open.push(() => double.stop());
  const transport = loopbackTransport();
  open.push(() => transport.close());
  const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
  const fanout = createFanout({ clock: systemClock, logger, spokes });
  const clusters = doubles.map(({ url }, i) => testCluster(`edge-${i + 1}`, { endpoints: { prometheus_url: url } }));
  const tool = defineTool({
    name: 'ask_fleet',
    title: 'Ask',
    description: 'Asks every cluster.',
    toolset: 'metrics',
    permission: 'metrics:read',
    exposure: 'model',
    annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
    example: {},
    input: z.strictObject({}),
    output: z.strictObject({ complete: z.boolean() }),
    summarize: () => 'done',
    run: async (context) => {
      const answer = await fanout.ask({
        ...(await context.question(undefined)),
        kind: 'PROMETHEUS',
        ask: async (target, _cluster, limits) => ({ value: await transport.request(target, { path: '/', ...limits }) }),
      });
      return { complete: answer.complete };
    },
  });
  const parts = scriptedDispatcher();
  const dispatcher = createDispatcher({
    catalog: [tool],
    services: { registry: { list: async () => clusters } } as unknown as Services, // proof: the tool touches nothing else
    audit: { record: async () => undefined, list: async () => [], purge: async () => 0 },
    evidence: {
      put: () => Promise.reject(new Error('no long answers')),
      get: () => Promise.reject(new Error('none')),
      purgeExpired: async () => 0,
    },
    metrics: createMetrics(),
    clock: new ManualClock(), // stands still, so that of three answers the first and the last are told
    logger,
  });
  const running = await serve(scriptedFactory({ ...parts, dispatcher }));
  open.push(() => running.close());
  return running;
}

describe.each(ERAS)('a question to a fleet from a %s', (era) => {
  it('tells how many clusters have answered, when the client asks for it', async () => {
    const waiting: (() => void)[] = [];
    const answerLater = () => startHttp((_request, response) => void waiting.push(() => response.end('ok')));
    const { url } = await start([await answerLater(), await answerLater(), await answerLater()]);
    const client = await connectHttp(era, url);
    open.push(() => client.close());
    const told: Told[] = [];
    const call = client.call('ask_fleet', {}, undefined, (progress) => told.push(progress));
    await eventually('all spokes are asked', () => Promise.resolve(waiting.length === 3));
    waiting[0]?.();
    await eventually('the first answer is told', () => Promise.resolve(told.length === 1));
    for (const answer of waiting.slice(1)) answer();
    expect((await call).structured).toEqual({ complete: true });
    await eventually('the last answer is told', () => Promise.resolve(told.length === 2));
    expect(told).toEqual([
      { progress: 1, total: 3, message: '1 of 3 clusters answered' },
      { progress: 3, total: 3, message: '3 of 3 clusters answered' },
    ]);
  });

  it('ends the requests to spokes when the client cancels', async () => {
    const spoke = await startTcp();
    const { url } = await start([spoke]);
    const client = await connectHttp(era, url);
    open.push(() => client.close());
    const cancel = new AbortController();
    const call = client.call('ask_fleet', {}, cancel.signal);
    await eventually('the spoke is asked', () => Promise.resolve(spoke.sockets.size === 1));
    cancel.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await eventually('the spoke is left alone', () => Promise.resolve(spoke.sockets.size === 0));
  });
});
