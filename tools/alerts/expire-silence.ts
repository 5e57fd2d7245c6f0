import { z } from 'zod';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const expireSilence = defineTool({
  name: 'expire_silence',
  title: 'End a silence',
  description: 'Ends a silence of a cluster now; what it covers notifies again.',
  toolset: 'alerts',
  permission: 'alerts:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: true, idempotent: true, openWorld: true },
  input: z.strictObject({ cluster: ClusterArg, id: z.uuid().describe('Of the silence') }),
  output: z.strictObject({ cluster_name: z.string(), silence_id: z.uuid() }),
  example: { cluster: 'hub-1', id: '00000000-0000-4000-8000-000000000000' },
  rest: [{ method: 'DELETE', path: '/alerts/silences/{cluster}/{id}', status: 204 }],
  summarize: ({ cluster_name, silence_id }) => `Silence ${silence_id} of ${cluster_name} is over.`,
  run: async (context, { cluster: nameOrId, id }) => {
    const cluster = await context.resolveCluster(nameOrId);
    await context.services.silences.expire(cluster, id, await context.question([cluster.id]));
    return { cluster_name: cluster.name, silence_id: id };
  },
});
