import { createHash } from 'node:crypto';

/**
 * The part of a Kubernetes API server that health and registration read, by reference/wire.md §5.1: version and health for anyone,
 * namespaces for the bearer of the token, Status objects for everything else.
 */
export interface KubernetesApi {
  answer(request: ApiRequest): ApiAnswer;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  readonly contentType: 'application/json' | 'text/plain; charset=utf-8';
  readonly body: string;
}

export interface KubernetesApiOptions {
  readonly version: string;
  readonly token: string;
  /** In ascending order. */
  readonly namespaces: readonly string[];
  readonly createdAt: Date;
}

const HEALTH_CHECKS = ['ping', 'log', 'etcd', 'informer-sync', 'poststarthook/start-apiserver-admission-initializer'];
const RESOURCE_VERSION = '184467';

export function createKubernetesApi(options: KubernetesApiOptions): KubernetesApi {
  return {
    answer: ({ method, path, query, authorization }) => {
      const caller = identify(authorization, options.token);
      if (caller === 'UNKNOWN') return failure(401, 'Unauthorized', 'Unauthorized');
      if (method !== 'GET' && method !== 'HEAD') {
        return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
      }
      switch (path) {
        case '/version':
          return json(200, versionInfo(options.version));
        case '/readyz':
        case '/livez':
        case '/healthz':
          return query.has('verbose') ? text(verboseHealth(path)) : text('ok');
      }
      if (caller === 'ANONYMOUS') return forbidden(path);
      if (path === '/api') {
        return json(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
      }
      if (path === '/api/v1/namespaces') return listNamespaces(options, query);
      const name = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1];
      if (name === undefined) return failure(404, 'NotFound', 'the server could not find the requested resource');
      return options.namespaces.includes(name)
        ? json(200, { kind: 'Namespace', apiVersion: 'v1', ...namespace(name, options.createdAt) })
        : failure(404, 'NotFound', `namespaces ${JSON.stringify(name)} not found`, { name, kind: 'namespaces' });
    },
  };
}

function identify(authorization: string | undefined, token: string): 'ANONYMOUS' | 'UNKNOWN' | 'KNOWN' {
  if (authorization === undefined) return 'ANONYMOUS';
  return authorization === `Bearer ${token}` ? 'KNOWN' : 'UNKNOWN';
}

function forbidden(path: string): ApiAnswer {
  const anonymous = 'User "system:anonymous"';
  return path === '/api/v1/namespaces'
    ? failure(
        403,
        'Forbidden',
        `namespaces is forbidden: ${anonymous} cannot list resource "namespaces" in API group "" at the cluster scope`,
        { kind: 'namespaces' },
      )
    : failure(403, 'Forbidden', `forbidden: ${anonymous} cannot get path ${JSON.stringify(path)}`);
}

/** Pages of `limit`; the continue token holds the offset, as opaque to a client as the real one. */
function listNamespaces(options: KubernetesApiOptions, query: URLSearchParams): ApiAnswer {
  const limit = Number(query.get('limit') ?? '0');
  if (!Number.isInteger(limit) || limit < 0)
    return failure(400, 'BadRequest', `invalid limit ${JSON.stringify(query.get('limit'))}`);
  const token = query.get('continue') ?? '';
  const offset =
    token === ''
      ? 0
      : Number(
          Buffer.from(token, 'base64url')
            .toString('utf8')
            .replace(/^offset:/, ''),
        );
  if (!Number.isInteger(offset) || offset < 0 || offset > options.namespaces.length) {
    return failure(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.');
  }
  const page = options.namespaces.slice(offset, limit === 0 ? undefined : offset + limit);
  const remaining = options.namespaces.length - offset - page.length;
  return json(200, {
    kind: 'NamespaceList',
    apiVersion: 'v1',
    metadata: {
      resourceVersion: RESOURCE_VERSION,
      ...(remaining > 0 && {
        continue: Buffer.from(`offset:${offset + page.length}`).toString('base64url'),
        remainingItemCount: remaining,
      }),
    },
    items: page.map((name) => namespace(name, options.createdAt)),
  });
}

function namespace(name: string, createdAt: Date): Record<string, unknown> {
  return {
    metadata: {
      name,
      uid: uidOf(name),
      resourceVersion: RESOURCE_VERSION,
      creationTimestamp: createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
      labels: { 'kubernetes.io/metadata.name': name },
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

/** A UUID that depends on the name only. */
function uidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function versionInfo(gitVersion: string): Record<string, string> {
  const [major = '', minor = ''] = gitVersion.replace(/^v/, '').split('.');
  return {
    major,
    minor,
    gitVersion,
    gitCommit: createHash('sha1').update(gitVersion).digest('hex'),
    gitTreeState: 'clean',
    buildDate: '2026-01-15T14:21:06Z',
    goVersion: 'go1.23.4',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

function verboseHealth(path: string): string {
  return `${HEALTH_CHECKS.map((check) => `[+]${check} ok\n`).join('')}${path.slice(1)} check passed\n`;
}

function failure(code: number, reason: string, message: string, details?: Record<string, string>): ApiAnswer {
  return json(code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details && { details }),
    code,
  });
}

function json(status: number, body: unknown): ApiAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}

function text(body: string): ApiAnswer {
  return { status: 200, contentType: 'text/plain; charset=utf-8', body };
}
