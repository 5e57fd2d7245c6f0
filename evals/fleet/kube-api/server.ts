import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Card } from '../gpu-cards.ts';
import { type Account, allowed, refusalOf } from './accounts.ts';
import { type Answer, NO_SUCH_PATH, NO_SUCH_RESOURCE, UNAUTHORIZED, failure, json, notFound, text } from './answers.ts';
import { discover, hasGroup, health, versionInfo } from './discovery.ts';
import { type ExecProtocol, type NvidiaSmi, serveExec } from './exec.ts';
import { type Fault, type Faults, createFaults } from './faults.ts';
import { type Feature, kindOf } from './kinds.ts';
import { answerObjects } from './objects-api.ts';
import { type ProxiedService, passOn, proxyAttributes, proxyRoute } from './service-proxy.ts';
import { review } from './reviews.ts';
import { type ObjectRoute, attributesOf, objectRoute } from './route.ts';
import type { ObjectStore } from './store.ts';
import { streamChanges } from './watch.ts';

export interface Certificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** What may change while the server runs. */
export interface ApiState {
  readonly store: ObjectStore;
  readonly faults: Faults;
  accounts: readonly Account[];
  features: ReadonlySet<Feature>;
  execProtocols: readonly ExecProtocol[];
}

export interface ApiServerOptions {
  readonly state: ApiState;
  readonly gitVersion: string;
  readonly certificate: Certificate;
  /** Milliseconds between the bookmarks of a watch. */
  readonly bookmarkMs: number;
  /** Called before every request, so that objects are as of now. */
  readonly beforeAnswer: () => void;
  /** Where `services/…/proxy` leads. */
  readonly services: readonly ProxiedService[];
  /** The cards of a node as of now, which nvidia-smi in its pods tells. */
  readonly cardsOf: (node: string) => readonly Card[];
}

const MAX_BODY = 3 * 1024 * 1024;

export function createApiState(
  store: ObjectStore,
  accounts: readonly Account[],
  features: readonly Feature[],
): ApiState {
  return {
    store,
    faults: createFaults(),
    accounts,
    features: new Set(features),
    execProtocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  };
}

/** A Kubernetes API server over TLS, by reference/wire.md §5. Not yet listening. */
export function createApiServer(options: ApiServerOptions): Server {
  const { certificate } = options;
  const server = createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem },
    (request, response) => {
      handle(options, request, response).catch((error: unknown) => {
        process.stderr.write(`kube-api: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        response.destroy();
      });
    },
  );
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(options, request, socket, head);
  });
  return server;
}

async function handle(options: ApiServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { state } = options;
  const { faults } = state;
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://api.invalid');
  const method = request.method ?? 'GET';
  const body = await bodyOf(request);
  options.beforeAnswer();

  const delay = faults.take(['DELAY'], method, path);
  if (delay) await new Promise((resolve) => setTimeout(resolve, delay.ms));
  if (faults.take(['HANG'], method, path)) return;
  if (faults.take(['RESET'], method, path)) {
    request.socket.destroy();
    return;
  }
  const instead = faults.take(['STATUS', 'LOGIN_PAGE', 'REDIRECT', 'WRONG_SHAPE', 'HUGE', 'BOMB'], method, path);
  if (instead) {
    send(response, insteadOf(instead));
    return;
  }
  const proxied = proxyRoute(path, new URL(request.url ?? '/', 'https://api.invalid').search);
  if (proxied) {
    const caller = callerOf(state, request.headers.authorization);
    const wanted = proxyAttributes(proxied, method);
    const refused =
      caller === 'UNKNOWN' || !caller ? UNAUTHORIZED : allowed(caller, wanted) ? undefined : forbidden(caller, wanted);
    const contentType = request.headers['content-type'];
    const instead = refused ?? (await passOn(response, options.services, proxied, { method, body, contentType }));
    if (instead) send(response, instead);
    return;
  }
  const answer = authorized(options, {
    method,
    path,
    query,
    body,
    accept: request.headers.accept,
    authorization: request.headers.authorization,
  });
  if ('watch' in answer) {
    const cut = faults.take(['CUT_WATCH'], method, path);
    streamChanges(state.store, answer.watch, query, response, {
      bookmarkMs: options.bookmarkMs,
      cutAfterMs: cut?.afterMs,
      expired: faults.take(['EXPIRED_PLACE'], method, path) !== undefined,
    });
    return;
  }
  if (faults.take(['TRUNCATE'], method, path)) truncate(response, answer);
  else send(response, answer);
}

interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly accept: string | undefined;
  readonly authorization: string | undefined;
}

function authorized(options: ApiServerOptions, request: ApiRequest): Answer | { readonly watch: ObjectRoute } {
  const { state, gitVersion } = options;
  const { method, path, query } = request;
  const caller = callerOf(state, request.authorization);
  if (caller === 'UNKNOWN') return UNAUTHORIZED;
  if (path === '/version' || path === '/version/') return json(200, versionInfo(gitVersion));
  if (path === '/readyz' || path === '/livez' || path === '/healthz') {
    const fault = state.faults.take(['NOT_READY'], method, path);
    return health(path, query.has('verbose'), fault?.checks ?? []);
  }
  if (!caller && !path.startsWith('/api')) return anonymous(path);
  const discovered = method === 'GET' ? discover(state.features, path) : undefined;
  if (discovered) return caller ? discovered : anonymous(path);
  const reviewed = /^\/apis\/(authentication|authorization)\.k8s\.io\/v1\/([a-z]+)$/.exec(path);
  if (reviewed) {
    const [, group = '', resource = ''] = reviewed;
    if (!caller) return anonymous(path);
    const wanted = { verb: 'create', group: `${group}.k8s.io`, resource, namespace: '', name: '' };
    if (!allowed(caller, wanted)) return forbidden(caller, wanted);
    return (
      (method === 'POST' ? review(resource, parse(request.body), { caller, accounts: state.accounts }) : undefined) ??
      NO_SUCH_RESOURCE
    );
  }
  const route = objectRoute(state.features, path);
  if (!route) {
    if (!caller) return anonymous(path);
    return hasGroup(state.features, path) ? NO_SUCH_RESOURCE : NO_SUCH_PATH;
  }
  const isWatch = method === 'GET' && ['1', 'true'].includes(query.get('watch') ?? '');
  const wanted = attributesOf(route, method, isWatch);
  const somebody = caller ?? { username: 'system:anonymous', rules: [] };
  if (!caller || !allowed(caller, wanted)) return forbidden(somebody, wanted);
  if (isWatch) return { watch: route };
  const continued = query.has('continue');
  const expired = continued && state.faults.take(['EXPIRED_PLACE'], method, path) !== undefined;
  const metadataOnly = request.accept?.includes('as=PartialObjectMetadataList') === true;
  return answerObjects(state.store, route, { method, query, body: parse(request.body), expired, metadataOnly });
}

/** Undefined = nobody in particular; UNKNOWN = a token that is not known. */
function callerOf(state: ApiState, authorization: string | undefined): Account | 'UNKNOWN' | undefined {
  if (authorization === undefined) return undefined;
  return state.accounts.find(({ token }) => authorization === `Bearer ${token}`) ?? 'UNKNOWN';
}

function anonymous(path: string): Answer {
  return failure(403, 'Forbidden', `forbidden: User "system:anonymous" cannot get path ${JSON.stringify(path)}`);
}

function forbidden(account: Pick<Account, 'username'>, wanted: Parameters<typeof refusalOf>[1]): Answer {
  const [kind = ''] = wanted.resource.split('/');
  return failure(403, 'Forbidden', refusalOf(account.username, wanted), {
    kind,
    ...(wanted.group !== '' && { group: wanted.group }),
    ...(wanted.name !== '' && { name: wanted.name }),
  });
}

const POD = { group: '', version: 'v1', resource: 'pods' };

function upgrade(options: ApiServerOptions, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { state } = options;
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://api.invalid');
  const { faults } = state;
  if (faults.take(['HANG'], 'GET', path)) return;
  const instead = faults.take(['STATUS', 'REDIRECT', 'LOGIN_PAGE'], 'GET', path);
  const refused = instead ? insteadOf(instead) : refusedExec(options, path, query, request.headers.authorization);
  if ('pod' in refused) {
    const misbehave = faults.take(['EXEC_NO_STATUS', 'EXEC_NONSENSE'], 'GET', path)?.kind;
    serveExec(request, socket, head, query, {
      protocols: state.execProtocols,
      misbehave: misbehave && (misbehave === 'EXEC_NO_STATUS' ? 'NO_STATUS' : 'NONSENSE'),
      hostname: refused.pod,
      runsDpdk: refused.runsDpdk,
      smi: refused.smi,
    });
    return;
  }
  const { status, contentType, body, headers = {} } = refused;
  const lines = Object.entries({
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body}`);
}

function refusedExec(
  { state, cardsOf }: ApiServerOptions,
  path: string,
  query: URLSearchParams,
  authorization: string | undefined,
): Answer | { readonly pod: string; readonly runsDpdk: boolean; readonly smi: NvidiaSmi | undefined } {
  const caller = callerOf(state, authorization);
  if (caller === 'UNKNOWN') return UNAUTHORIZED;
  const route = objectRoute(state.features, path);
  if (!caller) return anonymous(path);
  if (route?.kind.resource !== 'pods' || route.subresource !== 'exec') return NO_SUCH_RESOURCE;
  // A recent server asks for `create` on a WebSocket too.
  for (const method of ['GET', 'POST']) {
    const wanted = attributesOf(route, method, false);
    if (!allowed(caller, wanted)) return forbidden(caller, wanted);
  }
  const kind = kindOf(state.features, POD);
  const pod = kind && state.store.get(kind, route.name ?? '', route.namespace);
  if (!pod) return notFound('pods', '', route.name ?? '');
  const containers = containersOf(pod);
  const container = query.get('container') ?? containers[0];
  if (container === undefined || !containers.includes(container))
    return failure(400, 'BadRequest', `container ${container ?? ''} is not valid for pod ${route.name ?? ''}`);
  if (!query.has('command')) return failure(400, 'BadRequest', 'you must specify at least 1 command for the container');
  // What asks for hugepages is a DPDK application.
  const runsDpdk = JSON.stringify(pod).includes('"hugepages-');
  return { pod: pod.metadata.name, runsDpdk, smi: smiOf(pod['spec'], container, cardsOf) };
}

const SMI_CONTAINERS: ReadonlySet<string> = new Set([
  'nvidia-driver-ctr',
  'nvidia-device-plugin',
  'nvidia-dcgm-ctr',
  'nvidia-dcgm-exporter',
]);

/** Containers of the GPU operator have the driver's programs; only the driver's own is in the host's process namespace. */
function smiOf(spec: unknown, container: string, cardsOf: ApiServerOptions['cardsOf']): NvidiaSmi | undefined {
  if (!SMI_CONTAINERS.has(container)) return undefined;
  const node = typeof spec === 'object' && spec !== null && 'nodeName' in spec ? spec.nodeName : undefined;
  const cards = typeof node === 'string' ? cardsOf(node) : [];
  return { cards, seesHost: container === 'nvidia-driver-ctr' };
}

function containersOf(pod: Readonly<Record<string, unknown>>): string[] {
  const spec = pod['spec'];
  const list: unknown = typeof spec === 'object' && spec !== null && 'containers' in spec ? spec.containers : [];
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string' ? [one.name] : [],
  );
}

type Instead = Extract<Fault, { kind: 'STATUS' | 'LOGIN_PAGE' | 'REDIRECT' | 'WRONG_SHAPE' | 'HUGE' | 'BOMB' }>;

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function insteadOf(fault: Instead): Answer {
  switch (fault.kind) {
    case 'STATUS': {
      const { status, retryAfterSeconds: seconds } = fault;
      const answer = failure(status, REASONS[status] ?? 'Unknown', `a fault of the double: ${status}`, {
        ...(seconds !== undefined && { retryAfterSeconds: seconds }),
      });
      return seconds === undefined ? answer : { ...answer, headers: { 'retry-after': String(seconds) } };
    }
    case 'LOGIN_PAGE':
      return { status: 200, contentType: 'text/html; charset=utf-8', body: '<!doctype html><title>Sign in</title>' };
    case 'REDIRECT':
      return { ...text(302, 'Found'), headers: { location: fault.to } };
    case 'WRONG_SHAPE':
      return json(200, { hello: 'world' });
    case 'HUGE':
      return json(200, { padding: 'x'.repeat(fault.bytes) });
    case 'BOMB':
      // The body is replaced by its compressed form in `send`.
      return { ...json(200, { padding: '0'.repeat(fault.bytes) }), headers: { 'content-encoding': 'gzip' } };
  }
}

function send(response: ServerResponse, { status, contentType, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-cache, private', ...headers });
  response.end(headers['content-encoding'] === 'gzip' ? gzipSync(body) : body);
}

function truncate(response: ServerResponse, { status, contentType, body }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
  response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.destroy());
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('requests are made of buffers');
    bytes += chunk.length;
    if (bytes > MAX_BODY) throw new Error('the request body is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
