import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { parsePromql } from './promql.ts';

function refusal(query: string): AppError {
  try {
    parsePromql(query);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error(`${query} was accepted`);
}

describe('PromQL', () => {
  it.each([
    ['', 0],
    ['   ', 0],
    ['sum(up', 6],
    ['up{', 3],
    ['foo bar', 4],
    ['sum by (a) (x) + )', 17],
    ['up[5m', 5],
    ['rate(up[5x])', 9],
    ['up{job=x}', 7],
  ])('refuses %j and names position %i', (query, position) => {
    const error = refusal(query);
    expect([error.code, error.details['position']]).toEqual(['INVALID_PROMQL', position]);
  });

  it.each([
    'up',
    'rate(http_requests_total{job=~"a|b"}[5m])',
    '# why\nup',
    '{"my.metric"}',
    'sum by (a) (rate(x[5m])) / on(a) group_left y',
    'max_over_time(rate(x[1m])[1h:1m])',
    'up offset -5m',
    'up @ start()',
    '1 + 2',
    '"text"',
    'histogram_quantile(0.9, sum by (le) (rate(b_bucket[5m])))',
    'x > bool 1',
    'count_values("v", x)',
  ])('accepts %s', (query) => {
    expect(() => parsePromql(query)).not.toThrow();
  });

  it('knows when the order of an answer carries meaning', () => {
    for (const query of ['topk(3, up)', '(bottomk by (a) (3, up))', 'sort_desc(up)', '# top\nsort(up)', 'TOPK(1, up)'])
      expect(parsePromql(query).ranked).toBe(true);
    for (const query of ['up', 'sum(topk(3, up))', 'topk_like_metric', 'sort_of_metric'])
      expect(parsePromql(query).ranked).toBe(false);
  });

  it('notices a matcher on the label that series only get later', () => {
    for (const query of ['up{cluster="a"}', 'sum(rate(x{a="b",cluster=~"c"}[5m]))', '{"x", "cluster"!="c"}'])
      expect(parsePromql(query).matchesCluster).toBe(true);
    for (const query of ['up', 'sum by (cluster) (up)', 'up{clusters="a"}', 'up{a="cluster"}'])
      expect(parsePromql(query).matchesCluster).toBe(false);
  });

  it('tells a plain selector from every other expression', () => {
    for (const query of ['up', '{job="a"}', 'up{a=~"b"}']) expect(parsePromql(query).selector).toBe(true);
    for (const query of ['up[5m]', 'up offset 5m', 'up @ 5', 'sum(up)', '1', 'a or b'])
      expect(parsePromql(query).selector).toBe(false);
  });

  it('is quick on hostile input', () => {
    const startedMs = performance.now();
    for (const query of [
      '('.repeat(5000),
      '-'.repeat(10_000),
      `up{${'a="b",'.repeat(1500)}`,
      `up${'[5m'.repeat(1000)}`,
    ]) {
      expect(refusal(query).code).toBe('INVALID_PROMQL');
    }
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });
});
