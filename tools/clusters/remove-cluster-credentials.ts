import { z } from 'zod';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const removeClusterCredentials = defineTool({
  name: 'remove_cluster_credentials',
  title: 'Remove cluster credentials',
  description:
    'Deletes the stored credentials of a cluster. It stays registered and is asked without credentials from then on.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: true, idempotent: false, openWorld: false },
  input: z.strictObject({ cluster: ClusterArg }),
  output: z.strictObject({ cluster_id: z.uuid(), cluster_name: z.string() }),
  example: { cluster: 'example-1' },
  rest: [{ method: 'DELETE', path: '/clusters/{id}/credentials', status: 204, rename: { id: 'cluster' } }],
  summarize: (out) => `Removed the credentials of ${out.cluster_name}.`,
  run: async (context, input) => {
    const cluster = await context.resolveCluster(input.cluster);
    await context.services.credentials.remove(cluster.id);
    return { cluster_id: cluster.id, cluster_name: cluster.name };
  },
});
