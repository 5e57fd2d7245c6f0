import { describe, expect, it } from 'vitest';
import type { MetricSeries } from '../../../backend/model/metrics.ts';
import { type WholeAnswer, filterSeries, seriesName, seriesOf, seriesToDraw, sortSeries } from './series.ts';

function answer(...data: MetricSeries[]): WholeAnswer {
  const result = {
    cluster_id: '',
    cluster_name: 'a',
    status: 'SUCCESS',
    query_time_ms: 1,
    cached: false,
    data,
  } as const;
  return {
    query: 'q',
    results: [result],
    complete: true,
    clusters_queried: 1,
    clusters_succeeded: 1,
    total_query_time_ms: 1,
    notes: [],
  };
}

const one = (metric: Record<string, string>, ...values: string[]): MetricSeries => ({
  metric,
  values: values.map((text, n) => [n * 60, text]),
});

describe('series of an answer', () => {
  it('are named as PromQL writes them, and short by what tells them apart', () => {
    const [a, b] = seriesOf(
      answer(
        one({ __name__: 'up', cluster: 'x', job: 'n', instance: '1' }, '1'),
        one({ __name__: 'up', cluster: 'y', job: 'n', instance: '2' }, '1'),
      ),
    );
    expect([a?.name, a?.label, b?.label]).toEqual(['up{cluster="x",instance="1",job="n"}', 'x', 'y']);
    const nodes = seriesOf(
      answer(
        one({ cluster: 'x', instance: '10.0.0.1:9100', node: 'n1' }, '1'),
        one({ cluster: 'x', instance: '10.0.0.2:9100', node: 'n2' }, '1'),
        one({ cluster: 'y', instance: '10.0.0.1:9100', node: 'n1' }, '1'),
      ),
    );
    expect(nodes.map(({ label }) => label)).toEqual(['x · n1', 'x · n2', 'y · n1']);
    expect(seriesName({ 'my.label': 'a"b' })).toBe('{"my.label"="a\\"b"}');
    expect(seriesName({ __name__: 'up' })).toBe('up');
  });

  it('keep values as they were sent, and know the extremes of those that are numbers', () => {
    const [series] = seriesOf(answer(one({}, '1e+21', 'NaN', '-0.1', '+Inf')));
    expect([series?.last, series?.min, series?.max]).toEqual(['+Inf', '-0.1', '1e+21']);
  });

  it('get different keys even where a spoke sends one name twice', () => {
    const keys = seriesOf(answer(one({ a: '1' }, '1'), one({ a: '1' }, '2'))).map(({ key }) => key);
    expect(new Set(keys).size).toBe(2);
  });

  it('are drawn up to a number, the highest of them, in the order of the answer', () => {
    const all = seriesOf(
      answer(one({ n: '1' }, '1'), one({ n: '2' }, 'NaN'), one({ n: '3' }, '9'), one({ n: '4' }, '5')),
    );
    expect(seriesToDraw(all, 2).map(({ metric }) => metric['n'])).toEqual(['3', '4']);
    expect(seriesToDraw(all).map(({ metric }) => metric['n'])).toEqual(['1', '3', '4']);
  });

  it('sort by number with what has none last, and stay in the order of the answer otherwise', () => {
    const all = seriesOf(answer(one({ n: 'a' }, '10'), one({ n: 'b' }, 'NaN'), one({ n: 'c' }, '9')));
    const order = (descending: boolean) => sortSeries(all, { by: 'last', descending }).map(({ metric }) => metric['n']);
    expect([order(true), order(false)]).toEqual([
      ['a', 'c', 'b'],
      ['c', 'a', 'b'],
    ]);
    expect(sortSeries(all, undefined)).toBe(all);
    expect(filterSeries(all, 'N="C"')).toHaveLength(1);
  });
});
