import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { ErrorLogsAnswer } from '../../model/logs.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import type { LokiClient, LokiEntry } from '../../spokes/loki.ts';
import { type ErrorLogsQuery, createErrorLogsCollector } from './error-logs.ts';
import { createFanout } from '../fanout/fanout.ts';
import { levelOf } from './log-level.ts';
import { selectorFor } from './log-labels.ts';
import { noveltyOf } from './log-tally.ts';

const START = Date.parse('2026-03-01T09:00:00Z') / 1000;
const END = START + 600;
const LABELS = ['namespace', 'pod', 'app'];

const withLoki = (name: string) => testCluster(name, { endpoints: { loki_url: `http://${name}.example:3100` } });

function entry(second: number, line: string, pod = 'checkout-1'): LokiEntry {
  const ns = BigInt(START + second) * 1_000_000_000n;
  return { ns, line, stream: { namespace: 'shop', pod }, structuredMetadata: { detected_level: 'error' }, parsed: {} };
}

const many = (count: number, from: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => entry(from + (i % 500), line(i)));

function search(
  lokis: Record<string, LokiEntry[] | AppError>,
  over: Partial<ErrorLogsQuery> = {},
  client: Partial<LokiClient> = {},
) {
  const queries: string[] = [];
  const unexpected = async () => Promise.reject(new Error('not expected to be asked'));
  const inWindow = (cluster: string, startNs: bigint, endNs: bigint) => {
    const known = lokis[cluster] ?? [];
    if (known instanceof AppError) throw known;
    return known.filter(({ ns }) => ns >= startNs && ns < endNs);
  };
  const loki: LokiClient = {
    labelValues: unexpected,
    series: unexpected,
    tail: unexpected,
    ready: unexpected,
    authorized: unexpected,
    patterns: async () => undefined,
    labels: async () => ({ value: LABELS, warnings: [] }),
    range: async (target, { query, startNs, endNs, limit = 100 }) => {
      queries.push(query);
      // Every line here carries a level.
      const labelled = !query.includes('|~');
      const found = labelled ? inWindow(target.clusterId, startNs, endNs).toReversed().slice(0, limit) : [];
      return { value: { type: 'STREAMS', entries: found }, warnings: [] };
    },
    instant: async (target, { query, timeNs }) => {
      const length = BigInt(/\[(\d+)ms\]/.exec(query)?.[1] ?? '0') * 1_000_000n;
      const count = inWindow(target.clusterId, timeNs - length + 1n, timeNs + 1n).length;
      return { value: { type: 'VECTOR', series: [{ metric: {}, values: [[0, String(count)]] }] }, warnings: [] };
    },
    ...client,
  };
  const clock = new ManualClock();
  const target = async (cluster: Cluster) => ({
    clusterId: cluster.name,
    kind: 'LOKI' as const,
    url: '',
    tls: cluster.tls,
  });
  const fanout = createFanout({ clock, logger: createLogger({ level: 'silent' }), spokes: { target } });
  const answer = createErrorLogsCollector({ fanout, spokes: { loki } }).search({
    clusters: Object.keys(lokis).map(withLoki),
    start: START,
    end: END,
    limit: 20,
    lineLength: 200,
    named: false,
    scope: '',
    budgetMs: 5000,
    signal: new AbortController().signal,
    ...over,
  });
  return { answer, queries };
}

describe('error logs over many clusters', () => {
  it('groups lines of all clusters by what they say, with counts, places, times and a sample', async () => {
    const { answer, queries } = search({
      'a-1': [entry(5, 'order 17 failed'), entry(9, 'order 18 failed', 'checkout-2'), entry(-20, 'order 1 failed')],
      'b-1': [entry(7, 'order 99 failed'), entry(8, 'disk /dev/sda is full')],
    });
    const found = await answer;
    expect(ErrorLogsAnswer.safeParse(found).error).toBeUndefined();
    expect(found).toMatchObject({
      lines: 4,
      previous_lines: 1,
      counts_are_exact: true,
      complete: true,
      by_novelty: { NEW: 1, STEADY: 1 },
    });
    expect(found.previous_start).toBe('2026-03-01T08:50:00.000Z');
    expect(found.templates).toMatchObject([
      { template: 'disk /dev/sda is full', count: 1, novelty: 'NEW', source: 'MINED' },
      {
        template: 'order <_> failed',
        count: 3,
        previous_count: 1,
        change: 3,
        novelty: 'STEADY',
        clusters: [
          { name: 'a-1', count: 2 },
          { name: 'b-1', count: 1 },
        ],
        namespaces: ['shop'],
        pods: ['checkout-1', 'checkout-2'],
        pods_total: 2,
        first_seen: '2026-03-01T09:00:05.000Z',
        last_seen: '2026-03-01T09:00:09.000Z',
        sample: { message: 'order 18 failed', cluster_name: 'a-1', level: 'ERROR' },
      },
    ]);
    expect(queries[0]).toMatch(/^\{namespace=~"\.\+"\} \| detected_level=~/);
  });

  it('puts what is new or grew before what was there, and what is gone last', async () => {
    const { answer } = search({
      'a-1': [
        ...many(50, 0, (i) => `grew ${i}`),
        ...many(5, -500, (i) => `grew ${i}`),
        ...many(90, 0, (i) => `same old thing ${i}`),
        ...many(88, -500, (i) => `same old thing ${i}`),
        ...many(30, -500, (i) => `it is gone now ${i}`),
        entry(1, 'never seen before today'),
      ],
    });
    expect((await answer).templates.map(({ template, novelty }) => [template, novelty])).toEqual([
      ['grew <_>', 'INCREASED'],
      ['never seen before today', 'NEW'],
      ['same old thing <_>', 'STEADY'],
      ['it is gone now <_>', 'GONE'],
    ]);
  });

  it('says what was not read where there is too much, and calls nothing new then', async () => {
    const clusters = Array.from({ length: 500 }, (_, i) => [`c-${100 + i}`, [] as LokiEntry[]] as const);
    const busy = [...many(400, -500, () => 'old trouble'), ...many(250, 0, () => 'new trouble')];
    const { answer } = search({ ...Object.fromEntries(clusters), 'c-100': busy });
    const found = await answer;
    expect(found).toMatchObject({ lines: 250, previous_lines: 400, counts_are_exact: false, complete: true });
    expect(found.notes).toEqual([
      'c-100 has 250 error lines (400 before), of which 200 (200) were read; counts are of those alone.',
    ]);
    expect(found.templates.map(({ template, count, novelty }) => [template, count, novelty])).toEqual([
      ['new trouble', 200, 'UNKNOWN'],
      ['old trouble', 0, 'UNKNOWN'],
    ]);
  });

  it("counts by Loki's own patterns where there is too much and it keeps them", async () => {
    const busy = [...many(6000, -500, () => 'old trouble'), ...many(7000, 0, (i) => `new trouble ${i}`)];
    const { answer } = search(
      { 'a-1': busy },
      {},
      {
        patterns: async () => [
          { pattern: 'new trouble <_>', level: 'error', samples: [[START + 10, 7000]] },
          { pattern: 'old trouble', level: 'error', samples: [[START - 100, 6000]] },
          { pattern: 'served <_>', level: 'info', samples: [[START, 99_999]] },
        ],
      },
    );
    expect((await answer).templates).toMatchObject([
      {
        template: 'new trouble <_>',
        count: 7000,
        novelty: 'NEW',
        source: 'LOKI',
        first_seen: '2026-03-01T09:00:00.000Z',
        pods: ['checkout-1'],
      },
      { template: 'old trouble', count: 0, previous_count: 6000, novelty: 'GONE' },
    ]);
  });

  it('asks for a namespace, a workload and a text by the labels that the cluster has', async () => {
    const filter = { namespace: 'shop', workload: 'check.out', contains: 'say "no"' };
    const { answer, queries } = search({ 'a-1': [] }, filter);
    await answer;
    expect(queries[0]).toMatch(
      /^\{namespace="shop", pod=~"check\\\\\.out\(-\.\*\)\?"\} \|= "say \\"no\\"" \| detected_level=~/,
    );
    expect(selectorFor({ namespace: 'shop' }, ['kubernetes_namespace_name', 'log_type'])).toBe(
      '{kubernetes_namespace_name="shop"}',
    );
    expect(selectorFor({ workload: 'x' }, ['service_name'])).toBe('{service_name="x"}');
    expect(selectorFor({}, ['log_type', 'kubernetes_namespace_name'])).toBe('{log_type=~".+"}');
    expect(() => selectorFor({ namespace: 'shop' }, ['job'])).toThrow('carry no label for the namespace');
  });

  it('names clusters that failed, and skips those that have no logs', async () => {
    const clusters = [withLoki('a-1'), withLoki('b-1'), testCluster('edge-1', { cluster_type: 'FAR_EDGE' })];
    const { answer } = search(
      { 'a-1': [entry(1, 'x failed')], 'b-1': new AppError('SPOKE_ERROR', 'no.') },
      { clusters },
    );
    const found = await answer;
    expect(found.clusters.map(({ status }) => status)).toEqual(['SUCCESS', 'ERROR', 'SKIPPED']);
    expect(found).toMatchObject({ complete: false, lines: 1 });
  });
});

describe('novelty', () => {
  it.each([
    [5, 0, 'NEW'],
    [0, 5, 'GONE'],
    [3, 1, 'STEADY'], // three times as many, but so may chance
    [20, 5, 'INCREASED'],
    [5, 20, 'DECREASED'],
    [150, 100, 'STEADY'],
    [5, 5, 'STEADY'],
  ])('of %i after %i is %s', (current, previous, novelty) => {
    expect(noveltyOf({ current, previous, blind: false })).toBe(novelty);
    expect(noveltyOf({ current, previous, blind: true })).toBe('UNKNOWN');
  });
});

describe('the level of a line', () => {
  it.each([
    [{ structuredMetadata: { detected_level: 'critical' } }, '', 'FATAL'],
    [{ stream: { level: 'Warning' } }, 'ERROR x', 'WARN'],
    [{ parsed: { severity: 'err' } }, '', 'ERROR'],
    [{}, 'ts=1 level=error msg=x', 'ERROR'],
    [{}, '{"severity": "DEBUG"}', 'DEBUG'],
    [{}, 'E0412 10:00:00.0 1 x.go:1] no', 'ERROR'],
    [{}, '2026 WARN something', 'WARN'],
    [{}, 'no error at all', 'UNKNOWN'],
  ])('of %j %j is %s', (over, line, level) => {
    expect(levelOf({ ns: 0n, line, stream: {}, structuredMetadata: {}, parsed: {}, ...over })).toBe(level);
  });
});
