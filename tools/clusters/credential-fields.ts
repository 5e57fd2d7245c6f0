import { z } from 'zod';
import { ClusterCredentials, CredentialsValidation } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';

const Secret = z.string().min(1).max(65_536).optional();

/**
 * Credentials as one flat set of fields, so that each door can give them as JSON or as flags; {@link toCredentials} decides
 * which go together.
 */
export const CREDENTIAL_FIELDS = {
  api_token: Secret,
  prometheus_token: Secret,
  global_metrics_token: Secret,
  alertmanager_token: Secret,
  loki_token: Secret,
  tempo_token: Secret,
  kubeconfig: z.string().min(1).max(1_048_576).optional(),
  context: z.string().max(253).optional(),
  token_url: z.string().max(2048).optional(),
  client_id: z.string().min(1).max(256).optional(),
  client_secret: Secret,
  scope: z.string().max(1024).optional(),
  username: z.string().min(1).max(256).optional(),
  password: Secret,
  client_certificate: Secret,
  client_key: Secret,
  expires_at: z.iso.datetime().optional(),
};

export const AuthType = z.enum(['SERVICE_ACCOUNT', 'KUBECONFIG', 'OIDC', 'BASIC', 'MTLS', 'NONE']);

/** A kubeconfig of a few contexts fits; the rest are some kilobytes. */
export const CREDENTIALS_BODY_LIMIT = 128 * 1024;

/** Throws CREDENTIALS_INVALID naming fields that are missing or not used with this `auth_type`, never their values. */
export function toCredentials(fields: { readonly auth_type: z.infer<typeof AuthType> }): ClusterCredentials {
  const credentials = ClusterCredentials.safeParse(fields);
  if (credentials.success) return credentials.data;
  const issues = credentials.error.issues.map((i) => ({
    field: i.code === 'unrecognized_keys' ? i.keys.join(', ') : i.path.map(String).join('.'),
    message: i.code === 'unrecognized_keys' ? `not used with ${fields.auth_type}` : i.message,
  }));
  const said = issues.map((i) => `${i.field}: ${i.message}`).join('; ');
  throw new AppError('CREDENTIALS_INVALID', `The credentials do not fit auth_type ${fields.auth_type}. ${said}.`, {
    details: { issues },
  });
}

export const ValidationOutput = z.strictObject({
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  ...CredentialsValidation.shape,
});

/** One line: how each endpoint took the credentials. */
export function describeValidation({ cluster_name, valid, endpoints }: z.infer<typeof ValidationOutput>): string {
  const each = endpoints.map(
    ({ endpoint, status, detail }) => `${endpoint} ${status}${detail === null ? '' : ` (${detail})`}`,
  );
  return `The credentials of ${cluster_name} are ${valid ? 'valid everywhere' : 'not valid everywhere'}: ${each.join('; ')}.`;
}
