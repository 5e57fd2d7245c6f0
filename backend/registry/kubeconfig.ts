import { X509Certificate } from 'node:crypto';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { ClusterCredentials, ClusterTls } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';

/** One context of a kubeconfig, as far as it can be used from a server. */
export interface KubeconfigContext {
  readonly context: string;
  /** The kubeconfig's own name for the cluster; not necessarily a valid cluster name of ours. */
  readonly cluster_name: string;
  readonly api_server_url: string;
  /** Verification is always on here; `insecure_skip_tls_verify` reports what the file asks for. */
  readonly tls: ClusterTls;
  readonly insecure_skip_tls_verify: boolean;
  readonly current: boolean;
  /** Absent when the context's user has none. */
  readonly credentials?: ClusterCredentials;
}

const MAX_CHARS = 1_048_576;

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ ; keys that only tools on a desktop read are passed over. */
const ClusterEntry = z.object({
  server: z.string(),
  'certificate-authority-data': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': z.string().optional(),
});
const UserEntry = z.object({
  token: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key-data': z.string().optional(),
});
const Kubeconfig = z.object({
  'current-context': z.string().optional(),
  clusters: z.array(z.object({ name: z.string(), cluster: ClusterEntry })).nullish(),
  users: z.array(z.object({ name: z.string(), user: UserEntry.nullish() })).nullish(),
  contexts: z
    .array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string().optional() }) }))
    .nullish(),
});

/** Fields that make us run a program, read a file, go another way or be somebody else; refused wherever they stand. */
const REFUSED: Readonly<Record<'cluster' | 'user', Readonly<Record<string, string>>>> = {
  cluster: {
    'certificate-authority': 'names a file',
    'proxy-url': 'asks for a proxy, which is not supported',
  },
  user: {
    exec: 'runs a program',
    'auth-provider': 'needs a plugin',
    'client-certificate': 'names a file',
    'client-key': 'names a file',
    tokenFile: 'names a file',
    as: 'asks for impersonation',
    'as-uid': 'asks for impersonation',
    'as-groups': 'asks for impersonation',
    'as-user-extra': 'asks for impersonation',
  },
};

/**
 * The contexts of a kubeconfig, in the order of the file. Nothing in it is ever run or opened: a file with `exec`,
 * `auth-provider`, a file path, a proxy or impersonation anywhere is refused as a whole. Throws CREDENTIALS_INVALID naming
 * the field, never its value.
 */
export function parseKubeconfig(text: string): KubeconfigContext[] {
  const raw = parseYaml(text);
  refuseFields(raw, 'clusters', 'cluster');
  refuseFields(raw, 'users', 'user');
  const parsed = Kubeconfig.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`is not a kubeconfig: ${issue?.path.join('.') || 'the document'} is missing or of the wrong type`);
  }
  const { clusters, users, contexts, 'current-context': current } = parsed.data;
  if (!contexts || contexts.length === 0) throw invalid('has no contexts');
  return contexts.map(({ name, context }) => {
    const cluster = (clusters ?? []).find((c) => c.name === context.cluster)?.cluster;
    if (!cluster) throw invalid(`names in context ${show(name)} a cluster that it does not have`);
    const user =
      context.user === undefined || context.user === ''
        ? undefined
        : (users ?? []).find((u) => u.name === context.user);
    if (!user && context.user !== undefined && context.user !== '')
      throw invalid(`names in context ${show(name)} a user that it does not have`);
    const credentials = user?.user ? credentialsOf(user.name, user.user) : undefined;
    return {
      context: name,
      cluster_name: context.cluster,
      ...serverOf(context.cluster, cluster),
      insecure_skip_tls_verify: cluster['insecure-skip-tls-verify'] ?? false,
      current: name === current,
      ...(credentials ? { credentials } : {}),
    };
  });
}

function parseYaml(text: string): unknown {
  if (text.length > MAX_CHARS) throw invalid(`is larger than ${MAX_CHARS} characters`);
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  const error = document.errors[0];
  // The parser's message may quote the text, which is full of secrets; its code and place are enough.
  if (error) throw invalid(`is not YAML: ${error.code} at character ${error.pos[0]}`);
  try {
    const content: unknown = document.toJS({ maxAliasCount: 0 });
    return content;
  } catch (cause) {
    throw invalid('uses YAML aliases', cause);
  }
}

function refuseFields(raw: unknown, list: 'clusters' | 'users', kind: 'cluster' | 'user'): void {
  const entries: unknown = isRecord(raw) ? raw[list] : undefined;
  if (!Array.isArray(entries)) return;
  entries.forEach((entry: unknown, at) => {
    const body: unknown = isRecord(entry) ? entry[kind] : undefined;
    if (!isRecord(body)) return;
    const field = Object.keys(REFUSED[kind]).find((key) => Object.hasOwn(body, key));
    if (field !== undefined)
      throw invalid(`has ${list}[${at}].${kind}.${field}, which ${REFUSED[kind][field] ?? 'is refused'}`);
  });
}

function serverOf(
  name: string,
  cluster: z.infer<typeof ClusterEntry>,
): Pick<KubeconfigContext, 'api_server_url' | 'tls'> {
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined;
  if (url?.protocol !== 'https:') throw invalid(`has for cluster ${show(name)} a server that is not an https URL`);
  if (url.username !== '' || url.password !== '')
    throw invalid(`has for cluster ${show(name)} a server URL with a user name or password`);
  const ca = cluster['certificate-authority-data'];
  const serverName = cluster['tls-server-name'];
  return {
    api_server_url: url.href,
    tls: {
      insecure_skip_verify: false,
      ...(ca === undefined
        ? {}
        : { ca: pem(ca, `certificate-authority-data of cluster ${show(name)}`, 'CERTIFICATE') }),
      ...(serverName === undefined ? {} : { server_name: serverName }),
    },
  };
}

/** In kubectl's order: a client certificate, then a token, then user name and password. Half a pair is an error, not "none". */
function credentialsOf(name: string, user: z.infer<typeof UserEntry>): ClusterCredentials | undefined {
  const { token, username, password, 'client-certificate-data': certificate, 'client-key-data': key } = user;
  if (certificate !== undefined && key !== undefined) {
    return {
      auth_type: 'MTLS',
      client_certificate: pem(certificate, `client-certificate-data of user ${show(name)}`, 'CERTIFICATE'),
      client_key: pem(key, `client-key-data of user ${show(name)}`, 'KEY'),
    };
  }
  if (certificate !== undefined || key !== undefined)
    throw invalid(`has for user ${show(name)} only one of client-certificate-data and client-key-data`);
  if (token !== undefined && token !== '') return { auth_type: 'SERVICE_ACCOUNT', api_token: token };
  if (username === undefined && password === undefined) return undefined;
  if (!username || !password) throw invalid(`has for user ${show(name)} only one of username and password`);
  return { auth_type: 'BASIC', username, password };
}

function pem(base64: string, what: string, kind: 'CERTIFICATE' | 'KEY'): string {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  if (kind === 'KEY' ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) : isCertificate(text)) return text;
  throw invalid(`has a ${what} that is not base64 of PEM`);
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0 && text.includes('-----BEGIN CERTIFICATE-----');
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

function invalid(what: string, cause?: unknown): AppError {
  return new AppError('CREDENTIALS_INVALID', `The kubeconfig ${what}.`, {
    hint: '`kubectl config view --raw --minify --flatten --context NAME` writes one context with its files inside.',
    cause,
  });
}
