import { z } from 'zod';
import { Capabilities, ClusterStatus } from '../../backend/model/cluster.ts';
import { FoundEndpoint } from '../../backend/registry/discovery/endpoints.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const refreshCluster = defineTool({
  name: 'refresh_cluster',
  title: 'Refresh a cluster',
  description:
    'Checks the health of one cluster and discovers its capabilities now, instead of when they are due, and returns what was found. Takes up to 45 s.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'model',
  // It asks the cluster what it would be asked soon anyway, as a query does; nothing that anybody has set changes.
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ cluster: ClusterArg }),
  output: z.strictObject({
    cluster_id: z.uuid(),
    cluster_name: z.string(),
    status: ClusterStatus,
    platform_version: z.string().nullable(),
    capabilities: Capabilities.nullable(),
    /** Routes and ingresses to services that could be asked; nothing is set. */
    endpoints_found: z.array(FoundEndpoint),
  }),
  example: { cluster: 'hub-1' },
  rest: [{ method: 'POST', path: '/clusters/{id}/refresh', rename: { id: 'cluster' } }],
  // FAR_EDGE may take 30 s for its health, discovery 15 s.
  deadlineMs: () => 50_000,
  summarize: ({ cluster_name, status }) =>
    `${cluster_name} is ${status.state}${status.last_error === null ? '' : ` (${status.last_error})`}; its capabilities were discovered anew.`,
  run: async ({ services, resolveCluster }, input) => {
    const { id } = await resolveCluster(input.cluster);
    const [health, discovery] = await Promise.allSettled([
      services.health.checkNow(id),
      services.discovery.discoverNow(id),
    ]);
    // Both have ended before one of them is told as the answer, so that the state that was measured is the one to be read.
    if (health.status === 'rejected') throw health.reason;
    if (discovery.status === 'rejected') throw discovery.reason;
    const cluster = await services.registry.get(id);
    return {
      cluster_id: cluster.id,
      cluster_name: cluster.name,
      status: cluster.status,
      platform_version: cluster.platform_version,
      capabilities: cluster.capabilities,
      endpoints_found: [...discovery.value.endpoints_found],
    };
  },
});
