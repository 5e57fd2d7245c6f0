/** One line of a chart. */
export interface ChartLine {
  readonly key: string;
  /** Short: what tells this line from the others. */
  readonly label: string;
  /** `[unix seconds, value as it was sent]`, ascending. */
  readonly samples: readonly (readonly [number, string])[];
}

/** Columns for uPlot: times in unix seconds, then a value or null for each time and line. Null = no sample, or none that can be drawn. */
export interface ChartColumns {
  readonly times: number[];
  readonly values: (number | null)[][];
}

/** The grid that was asked for, in unix seconds; a step without a sample is then a gap and not a line across it. */
export interface Grid {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Times no chart can show any more; a grid that is longer is taken from the samples themselves. */
const MOST_TIMES = 20_000;

/** The value of a sample, or null for what has no place on an axis (NaN, infinities). */
export function drawable(text: string | undefined): number | null {
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null; // Number('+Inf') is NaN
}

/** Lines next to each other in columns. Without a grid the times are those of all samples. */
export function chartColumns(lines: readonly ChartLine[], grid: Grid | undefined): ChartColumns {
  const steps = grid ? Math.floor((grid.end - grid.start) / grid.step + 1e-6) + 1 : 0;
  if (!grid || steps > MOST_TIMES) return unionColumns(lines);
  const times = Array.from({ length: steps }, (_, n) => grid.start + n * grid.step);
  const values = lines.map(({ samples }) => {
    const column = Array.from<number | null>({ length: steps }).fill(null);
    for (const [at, text] of samples) {
      const n = Math.round((at - grid.start) / grid.step);
      if (n >= 0 && n < steps) column[n] = drawable(text);
    }
    return column;
  });
  return { times, values };
}

function unionColumns(lines: readonly ChartLine[]): ChartColumns {
  const times = [...new Set(lines.flatMap(({ samples }) => samples.map(([at]) => at)))].sort((a, b) => a - b);
  const values = lines.map(({ samples }) => {
    const byTime = new Map(samples.map(([at, text]) => [at, text]));
    return times.map((at) => drawable(byTime.get(at)));
  });
  return { times, values };
}

/** The index of the time nearest to `at`, in unix seconds. */
export function nearestIndex(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle;
    else high = middle;
  }
  return Math.abs((times[low] ?? 0) - at) <= Math.abs((times[high] ?? 0) - at) ? low : Math.max(0, high);
}
