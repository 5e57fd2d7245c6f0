import { type Grid, type GridSeries, mapSamples, timeAt } from './vector.ts';

const DEGREES = 180 / Math.PI;

/** Functions of one sample value; Go's and JavaScript's differ in the last digit at most. */
const OF_VALUE: ReadonlyMap<string, (v: number) => number> = new Map([
  ['abs', Math.abs],
  ['acos', Math.acos],
  ['acosh', Math.acosh],
  ['asin', Math.asin],
  ['asinh', Math.asinh],
  ['atan', Math.atan],
  ['atanh', Math.atanh],
  ['ceil', Math.ceil],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['deg', (v: number) => v * DEGREES],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['log2', Math.log2],
  ['rad', (v: number) => v / DEGREES],
  ['sgn', (v: number) => (v < 0 ? -1 : v > 0 ? 1 : v)],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['sqrt', Math.sqrt],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
  ['day_of_month', utc((d) => d.getUTCDate())],
  ['day_of_week', utc((d) => d.getUTCDay())],
  ['day_of_year', utc((d) => Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000) + 1)],
  ['days_in_month', utc((d) => new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0)).getUTCDate())],
  ['hour', utc((d) => d.getUTCHours())],
  ['minute', utc((d) => d.getUTCMinutes())],
  ['month', utc((d) => d.getUTCMonth() + 1)],
  ['year', utc((d) => d.getUTCFullYear())],
]);

/** The value is Unix seconds, cut to whole ones. */
function utc(part: (date: Date) => number): (v: number) => number {
  return (v) => part(new Date(Math.trunc(v) * 1000));
}

/** Go's math.Max and math.Min: an infinity that decides wins over NaN. */
function largest(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

function smallest(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

export function isMathFunction(func: string): boolean {
  return OF_VALUE.has(func) || ['clamp', 'clamp_max', 'clamp_min', 'round', 'timestamp'].includes(func);
}

/** A function applied to each sample of a vector. `params`: its scalar arguments over the grid. Drops the metric name. */
export function applyMath(
  func: string,
  series: readonly GridSeries[],
  params: readonly Float64Array[],
  grid: Grid,
  at: number,
): GridSeries[] {
  const { count } = grid;
  const [first, second] = params;
  const param = (values: Float64Array | undefined, k: number, other = NaN): number => values?.[k] ?? other;
  const plain = OF_VALUE.get(func);
  if (plain) return mapSamples(series, count, at, plain);
  switch (func) {
    // Of a value that was computed, the time is that of the evaluation.
    case 'timestamp':
      return mapSamples(series, count, at, (_, k) => timeAt(grid, k) / 1000);
    case 'clamp_max':
      return mapSamples(series, count, at, (v, k) => smallest(param(first, k), v));
    case 'clamp_min':
      return mapSamples(series, count, at, (v, k) => largest(param(first, k), v));
    case 'round':
      return mapSamples(series, count, at, (v, k) => {
        const inverse = 1 / param(first, k, 1);
        return Math.floor(v * inverse + 0.5) / inverse;
      });
    default: {
      // clamp gives nothing at an instant whose bounds are crossed.
      const clamped = mapSamples(series, count, at, (v, k) => largest(param(first, k), smallest(param(second, k), v)));
      return clamped.map((one) => ({
        ...one,
        present: one.present.map((is, k) => (param(second, k) < param(first, k) ? 0 : is)),
      }));
    }
  }
}
