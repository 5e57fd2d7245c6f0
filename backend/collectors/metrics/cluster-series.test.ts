import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricSeries } from '../../model/metrics.ts';
import { foreignClusterLabel, labelKey, sortByLabels, withClusterLabel } from './cluster-series.ts';

const labels = fc.dictionary(fc.constantFrom('__name__', 'job', 'pod', 'ns', 'a'), fc.string({ maxLength: 4 }), {
  noNullPrototype: true,
});
const series = fc.array(
  labels.map((metric): MetricSeries => ({ metric, values: [[1, '1']] })),
  { maxLength: 20 },
);

describe('cluster label', () => {
  it('adds the label to every series and changes nothing else', () => {
    fc.assert(
      fc.property(series, (list) => {
        const out = withClusterLabel(list, 'edge-1') ?? [];
        expect(out.map(({ metric: { cluster, ...rest } }) => [cluster, rest])).toEqual(
          list.map(({ metric }) => ['edge-1', metric]),
        );
        out.forEach((one, i) => expect(one.values).toBe(list[i]?.values));
      }),
    );
  });

  it('keeps series distinct that were distinct', () => {
    fc.assert(
      fc.property(series, (list) => {
        const distinct = (all: readonly MetricSeries[]) => new Set(all.map((one) => labelKey(one.metric))).size;
        expect(distinct(withClusterLabel(list, 'edge-1') ?? [])).toBe(distinct(list));
      }),
    );
  });

  it('accepts the same value and an empty one, and refuses any other', () => {
    const one = (cluster: string): MetricSeries[] => [{ metric: { cluster }, values: [] }];
    expect(withClusterLabel(one('edge-1'), 'edge-1')).toEqual([{ metric: { cluster: 'edge-1' }, values: [] }]);
    expect(withClusterLabel(one(''), 'edge-1')).toBeDefined();
    expect(withClusterLabel(one('edge-2'), 'edge-1')).toBeUndefined();
    expect(foreignClusterLabel(one('edge-2'), 'edge-1')).toBe('edge-2');
  });
});

describe('order of series', () => {
  it('does not depend on the order of arrival or of labels', () => {
    fc.assert(
      fc.property(series, (list) => {
        const shuffled = list
          .toReversed()
          .map((one) => ({ ...one, metric: Object.fromEntries(Object.entries(one.metric).toReversed()) }));
        const keys = (all: readonly MetricSeries[]) => sortByLabels(all).map((one) => labelKey(one.metric));
        expect(keys(shuffled)).toEqual(keys(list));
      }),
    );
  });

  it('compares names before values, and a shorter set first, as Prometheus does', () => {
    const sets = [{ b: '1' }, { a: '2' }, { a: '1', b: '1' }, { a: '1' }, { ab: '0' }];
    const sorted = sortByLabels(sets.map((metric) => ({ metric, values: [] })));
    expect(sorted.map((one) => one.metric)).toEqual([
      { a: '1' },
      { a: '1', b: '1' },
      { a: '2' },
      { ab: '0' },
      { b: '1' },
    ]);
  });
});
