import { z } from 'zod';
import { quoteForeign } from '../../backend/model/errors.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const removeCluster = defineTool({
  name: 'remove_cluster',
  title: 'Remove a cluster',
  description:
    'Takes a cluster out of the fleet and deletes its stored credentials and health. The cluster itself is not touched.',
  toolset: 'clusters',
  permission: 'cluster:delete',
  exposure: 'model',
  annotations: { readOnly: false, destructive: true, idempotent: false, openWorld: false },
  input: z.strictObject({ cluster: ClusterArg }),
  output: z.strictObject({ cluster_id: z.uuid(), cluster_name: z.string() }),
  example: { cluster: 'example-1' },
  rest: [{ method: 'DELETE', path: '/clusters/{id}', status: 204, rename: { id: 'cluster' } }],
  confirm: (input) =>
    `Remove cluster ${quoteForeign(input.cluster, 80)} from the fleet and delete its stored credentials? This cannot be undone.`,
  summarize: (out) => `Removed ${out.cluster_name} (${out.cluster_id}).`,
  run: async (context, input) => {
    const cluster = await context.resolveCluster(input.cluster);
    await context.services.registry.remove(cluster.id);
    return { cluster_id: cluster.id, cluster_name: cluster.name };
  },
});
