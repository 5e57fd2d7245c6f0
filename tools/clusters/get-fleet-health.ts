import { z } from 'zod';
import { type Cluster, type ClusterState, FleetHealth } from '../../backend/model/cluster.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { average, countBy, inMaintenance } from './tally.ts';

/** Worst first. */
const SEVERITY: Readonly<Record<ClusterState, number>> = {
  OFFLINE: 0,
  DEGRADED: 1,
  UNKNOWN: 2,
  PROVISIONING: 3,
  ONLINE: 4,
};

export const getFleetHealth = defineTool({
  name: 'get_fleet_health',
  title: 'Get fleet health',
  description: 'The health of every cluster as last measured, worst first, those in maintenance last.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ clusters: ClustersArg }),
  output: FleetHealth,
  example: {},
  rest: [{ method: 'GET', path: '/fleet/health' }],
  summarize: ({ items, by_state }) =>
    `${items.length} clusters${Object.entries(by_state)
      .map(([state, count], at) => `${at === 0 ? ': ' : ', '}${count} ${state}`)
      .join('')}.`,
  run: async ({ clock, resolveClusters }, input) => {
    const now = clock.now();
    const clusters = await resolveClusters(input.clusters);
    return {
      items: clusters
        .toSorted((a, b) => rank(a, now) - rank(b, now))
        .map((cluster) => ({
          cluster_id: cluster.id,
          cluster_name: cluster.name,
          cluster_type: cluster.cluster_type,
          status: cluster.status,
          maintenance_until: cluster.maintenance_until,
          last_seen_at: cluster.last_seen_at,
        })),
      by_state: countBy(clusters, (cluster) => cluster.status.state),
      avg_health_score: average(clusters.flatMap((cluster) => cluster.status.health_score ?? [])),
      as_of: now.toISOString(),
    };
  },
});

/** Maintenance, then state, then score; names stay in order among equals. */
function rank(cluster: Cluster, now: Date): number {
  const { state, health_score } = cluster.status;
  return (inMaintenance(cluster, now) ? 10_000 : 0) + SEVERITY[state] * 1_000 + (health_score ?? 0);
}
