import { z } from 'zod';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const removeWebhookSecret = defineTool({
  name: 'remove_webhook_secret',
  title: 'Remove a webhook secret',
  description: "Makes a cluster's webhook secrets useless at once; its Alertmanager can send nothing any more.",
  toolset: 'alerts',
  permission: 'alerts:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: true, idempotent: true, openWorld: false },
  input: z.strictObject({ cluster: ClusterArg }),
  output: z.strictObject({ cluster_name: z.string(), removed: z.boolean() }),
  example: { cluster: 'hub-1' },
  rest: [{ method: 'DELETE', path: '/clusters/{id}/webhook-secret', rename: { id: 'cluster' }, status: 204 }],
  summarize: ({ cluster_name, removed }) =>
    removed ? `${cluster_name} has no webhook secret any more.` : `${cluster_name} had no webhook secret.`,
  run: async ({ services, resolveCluster }, { cluster: nameOrId }) => {
    const { id, name } = await resolveCluster(nameOrId);
    return { cluster_name: name, removed: await services.webhookSecrets.remove(id) };
  },
});
