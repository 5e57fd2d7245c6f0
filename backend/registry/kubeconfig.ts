import { X509Certificate } from 'node:crypto';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { ClusterCredentials, ClusterTls } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';

/** One context of a kubeconfig that can be used from a server. */
export interface UsableContext {
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

/** One that cannot: its cluster or user is missing, malformed, or of a kind that is refused. */
export interface RefusedContext {
  readonly context: string;
  readonly current: boolean;
  /** Which field of which entry, and why; never its value. Such as `user "eks" has exec, which runs a program`. */
  readonly reason: string;
  /** CREDENTIALS_INVALID, to be thrown when this context is the chosen one. */
  readonly refusal: AppError;
}

export type KubeconfigContext = UsableContext | RefusedContext;

export function isUsable(context: KubeconfigContext): context is UsableContext {
  return !('refusal' in context);
}

const MAX_CHARS = 1_048_576;
const FLATTEN =
  '`kubectl config view --raw --minify --flatten --context NAME` writes one context with its files inside.';
const USE_TOKEN =
  'Give the context a user with a token, such as one of a service account (`kubectl create token NAME`).';

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
const ContextEntry = z.object({ cluster: z.string(), user: z.string().optional() });

/** The document without what its entries hold: one unusable entry must not stand in the way of the others. */
const Named = z.looseObject({ name: z.string() });
const Kubeconfig = z.object({
  'current-context': z.string().nullish(),
  clusters: z.array(z.unknown()).nullish(),
  users: z.array(z.unknown()).nullish(),
  contexts: z.array(z.unknown()).nullish(),
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
const HINTS: Readonly<Record<string, string>> = { exec: USE_TOKEN, 'auth-provider': USE_TOKEN };

/**
 * Every context of a kubeconfig, in the order of the file. Several files are one kubeconfig, in which the first to name a
 * thing wins, as kubectl has it. Nothing in it is ever run or opened: a context whose cluster or user has `exec`,
 * `auth-provider`, a file path, a proxy or impersonation, or is not well-formed, is listed as a {@link RefusedContext}. Entries
 * without a name cannot be chosen and are passed over. Throws CREDENTIALS_INVALID for text that is no kubeconfig, or has no
 * contexts.
 */
export function parseKubeconfig(...files: readonly string[]): KubeconfigContext[] {
  const documents = files.map((text, at) =>
    parseDocumentOf(text, files.length === 1 ? 'The kubeconfig' : `Kubeconfig file ${at + 1} of ${files.length}`),
  );
  const all = (list: 'clusters' | 'users' | 'contexts') => documents.flatMap((document) => byName(document[list]));
  const entries: Entries = {
    clusters: new Map(all('clusters').toReversed()),
    users: new Map(all('users').toReversed()),
  };
  const current = documents.map((document) => document['current-context']).find(Boolean);
  const contexts = new Map(all('contexts').toReversed());
  const names = new Set(all('contexts').map(([name]) => name));
  if (names.size === 0) throw invalid('The kubeconfig has no contexts.', FLATTEN);
  return [...names].map((name) => contextOf(name, contexts.get(name), entries, name === current));
}

interface Entries {
  readonly clusters: ReadonlyMap<string, Record<string, unknown>>;
  readonly users: ReadonlyMap<string, Record<string, unknown>>;
}

function parseDocumentOf(text: string, what: string): z.infer<typeof Kubeconfig> {
  const parsed = Kubeconfig.safeParse(parseYaml(text, what) ?? {}); // an empty file is an empty kubeconfig
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') || 'the document';
  throw invalid(`${what} is not a kubeconfig: ${path} is missing or of the wrong type.`, FLATTEN);
}

function byName(list: readonly unknown[] | null | undefined): [string, Record<string, unknown>][] {
  return (list ?? []).flatMap((entry): [string, Record<string, unknown>][] => {
    const named = Named.safeParse(entry);
    return named.success ? [[named.data.name, named.data]] : [];
  });
}

/** Why one context cannot be used. Caught within this file. */
class Refusal extends Error {
  readonly hint: string;

  constructor(reason: string, hint = FLATTEN) {
    super(reason);
    this.name = 'Refusal';
    this.hint = hint;
  }
}

function contextOf(
  name: string,
  entry: Record<string, unknown> | undefined,
  entries: Entries,
  current: boolean,
): KubeconfigContext {
  try {
    return usable(name, entry, entries, current);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const refusal = invalid(`Context ${show(name)} of the kubeconfig cannot be used: ${error.message}.`, error.hint);
    return { context: name, current, reason: error.message, refusal };
  }
}

function usable(
  name: string,
  entry: Record<string, unknown> | undefined,
  entries: Entries,
  current: boolean,
): UsableContext {
  const context = wellFormed(ContextEntry, entry?.['context'], `context ${show(name)}`);
  const of = `cluster ${show(context.cluster)}`;
  const cluster = bodyOf(entries.clusters, context.cluster, 'cluster');
  const endpoint = wellFormed(ClusterEntry, cluster, of);
  const credentials = context.user ? credentialsOf(context.user, entries) : undefined;
  return {
    context: name,
    cluster_name: context.cluster,
    ...serverOf(of, endpoint),
    insecure_skip_tls_verify: endpoint['insecure-skip-tls-verify'] ?? false,
    current,
    ...(credentials ? { credentials } : {}),
  };
}

/** What a cluster or user entry holds, unless it holds something that is refused. */
function bodyOf(entries: Entries['users'], name: string, kind: 'cluster' | 'user'): unknown {
  const entry = entries.get(name);
  if (!entry) throw new Refusal(`there is no ${kind} ${show(name)}`);
  const body = entry[kind];
  const field = isRecord(body) ? Object.keys(REFUSED[kind]).find((key) => Object.hasOwn(body, key)) : undefined;
  if (field !== undefined)
    throw new Refusal(
      `${kind} ${show(name)} has ${field}, which ${REFUSED[kind][field] ?? 'is refused'}`,
      HINTS[field],
    );
  return body;
}

function wellFormed<Schema extends z.ZodType>(schema: Schema, value: unknown, of: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') || 'what it holds';
  throw new Refusal(`of ${of}, ${field} is missing or of the wrong type`);
}

function parseYaml(text: string, what: string): unknown {
  if (text.length > MAX_CHARS) throw invalid(`${what} is larger than ${MAX_CHARS} characters.`, FLATTEN);
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  const error = document.errors[0];
  // The parser's message may quote the text, which is full of secrets; its code and place are enough.
  if (error) throw invalid(`${what} is not YAML: ${error.code} at character ${error.pos[0]}.`, FLATTEN);
  try {
    const content: unknown = document.toJS({ maxAliasCount: 0 });
    return content;
  } catch (cause) {
    throw invalid(`${what} uses YAML aliases.`, FLATTEN, cause);
  }
}

function serverOf(of: string, cluster: z.infer<typeof ClusterEntry>): Pick<UsableContext, 'api_server_url' | 'tls'> {
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined;
  if (url?.protocol !== 'https:') throw new Refusal(`${of} has a server that is not an https URL`);
  if (url.username !== '' || url.password !== '')
    throw new Refusal(`${of} has a server URL with a user name or password`);
  const ca = cluster['certificate-authority-data'];
  const serverName = cluster['tls-server-name'];
  return {
    api_server_url: url.href,
    tls: {
      insecure_skip_verify: false,
      ...(ca === undefined ? {} : { ca: pem(ca, `${of} has certificate-authority-data`, 'CERTIFICATE') }),
      ...(serverName === undefined ? {} : { server_name: serverName }),
    },
  };
}

/** In kubectl's order: a client certificate, then a token, then user name and password. Half a pair is an error, not "none". */
function credentialsOf(name: string, entries: Entries): ClusterCredentials | undefined {
  const of = `user ${show(name)}`;
  const user = wellFormed(UserEntry.nullish(), bodyOf(entries.users, name, 'user'), of) ?? {};
  const { token, username, password, 'client-certificate-data': certificate, 'client-key-data': key } = user;
  if (certificate !== undefined && key !== undefined) {
    return {
      auth_type: 'MTLS',
      client_certificate: pem(certificate, `${of} has client-certificate-data`, 'CERTIFICATE'),
      client_key: pem(key, `${of} has client-key-data`, 'KEY'),
    };
  }
  if (certificate !== undefined || key !== undefined)
    throw new Refusal(`${of} has only one of client-certificate-data and client-key-data`);
  if (token !== undefined && token !== '') return { auth_type: 'SERVICE_ACCOUNT', api_token: token };
  if (username === undefined && password === undefined) return undefined;
  if (!username || !password) throw new Refusal(`${of} has only one of username and password`);
  return { auth_type: 'BASIC', username, password };
}

function pem(base64: string, what: string, kind: 'CERTIFICATE' | 'KEY'): string {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  if (kind === 'KEY' ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) : isCertificate(text)) return text;
  throw new Refusal(`${what} that is not base64 of PEM`);
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

function invalid(message: string, hint: string, cause?: unknown): AppError {
  return new AppError('CREDENTIALS_INVALID', message, { hint, cause });
}
