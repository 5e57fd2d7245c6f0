import { AppError } from '../../model/errors.ts';

/** Prometheus refuses a range query of more points a series than this; it really lets one more pass (wire.md 1.5). */
export const MAX_POINTS = 11_000;
/** Points of a range query whose step was left to us: enough for a chart, little enough for a model. */
const DEFAULT_POINTS = 250;
/** Steps that people use, in seconds. */
export const LADDER = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

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
 * The one grid that every cluster is asked on: `start + k·step ≤ end`. A step that gives more points than a spoke answers is raised
 * to the next one that people use and the notes say so. Throws VALIDATION_FAILED when `end` is before `start`.
 */
export function planRange({ start, end, step }: RangeRequest): RangeGrid {
  requireOrder(start, end);
  const range = end - start;
  if (step === undefined) {
    const chosen = nextStep(range / DEFAULT_POINTS);
    return {
      start,
      end,
      step: chosen,
      notes: [`step ${chosen}s was chosen for ${pointsOf(range, chosen)} points; pass step to change it.`],
    };
  }
  const wanted = pointsOf(range, step);
  if (wanted <= MAX_POINTS) return { start, end, step, notes: [] };
  const raised = nextStep(range / (MAX_POINTS - 1));
  return {
    start,
    end,
    step: raised,
    notes: [
      `step was raised from ${step}s to ${raised}s: ${wanted} points a series were asked for, ${MAX_POINTS} are possible.`,
    ],
  };
}

/** The smallest usual step of at least `seconds`. */
export function nextStep(seconds: number): number {
  return LADDER.find((rung) => rung >= seconds) ?? Math.ceil(seconds);
}

/** Points of a series over a range of seconds, both ends included. */
export function pointsOf(range: number, step: number): number {
  return Math.floor(range / step) + 1;
}

/** Throws VALIDATION_FAILED when `end` is before `start`; one and the same instant is a range of one point. */
export function requireOrder(start: number, end: number): void {
  if (end >= start) return;
  const message = 'end must not be before start';
  throw new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'end', message }] } });
}
