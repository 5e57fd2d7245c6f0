import { quantileOf } from './aggregate.ts';
import { METRIC_NAME } from './ast.ts';
import { type Grid, type GridSeries, VectorBuilder, dropLabels, emptySeries, timeAt } from './vector.ts';

/** Samples of one series within a window, in time order. Milliseconds. */
export interface Window {
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Bounds of the window, `offset` taken off. */
  readonly startMs: number;
  readonly endMs: number;
  /** The instant that is evaluated. */
  readonly nowMs: number;
}

/** Undefined = too few samples for a result. */
type WindowFunction = (window: Window, param: number) => number | undefined;

/**
 * Range functions over a subquery of something that only exists merged. Those that look for counter resets (rate, increase, …) are
 * not here: over an aggregate they are wrong on one server too, and versions differ in how they extrapolate.
 */
const WINDOW_FUNCTIONS: ReadonlyMap<string, WindowFunction> = new Map<string, WindowFunction>([
  ['sum_over_time', ({ values }) => values.reduce((a, b) => a + b, 0)],
  ['avg_over_time', ({ values }) => mean(values)],
  ['min_over_time', ({ values }) => extreme(values, (best, v) => v < best || Number.isNaN(best))],
  ['max_over_time', ({ values }) => extreme(values, (best, v) => v > best || Number.isNaN(best))],
  ['count_over_time', ({ values }) => values.length],
  ['present_over_time', () => 1],
  ['last_over_time', ({ values }) => values.at(-1)],
  ['first_over_time', ({ values }) => values[0]],
  ['stddev_over_time', ({ values }) => Math.sqrt(variance(values))],
  ['stdvar_over_time', ({ values }) => variance(values)],
  ['quantile_over_time', ({ values }, phi) => quantileOf(phi, Float64Array.from(values))],
  ['changes', ({ values }) => changes(values)],
  ['idelta', ({ values }) => (values.length < 2 ? undefined : (values.at(-1) ?? NaN) - (values.at(-2) ?? NaN))],
  ['delta', delta],
  ['deriv', (window) => (window.values.length < 2 ? undefined : regression(window, window.times[0] ?? 0).slope)],
  [
    'predict_linear',
    (window, seconds) => {
      if (window.values.length < 2) return undefined;
      const { slope, intercept } = regression(window, window.nowMs);
      return slope * seconds + intercept;
    },
  ],
]);

export function isWindowFunction(func: string): boolean {
  return WINDOW_FUNCTIONS.has(func);
}

export interface WindowRequest {
  readonly func: string;
  readonly rangeMs: number;
  readonly offsetMs: number;
  /** Unix milliseconds that take the place of every instant of the grid. */
  readonly atMs: number | undefined;
  /** Prometheus 3 leaves a sample exactly at the start of the range out; 2.x counts it (wire.md 1.4). */
  readonly leftOpen: boolean;
  readonly at: number;
}

/** A range function over what was evaluated on `inner`, at the instants of `outer`. */
export function applyWindow(
  { func, rangeMs, offsetMs, atMs, leftOpen, at }: WindowRequest,
  series: readonly GridSeries[],
  inner: Grid,
  outer: Grid,
  params: Float64Array | undefined,
): GridSeries[] {
  const apply = WINDOW_FUNCTIONS.get(func);
  if (!apply) throw new TypeError(`${func} is not planned for windows`);
  const builder = new VectorBuilder(outer.count, at);
  for (const { labels, values, present } of series) {
    const kept = func === 'last_over_time' || func === 'first_over_time' ? labels : dropLabels(labels, [METRIC_NAME]);
    const out = emptySeries(kept, outer.count);
    for (let k = 0; k < outer.count; k += 1) {
      const nowMs = timeAt(outer, k);
      const endMs = (atMs ?? nowMs) - offsetMs;
      const startMs = endMs - rangeMs;
      const first = (startMs - inner.startMs) / inner.stepMs;
      const from = Math.max(0, leftOpen ? Math.floor(first) + 1 : Math.ceil(first));
      const to = Math.min(inner.count - 1, Math.floor((endMs - inner.startMs) / inner.stepMs));
      const times: number[] = [];
      const inside: number[] = [];
      for (let j = from; j <= to; j += 1) {
        if (present[j] !== 1) continue;
        times.push(timeAt(inner, j));
        inside.push(values[j] ?? NaN);
      }
      if (inside.length === 0) continue;
      const value = apply({ times, values: inside, startMs, endMs, nowMs }, params?.[k] ?? NaN);
      if (value === undefined) continue;
      out.present[k] = 1;
      out.values[k] = value;
    }
    if (out.present.includes(1)) builder.add(out);
  }
  return builder.build();
}

function mean(values: readonly number[]): number {
  let sofar = 0;
  values.forEach((value, i) => {
    if (!Number.isFinite(sofar) && !Number.isNaN(sofar) && (value === sofar || Number.isFinite(value))) return;
    sofar += value / (i + 1) - sofar / (i + 1);
  });
  return sofar;
}

function extreme(values: readonly number[], better: (best: number, value: number) => boolean): number {
  return values.reduce((best, value) => (better(best, value) ? value : best));
}

function variance(values: readonly number[]): number {
  let average = 0;
  let squares = 0;
  values.forEach((value, i) => {
    const before = value - average;
    average += before / (i + 1);
    squares += before * (value - average);
  });
  return squares / values.length;
}

function changes(values: readonly number[]): number {
  let count = 0;
  for (let i = 1; i < values.length; i += 1) {
    const [before, now] = [values[i - 1] ?? NaN, values[i] ?? NaN];
    if (before !== now && !(Number.isNaN(before) && Number.isNaN(now))) count += 1;
  }
  return count;
}

/** The difference of the last and the first, extrapolated to the bounds of the window where the samples come near them. */
function delta({ times, values, startMs, endMs }: Window): number | undefined {
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  if (values.length < 2) return undefined;
  const sampled = last - first;
  const between = sampled / (values.length - 1);
  const near = between * 1.1;
  const edge = (distance: number): number => (distance < near ? distance : between / 2);
  const whole = sampled + edge(first - startMs) + edge(endMs - last);
  return ((values.at(-1) ?? NaN) - (values[0] ?? NaN)) * (whole / sampled);
}

/** Least squares, x in seconds from `originMs`. A flat line is told apart so that it stays exactly flat. */
function regression({ times, values }: Window, originMs: number): { slope: number; intercept: number } {
  const first = values[0] ?? NaN;
  if (values.every((value) => value === first))
    return Number.isFinite(first) ? { slope: 0, intercept: first } : { slope: NaN, intercept: NaN };
  const n = values.length;
  let [sumX, sumY, sumXY, sumXX] = [0, 0, 0, 0];
  values.forEach((y, i) => {
    const x = ((times[i] ?? 0) - originMs) / 1000;
    sumX += x;
    sumY += y;
    sumXY += x * y;
    sumXX += x * x;
  });
  const slope = (sumXY - (sumX * sumY) / n) / (sumXX - (sumX * sumX) / n);
  return { slope, intercept: sumY / n - (slope * sumX) / n };
}
