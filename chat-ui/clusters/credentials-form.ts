import type { ClusterCredentials } from '../../backend/model/cluster.ts';

export type AuthType = ClusterCredentials['auth_type'];

/** A field of credentials, under its name on the wire. */
type FieldName =
  | 'api_token'
  | 'kubeconfig'
  | 'context'
  | 'token_url'
  | 'client_id'
  | 'client_secret'
  | 'scope'
  | 'username'
  | 'password'
  | 'client_certificate'
  | 'client_key'
  | 'prometheus_token'
  | 'global_metrics_token'
  | 'alertmanager_token'
  | 'loki_token'
  | 'tempo_token';

export interface CredentialField {
  readonly name: FieldName;
  readonly label: string;
  readonly kind: 'text' | 'secret' | 'area';
  readonly required: boolean;
  readonly hint?: string;
}

export interface CredentialsForm {
  readonly auth_type: AuthType;
  readonly values: Readonly<Partial<Record<FieldName, string>>>;
  /** As `<input type="datetime-local">` writes it, in the zone of the browser; empty when not known. */
  readonly expires: string;
}

export const EMPTY_CREDENTIALS: CredentialsForm = { auth_type: 'SERVICE_ACCOUNT', values: {}, expires: '' };

export const AUTH_TYPES = [
  ['SERVICE_ACCOUNT', 'Service account token'],
  ['KUBECONFIG', 'Kubeconfig'],
  ['MTLS', 'Client certificate'],
  ['OIDC', 'OIDC client'],
  ['BASIC', 'User name and password'],
  ['NONE', 'None'],
] as const satisfies readonly (readonly [AuthType, string])[];

const must = (name: FieldName, label: string, kind: CredentialField['kind'], hint?: string): CredentialField => ({
  name,
  label,
  kind,
  required: true,
  ...(hint === undefined ? {} : { hint }),
});
const may = (name: FieldName, label: string, kind: CredentialField['kind'], hint?: string): CredentialField => ({
  ...must(name, label, kind, hint),
  required: false,
});

const FIELDS: Readonly<Record<AuthType, readonly CredentialField[]>> = {
  SERVICE_ACCOUNT: [must('api_token', 'Token of the API server', 'secret')],
  KUBECONFIG: [
    must(
      'kubeconfig',
      'Kubeconfig',
      'area',
      'With everything inside it: no exec, no auth-provider, no path to a file.',
    ),
    may('context', 'Context', 'text', 'The current one when left out.'),
  ],
  MTLS: [
    must('client_certificate', 'Client certificate (PEM)', 'area'),
    must('client_key', 'Client key (PEM)', 'area'),
  ],
  OIDC: [
    must('token_url', 'Token URL', 'text'),
    must('client_id', 'Client id', 'text'),
    must('client_secret', 'Client secret', 'secret'),
    may('scope', 'Scope', 'text'),
  ],
  BASIC: [must('username', 'User name', 'text'), must('password', 'Password', 'secret')],
  NONE: [],
};

export const ENDPOINT_TOKENS: readonly CredentialField[] = [
  may('prometheus_token', 'Prometheus token', 'secret'),
  may('global_metrics_token', 'Metrics hub token', 'secret'),
  may('alertmanager_token', 'Alertmanager token', 'secret'),
  may('loki_token', 'Loki token', 'secret'),
  may('tempo_token', 'Tempo token', 'secret'),
];

export function fieldsOf(type: AuthType): readonly CredentialField[] {
  return FIELDS[type];
}

export function takesEndpointTokens(type: AuthType): boolean {
  return type !== 'BASIC';
}

/** What is wrong as far as can be told here, by the name of the field on the wire. */
export function credentialProblems({ auth_type, values }: CredentialsForm): Map<string, string> {
  const missing = FIELDS[auth_type].filter((f) => f.required && !values[f.name]?.trim());
  return new Map(missing.map((f) => [f.name, 'This is needed.']));
}

/** True when nothing would be stored. */
export function isEmpty(form: CredentialsForm): boolean {
  return form.auth_type === 'NONE' && ENDPOINT_TOKENS.every(({ name }) => !form.values[name]?.trim());
}

/** The credentials as the API takes them; fields of another kind of credentials that were filled in before are left out. */
export function credentialsOf(form: CredentialsForm): ClusterCredentials {
  const names = [...FIELDS[form.auth_type], ...(takesEndpointTokens(form.auth_type) ? ENDPOINT_TOKENS : [])].map(
    (field) => field.name,
  );
  const filled = names.flatMap((name) => {
    const value = form.values[name] ?? '';
    // A password may begin or end with a space; everything else was pasted with one by mistake.
    const text = name === 'password' ? value : value.trim();
    return text === '' ? [] : [[name, text]];
  });
  const expires =
    form.expires === '' || form.auth_type === 'NONE' ? {} : { expires_at: new Date(form.expires).toISOString() };
  // proof: the fields are those of this auth_type in the schema that the type is inferred from, and the server checks again
  return { auth_type: form.auth_type, ...Object.fromEntries(filled), ...expires } as ClusterCredentials;
}
