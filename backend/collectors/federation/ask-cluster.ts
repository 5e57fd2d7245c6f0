import pLimit from 'p-limit';
import type { MetricSeries } from '../../model/metrics.ts';
import { AppError } from '../../model/errors.ts';
import { toGridSeries } from './columns.ts';
import type { Fetch, Plan } from './plan.ts';
import { printExpr } from './print.ts';
import { notDecomposable } from './refusals.ts';
import { scopeTo } from './scope.ts';
import type { Grid, GridSeries } from './vector.ts';

/** Puts one expression to one cluster. A grid of one instant is an instant query. */
export type AskOne = (
  text: string,
  grid: Grid,
) => Promise<{ readonly series: readonly MetricSeries[]; readonly warnings: readonly string[] }>;

/** What one cluster contributes. */
export interface ClusterPart {
  /** By the fetch's id; empty for those in which nothing of the cluster can match. */
  readonly fetched: readonly (readonly GridSeries[])[];
  /** How it cuts ranges; undefined when the plan does not need to know. */
  readonly leftOpen: boolean | undefined;
  readonly warnings: readonly string[];
}

export interface ClusterQuestion {
  readonly id: number;
  readonly text: string;
  readonly grid: Grid;
}

/** What a cluster has to be asked for a plan; nothing when the query's matchers on `cluster` leave it out. `scoped: false` sends expressions as they are. */
export function questionsFor(fetches: readonly Fetch[], cluster: string, scoped = true): ClusterQuestion[] {
  return fetches.flatMap(({ id, expr, grid }) => {
    const own = scoped ? scopeTo(expr, cluster) : expr;
    return own ? [{ id, text: printExpr(own), grid }] : [];
  });
}

/** In 2.x a range holds its first instant, so a minute by minutes is two samples; in 3.x it is one. */
const RANGE_PROBE = 'count_over_time(vector(1)[1m:1m])';
const PROBE_GRID: Grid = { startMs: 1_700_000_040_000, stepMs: 1000, count: 1 };

/** Questions of one plan that a cluster works on at a time. */
const AT_A_TIME = 3;

/**
 * Asks one cluster all that a plan needs of it; a cluster counts wholly or not at all. `spend` is told of every series and its points
 * before they are kept, and throws when the budget is gone.
 */
export async function askCluster(
  plan: Pick<Plan, 'fetches' | 'cutsWindows'>,
  cluster: string,
  questions: readonly ClusterQuestion[],
  ask: AskOne,
  spend: (series: number, points: number) => void,
): Promise<ClusterPart> {
  const fetched: GridSeries[][] = plan.fetches.map(() => []);
  const warnings = new Set<string>();
  const place = pLimit(AT_A_TIME);
  const one = async ({ id, text, grid }: ClusterQuestion): Promise<void> => {
    const answer = await ask(text, grid);
    spend(answer.series.length, answer.series.length * grid.count);
    if (answer.series.some(({ histograms = [] }) => histograms.length > 0)) {
      const reason = `${cluster} answers with native histograms, whose JSON cannot be merged`;
      const rewrite = 'apply histogram_quantile, histogram_sum or histogram_count by (cluster)';
      throw notDecomposable(reason, plan.fetches[id]?.expr.at ?? 0, rewrite);
    }
    fetched[id] = toGridSeries(answer.series, grid, cluster);
    for (const warning of answer.warnings) warnings.add(warning);
  };
  await Promise.all(questions.map((question) => place(one, question)));
  const leftOpen = plan.cutsWindows && questions.length > 0 ? await cutsLeftOpen(ask) : undefined;
  return { fetched, leftOpen, warnings: [...warnings] };
}

async function cutsLeftOpen(ask: AskOne): Promise<boolean> {
  const { series } = await ask(RANGE_PROBE, PROBE_GRID);
  const count = series[0]?.values[0]?.[1];
  if (count === '1' || count === '2') return count === '1';
  throw new AppError('SPOKE_ERROR', 'It does not tell whether a range holds its first instant.', {
    details: { reason: 'SHAPE' },
  });
}

/** All parts of all clusters together, per fetch. */
export function gather(
  fetches: readonly Fetch[],
  parts: readonly ClusterPart[],
): (id: number) => readonly GridSeries[] {
  const joined = fetches.map(({ id }) => parts.flatMap(({ fetched }) => fetched[id] ?? []));
  return (id) => joined[id] ?? [];
}

/** Whether ranges leave their first instant out. Throws QUERY_REFUSED when the clusters differ in it. */
export function agreedLeftOpen(parts: readonly ClusterPart[]): boolean {
  const said = new Set(parts.flatMap(({ leftOpen }) => leftOpen ?? []));
  if (said.size > 1)
    throw notDecomposable(
      'Prometheus 2 and 3 cut ranges differently, and the clusters run both',
      0,
      'ask those of one version',
    );
  return said.has(true);
}
