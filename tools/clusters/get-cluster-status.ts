import { z } from 'zod';
import { ClusterStatus, ClusterType, Environment } from '../../backend/model/cluster.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getClusterStatus = defineTool({
  name: 'get_cluster_status',
  title: 'Get cluster status',
  description:
    'Health of one cluster as last measured: state, score 0–100, which endpoint is down and the last error. null means not configured or not checked yet.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ cluster: ClusterArg }),
  output: z.strictObject({
    cluster_id: z.uuid(),
    cluster_name: z.string(),
    cluster_type: ClusterType,
    environment: Environment,
    platform_version: z.string().nullable(),
    status: ClusterStatus,
    last_seen_at: z.iso.datetime().nullable(),
  }),
  example: { cluster: 'hub-1' },
  rest: [{ method: 'GET', path: '/clusters/{id}/status', rename: { id: 'cluster' } }],
  summarize: ({ cluster_name, status }) => {
    const score = status.health_score === null ? 'not checked yet' : `health score ${status.health_score}`;
    return `${cluster_name} is ${status.state} (${score})${status.last_error === null ? '' : `: ${status.last_error}`}.`;
  },
  run: async (context, input) => {
    const cluster = await context.resolveCluster(input.cluster);
    return {
      cluster_id: cluster.id,
      cluster_name: cluster.name,
      cluster_type: cluster.cluster_type,
      environment: cluster.environment,
      platform_version: cluster.platform_version,
      status: cluster.status,
      last_seen_at: cluster.last_seen_at,
    };
  },
});
