import { z } from 'zod';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

const HOUR_MS = 3_600_000;

export const rotateWebhookSecret = defineTool({
  name: 'rotate_webhook_secret',
  title: 'Make a webhook secret',
  description:
    "Makes the secret that a cluster's Alertmanager sends its notifications with. It is shown once and stored only as a hash. The one before stays good for overlap_hours.",
  toolset: 'alerts',
  permission: 'alerts:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: true, idempotent: false, openWorld: false },
  input: z.strictObject({
    cluster: ClusterArg,
    overlap_hours: z.number().min(0).max(168).default(24).describe('0 = the old one is useless at once'),
  }),
  output: z.strictObject({
    cluster_id: z.uuid(),
    cluster_name: z.string(),
    /** Below the address of this server. */
    path: z.string(),
    secret: z.string(),
    previous_until: z.iso.datetime().nullable(),
  }),
  example: { cluster: 'hub-1' },
  revealsKeys: ['secret'],
  rest: [{ method: 'POST', path: '/clusters/{id}/webhook-secret', rename: { id: 'cluster' }, status: 201 }],
  summarize: ({ cluster_name, path, previous_until }) =>
    `Alertmanager of ${cluster_name} sends to ${path} with this secret as bearer token; it is shown only now.${previous_until === null ? '' : ` The one before is good until ${previous_until}.`}`,
  run: async ({ principal, services, resolveCluster }, { cluster: nameOrId, overlap_hours }) => {
    const { id, name } = await resolveCluster(nameOrId);
    const made = await services.webhookSecrets.rotate(id, {
      createdBy: principal.id,
      overlapMs: overlap_hours * HOUR_MS,
    });
    return { cluster_id: id, cluster_name: name, path: `/api/v1/alerts/webhook/${id}`, ...made };
  },
});
