import { z } from 'zod';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import {
  AuthType,
  CREDENTIALS_BODY_LIMIT,
  CREDENTIAL_FIELDS,
  ValidationOutput,
  describeValidation,
  toCredentials,
} from './credential-fields.ts';

export const rotateClusterCredentials = defineTool({
  name: 'rotate_cluster_credentials',
  title: 'Rotate cluster credentials',
  description:
    'Tries new credentials at every endpoint of a cluster and puts them in the place of the old only when none is worse off; the old are used until then. Takes the fields of set_cluster_credentials.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ cluster: ClusterArg, auth_type: AuthType, ...CREDENTIAL_FIELDS }),
  output: ValidationOutput,
  example: { cluster: 'hub-1', auth_type: 'BASIC', username: 'reader', password: 'from a secret store' },
  rest: [
    {
      method: 'POST',
      path: '/clusters/{id}/credentials/rotate',
      rename: { id: 'cluster' },
      bodyLimit: CREDENTIALS_BODY_LIMIT,
    },
  ],
  summarize: (out) => `Rotated. ${describeValidation(out)}`,
  run: async (context, { cluster: nameOrId, ...fields }) => {
    const credentials = toCredentials(fields);
    const cluster = await context.resolveCluster(nameOrId);
    const validation = await context.services.credentials.rotate(cluster.id, credentials, context.signal);
    return { cluster_id: cluster.id, cluster_name: cluster.name, ...validation };
  },
});
