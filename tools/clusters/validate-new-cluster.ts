import { z } from 'zod';
import { ClusterCreate, CredentialsValidation } from '../../backend/model/cluster.ts';
import { defineTool } from '../define.ts';
import { AuthType, CREDENTIALS_BODY_LIMIT, CREDENTIAL_FIELDS, toCredentials } from './credential-fields.ts';
import { requireOwnScope } from './own-scope.ts';

export const validateNewCluster = defineTool({
  name: 'validate_new_cluster',
  title: 'Validate a new cluster',
  description:
    'Connects to every endpoint of a cluster before it is registered, with the credentials given (fields of set_cluster_credentials), and says how each takes them. Registers and stores nothing.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ cluster: ClusterCreate, auth_type: AuthType, ...CREDENTIAL_FIELDS }),
  output: CredentialsValidation,
  example: { cluster: { name: 'example-1', api_server_url: 'https://127.0.0.1:6443' }, auth_type: 'NONE' },
  rest: [{ method: 'POST', path: '/clusters/validate', bodyLimit: CREDENTIALS_BODY_LIMIT }],
  summarize: ({ valid, endpoints }) =>
    `${valid ? 'Every endpoint accepts the credentials' : 'Not every endpoint accepts the credentials'}: ${endpoints
      .map(({ endpoint, status, detail }) => `${endpoint} ${status}${detail === null ? '' : ` (${detail})`}`)
      .join('; ')}.`,
  run: async ({ principal, services, signal }, { cluster, ...fields }) => {
    requireOwnScope(principal, cluster);
    return services.credentials.validateNew(cluster, toCredentials(fields), signal);
  },
});
