import type { MetricSeries } from '../../model/metrics.ts';

/** The label that tells series of different clusters apart. */
export const CLUSTER_LABEL = 'cluster';

/**
 * The same series, each with the cluster's name as its `cluster` label; samples are shared, not copied. Undefined when one of
 * them carries another value already: overwriting it would merge what are different things (wire.md 8.2).
 */
export function withClusterLabel(series: readonly MetricSeries[], name: string): MetricSeries[] | undefined {
  const labelled: MetricSeries[] = [];
  for (const one of series) {
    const present = one.metric[CLUSTER_LABEL];
    if (present !== undefined && present !== '' && present !== name) return undefined;
    labelled.push({ ...one, metric: { ...one.metric, [CLUSTER_LABEL]: name } });
  }
  return labelled;
}

/** The first `cluster` value among the series that is not `name`; for the words of a refusal. */
export function foreignClusterLabel(series: readonly MetricSeries[], name: string): string | undefined {
  return series
    .map((one) => one.metric[CLUSTER_LABEL])
    .find((value) => value !== undefined && value !== '' && value !== name);
}

/** Ordered by label set: names first to last, then values, as Prometheus orders range results. */
export function sortByLabels(series: readonly MetricSeries[]): MetricSeries[] {
  const keyed = series.map((one) => ({ one, key: labelKey(one.metric) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ one }) => one);
}

/** A text that is equal for equal label sets only; U+0000 sorts before everything that can stand in a name. */
export function labelKey(labels: Readonly<Record<string, string>>): string {
  const names = Object.keys(labels).sort();
  return names.map((name) => `${name}\u0000${labels[name] ?? ''}\u0000`).join('');
}
