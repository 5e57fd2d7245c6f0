import { AppError } from '../../model/errors.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import { CLUSTER_LABEL, labelKey, sortByLabels } from '../metrics/cluster-series.ts';
import { requireOwnCluster } from '../metrics/foreign-cluster.ts';
import { printSample, readSample } from './sample-text.ts';
import { type Grid, type GridSeries, type Labels, type Value, emptySeries, timeAt } from './vector.ts';

/** Times go over the wire in whole milliseconds; what is farther off than this was not asked for. */
const OFF_GRID_MS = 1;

/**
 * What one cluster answered, on the grid it was asked on and with its `cluster` label. Throws SPOKE_ERROR for data that carries another
 * cluster's name, for samples off the grid (some servers align ranges) and for values that are no numbers. Native histograms are the
 * caller's to look for.
 */
export function toGridSeries(series: readonly MetricSeries[], grid: Grid, cluster: string): GridSeries[] {
  requireOwnCluster(series, cluster);
  const seen = new Set<string>();
  return series.map(({ metric, values }) => {
    const labels = labelled(metric, cluster);
    const key = labelKey(labels);
    if (seen.has(key)) throw wrong('two series that differ by an empty label or by the label cluster only', 'SERIES');
    seen.add(key);
    const out = emptySeries(labels, grid.count);
    for (const [seconds, text] of values) {
      const k = Math.round((seconds * 1000 - grid.startMs) / grid.stepMs);
      if (k < 0 || k >= grid.count || Math.abs(timeAt(grid, k) - seconds * 1000) > OFF_GRID_MS)
        throw wrong('samples at other times than were asked for', 'GRID');
      const value = readSample(text);
      if (value === undefined) throw wrong('a sample that is no number', 'SHAPE');
      out.values[k] = value;
      out.present[k] = 1;
    }
    return out;
  });
}

function wrong(what: string, reason: string): AppError {
  return new AppError('SPOKE_ERROR', `Its answer holds ${what}, so it cannot be merged.`, {
    details: { reason },
    ...(reason === 'GRID' ? { hint: 'Its server aligns ranges: let start be a multiple of step.' } : {}),
  });
}

function labelled(metric: Labels, cluster: string): Labels {
  const labels: Record<string, string> = {};
  for (const name in metric) {
    const value = metric[name];
    if (value !== undefined && value !== '') labels[name] = value;
  }
  labels[CLUSTER_LABEL] = cluster;
  return labels;
}

/** An evaluated value as it goes out. Vectors are ordered by labels, unless `ranked` keeps the order of a ranking. */
export function toMetricSeries(value: Value, grid: Grid, ranked: boolean): MetricSeries[] {
  if (value.kind === 'string') return [{ metric: {}, values: [[timeAt(grid, 0) / 1000, value.value]] }];
  const series = value.kind === 'scalar' ? [wholeScalar(value.values, grid.count)] : value.series;
  const written = series.map(({ labels, values, present }): MetricSeries => {
    const samples: [number, string][] = [];
    for (let k = 0; k < grid.count; k += 1)
      if (present[k] === 1) samples.push([timeAt(grid, k) / 1000, printSample(values[k] ?? NaN)]);
    return { metric: { ...labels }, values: samples };
  });
  const there = written.filter(({ values }) => values.length > 0);
  return ranked ? there : sortByLabels(there);
}

function wholeScalar(values: Float64Array, count: number): GridSeries {
  return { labels: {}, values, present: new Uint8Array(count).fill(1) };
}
