import { z } from 'zod';
import { type Cluster, FleetSummary } from '../../backend/model/cluster.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getFleetSummary = defineTool({
  name: 'get_fleet_summary',
  title: 'Get fleet summary',
  description:
    'Counts clusters by state, type and environment, averages the health score and lists the unhealthy ones, worst first, with the reason.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ clusters: ClustersArg }),
  output: FleetSummary,
  example: {},
  rest: [{ method: 'GET', path: '/fleet/summary' }],
  summarize: (fleet) => {
    if (fleet.total_clusters === 0)
      return 'No cluster is registered yet. Add one: aiops cluster add --context <kubeconfig context>.';
    const states = Object.entries(fleet.by_state)
      .map(([state, count]) => `${count} ${state}`)
      .join(', ');
    const worst = fleet.unhealthy
      .slice(0, 5)
      .map((c) => `${c.name} ${c.state}${c.last_error === null ? '' : ` (${c.last_error})`}`);
    return `${fleet.total_clusters} clusters: ${states}.${worst.length === 0 ? ' None is unhealthy.' : ` Unhealthy: ${worst.join('; ')}.`}`;
  },
  run: async (context, input) => {
    const clusters = await context.resolveClusters(input.clusters);
    const scores = clusters.flatMap((c) => c.status.health_score ?? []);
    return {
      total_clusters: clusters.length,
      by_state: countBy(clusters, (c) => c.status.state),
      by_type: countBy(clusters, (c) => c.cluster_type),
      by_environment: countBy(clusters, (c) => c.environment),
      avg_health_score:
        scores.length === 0 ? null : Math.round((scores.reduce((a, b) => a + b, 0) / scores.length) * 10) / 10,
      unhealthy: clusters
        .filter((c) => c.status.state === 'OFFLINE' || c.status.state === 'DEGRADED')
        .sort((a, b) => (a.status.health_score ?? 0) - (b.status.health_score ?? 0))
        .map((c) => ({
          name: c.name,
          state: c.status.state,
          health_score: c.status.health_score,
          last_error: c.status.last_error,
        })),
      as_of: context.clock.now().toISOString(),
    };
  },
});

function countBy(clusters: readonly Cluster[], key: (cluster: Cluster) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const cluster of clusters) counts[key(cluster)] = (counts[key(cluster)] ?? 0) + 1;
  return counts;
}
