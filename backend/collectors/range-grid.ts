import { AppError } from '../model/errors.ts';

/** Prometheus refuses a range query of more points a series than this (wire.md 1.5). */
export const MAX_POINTS = 11_000;
/** Points of a range query whose step was left to us: enough for a chart, little enough for a model. */
const DEFAULT_POINTS = 250;
/** Steps that people use, in seconds. */
const LADDER = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

export interface RangeRequest {
  /** Unix seconds, both ends included. */
  readonly start: number;
  readonly end: number;
  /** Seconds; left out = chosen here. */
  readonly step?: number | undefined;
}

export interface RangeGrid {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** What was decided for the caller, in sentences. */
  readonly notes: string[];
}

/**
 * The one grid that every cluster is asked on: `start + k·step ≤ end`. Throws VALIDATION_FAILED when `end` is before `start`, and
 * QUERY_REFUSED when a step that was asked for gives more points than a spoke answers; the refusal holds the step that would do.
 */
export function planRange({ start, end, step }: RangeRequest): RangeGrid {
  requireOrder(start, end);
  const range = end - start;
  if (step === undefined) {
    const wanted = range / DEFAULT_POINTS;
    const chosen = LADDER.find((rung) => rung >= wanted) ?? Math.ceil(wanted);
    return {
      start,
      end,
      step: chosen,
      notes: [`step ${chosen}s was chosen for ${pointsOf(range, chosen)} points; pass step to change it.`],
    };
  }
  const observed = pointsOf(range, step);
  if (observed <= MAX_POINTS) return { start, end, step, notes: [] };
  const rewrite = Math.ceil(range / (MAX_POINTS - 1));
  throw new AppError(
    'QUERY_REFUSED',
    `A step of ${step}s over this range is ${observed} points a series; at most ${MAX_POINTS} are possible.`,
    {
      details: { rule: 'max_points', limit: MAX_POINTS, observed, rewrite: { step: `${rewrite}s` } },
      hint: `Use step ${rewrite}s or larger, leave step out, or shorten the range.`,
    },
  );
}

/** Throws VALIDATION_FAILED when `end` is before `start`; one and the same instant is a range of one point. */
export function requireOrder(start: number, end: number): void {
  if (end >= start) return;
  const message = 'end must not be before start';
  throw new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'end', message }] } });
}

function pointsOf(range: number, step: number): number {
  return Math.floor(range / step) + 1;
}
