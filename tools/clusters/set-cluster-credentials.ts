import { z } from 'zod';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { AuthType, CREDENTIALS_BODY_LIMIT, CREDENTIAL_FIELDS, toCredentials } from './credential-fields.ts';

export const setClusterCredentials = defineTool({
  name: 'set_cluster_credentials',
  title: 'Set cluster credentials',
  description:
    'Stores the credentials of a cluster, sealed and untried; they are never returned. SERVICE_ACCOUNT takes api_token, KUBECONFIG kubeconfig and context, OIDC token_url, client_id and client_secret, BASIC username and password, MTLS client_certificate and client_key as PEM, NONE nothing; endpoints with a token of their own take prometheus_token and so on.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ cluster: ClusterArg, auth_type: AuthType, ...CREDENTIAL_FIELDS }),
  output: z.strictObject({ cluster_id: z.uuid(), cluster_name: z.string(), auth_type: z.string() }),
  example: { cluster: 'hub-1', auth_type: 'BASIC', username: 'reader', password: 'from a secret store' },
  rest: [
    {
      method: 'POST',
      path: '/clusters/{id}/credentials',
      rename: { id: 'cluster' },
      bodyLimit: CREDENTIALS_BODY_LIMIT,
    },
  ],
  summarize: (out) => `Stored ${out.auth_type} credentials of ${out.cluster_name}.`,
  run: async (context, { cluster: nameOrId, ...fields }) => {
    const credentials = toCredentials(fields);
    const cluster = await context.resolveCluster(nameOrId);
    await context.services.credentials.set(cluster.id, credentials);
    return { cluster_id: cluster.id, cluster_name: cluster.name, auth_type: credentials.auth_type };
  },
});
