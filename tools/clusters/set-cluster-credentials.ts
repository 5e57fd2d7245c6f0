import { z } from 'zod';
import { ClusterCredentials } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

const Secret = z.string().min(1).max(65_536).optional();

export const setClusterCredentials = defineTool({
  name: 'set_cluster_credentials',
  title: 'Set cluster credentials',
  description:
    'Stores the credentials of a cluster, sealed; they are never returned. SERVICE_ACCOUNT takes api_token (and prometheus_token, alertmanager_token where they differ), BASIC takes username and password, MTLS takes client_certificate and client_key as PEM.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: false, idempotent: true, openWorld: false },
  // One flat object, so that each door can give it as JSON or as flags; the domain schema decides which fields go together.
  input: z.strictObject({
    cluster: ClusterArg,
    auth_type: z.enum(['SERVICE_ACCOUNT', 'BASIC', 'MTLS']),
    api_token: Secret,
    prometheus_token: Secret,
    alertmanager_token: Secret,
    username: z.string().min(1).max(256).optional(),
    password: Secret,
    client_certificate: Secret,
    client_key: Secret,
  }),
  output: z.strictObject({ cluster_id: z.uuid(), cluster_name: z.string(), auth_type: z.string() }),
  example: { cluster: 'hub-1', auth_type: 'BASIC', username: 'reader', password: 'from a secret store' },
  rest: [{ method: 'POST', path: '/clusters/{id}/credentials', rename: { id: 'cluster' }, bodyLimit: 128 * 1024 }],
  summarize: (out) => `Stored ${out.auth_type} credentials of ${out.cluster_name}.`,
  run: async (context, { cluster: nameOrId, ...fields }) => {
    const credentials = ClusterCredentials.safeParse(fields);
    if (!credentials.success) {
      const issues = credentials.error.issues.map((i) => ({
        field: i.code === 'unrecognized_keys' ? i.keys.join(', ') : i.path.map(String).join('.'),
        message: i.code === 'unrecognized_keys' ? `not used with ${fields.auth_type}` : i.message,
      }));
      const said = issues.map((i) => `${i.field}: ${i.message}`).join('; ');
      throw new AppError('CREDENTIALS_INVALID', `The credentials do not fit auth_type ${fields.auth_type}. ${said}.`, {
        details: { issues },
      });
    }
    const cluster = await context.resolveCluster(nameOrId);
    await context.services.registry.setCredentials(cluster.id, credentials.data);
    return { cluster_id: cluster.id, cluster_name: cluster.name, auth_type: credentials.data.auth_type };
  },
});
