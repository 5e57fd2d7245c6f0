import { LRUCache } from 'lru-cache';
import type { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Question } from '../fanout/fanout.ts';
import { LADDER, pointsOf } from '../metrics/range-grid.ts';
import { type ClusterCost, type GuardLimits, admit } from './budget.ts';
import { type Grid, type PlannedSelector, type QueryPlan, isCheap, perSeries, planQuery } from './query-plan.ts';
import { type Excess, type GuardRule, catchAllError, excessError } from './refusals.ts';

export type GuardMode = 'enforce' | 'shadow' | 'off';

export interface GuardVerdict {
  /** Seconds, where the step of a range had to be raised. */
  readonly step: number | undefined;
  readonly notes: readonly string[];
  /** By cluster id; they must not be asked. */
  readonly refused: ReadonlyMap<string, AppError>;
}

export interface QueryGuard {
  /**
   * Decides before any cluster is asked what a query may cost. Throws QUERY_REFUSED when a selector takes everything, or when no
   * cluster may be asked. In shadow mode everything may run and is only counted.
   */
  check(query: GuardedQuery): Promise<GuardVerdict>;
}

export interface GuardedQuery {
  readonly query: string;
  /** Unix seconds at which series are counted: the instant, or the end of the range. */
  readonly time: number;
  readonly grid: Grid | undefined;
  readonly question: Question;
}

/** How many series each selector has at each cluster, by cluster id; a cluster that does not tell in time is missing. */
export type SeriesCounter = (
  selectors: readonly string[],
  time: number,
  question: Question,
) => Promise<ReadonlyMap<string, readonly number[]>>;

export interface QueryGuardOptions {
  readonly clock: Clock;
  readonly mode: GuardMode;
  readonly limits: GuardLimits;
  readonly count: SeriesCounter;
  readonly onBlocked: (rule: GuardRule, mode: GuardMode) => void;
}

/**
 * The estimate may take this much of a question's time. A cluster that does not count its series by then is asked without one: it
 * has its own limits, and it must not slow down the others.
 */
const PATIENCE_MS = 1500;
const PATIENCE_PART = 0.25;
/** A cluster that did not count is not asked to again for so long. */
const SILENT_MS = 60_000;
/** More selectors than this are not counted; a query of so many is estimated by the first ones. */
const MAX_COUNTED = 8;
/** The step is raised as long as a range keeps so many points. */
const FEWEST_POINTS = 60;

const NOTHING: GuardVerdict = { step: undefined, notes: [], refused: new Map() };

/** Lets everything run; for measurements of what comes after it. */
export const NO_GUARD: QueryGuard = { check: async () => NOTHING };

type CostsOn = (grid: Grid | undefined) => readonly ClusterCost[];

interface Settled {
  readonly grid: Grid | undefined;
  readonly refused: ReadonlyMap<string, Excess>;
}

export function createQueryGuard({ clock, mode, limits, count, onBlocked }: QueryGuardOptions): QueryGuard {
  if (mode === 'off') return NO_GUARD;
  const silent = new LRUCache<string, true>({
    max: 10_000,
    ttl: SILENT_MS,
    perf: { now: () => clock.monotonicMs() },
    ttlResolution: 0,
  });

  /** What the query costs at each cluster that told its counts, by the grid it runs on. */
  async function costsOf(plan: QueryPlan, { time, question }: GuardedQuery): Promise<CostsOn> {
    const counted = [...new Set(plan.selectors.map(({ text }) => text))].slice(0, MAX_COUNTED);
    const clusters = question.clusters.filter(({ id }) => !silent.has(id));
    if (counted.length === 0 || clusters.length === 0) return () => [];
    const budgetMs = Math.min(PATIENCE_MS, question.budgetMs * PATIENCE_PART);
    const told = await count(counted, time, { ...question, clusters, budgetMs });
    for (const { id } of clusters) if (!told.has(id)) silent.set(id, true);
    const byStep = new Map<number | undefined, ClusterCost[]>();
    return (grid) => {
      const known = byStep.get(grid?.step);
      if (known) return known;
      const costs = clusters.flatMap(({ id }) => {
        const counts = told.get(id);
        return counts ? [costOf(id, plan.selectors, grid, (text) => counts[counted.indexOf(text)] ?? 0)] : [];
      });
      byStep.set(grid?.step, costs);
      return costs;
    };
  }

  return {
    check: async (asked) => {
      const plan = planQuery(asked.query);
      if (plan.catchAll) {
        onBlocked('catch_all', mode);
        if (mode === 'enforce') throw catchAllError(plan.catchAll.text);
      }
      if (isCheap(plan, asked.grid)) return NOTHING;
      const costs = await costsOf(plan, asked);
      const settled = settle(costs, asked.grid, limits);
      for (const rule of new Set([...settled.refused.values()].map((one) => one.rule))) onBlocked(rule, mode);
      return mode === 'shadow' ? NOTHING : verdictOf(asked, settled, costs, limits);
    },
  };
}

function verdictOf(
  { query, grid: wanted, question }: GuardedQuery,
  { grid, refused }: Settled,
  costs: CostsOn,
  limits: GuardLimits,
): GuardVerdict {
  const errors = new Map<string, AppError>();
  for (const cluster of question.clusters) {
    const excess = refused.get(cluster.id);
    if (!excess) continue;
    const fits = (candidate: Grid) =>
      admit(
        costs(candidate).filter(({ clusterId }) => clusterId === cluster.id),
        limits,
      ).size === 0;
    const step = grid && coarserGrids(grid, 2).find(fits)?.step;
    const clusters = question.clusters.length - refused.size;
    errors.set(cluster.id, excessError(cluster, excess, { query, step, clusters }));
  }
  const [first] = errors.values();
  if (first && errors.size === question.clusters.length) throw first;
  if (!grid || !wanted || grid.step === wanted.step) return { step: undefined, notes: [], refused: errors };
  const note = `step was raised from ${wanted.step}s to ${grid.step}s to keep the query within the limits of the query guard.`;
  return { step: grid.step, notes: [note], refused: errors };
}

/**
 * The finest step, from the one wanted on, with which as many clusters can be asked as with the coarsest that keeps enough points:
 * one cluster that fits with no step must not coarsen the answers of all.
 */
function settle(costs: CostsOn, wanted: Grid | undefined, limits: GuardLimits): Settled {
  const refused = admit(costs(wanted), limits);
  if (!wanted || refused.size === 0) return { grid: wanted, refused };
  const coarser = coarserGrids(wanted, FEWEST_POINTS).map((grid) => ({ grid, refused: admit(costs(grid), limits) }));
  const fewest = Math.min(refused.size, ...coarser.map((one) => one.refused.size));
  if (refused.size === fewest) return { grid: wanted, refused };
  return coarser.find((one) => one.refused.size === fewest) ?? { grid: wanted, refused };
}

function coarserGrids(grid: Grid, fewestPoints: number): Grid[] {
  return LADDER.filter((step) => step > grid.step)
    .filter((step) => pointsOf(grid.end - grid.start, step) >= fewestPoints)
    .map((step) => ({ ...grid, step }));
}

function costOf(
  clusterId: string,
  selectors: readonly PlannedSelector[],
  grid: Grid | undefined,
  countOf: (text: string) => number,
): ClusterCost {
  let read = 0;
  let answered = 0;
  for (const selector of selectors) {
    const each = perSeries(selector, grid);
    const count = countOf(selector.text);
    read += count * each.read;
    // Of operands joined with each other the answer has no more series than the larger one.
    answered = Math.max(answered, count * each.answered);
  }
  return { clusterId, read, answered };
}
