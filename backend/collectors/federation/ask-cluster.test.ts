import { describe, expect, it } from 'vitest';
import type { MetricSeries } from '../../model/metrics.ts';
import { type AskOne, agreedLeftOpen, askCluster, questionsFor } from './ask-cluster.ts';
import { parseExpr } from './parse.ts';
import { planFleet } from './plan.ts';

const GRID = { startMs: 1_700_000_000_000, stepMs: 60_000, count: 3 };
const free = () => undefined;

function run(query: string, answer: MetricSeries[], spend: (series: number, points: number) => void = free) {
  const plan = planFleet(parseExpr(query), GRID);
  const ask: AskOne = async (text) => ({
    series: text.startsWith('count_over_time(vector') ? [{ metric: {}, values: [[0, '1']] }] : answer,
    warnings: [],
  });
  return askCluster(plan, 'edge-1', questionsFor(plan.fetches, 'edge-1'), ask, spend);
}

describe('askCluster', () => {
  it('places samples on the grid and adds the cluster', async () => {
    const { fetched } = await run('x', [
      {
        metric: { job: 'a', empty: '' },
        values: [
          [1_700_000_060, 'NaN'],
          [1_700_000_120, '+Inf'],
        ],
      },
    ]);
    const [series] = fetched[0] ?? [];
    expect(series?.labels).toEqual({ job: 'a', cluster: 'edge-1' });
    expect([...(series?.present ?? [])]).toEqual([0, 1, 1]);
    expect([...(series?.values ?? [])]).toEqual([0, NaN, Infinity]);
  });

  it.each<[string, MetricSeries, Record<string, unknown>]>([
    ['another cluster’s name', { metric: { cluster: 'hub' }, values: [] }, { reason: 'CLUSTER_LABEL' }],
    ['times that were not asked', { metric: {}, values: [[1_700_000_030, '1']] }, { reason: 'GRID' }],
    ['times outside the range', { metric: {}, values: [[1_700_000_180, '1']] }, { reason: 'GRID' }],
    ['values that are no numbers', { metric: {}, values: [[1_700_000_000, 'many']] }, { reason: 'SHAPE' }],
  ])('refuses data with %s', async (_, series, details) => {
    await expect(run('sum(x)', [series])).rejects.toMatchObject({ code: 'SPOKE_ERROR', details });
  });

  it('refuses two series that become one', async () => {
    const twice = [
      { metric: { a: 'b' }, values: [] },
      { metric: { a: 'b', cluster: 'edge-1' }, values: [] },
    ];
    await expect(run('x', twice)).rejects.toMatchObject({ details: { reason: 'SERIES' } });
  });

  it('refuses native histograms where something is still to be computed', async () => {
    const native = [{ metric: {}, values: [], histograms: [[1_700_000_000, {}] as [number, unknown]] }];
    await expect(run('sum(x)', native)).rejects.toMatchObject({ code: 'QUERY_REFUSED' });
  });

  it('tells the budget of every series before it keeps it', async () => {
    const seen: number[][] = [];
    await run('sum(x)', [{ metric: {}, values: [] }], (series, points) => seen.push([series, points]));
    expect(seen).toEqual([[1, 3]]);
  });

  it('finds out how the cluster cuts ranges only when that matters', async () => {
    expect((await run('sum(x)', [])).leftOpen).toBeUndefined();
    expect((await run('max_over_time(sum(x)[5m:1m])', [])).leftOpen).toBe(true);
  });

  it('refuses to mix clusters that cut ranges differently', () => {
    const part = (leftOpen: boolean) => ({ fetched: [], leftOpen, warnings: [] });
    expect(agreedLeftOpen([part(false), part(false)])).toBe(false);
    expect(() => agreedLeftOpen([part(false), part(true)])).toThrow(/both/);
  });
});
