import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import type { LokiEntry } from '../../spokes/loki.ts';
import { createFanout } from '../fanout/fanout.ts';
import { type TailEvent, createLogTails } from './log-tail.ts';

const CLUSTERS = ['a-1', 'b-1'].map((name) => testCluster(name, { endpoints: { loki_url: `http://${name}.example` } }));
const NOW = BigInt(Date.parse('2026-03-01T10:00:00Z')) * 1_000_000n;
const entry = (second: number, line: string): LokiEntry => ({
  ns: NOW + BigInt(second) * 1_000_000_000n,
  line,
  stream: { app: 'x' },
  structuredMetadata: {},
  parsed: {},
});

type Frame = { entries: LokiEntry[]; dropped: number } | AppError;

/** Each cluster's tails in turn: frames, and the error that ends one; a tail without one goes on in silence. */
function follow(script: Record<string, Frame[][]>, stored: LokiEntry[] = [], limit = 2000) {
  const clock = new ManualClock('2026-03-01T10:00:00.000Z');
  const end = new AbortController();
  const begun: string[] = [];
  const now = new Map(CLUSTERS.map((cluster) => [cluster.id, cluster]));
  const fanout = createFanout({
    clock,
    logger: createLogger({ level: 'silent' }),
    spokes: { target: async ({ name, tls }, kind) => ({ clusterId: name, kind, url: '', tls }) },
  });
  const tails = createLogTails({
    clock,
    fanout,
    clusterOf: async (id) => {
      const cluster = now.get(id);
      if (!cluster) throw new AppError('CLUSTER_NOT_FOUND', 'There is no such cluster.');
      return cluster;
    },
    spokes: {
      loki: {
        tail: async ({ clusterId }: { clusterId: string }) => {
          begun.push(clusterId);
          const frames = script[clusterId]?.shift();
          return {
            frames: (async function* read() {
              for (const frame of frames ?? []) {
                if (frame instanceof AppError) throw frame;
                yield frame;
              }
              await new Promise((_resolve, reject) =>
                end.signal.addEventListener('abort', () => reject(new Error('left'))),
              );
            })(),
          };
        },
        range: async () => ({ value: { type: 'STREAMS', entries: stored }, warnings: [] }),
      } as unknown as Parameters<typeof createLogTails>[0]['spokes']['loki'], // proof: a tail calls no other
    },
  });
  const stream = tails.follow({
    query: '{a="b"}',
    clusters: CLUSTERS.filter(({ name }) => script[name]),
    startNs: NOW,
    limit,
    lineLength: 100,
    signal: end.signal,
  });
  const events: TailEvent[] = [];
  const reading = (async () => {
    for await (const event of stream) events.push(event);
  })();
  const settled = async () => {
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { tails, clock, end, now, begun, events, reading, settled };
}

const linesOf = (events: TailEvent[]) =>
  events.flatMap((event) => (event.type === 'entries' ? event.entries.map(({ message }) => message) : []));
const closed = new AppError('SPOKE_ERROR', 'Loki ended the tail (1011).', {
  details: { reason: 'CLOSED', code: 1011 },
});

describe('tails of many clusters', () => {
  it('stop at the kill switch of a cluster, go on after it, and end when the cluster is gone', async () => {
    const { now, clock, begun, events, settled, reading } = follow({ 'a-1': [[closed], [closed], [closed]] });
    const [cluster] = CLUSTERS;
    if (!cluster) throw new Error('a cluster');
    await settled();
    expect(begun).toHaveLength(1);
    now.set(cluster.id, { ...cluster, collection_paused: true });
    await clock.advance(1_000);
    await settled();
    await clock.advance(2_000);
    await settled();
    expect(begun).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ state: 'RECONNECTING', reason: expect.stringContaining('paused') });
    now.set(cluster.id, cluster);
    await clock.advance(5_000);
    await settled();
    expect(begun).toHaveLength(2);
    now.delete(cluster.id);
    await clock.advance(15_000);
    await reading;
    expect(events.at(-1)).toMatchObject({ state: 'FAILED', reason: expect.stringContaining('no such cluster') });
  });

  it('give lines as they come, who is connected, and what Loki dropped', async () => {
    const { events, settled, end, reading } = follow({
      'a-1': [[{ entries: [entry(2, 'two'), entry(1, 'one')], dropped: 0 }]],
      'b-1': [[{ entries: [entry(3, 'three')], dropped: 7 }]],
    });
    await settled();
    expect(linesOf(events).sort()).toEqual(['one', 'three', 'two']);
    expect(events).toContainEqual({ type: 'dropped', cluster_name: 'b-1', count: 7, by: 'LOKI' });
    expect(
      events
        .filter((event) => event.type === 'cluster')
        .map(({ cluster_name, state }) => `${cluster_name} ${state}`)
        .toSorted(),
    ).toEqual(['a-1 CONNECTED', 'b-1 CONNECTED']);
    end.abort();
    await reading;
  });

  it('begin again after an end, read what came meanwhile, and give no line twice', async () => {
    const stored = [entry(1, 'one'), entry(2, 'meanwhile')];
    const { clock, events, settled, begun, end, reading } = follow(
      {
        'a-1': [
          [{ entries: [entry(1, 'one')], dropped: 0 }, closed],
          [{ entries: [entry(2, 'meanwhile'), entry(3, 'new')], dropped: 0 }],
        ],
      },
      stored,
    );
    await settled();
    expect(events.at(-1)).toMatchObject({
      type: 'cluster',
      state: 'RECONNECTING',
      reason: 'Loki ended the tail (1011).',
    });
    await clock.advance(1_000);
    await settled();
    expect(begun).toEqual(['a-1', 'a-1']);
    expect(linesOf(events)).toEqual(['one', 'meanwhile', 'new']);
    expect(events).toContainEqual({ type: 'cluster', cluster_name: 'a-1', state: 'CONNECTED', backfilled: 1 });
    end.abort();
    await reading;
  });

  it('wait longer after each failure, and end when every cluster has failed for good', async () => {
    const cut = new AppError('SPOKE_ERROR', 'cut.', { details: { reason: 'TRUNCATED' } });
    const forbidden = new AppError('SPOKE_ERROR', 'no.', { details: { reason: 'FORBIDDEN' } });
    const { clock, events, settled, begun, reading } = follow({ 'a-1': [[cut], [cut], [forbidden]] });
    await settled();
    await clock.advance(1_000);
    await settled();
    expect(begun.length).toBe(2);
    await clock.advance(1_000);
    await settled();
    expect(begun.length).toBe(2);
    await clock.advance(1_000);
    await reading;
    expect(events.at(-1)).toEqual({ type: 'cluster', cluster_name: 'a-1', state: 'FAILED', reason: 'no.' });
  });

  it('drop the oldest lines when nobody takes them, and say how many', async () => {
    const many = Array.from({ length: 2500 }, (_, i) => entry(i, `line ${i}`));
    const { events, settled, end, reading } = follow({ 'a-1': [[{ entries: many, dropped: 0 }]] });
    await settled();
    expect(events).toContainEqual({ type: 'dropped', cluster_name: 'a-1', count: 500, by: 'READER' });
    expect(linesOf(events)).toHaveLength(2000);
    expect(linesOf(events)[0]).toBe('line 500');
    end.abort();
    await reading;
  });

  it('follow log queries on at most 50 clusters that have logs', () => {
    const { tails } = follow({});
    const question = (clusters: typeof CLUSTERS) => ({
      clusters,
      named: false,
      scope: '',
      budgetMs: 1,
      signal: new AbortController().signal,
    });
    const edge = testCluster('edge-1', { cluster_type: 'EDGE' });
    expect(tails.plan('{a="b"}', question([...CLUSTERS, edge]))).toMatchObject({
      followed: [{ name: 'a-1' }, { name: 'b-1' }],
      skipped: [{ cluster_name: 'edge-1', status: 'SKIPPED' }],
    });
    expect(() => tails.plan('rate({a="b"}[1m])', question(CLUSTERS))).toThrow('gives numbers');
    const many = Array.from({ length: 51 }, (_, i) =>
      testCluster(`c-${i}`, { endpoints: { loki_url: 'http://x.example' } }),
    );
    expect(() => tails.plan('{a="b"}', question(many))).toThrow('at most 50 clusters');
  });
});
