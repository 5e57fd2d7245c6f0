import { AppError } from '../../model/errors.ts';
import { CLUSTER_LABEL } from '../metrics/cluster-series.ts';
import type { Question } from '../fanout/fanout.ts';
import type { QueryGuard } from '../query-guard/query-guard.ts';
import { type Expr, mapNodes } from './ast.ts';
import type { Fetch, Plan } from './plan.ts';
import { printExpr } from './print.ts';
import type { Grid } from './vector.ts';

export interface FetchVerdict {
  /** Milliseconds, where the step of the query itself has to be raised; the plan is then made anew. */
  readonly stepMs: number | undefined;
  readonly notes: readonly string[];
  /** By cluster id; they must not be asked. */
  readonly refused: ReadonlyMap<string, AppError>;
}

/**
 * Has the guard judge what the clusters will really be asked, which is less than the query where it is pushed in parts, and more where
 * raw series are fetched. Parts on one grid are judged together. `scoped` as in `questionsFor`.
 */
export async function guardFetches(
  guard: QueryGuard,
  { fetches, grid }: Plan,
  question: Question,
  scoped: boolean,
): Promise<FetchVerdict> {
  const byGrid = new Map<string, Fetch[]>();
  for (const fetch of fetches) {
    const key = `${fetch.grid.startMs} ${fetch.grid.stepMs} ${fetch.grid.count}`;
    byGrid.set(key, [...(byGrid.get(key) ?? []), fetch]);
  }
  let stepMs: number | undefined;
  const notes: string[] = [];
  const refused = new Map<string, AppError>();
  for (const together of byGrid.values()) {
    const [first] = together;
    if (!first) continue;
    const own = rangeOf(first.grid);
    const time = (first.grid.startMs + first.grid.stepMs * (first.grid.count - 1)) / 1000;
    const query = together.map(({ expr }) => printExpr(scoped ? withoutCluster(expr) : expr)).join(' or ');
    // oxlint-disable-next-line no-await-in-loop -- nearly always one grid; counts of the first serve the next
    const verdict = await guard.check({ query, time, grid: own, question });
    for (const [id, error] of verdict.refused) refused.set(id, error);
    notes.push(...verdict.notes);
    if (verdict.step === undefined) continue;
    const raised = Math.round(verdict.step * 1000);
    if (first.grid !== grid) throw subqueryTooDear(raised);
    stepMs = raised;
  }
  return { stepMs, notes, refused };
}

function rangeOf({ startMs, stepMs, count }: Grid): { start: number; end: number; step: number } | undefined {
  if (count === 1) return undefined;
  return { start: startMs / 1000, end: (startMs + stepMs * (count - 1)) / 1000, step: stepMs / 1000 };
}

/** The label does not exist where series are counted. */
function withoutCluster(expr: Expr): Expr {
  return mapNodes(expr, (node) => {
    if (node.kind !== 'selector') return node;
    return { ...node, matchers: node.matchers.filter(({ label }) => label !== CLUSTER_LABEL) };
  });
}

function subqueryTooDear(stepMs: number): AppError {
  const step = `${stepMs / 1000}s`;
  return new AppError('QUERY_REFUSED', `The subquery reads too much; a step of ${step} or more would do.`, {
    details: { rule: 'not_decomposable', reason: 'subquery_step', rewrite: { step } },
    hint: 'Raise the step of the subquery, or shorten its range.',
  });
}
