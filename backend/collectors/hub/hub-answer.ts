import { quoteForeign } from '../../model/errors.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import { spokeError } from '../../spokes/spoke-error.ts';
import type { HubMember } from './hub-groups.ts';

/**
 * The label sets of a hub's answer by the cluster that each belongs to, without the label. Throws SPOKE_ERROR when one belongs to
 * none of the members: the hub did not heed the matcher, so nothing that it says can be told apart.
 */
export function splitByCluster<T>(
  items: readonly T[],
  labelsOf: (item: T) => Readonly<Record<string, string>>,
  without: (item: T, labels: Record<string, string>) => T,
  members: readonly HubMember[],
): Map<string, T[]> {
  const label = members[0]?.hub.cluster_label ?? '';
  const byValue = new Map<string, T[]>();
  for (const { hub } of members) byValue.set(hub.cluster_value, []);
  for (const item of items) {
    const { [label]: value = '', ...rest } = labelsOf(item);
    const own = byValue.get(value);
    if (!own) throw notAskedFor(label, value);
    own.push(without(item, rest));
  }
  return new Map(members.map(({ cluster, hub }) => [cluster.id, byValue.get(hub.cluster_value) ?? []]));
}

/** The same of one cluster asked alone, whose aggregations have lost the label. */
export function ofOneCluster(series: readonly MetricSeries[], { hub }: HubMember): MetricSeries[] {
  return series.map((one) => {
    const { [hub.cluster_label]: value, ...metric } = one.metric;
    if (value !== undefined && value !== hub.cluster_value) throw notAskedFor(hub.cluster_label, value);
    return { ...one, metric };
  });
}

function notAskedFor(label: string, value: string): Error {
  return spokeError(
    `The metrics hub answered with a series of ${label}=${quoteForeign(value, 100)}, which was not asked for.`,
    { reason: 'HUB_LABEL' },
    "Check the cluster_label and cluster_value of the cluster's global_metrics.",
  );
}
