import { z } from 'zod';
import { FleetSummary } from '../../backend/model/cluster.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { average, countBy, inMaintenance } from './tally.ts';
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
    const quiet = fleet.in_maintenance.length === 0 ? '' : ` In maintenance: ${fleet.in_maintenance.join(', ')}.`;
    return `${fleet.total_clusters} clusters: ${states}.${worst.length === 0 ? ' None is unhealthy.' : ` Unhealthy: ${worst.join('; ')}.`}${quiet}`;
  },
  run: async (context, input) => {
    const clusters = await context.resolveClusters(input.clusters);
    const now = context.clock.now();
    const scores = clusters.flatMap((c) => c.status.health_score ?? []);
    return {
      total_clusters: clusters.length,
      by_state: countBy(clusters, (c) => c.status.state),
      by_type: countBy(clusters, (c) => c.cluster_type),
      by_environment: countBy(clusters, (c) => c.environment),
      avg_health_score: average(scores),
      unhealthy: clusters
        .filter((c) => !inMaintenance(c, now))
        .filter((c) => c.status.state === 'OFFLINE' || c.status.state === 'DEGRADED')
        .sort((a, b) => (a.status.health_score ?? 0) - (b.status.health_score ?? 0))
        .map((c) => ({
          name: c.name,
          state: c.status.state,
          health_score: c.status.health_score,
          last_error: c.status.last_error,
        })),
      in_maintenance: clusters.filter((c) => inMaintenance(c, now)).map((c) => c.name),
      as_of: now.toISOString(),
    };
  },
});
