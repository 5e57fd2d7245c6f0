import { AppError, quoteForeign } from '../../model/errors.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import { CLUSTER_LABEL, foreignClusterLabel, withClusterLabel } from './cluster-series.ts';

/** The same series with the label `cluster`. Throws SPOKE_ERROR when one of them carries another cluster's name. */
export function labelledSeries(series: readonly MetricSeries[], cluster: string): MetricSeries[] {
  return withClusterLabel(series, cluster) ?? refuse(series, cluster);
}

/** Throws SPOKE_ERROR when one of the series carries another cluster's name. */
export function requireOwnCluster(series: readonly MetricSeries[], cluster: string): void {
  if (foreignClusterLabel(series, cluster) !== undefined) refuse(series, cluster);
}

/** The same of bare label sets. */
export function labelledSets(sets: readonly Record<string, string>[], cluster: string): Record<string, string>[] {
  const series = sets.map((metric) => ({ metric, values: [] }));
  return labelledSeries(series, cluster).map(({ metric }) => metric);
}

function refuse(series: readonly MetricSeries[], cluster: string): never {
  const other = quoteForeign(foreignClusterLabel(series, cluster) ?? '', 100);
  throw new AppError(
    'SPOKE_ERROR',
    `Its data carries the label ${CLUSTER_LABEL}=${other} already, so it cannot be labelled ${cluster}.`,
    {
      details: { reason: 'CLUSTER_LABEL' },
      hint: 'Aggregate that label away (without (cluster)), or register the cluster under the name its data carries.',
    },
  );
}
