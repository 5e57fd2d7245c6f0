import { describe, expect, it } from 'vitest';
import type { MetricSeries } from '../../model/metrics.ts';
import type { ClusterOutcome } from '../../model/outcome.ts';
import { ClustersDigest, SeriesDigests } from '../../model/series-digest.ts';
import { digestClusters, digestSeries } from './series-digest.ts';

const instant = (metric: Record<string, string>, value: string): MetricSeries => ({ metric, values: [[100, value]] });
const grid = { start: 0, end: 15_000, step: 60 };
const ranged = (metric: Record<string, string>, value: (i: number) => number | string): MetricSeries => ({
  metric,
  values: Array.from({ length: 251 }, (_, i) => [i * 60, String(value(i))]),
});

function digest(...args: Parameters<typeof digestSeries>) {
  const { digests, whole } = digestSeries(...args);
  return { ...SeriesDigests.parse(digests), whole };
}

describe('series for a model', () => {
  it('are the exact values of a short instant answer, what all share said once', () => {
    const found = digest(
      [
        instant({ __name__: 'up', job: 'a', cluster: 'edge-1' }, '123456789.123456789'),
        instant({ __name__: 'up', job: 'b', cluster: 'edge-1' }, 'NaN'),
      ],
      {},
    );
    expect(found).toEqual({
      total: 2,
      common_labels: { __name__: 'up', cluster: 'edge-1' },
      items: [
        { labels: { job: 'a' }, value: '123456789.123456789' },
        { labels: { job: 'b' }, value: 'NaN' },
      ],
      whole: true,
    });
  });

  it('are few numbers and a line of a range', () => {
    const [item, ...others] = digest([ranged({ pod: 'p' }, (i) => 1e6 + i * 1000)], { grid }).items;
    expect(others).toEqual([]);
    expect(item).toMatchObject({
      labels: { pod: 'p' },
      first: '1000000',
      last: '1250000',
      min: '1000000',
      max: '1250000',
      max_at: '04:10:00Z',
      avg: 1_125_000,
      trend: 'RISING',
      per_hour: 60_000,
    });
    expect(item?.line?.split(' ')).toHaveLength(18);
    expect(item?.line).toMatch(/^in M: 1.01 1.02 .* 1.24$/);
    expect(item).not.toHaveProperty('points');
  });

  it('say once that a series is constant, and how many steps have no sample', () => {
    const series = ranged({ pod: 'p' }, () => 1);
    const [item] = digest([{ ...series, values: series.values.slice(100) }], { grid }).items;
    expect(item).toEqual({ labels: { pod: 'p' }, first: '1', last: '1', trend: 'FLAT', points: 151, gaps: 100 });
  });

  it('take at most a tenth of the text of a range', () => {
    const all = Array.from({ length: 12 }, (_, n) =>
      ranged(
        { __name__: 'container_memory_working_set_bytes', cluster: 'c', namespace: 'shop', pod: `pod-${n}` },
        (i) => 123_456_789 + i * 4096 * n,
      ),
    );
    expect(JSON.stringify(digest(all, { grid })).length).toBeLessThan(JSON.stringify(all).length / 10);
  });

  it('show of a hundred alike the few that are different, and count the values', () => {
    const all = Array.from({ length: 100 }, (_, i) => instant({ instance: `n${i}` }, i === 57 || i === 3 ? '0' : '1'));
    const found = digest(all, {});
    expect(found).toMatchObject({ total: 100, left_out: 80, values: { 0: 2, 1: 98 }, whole: false });
    expect(found.items.slice(0, 2).map(({ labels }) => labels['instance'])).toEqual(['n3', 'n57']);
  });

  it('show the largest and the smallest of many different ones, and the first of a ranking', () => {
    const all = Array.from({ length: 100 }, (_, i) => instant({ pod: `p${i}` }, String(i)));
    const shown = digest(all, {}).items.map(({ value }) => Number(value));
    expect(shown).toHaveLength(20);
    expect(shown.slice(0, 3)).toEqual([99, 98, 97]);
    expect(shown.slice(-2)).toEqual([1, 0]);
    expect(
      digest(all, { keepOrder: true })
        .items.map(({ value }) => value)
        .slice(0, 2),
    ).toEqual(['0', '1']);
  });

  it('show the most changing of many ranges beside the largest', () => {
    const all = [
      ...Array.from({ length: 40 }, (_, n) => ranged({ pod: `big-${n}` }, () => 1e9 + n)),
      ranged({ pod: 'leaks' }, (i) => 10 + i),
    ];
    const found = digest(all, { grid });
    expect(found.items).toHaveLength(20);
    expect(found.items.some(({ labels }) => labels['pod'] === 'leaks')).toBe(true);
    expect(found.left_out).toBe(21);
  });

  it('tell of native histograms how many there are, with count and sum of the last', () => {
    const histogram = { count: '10', sum: '2.5', buckets: [] };
    const found = digest(
      [
        {
          metric: { a: 'b' },
          values: [],
          histograms: [
            [1, histogram],
            [2, histogram],
          ],
        },
      ],
      { grid },
    );
    expect(found.items).toEqual([
      { labels: { a: 'b' }, points: 0, histogram: { samples: 2, count: '10', sum: '2.5' } },
    ]);
  });
});

describe('clusters for a model', () => {
  it('are counted, with the reasons of those that did not answer whole or warned', () => {
    const outcome = (name: string, over: Partial<ClusterOutcome>): ClusterOutcome => ({
      cluster_id: crypto.randomUUID(),
      cluster_name: name,
      status: 'SUCCESS',
      query_time_ms: 1,
      cached: false,
      ...over,
    });
    const found = digestClusters([
      outcome('a', {}),
      outcome('b', { status: 'SKIPPED' }),
      outcome('c', { status: 'TIMEOUT', error: { code: 'QUERY_TIMEOUT', message: 'late' } }),
      outcome('d', { warnings: ['PromQL info: x'] }),
    ]);
    expect(ClustersDigest.parse(found)).toEqual({
      asked: 3,
      answered: 2,
      skipped: 1,
      wrong: [
        { cluster: 'c', status: 'TIMEOUT', why: 'late' },
        { cluster: 'd', status: 'SUCCESS', why: 'PromQL info: x' },
      ],
    });
  });
});
