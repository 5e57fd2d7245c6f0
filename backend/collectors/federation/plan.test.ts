import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { questionsFor } from './ask-cluster.ts';
import { parseExpr } from './parse.ts';
import { planFleet, planOverClusters } from './plan.ts';

const INSTANT = { startMs: 1_700_000_000_000, stepMs: 1000, count: 1 };
const RANGE = { startMs: 1_700_000_000_000, stepMs: 60_000, count: 10 };

/** What the cluster edge-1 is asked for a query. */
function pushed(query: string, grid = INSTANT): string[] {
  return questionsFor(planFleet(parseExpr(query), grid).fetches, 'edge-1').map(({ text }) => text);
}

function refusal(run: () => unknown): AppError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error('it was planned');
}

describe('planFleet', () => {
  it.each([
    // Whole: each series for itself, or groups that keep the cluster.
    ['rate(x[5m])', ['rate(x[5m])']],
    ['x > 5', ['x > 5']],
    ['sum by (cluster) (x)', ['sum by (cluster) (x)']],
    ['topk by (cluster) (3, rate(x[5m]))', ['topk by (cluster) (3, rate(x[5m]))']],
    ['quantile without (pod) (0.9, x)', ['quantile without (pod) (0.9, x)']],
    ['max_over_time(sum by (cluster) (x)[1h:1m])', ['max_over_time(sum by (cluster) (x)[1h:1m])']],
    ['a / b', ['a / b']],
    ['a and on (cluster, pod) b', ['a and on (cluster, pod) b']],
    [
      'a / on (cluster, pod) group_left () sum by (cluster, pod) (b)',
      ['a / on (cluster, pod) group_left () sum by (cluster, pod) (b)'],
    ],
    ['histogram_quantile(0.9, rate(b[5m]))', ['histogram_quantile(0.9, rate(b[5m]))']],
    ['label_replace(x, "a", "$1", "b", "(.*)")', ['label_replace(x, "a", "$1", "b", "(.*)")']],
    // In parts.
    ['sum(x)', ['sum by (cluster) (x)']],
    ['max by (job) (x)', ['max by (job, cluster) (x)']],
    ['count without (cluster) (x)', ['count without () (x)']],
    ['avg by (job) (x)', ['count by (job, cluster) (x)', 'avg by (job, cluster) (x)']],
    ['stddev(x)', ['count by (cluster) (x)', 'avg by (cluster) (x)', 'stdvar by (cluster) (x)']],
    ['topk(3, x)', ['topk by (cluster) (3, x)']],
    ['count_values("v", x)', ['count_values by (cluster) ("v", x)']],
    ['histogram_quantile(0.9, sum by (le) (rate(b[5m])))', ['sum by (le, cluster) (rate(b[5m]))']],
    ['absent(x{a="b"})', ['group by (cluster) (x{a="b"})']],
    ['absent_over_time(x[5m])', ['group by (cluster) (present_over_time(x[5m]))']],
    // Only the inner part; the rest over what was merged.
    ['count(count by (user) (x))', ['count by (user, cluster) (x)']],
    ['topk(3, avg by (job) (x))', ['count by (job, cluster) (x)', 'avg by (job, cluster) (x)']],
    ['sum(a) / sum(b)', ['sum by (cluster) (a)', 'sum by (cluster) (b)']],
    ['sum(x) > 10', ['sum by (cluster) (x)']],
    ['max(x) * -1', ['max by (cluster) (x)']],
    ['a / on (pod) b', ['a', 'b']],
    ['a / on (cluster, pod) b', ['a', 'b']],
    ['a / {job="x"}', ['a', '{job="x"}']],
    ['a * on (pod) group_left (node) b', ['a', 'b']],
    ['quantile(0.9, x)', ['x']],
    ['x / scalar(sum(y))', ['x', 'sum by (cluster) (y)']],
    ['label_replace(x, "a", "$1", "cluster", "(.*)")', ['x']],
    ['count_values("cluster", x)', ['x']],
    ['x or vector(0)', ['x']],
    ['max_over_time(sum(x)[5m:1m])', ['sum by (cluster) (x)']],
    // Nothing.
    ['vector(1) + time()', []],
    ['hour()', []],
    // The same part is asked once.
    ['sum(x) / sum(x)', ['sum by (cluster) (x)']],
    ['avg(x) > stddev(x)', ['count by (cluster) (x)', 'avg by (cluster) (x)', 'stdvar by (cluster) (x)']],
  ])('asks a cluster for %s only what is whole there', (query, texts) => {
    expect(pushed(query)).toEqual(texts);
  });

  it.each([
    ['x{cluster="edge-1"}', ['x']],
    ['x{cluster="other"}', []],
    ['x{cluster=~"edge-.*|hub"}', ['x']],
    ['x{cluster!~"edge-.*"}', []],
    ['{cluster="edge-1"}', ['{__name__!=""}']],
    ['sum(a{cluster="other"}) + sum(b)', ['sum by (cluster) (b)']],
    ['a{cluster="other"} or b', ['a{aiops_none="none",aiops_none=""} or b']],
  ])('decides the cluster matchers of %s here', (query, texts) => {
    expect(pushed(query)).toEqual(texts);
  });

  it('asks a subquery of something merged on its own grid, at multiples of its step', () => {
    const plan = planFleet(parseExpr('max_over_time(sum(x)[5m:1m] offset 1m)'), {
      ...RANGE,
      startMs: 1_700_000_010_000,
    });
    expect(plan.fetches[0]?.grid).toEqual({ startMs: 1_699_999_680_000, stepMs: 60_000, count: 14 });
    expect(plan.cutsWindows).toBe(true);
  });

  it('gives start() and end() the times of the whole query, also inside a subquery', () => {
    expect(pushed('max_over_time(sum(x @ end())[5m:1m])', RANGE)).toEqual(['sum by (cluster) (x @ 1700000540.000)']);
  });

  it('says that a subquery without a step was given one', () => {
    expect(planFleet(parseExpr('rate(x[1h:])'), INSTANT).notes).toEqual([expect.stringContaining('1m')]);
  });

  it.each([
    ['rate(sum(x)[5m:1m])', 0, 'counter resets'],
    ['limitk(3, x)', 0, 'depends on how one server stores'],
    ['limit_ratio(0.5, x)', 0, 'depends on how one server stores'],
    ['info(x)', 0, 'other clusters'],
    ['1 + sum_over_time(sum(x)[30d:1m])', 18, '11000'],
    ['histogram_count(sum(x))', 0, 'not known here'],
    [Array.from({ length: 21 }, (_, i) => `sum(x${i})`).join(' + '), 210, 'more than 20 expressions'],
  ])('refuses %s and says where and why', (query, at, reason) => {
    const error = refusal(() => planFleet(parseExpr(query), INSTANT));
    expect(error.code).toBe('QUERY_REFUSED');
    expect(error.details).toMatchObject({ rule: 'not_decomposable', at });
    expect(error.details['reason']).toContain(reason);
  });

  it('keeps count_values away from ranges in which Prometheus 2 forgets labels', () => {
    expect(pushed('count_values by (zone) ("v", x)', RANGE)).toEqual(['x']);
    expect(pushed('count_values by (a) ("v", x)', RANGE)).toEqual(['count_values by (a, cluster) ("v", x)']);
  });
});

describe('planOverClusters', () => {
  it('asks each cluster the whole query as it is written', () => {
    const plan = planOverClusters('avg', parseExpr('sum(x{cluster="z"}) / count(y)'), INSTANT);
    expect(questionsFor(plan.fetches, 'edge-1', false).map(({ text }) => text)).toEqual([
      'sum (x{cluster="z"}) / count (y)',
    ]);
  });

  it('refuses what has no number', () => {
    expect(refusal(() => planOverClusters('sum', parseExpr('"text"'), INSTANT)).code).toBe('QUERY_REFUSED');
  });
});
