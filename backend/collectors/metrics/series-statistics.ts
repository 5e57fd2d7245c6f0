import type { Sample } from '../../model/metrics.ts';
import { sampleNumber } from '../../model/sample-value.ts';

export type Trend = 'RISING' | 'FALLING' | 'FLAT' | 'UNCLEAR';

/** What a series says in a few numbers. Computed from its exact samples; nothing is interpolated. */
export interface SeriesStatistics {
  /** Samples, those that are NaN included. */
  readonly points: number;
  readonly nans: number;
  /** Texts as the spoke sent them; `min` and `max` among what is a number (infinities are). Undefined when every sample is NaN. */
  readonly first: Sample;
  readonly last: Sample;
  readonly min: Sample | undefined;
  readonly max: Sample | undefined;
  /** Over the finite samples; undefined when there is none. */
  readonly avg: number | undefined;
  /** Slope of the least-squares line over the finite samples, in units per hour; undefined with fewer than three of them. */
  readonly perHour: number | undefined;
  readonly trend: Trend | undefined;
}

/** A line that explains less of the variance than this (R²) is not called a trend. */
const CLEAR_FIT = 0.3;
/** A line that over the whole series moves by less than this part of the average is flat. */
const FLAT_SHARE = 0.02;

/** Undefined without samples. Ordinary least squares by centred co-moments (Welford), so that large offsets cost no digits. */
export function statisticsOf(samples: readonly Sample[]): SeriesStatistics | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last) return undefined;
  let nans = 0;
  let low: { sample: Sample; value: number } | undefined;
  let high: { sample: Sample; value: number } | undefined;
  let count = 0;
  let meanT = 0;
  let meanV = 0;
  let tt = 0;
  let vv = 0;
  let tv = 0;
  for (const sample of samples) {
    const value = sampleNumber(sample[1]);
    if (Number.isNaN(value)) {
      nans += 1;
      continue;
    }
    if (!low || value < low.value) low = { sample, value };
    if (!high || value > high.value) high = { sample, value };
    if (!Number.isFinite(value)) continue;
    count += 1;
    const dt = sample[0] - meanT;
    const dv = value - meanV;
    meanT += dt / count;
    meanV += dv / count;
    tt += dt * (sample[0] - meanT);
    vv += dv * (value - meanV);
    tv += dt * (value - meanV);
  }
  const slope = count >= 3 && tt > 0 ? tv / tt : undefined;
  const base = { points: samples.length, nans, first, last, min: low?.sample, max: high?.sample };
  if (slope === undefined || !Number.isFinite(slope))
    return {
      ...base,
      avg: count > 0 && Number.isFinite(meanV) ? meanV : undefined,
      perHour: undefined,
      trend: undefined,
    };
  const span = last[0] - first[0];
  const fit = vv > 0 ? (tv * tv) / (tt * vv) : 1;
  return { ...base, avg: meanV, perHour: slope * 3600, trend: trendOf(slope * span, meanV, fit) };
}

function trendOf(moved: number, average: number, fit: number): Trend {
  if (moved === 0 || Math.abs(moved) < FLAT_SHARE * Math.abs(average)) return 'FLAT';
  if (fit < CLEAR_FIT) return 'UNCLEAR';
  return moved > 0 ? 'RISING' : 'FALLING';
}

/**
 * The series in `buckets` equal parts of [start, end] (Unix seconds): the mean of the finite samples of each, undefined where
 * there is none. A sample at `end` belongs to the last part.
 */
export function downSample(
  samples: readonly Sample[],
  { start, end, buckets }: { readonly start: number; readonly end: number; readonly buckets: number },
): (number | undefined)[] {
  const sums = Array.from({ length: buckets }, () => ({ sum: 0, count: 0 }));
  const width = (end - start) / buckets;
  for (const [time, text] of samples) {
    const value = sampleNumber(text);
    if (!Number.isFinite(value) || time < start || time > end) continue;
    const at = width > 0 ? Math.min(buckets - 1, Math.floor((time - start) / width)) : 0;
    const bucket = sums[at];
    if (!bucket) continue;
    bucket.sum += value;
    bucket.count += 1;
  }
  return sums.map(({ sum, count }) => (count === 0 ? undefined : sum / count));
}
