import { labelKey } from '../metrics/cluster-series.ts';
import { groupSeries } from './aggregate.ts';
import type { Grouping } from './ast.ts';
import { type GridSeries, emptySeries } from './vector.ts';

/*
 * Averages and spreads of the whole fleet from those of its clusters. Counts, means and variances come in vectors of equal label
 * sets and equal gaps, since a cluster computes them of the same samples at the same instants.
 */

/** The averages of a fleet: Σ nᵢ·mᵢ / Σ nᵢ. */
export function pooledMean(
  counts: readonly GridSeries[],
  means: readonly GridSeries[],
  grouping: Grouping,
  count: number,
): GridSeries[] {
  return joined([counts, means], grouping).map(({ labels, rows }) => meanOf(labels, rows, count).mean);
}

/** Variance of a whole from the counts, means and variances of its parts: Σ nᵢ(vᵢ + (mᵢ − m)²) / N (wire.md 8.2). */
export function pooledSpread(
  op: 'stddev' | 'stdvar',
  [counts, means, variances]: readonly [
    counts: readonly GridSeries[],
    means: readonly GridSeries[],
    variances: readonly GridSeries[],
  ],
  grouping: Grouping,
  count: number,
): GridSeries[] {
  return joined([counts, means, variances], grouping).map(({ labels, rows }) => {
    const { mean, totals, parts } = meanOf(labels, rows, count);
    const out = emptySeries(labels, count);
    for (const [n, m, v] of rows) {
      for (let k = 0; k < count; k += 1) {
        if (n?.present[k] !== 1) continue;
        out.present[k] = 1;
        const spread = v?.values[k] ?? NaN;
        // One part is the whole, even where its mean is infinite.
        if (parts[k] === 1) out.values[k] = spread;
        else {
          const apart = (m?.values[k] ?? NaN) - (mean.values[k] ?? NaN);
          const weight = (n.values[k] ?? NaN) / (totals[k] ?? NaN);
          out.values[k] = (out.values[k] ?? 0) + weight * (spread + apart * apart);
        }
      }
    }
    if (op === 'stddev') for (let k = 0; k < count; k += 1) out.values[k] = Math.sqrt(out.values[k] ?? NaN);
    return out;
  });
}

type Row = readonly (GridSeries | undefined)[];

/** Groups of the first vector, each member beside its like in the other vectors. */
function joined(
  [first = [], ...others]: readonly (readonly GridSeries[])[],
  grouping: Grouping,
): { labels: GridSeries['labels']; rows: Row[] }[] {
  const lookups = others.map((vector) => new Map(vector.map((one) => [labelKey(one.labels), one])));
  return groupSeries(first, grouping).map(({ labels, members }) => ({
    labels,
    rows: members.map((one) => [one, ...lookups.map((lookup) => lookup.get(labelKey(one.labels)))]),
  }));
}

interface Mean {
  readonly mean: GridSeries;
  readonly totals: Float64Array;
  /** How many parts there are at each instant. */
  readonly parts: Uint32Array;
}

/**
 * Differences from the first mean are weighed, which keeps equal means exactly equal. Where that is not finite the means themselves
 * are, weights first, so that the sum overflows no sooner than one server's.
 */
function meanOf(labels: GridSeries['labels'], rows: readonly Row[], count: number): Mean {
  const mean = emptySeries(labels, count);
  const totals = new Float64Array(count);
  const parts = new Uint32Array(count);
  for (const [n, m] of rows) {
    for (let k = 0; k < count; k += 1) {
      if (n?.present[k] !== 1) continue;
      if (parts[k] === 0) mean.values[k] = m?.values[k] ?? NaN;
      totals[k] = (totals[k] ?? 0) + (n.values[k] ?? NaN);
      parts[k] = (parts[k] ?? 0) + 1;
      mean.present[k] = 1;
    }
  }
  const base = mean.values.slice();
  const direct = new Float64Array(count);
  for (const [n, m] of rows) {
    for (let k = 0; k < count; k += 1) {
      if (n?.present[k] !== 1) continue;
      const weight = (n.values[k] ?? NaN) / (totals[k] ?? NaN);
      const own = m?.values[k] ?? NaN;
      const first = base[k] ?? NaN;
      if (own !== first) mean.values[k] = (mean.values[k] ?? NaN) + (own - first) * weight;
      direct[k] = (direct[k] ?? 0) + own * weight;
    }
  }
  for (let k = 0; k < count; k += 1)
    if ((parts[k] ?? 0) > 1 && !Number.isFinite(mean.values[k])) mean.values[k] = direct[k] ?? NaN;
  return { mean, totals, parts };
}
