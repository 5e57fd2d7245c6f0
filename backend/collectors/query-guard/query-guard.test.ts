import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import { DEFAULT_LIMITS, type GuardLimits, admit } from './budget.ts';
import { type GuardMode, type GuardVerdict, createQueryGuard } from './query-guard.ts';
import { isCheap, perSeries, planQuery } from './query-plan.ts';

const clusters = ['a-1', 'b-1', 'c-1'].map((name) => testCluster(name));
const question = { clusters, budgetMs: 10_000, signal: new AbortController().signal, scope: '' };

/** A guard over clusters that have so many series of every selector; undefined = it does not tell. */
function guardOver(
  series: readonly (number | undefined)[],
  limits: Partial<GuardLimits> = {},
  mode: GuardMode = 'enforce',
) {
  const clock = new ManualClock();
  const counted: string[][] = [];
  const blocked: string[] = [];
  const guard = createQueryGuard({
    clock,
    mode,
    limits: { ...DEFAULT_LIMITS, ...limits },
    count: async (selectors, _time, { clusters: asked }) => {
      counted.push(asked.map(({ name }) => name));
      return new Map(
        asked.flatMap(({ id }) => {
          const known = series[clusters.findIndex((cluster) => cluster.id === id)];
          return known === undefined ? [] : [[id, selectors.map(() => known)] as const];
        }),
      );
    },
    onBlocked: (rule, how) => blocked.push(`${rule} ${how}`),
  });
  const check = (query: string, step?: number, seconds = 3600): Promise<GuardVerdict> =>
    guard.check({
      query,
      time: seconds,
      grid: step === undefined ? undefined : { start: 0, end: seconds, step },
      question,
    });
  return { check, counted, blocked, clock };
}

async function refusal(check: Promise<unknown>): Promise<AppError> {
  const error: unknown = await check.then(
    () => 'it was let through',
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError && error.code === 'QUERY_REFUSED') return error;
  throw new Error('not refused', { cause: error });
}

const refusedNames = ({ refused }: GuardVerdict) =>
  clusters.filter(({ id }) => refused.has(id)).map(({ name }) => name);

describe('the query guard', () => {
  it.each([
    'up',
    'sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
    'vector(1)',
    'topk(5, {"my.metric"})',
  ])('asks nobody about %s', async (query) => {
    const { check, counted } = guardOver([1e9, 1e9, 1e9]);
    expect(await check(query)).toMatchObject({ step: undefined, notes: [] });
    expect(counted).toEqual([]);
  });

  it('estimates a range that is not aggregated, a long window, a subquery and a selector without a name', () => {
    const grid = { start: 0, end: 3600, step: 60 };
    expect(isCheap(planQuery('up'), grid)).toBe(false);
    expect(isCheap(planQuery('sum(up)'), grid)).toBe(true);
    expect(isCheap(planQuery('sum(rate(up[1d]))'), undefined)).toBe(false);
    expect(isCheap(planQuery('max_over_time(sum(up)[1d:])'), undefined)).toBe(false);
    expect(isCheap(planQuery('count({job="x"})'), undefined)).toBe(false);
  });

  it('counts what a series costs by points, windows and subqueries', () => {
    const of = (query: string, step?: number) => {
      const [selector] = planQuery(query).selectors;
      if (!selector) throw new Error('no selector');
      return perSeries(selector, step === undefined ? undefined : { start: 0, end: 3600, step });
    };
    expect(of('up')).toEqual({ read: 1, answered: 1 });
    expect(of('up', 60)).toEqual({ read: 61, answered: 61 });
    expect(of('sum(up)', 60)).toEqual({ read: 61, answered: 0 });
    expect(of('rate(up[5m])', 60)).toEqual({ read: 610, answered: 61 });
    // 1 h in steps of 1 min, plus what the one point of the query looks at again.
    expect(of('max_over_time(up[1h:1m])')).toEqual({ read: 121, answered: 1 });
  });

  it.each([
    '{__name__=~".+"}',
    '{job!=""}',
    'sum({a=~".*",b!~"x"})',
    '{__name__=~"[a-z_]+"}',
    '{job=~"a|"} * up',
    '{__name__!="up"}',
  ])('refuses %s, which takes everything, as data', async (query) => {
    const { check, counted, blocked } = guardOver([1, 1, 1]);
    const error = await refusal(check(query));
    expect(error.details).toMatchObject({ rule: 'catch_all', limit: 1, rewrite: null, next_tool: 'get_metric_labels' });
    expect(counted).toEqual([]);
    expect(blocked).toEqual(['catch_all enforce']);
  });

  it('raises the step as little as it must', async () => {
    // 100 series at 1 s over an hour are 360,100 samples; 4,000 are 40 points each, which is fewer than are kept.
    const { check } = guardOver([100, 100, 100], { clusterAnswer: 25_000 });
    const verdict = await check('up', 1);
    expect(verdict.step).toBe(15);
    expect(verdict.notes[0]).toContain('from 1s to 15s');
    expect(verdict.refused.size).toBe(0);
  });

  it('does not coarsen the answers of all for a cluster that fits with no step', async () => {
    const { check, blocked } = guardOver([10, 100_000, 10], { clusterAnswer: 10_000 });
    const verdict = await check('up', 60);
    expect([verdict.step, refusedNames(verdict)]).toEqual([undefined, ['b-1']]);
    expect(verdict.refused.get(clusters[1]?.id ?? '')?.details).toEqual({
      rule: 'cluster_answer',
      limit: 10_000,
      observed: 6_100_000,
      rewrite: { query: 'topk(20, up)' },
      next_tool: 'get_metric_labels',
    });
    expect(blocked).toEqual(['cluster_answer enforce']);
  });

  it('names the step that would do where there is one', async () => {
    const { check } = guardOver([10, 200, 10], { clusterAnswer: 2000 });
    const verdict = await check('up', 60);
    expect(verdict.refused.get(clusters[1]?.id ?? '')?.details['rewrite']).toEqual({ step: '600s' });
  });

  it('throws the refusal when no cluster is left', async () => {
    const { check } = guardOver([9, 9, 9], { clusterSamples: 1 });
    expect((await refusal(check('count({job="x"})'))).details).toMatchObject({ rule: 'cluster_samples', observed: 9 });
  });

  it('spends the budget of the fleet on as many clusters as it can, and tells how many', async () => {
    const { check } = guardOver([70, 30, 20], { fleetSamples: 60 });
    const verdict = await check('count({job="x"})');
    expect(refusedNames(verdict)).toEqual(['a-1']);
    expect(verdict.refused.get(clusters[0]?.id ?? '')?.details).toMatchObject({
      rule: 'fleet_samples',
      limit: 60,
      observed: 120,
      rewrite: { clusters: 2 },
    });
  });

  it('asks a cluster that does not tell its counts without them, and not about them again for a minute', async () => {
    const { check, counted, clock } = guardOver([1, undefined, 1], { clusterSamples: 10 });
    expect((await check('count({job="x"})')).refused.size).toBe(0);
    await check('count({job="x"})');
    expect(counted).toEqual([
      ['a-1', 'b-1', 'c-1'],
      ['a-1', 'c-1'],
    ]);
    await clock.advance(60_001);
    await check('count({job="x"})');
    expect(counted[2]).toEqual(['a-1', 'b-1', 'c-1']);
  });

  it('lets everything run in shadow mode, and counts what it would have refused', async () => {
    const { check, blocked } = guardOver([9, 9, 9], { clusterSamples: 1 }, 'shadow');
    expect((await check('count({job="x"})')).refused.size).toBe(0);
    expect(blocked).toEqual(['cluster_samples shadow']);
    expect((await check('{a!=""}')).refused.size).toBe(0);
    expect(blocked).toContain('catch_all shadow');
  });

  it('does nothing when it is off', async () => {
    const { check, counted, blocked } = guardOver([9, 9, 9], { clusterSamples: 1 }, 'off');
    expect((await check('{a!=""}')).refused.size).toBe(0);
    expect([counted, blocked]).toEqual([[], []]);
  });
});

describe('the budget of the fleet', () => {
  it('never lets through more than its limits', () => {
    const costs = Array.from({ length: 200 }, (_, i) => ({
      clusterId: String(i),
      read: (i * 37) % 101,
      answered: (i * 53) % 97,
    }));
    const limits = { clusterSamples: 90, fleetSamples: 2000, clusterAnswer: 80, fleetAnswer: 1500 };
    const refused = admit(costs, limits);
    const admitted = costs.filter(({ clusterId }) => !refused.has(clusterId));
    const sum = (of: 'read' | 'answered') => admitted.reduce((total, one) => total + one[of], 0);
    expect(sum('read')).toBeLessThanOrEqual(2000);
    expect(sum('answered')).toBeLessThanOrEqual(1500);
    expect(admitted.every(({ read, answered }) => read <= 90 && answered <= 80)).toBe(true);
    expect(admitted.length).toBeGreaterThan(40);
  });
});
