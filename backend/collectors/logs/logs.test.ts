import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { AppError, asAppError } from '../../model/errors.ts';
import { LogsAnswer } from '../../model/logs.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import type { LogRangeQuery, LokiClient, LokiEntry } from '../../spokes/loki.ts';
import { createFanout } from '../fanout/fanout.ts';
import { type LogsQuery, createLogsCollector } from './logs.ts';

const START = Date.parse('2026-03-01T09:00:00Z') / 1000;
const END = START + 3600;
const SHOP = { namespace: 'shop', pod: 'checkout-1' };

const withLoki = (name: string, over: Parameters<typeof testCluster>[1] = {}) =>
  testCluster(name, { endpoints: { loki_url: `http://${name}.example:3100` }, ...over });

function entry(second: number, line: string, over: Partial<LokiEntry> = {}): LokiEntry {
  const ns = BigInt(START + second) * 1_000_000_000n;
  return { ns, line, stream: SHOP, structuredMetadata: {}, parsed: {}, ...over };
}

/** Loki of each cluster by its name: lines, or what asking it throws. */
function collectorOver(lokis: Record<string, LokiEntry[] | AppError>, over: Partial<LokiClient> = {}) {
  const clock = new ManualClock();
  const asked: { cluster: string; query: LogRangeQuery }[] = [];
  const unexpected = async () => Promise.reject(new Error('not expected to be asked'));
  const loki: LokiClient = {
    instant: unexpected,
    labels: unexpected,
    labelValues: unexpected,
    series: unexpected,
    patterns: unexpected,
    tail: unexpected,
    ready: unexpected,
    authorized: unexpected,
    range: async (target, query) => {
      asked.push({ cluster: target.clusterId, query });
      const known = lokis[target.clusterId] ?? [];
      if (known instanceof AppError) throw known;
      const sign = query.direction === 'FORWARD' ? 1 : -1;
      const entries = known
        .filter(({ ns }) => ns >= query.startNs && ns < query.endNs)
        .sort((a, b) => sign * Number(a.ns - b.ns))
        .slice(0, query.limit);
      return { value: { type: 'STREAMS', entries }, warnings: [] };
    },
    ...over,
  };
  const target = async (cluster: Cluster) => ({
    clusterId: cluster.name,
    kind: 'LOKI' as const,
    url: cluster.endpoints.loki_url ?? '',
    tls: cluster.tls,
  });
  const fanout = createFanout({ clock, logger: createLogger({ level: 'silent' }), spokes: { target } });
  const collector = createLogsCollector({ fanout, spokes: { loki } });
  const query = (clusters: Cluster[], wanted: Partial<LogsQuery> = {}) =>
    collector.query({
      query: '{namespace="shop"}',
      start: START,
      end: END,
      instant: false,
      limit: 100,
      direction: 'BACKWARD',
      lineLength: 1000,
      named: false,
      clusters,
      scope: '',
      budgetMs: 5000,
      signal: new AbortController().signal,
      ...wanted,
    });
  return { collector, query, asked };
}

describe('logs over many clusters', () => {
  it('merges lines by nanosecond, with exact time, level, metadata, and the length of what was cut', async () => {
    const { query } = collectorOver({
      'b-1': [entry(1, 'level=warn msg=slow'), { ...entry(5, 'x'.repeat(60)), ns: entry(5, '').ns + 1n }],
      'a-1': [entry(5, 'boom', { structuredMetadata: { detected_level: 'error', trace_id: 't' }, parsed: { k: 'v' } })],
    });
    const answer = await query([withLoki('b-1'), withLoki('a-1')], { lineLength: 50 });
    expect(LogsAnswer.safeParse(answer).error).toBeUndefined();
    expect(answer.entries.map((one) => [one.cluster_name, one.timestamp_ns, one.level])).toEqual([
      ['b-1', '1772355605000000001', 'UNKNOWN'],
      ['a-1', '1772355605000000000', 'ERROR'],
      ['b-1', '1772355601000000000', 'WARN'],
    ]);
    expect(answer.entries[0]).toMatchObject({ message: 'x'.repeat(50), message_length: 60, stream: SHOP });
    expect(answer.entries[1]).toMatchObject({
      timestamp: '2026-03-01T09:00:05.000Z',
      structured_metadata: { trace_id: 't' },
      parsed: { k: 'v' },
    });
    expect(answer).toMatchObject({ total: 3, complete: true, by_level: { ERROR: 1, WARN: 1, UNKNOWN: 1 } });
    expect(answer.next_cursor).toBeUndefined();
  });

  it('gives pages that go on where the last one ended, in a window that the first one fixed', async () => {
    const lines = Array.from({ length: 7 }, (_, i) => entry(10, `line ${i}`));
    const { query } = collectorOver({ 'a-1': lines, 'b-1': lines });
    const clusters = [withLoki('a-1'), withLoki('b-1')];
    const first = await query(clusters, { limit: 5 });
    expect(first).toMatchObject({ total: null, complete: true });
    const second = await query(clusters, { limit: 20, cursor: first.next_cursor, start: START + 999, end: END + 999 });
    expect(second.next_cursor).toBeUndefined();
    expect([second.start, second.end]).toEqual([first.start, first.end]);
    const given = [...first.entries, ...second.entries].map((one) => `${one.cluster_name} ${one.message}`);
    expect(new Set(given).size).toBe(14);
    await expect(query(clusters, { cursor: first.next_cursor, direction: 'FORWARD' })).rejects.toThrow(
      'another question',
    );
  });

  it('skips clusters that have no logs and those that send metrics only, each with its reason', async () => {
    const { query, asked } = collectorOver({});
    const edge = withLoki('edge-1', { cluster_type: 'EDGE' });
    const answer = await query([withLoki('a-1'), edge, testCluster('none-1', { endpoints: {} })]);
    expect(answer.clusters.map((one) => [one.cluster_name, one.status, one.warnings?.[0]])).toEqual([
      ['a-1', 'SUCCESS', undefined],
      ['edge-1', 'SKIPPED', 'EDGE clusters are asked for metrics only'],
      ['none-1', 'SKIPPED', 'no Loki endpoint is registered'],
    ]);
    expect(answer.complete).toBe(true);
    expect(asked.map(({ cluster }) => cluster)).toEqual(['a-1']);
    const refused = await query([edge], { named: true }).catch(asAppError);
    expect(refused).toMatchObject({
      code: 'LOKI_NOT_AVAILABLE',
      message: expect.stringContaining('edge-1: EDGE clusters'),
    });
    expect(await query([edge])).toMatchObject({ entries: [], total: 0 });
  });

  it('names a cluster that failed, and never calls the total of the others the whole', async () => {
    const { query } = collectorOver({ 'a-1': [entry(1, 'a')], 'b-1': new AppError('SPOKE_ERROR', 'no.') });
    const answer = await query([withLoki('a-1'), withLoki('b-1')]);
    expect(answer).toMatchObject({ complete: false, total: null, entries: [{ message: 'a' }] });
    expect(answer.clusters[1]).toMatchObject({ status: 'ERROR', error: { code: 'SPOKE_ERROR' } });
  });

  it('refuses a query that does not parse before it asks, and one that every Loki refuses', async () => {
    const invalid = new AppError('INVALID_LOGQL', 'bad.', { details: { position: 3 } });
    const { query, asked } = collectorOver({ 'a-1': invalid, 'b-1': invalid });
    await expect(query([withLoki('a-1')], { query: '{a=' })).rejects.toMatchObject({ code: 'INVALID_LOGQL' });
    expect(asked).toEqual([]);
    await expect(query([withLoki('a-1'), withLoki('b-1')])).rejects.toBe(invalid);
    await expect(query([withLoki('a-1')], { start: END, end: START })).rejects.toThrow('end must not be before start');
  });

  it('gives numbers of metric LogQL as series with their cluster', async () => {
    const series = [{ metric: { app: 'x' }, values: [[START, '3'] as [number, string]] }];
    const { query } = collectorOver(
      {},
      {
        instant: async () => ({ value: { type: 'VECTOR', series }, warnings: [] }),
        range: async (_target, { step }) => ({
          value: { type: 'MATRIX', series },
          warnings: step === 15 ? [] : ['step'],
        }),
      },
    );
    const count = { query: 'sum by (app) (count_over_time({a="b"}[5m]))' };
    expect(await query([withLoki('a-1')], { ...count, instant: true })).toMatchObject({
      result_type: 'VECTOR',
      series: [{ metric: { app: 'x', cluster: 'a-1' }, values: [[START, '3']] }],
      entries: [],
    });
    expect(await query([withLoki('a-1')], count)).toMatchObject({ result_type: 'MATRIX', step: 15, complete: true });
    await expect(query([withLoki('a-1')], { ...count, cursor: 'x' })).rejects.toThrow('a metric query has no pages');
  });

  it('lists labels as the sorted union, narrowed by a plain selector', async () => {
    const { collector } = collectorOver(
      {},
      {
        labels: async (target) => ({
          value: target.clusterId === 'a-1' ? ['pod', 'app'] : ['app', 'zone'],
          warnings: [],
        }),
      },
    );
    const asked = {
      start: START,
      end: END,
      limit: 2,
      named: false,
      scope: '',
      budgetMs: 100,
      signal: new AbortController().signal,
    };
    const clusters = [withLoki('a-1'), withLoki('b-1')];
    expect(await collector.labels({ ...asked, clusters, selector: '{a="b"}' })).toMatchObject({
      values: ['app', 'pod'],
      total: 3,
    });
    await expect(collector.labels({ ...asked, clusters, selector: '{a="b"} |= "x"' })).rejects.toThrow(
      'not a stream selector',
    );
  });
});
