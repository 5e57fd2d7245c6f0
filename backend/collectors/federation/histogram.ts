import { labelKey } from '../metrics/cluster-series.ts';
import { METRIC_NAME } from './ast.ts';
import { readSample } from './sample-text.ts';
import { type GridSeries, dropLabels, emptySeries } from './vector.ts';

interface Bucket {
  readonly upper: number;
  count: number;
}

/** Counts that differ by less than this part of themselves are one: float noise of sums (Prometheus 2.50 and later). */
const SMALL_DELTA = 1e-12;

/** `histogram_quantile` over classic buckets: cumulative counts with their bound in the label `le`. */
export function histogramQuantile(phis: Float64Array, series: readonly GridSeries[], count: number): GridSeries[] {
  const groups = new Map<string, { out: GridSeries; members: { upper: number; series: GridSeries }[] }>();
  for (const one of series) {
    const upper = readSample(one.labels['le'] ?? '');
    // A series without a bound is no bucket, and Prometheus passes over it too.
    if (upper === undefined) continue;
    const labels = dropLabels(one.labels, ['le', METRIC_NAME]);
    const key = labelKey(labels);
    const group = groups.get(key) ?? { out: emptySeries(labels, count), members: [] };
    groups.set(key, group);
    group.members.push({ upper, series: one });
  }
  return [...groups.values()].map(({ out, members }) => {
    for (let k = 0; k < count; k += 1) {
      const buckets = members
        .filter((one) => one.series.present[k] === 1)
        .map((one): Bucket => ({ upper: one.upper, count: one.series.values[k] ?? NaN }));
      if (buckets.length === 0) continue;
      out.present[k] = 1;
      out.values[k] = bucketQuantile(phis[k] ?? NaN, buckets);
    }
    return out;
  });
}

/** Linear interpolation within the bucket that holds the rank (Prometheus's `bucketQuantile`). */
export function bucketQuantile(phi: number, unsorted: readonly Bucket[]): number {
  if (Number.isNaN(phi)) return NaN;
  if (phi < 0) return -Infinity;
  if (phi > 1) return Infinity;
  const sorted = unsorted.toSorted((a, b) => a.upper - b.upper);
  if (sorted.at(-1)?.upper !== Infinity) return NaN;
  const buckets = monotonic(coalesced(sorted));
  const total = buckets.at(-1)?.count ?? NaN;
  if (buckets.length < 2 || total === 0) return NaN;
  const rank = phi * total;
  const found = buckets.slice(0, -1).findIndex((bucket) => bucket.count >= rank);
  const place = found === -1 ? buckets.length - 1 : found;
  const [bucket, before] = [buckets[place], buckets[place - 1]];
  if (place === buckets.length - 1) return before?.upper ?? NaN;
  const end = bucket?.upper ?? NaN;
  if (place === 0 && end <= 0) return end;
  const start = before?.upper ?? 0;
  const below = before?.count ?? 0;
  return start + (end - start) * ((rank - below) / ((bucket?.count ?? NaN) - below));
}

/** Buckets of one bound, written differently (`1` and `1.0`), are one. */
function coalesced(sorted: readonly Bucket[]): Bucket[] {
  const merged: Bucket[] = [];
  for (const bucket of sorted) {
    const last = merged.at(-1);
    if (last?.upper === bucket.upper) last.count += bucket.count;
    else merged.push({ ...bucket });
  }
  return merged;
}

function monotonic(buckets: Bucket[]): Bucket[] {
  let highest = -Infinity;
  for (const bucket of buckets) {
    const noise = Math.abs(bucket.count - highest) < SMALL_DELTA * Math.max(Math.abs(bucket.count), Math.abs(highest));
    if (bucket.count < highest || noise) bucket.count = highest;
    else if (bucket.count > highest) highest = bucket.count;
  }
  return buckets;
}
