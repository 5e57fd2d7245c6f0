import type { Cluster, GlobalMetrics } from '../../model/cluster.ts';
import type { Spokes } from '../../spokes/spokes.ts';

/** A cluster whose metrics are read from a hub. */
export interface HubMember {
  readonly cluster: Cluster;
  readonly hub: GlobalMetrics;
}

/** Whether a cluster's metrics are read from its hub: it has one, and no Prometheus of its own. */
export function hubOf(cluster: Cluster): GlobalMetrics | undefined {
  return cluster.endpoints.prometheus_url === undefined ? (cluster.global_metrics ?? undefined) : undefined;
}

/** Most clusters in one question, so that neither the query nor its answer grows without bound. */
const MAX_GROUP = 200;

/**
 * The groups that are asked together, by cluster id: clusters that are registered with the same place, label, tenant, TLS rules and
 * token. A cluster whose token is another one is never asked with theirs, nor they with its. Members are ordered by name.
 */
export async function hubGroups(
  clusters: readonly Cluster[],
  spokes: Pick<Spokes, 'target'>,
): Promise<ReadonlyMap<string, readonly HubMember[]>> {
  const byKey = new Map<string, HubMember[]>();
  const keyed = await Promise.all(
    clusters.map(async (cluster) => ({ cluster, hub: hubOf(cluster), key: await keyOf(cluster, spokes) })),
  );
  for (const { cluster, hub, key } of keyed.toSorted((a, b) => (a.cluster.name < b.cluster.name ? -1 : 1)))
    if (hub) byKey.set(key, [...(byKey.get(key) ?? []), { cluster, hub }]);
  const groups = new Map<string, readonly HubMember[]>();
  for (const members of byKey.values()) {
    for (let from = 0; from < members.length; from += MAX_GROUP) {
      const group = members.slice(from, from + MAX_GROUP);
      for (const { cluster } of group) groups.set(cluster.id, group);
    }
  }
  return groups;
}

async function keyOf(cluster: Cluster, spokes: Pick<Spokes, 'target'>): Promise<string> {
  // One whose credentials cannot be had stands alone; asking it tells why.
  const target = await spokes.target(cluster, 'GLOBAL_METRICS').catch(() => undefined);
  if (!target) return cluster.id;
  const { url, headers, tls, auth } = target;
  return JSON.stringify([url, hubOf(cluster)?.cluster_label, headers, tls, auth]);
}
