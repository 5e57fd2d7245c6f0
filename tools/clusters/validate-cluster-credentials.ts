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
import { AppError } from '../../backend/model/errors.ts';

export const validateClusterCredentials = defineTool({
  name: 'validate_cluster_credentials',
  title: 'Validate cluster credentials',
  description:
    'Connects to every endpoint of a cluster with its stored credentials, or with those given (fields of set_cluster_credentials), and says how each takes them. Stores nothing.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ cluster: ClusterArg, auth_type: AuthType.optional(), ...CREDENTIAL_FIELDS }),
  output: ValidationOutput,
  example: { cluster: 'hub-1' },
  rest: [
    {
      method: 'POST',
      path: '/clusters/{id}/credentials/validate',
      rename: { id: 'cluster' },
      bodyLimit: CREDENTIALS_BODY_LIMIT,
    },
  ],
  summarize: describeValidation,
  run: async (context, { cluster: nameOrId, auth_type, ...fields }) => {
    if (auth_type === undefined && Object.values(fields).some((value) => value !== undefined)) {
      const message = 'is needed with credentials; leave all of them out to try the stored ones';
      throw new AppError('VALIDATION_FAILED', `auth_type ${message}.`, {
        details: { issues: [{ field: 'auth_type', message }] },
      });
    }
    const given = auth_type === undefined ? undefined : toCredentials({ auth_type, ...fields });
    const cluster = await context.resolveCluster(nameOrId);
    const validation = await context.services.credentials.validate(cluster.id, given, context.signal);
    return { cluster_id: cluster.id, cluster_name: cluster.name, ...validation };
  },
});
