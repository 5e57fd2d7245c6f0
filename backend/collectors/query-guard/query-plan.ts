import { type Matcher, type QuerySelector, readSelectors } from '../metrics/promql-selectors.ts';
import { pointsOf } from '../metrics/range-grid.ts';
import { matchesEmpty, matchesEverything } from './matches-everything.ts';

/** What a query will do at a server, as far as its text tells. */
export interface QueryPlan {
  readonly selectors: readonly PlannedSelector[];
  /** A selector that takes every series of a server. */
  readonly catchAll: PlannedSelector | undefined;
}

export type PlannedSelector = QuerySelector & { readonly named: boolean };

export interface Grid {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Samples per series. `read`: looked at by the server; `answered`: in the answer, of a selector that is not aggregated. */
export interface PerSeries {
  readonly read: number;
  readonly answered: number;
}

/** Most servers scrape every 15 to 60 s. */
const SCRAPE_SECONDS = 30;
/** Prometheus's default evaluation interval, which is the step of a subquery that names none. */
const SUBQUERY_STEP_SECONDS = 60;

export function planQuery(query: string): QueryPlan {
  const selectors = readSelectors(query).map((one) => ({
    ...one,
    named: one.matchers.some(({ label, op, value }) => label === '__name__' && op === '=' && value !== ''),
  }));
  return { selectors, catchAll: selectors.find(({ matchers }) => !matchers.some(narrows)) };
}

/**
 * Whether a matcher leaves out most of what there is. One that only excludes does not, nor one that also takes series without the
 * label, nor a regular expression that matches everything.
 */
function narrows({ label, op, value }: Matcher): boolean {
  if (op === '=') return value !== '';
  if (op !== '=~') return false;
  return !matchesEmpty(value) && !matchesEverything(value, label === '__name__' ? 'name' : 'value');
}

/**
 * What one series of a selector costs. A server reads it once over the whole time, and an instant selector once a point; the
 * window of a range selector is gone through at every point. A subquery is evaluated at its own step over the time around it.
 */
export function perSeries({ windowSeconds, subqueries, aggregated }: QuerySelector, grid: Grid | undefined): PerSeries {
  const points = grid ? pointsOf(grid.end - grid.start, grid.step) : 1;
  let evaluations = points;
  let span = grid ? grid.end - grid.start : 0;
  // Outermost first: each widens the time that what is inside is evaluated over.
  for (const { rangeSeconds, stepSeconds = SUBQUERY_STEP_SECONDS } of subqueries.toReversed()) {
    span += rangeSeconds;
    evaluations = pointsOf(span, Math.max(stepSeconds, 0.001)) + points * (rangeSeconds / Math.max(stepSeconds, 0.001));
  }
  const read = Math.ceil(evaluations * Math.max(1, windowSeconds / SCRAPE_SECONDS));
  return { read, answered: aggregated ? 0 : points };
}

/**
 * Whether a query cannot be dear whatever the server holds: every selector names its metric and looks back an hour at most, and it
 * is either of one instant or an aggregation over few points. Nobody is asked for an estimate then.
 */
export function isCheap({ selectors }: QueryPlan, grid: Grid | undefined): boolean {
  return selectors.every(
    (one) =>
      one.named &&
      one.windowSeconds <= CHEAP_WINDOW_SECONDS &&
      one.subqueries.length === 0 &&
      (grid === undefined || (one.aggregated && pointsOf(grid.end - grid.start, grid.step) <= CHEAP_POINTS)),
  );
}

const CHEAP_WINDOW_SECONDS = 3600;
const CHEAP_POINTS = 1500;
