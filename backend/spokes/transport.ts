import { Agent, type Dispatcher, errors } from 'undici';
import type { ClusterTls, EndpointKind } from '../model/cluster.ts';
import { AppError, asAppError, quoteForeign } from '../model/errors.ts';
import { orAborted } from '../platform/abort.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { AddressPolicy } from './address-policy.ts';
import { type Connector, type Resolver, createConnector, systemResolver } from './connector.ts';
import { decode, readCapped } from './read-body.ts';
import { errorCode, spokeError, unreachable } from './spoke-error.ts';

export type SpokeAuth =
  | { readonly type: 'BEARER'; readonly token: string }
  | { readonly type: 'BASIC'; readonly username: string; readonly password: string }
  | { readonly type: 'MTLS'; readonly certificate: string; readonly key: string };

export interface SpokeTarget {
  readonly clusterId: string;
  readonly kind: EndpointKind;
  /** Base URL; its path is kept in front of every request's path, its query in front of every request's query. */
  readonly url: string;
  readonly tls: ClusterTls;
  readonly auth?: SpokeAuth;
}

/** How long a call may take at most, and who may take it back. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface SpokeRequest extends CallLimits {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly form?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  /** Cap on the body in bytes, both on the wire and decompressed. Default 10 MiB. */
  readonly maxBytes?: number;
}

export interface SpokeResponse {
  readonly status: number;
  /** Lower-case names; of a repeated header the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Transport {
  /**
   * One request, one answer; no retry and no redirect. Throws CLUSTER_UNREACHABLE (`details.reason` tells DNS, refused, TLS and
   * so on), ADDRESS_FORBIDDEN, QUERY_TIMEOUT at the deadline, SPOKE_ERROR for a redirect, a body over the cap or one that
   * breaks off, and the signal's own reason when the caller aborts. Every status other than 3xx is an answer.
   */
  request(target: SpokeTarget, request: SpokeRequest): Promise<SpokeResponse>;
  /** Lets go of the connections to one cluster, for when it is removed or its credentials change. What is in flight may end. */
  forget(clusterId: string): void;
  /** Ends everything, in flight or not. */
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly policy: AddressPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'spokeRequests' | 'spokeDuration'>;
  /** Version of this program, for the User-Agent. */
  readonly version: string;
  readonly lookup?: Resolver;
}

const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/** Above fan-out's bulkhead of 10, so that health checks never queue behind queries. */
const CONNECTIONS_PER_ORIGIN = 16;

/** The connections to one cluster; all its endpoints share TLS rules, so one Agent serves them. */
interface Lane {
  readonly agent: Agent;
  readonly connector: Connector;
  /** The TLS material the Agent was made with; a change makes a new Agent. */
  readonly material: string;
  inFlight: number;
}

export function createTransport(options: TransportOptions): Transport {
  const { policy, clock, logger, metrics, version, lookup = systemResolver } = options;
  const lanes = new Map<string, Lane>();

  function laneOf(target: SpokeTarget): Lane {
    const client =
      target.auth?.type === 'MTLS' ? { certificate: target.auth.certificate, key: target.auth.key } : undefined;
    const material = JSON.stringify([target.tls, client]);
    const known = lanes.get(target.clusterId);
    if (known?.material === material) return known;
    if (known) retire(target.clusterId, known);
    const connector = createConnector({
      policy,
      resolve: lookup,
      clock,
      tls: target.tls,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      ...(client ? { client } : {}),
    });
    // Deadlines are ours, by the injected clock; undici's own timers would only compete with them.
    const agent = new Agent({
      connect: connector.connect,
      connections: CONNECTIONS_PER_ORIGIN,
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      keepAliveMaxTimeout: 60_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const lane: Lane = { agent, connector, material, inFlight: 0 };
    lanes.set(target.clusterId, lane);
    return lane;
  }

  /** What is in flight may end, within its own deadline; nothing new starts on these connections. */
  function retire(clusterId: string, lane: Lane): void {
    lanes.delete(clusterId);
    void lane.agent.close();
    if (lane.inFlight === 0) lane.connector.abandonAttempts();
  }

  async function exchange(
    lane: Lane,
    target: SpokeTarget,
    request: SpokeRequest,
    signal: AbortSignal,
  ): Promise<SpokeResponse> {
    const { url, where } = resolveUrl(target, request);
    const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
    const answer = await lane.agent
      .request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method ?? 'GET',
        headers: headersOf(target, request, version),
        body: request.form?.toString() ?? null,
        signal,
      })
      .catch((thrown: unknown) => {
        throw beforeAnswer(thrown, where);
      });
    const headers = firstValues(answer.headers);
    try {
      if (answer.statusCode >= 300 && answer.statusCode < 400)
        throw redirected(where, answer.statusCode, headers['location']);
      const raw = await readCapped(answer.body, maxBytes, where, headers['content-length']);
      const body = await decode(raw, headers['content-encoding'], maxBytes, where);
      // An error is quoted to people; a spoke that repeats our credential in it must not pass it on to them.
      return {
        status: answer.statusCode,
        headers,
        body: answer.statusCode < 400 ? body : withoutSecret(body, target.auth),
      };
    } catch (thrown) {
      // An unread rest must not keep the socket busy; its own error has nobody left to hear it.
      answer.body.on('error', () => undefined).destroy();
      if (thrown instanceof AppError) throw thrown;
      throw spokeError(`${where} broke off in the middle of its answer.`, {
        reason: 'TRUNCATED',
        status: answer.statusCode,
      });
    }
  }

  async function request(target: SpokeTarget, wanted: SpokeRequest): Promise<SpokeResponse> {
    wanted.signal?.throwIfAborted();
    const startedMs = clock.monotonicMs();
    const deadline = new AbortController();
    const cancelDeadline = clock.after(wanted.timeoutMs, () => deadline.abort());
    const signal = wanted.signal ? AbortSignal.any([wanted.signal, deadline.signal]) : deadline.signal;
    let outcome = 'SUCCESS';
    let lane: Lane | undefined;
    try {
      policy.checkUrl(target.url);
      lane = laneOf(target);
      lane.inFlight += 1;
      // undici notices an abort only once a connection stands, which may be never.
      return await orAborted(exchange(lane, target, wanted, signal), signal);
    } catch (thrown) {
      if (wanted.signal?.aborted) {
        outcome = 'ABORTED';
        throw wanted.signal.reason;
      }
      const error = deadline.signal.aborted ? timedOut(target, wanted.timeoutMs) : asAppError(thrown);
      outcome = error.code;
      throw error;
    } finally {
      cancelDeadline();
      const ms = clock.monotonicMs() - startedMs;
      metrics.spokeRequests.inc({ kind: target.kind, outcome });
      metrics.spokeDuration.observe({ kind: target.kind }, ms / 1000);
      logger.debug(
        { cluster_id: target.clusterId, kind: target.kind, path: wanted.path, outcome, duration_ms: Math.round(ms) },
        'spoke request',
      );
      if (lane) {
        lane.inFlight -= 1;
        // undici goes on connecting after the request that wanted the connection has given up; nobody else wants it here.
        if (lane.inFlight === 0) lane.connector.abandonAttempts();
      }
    }
  }

  return {
    request,
    forget: (clusterId) => {
      const lane = lanes.get(clusterId);
      if (lane) retire(clusterId, lane);
    },
    close: async () => {
      const closing = [...lanes.values()];
      lanes.clear();
      for (const lane of closing) lane.connector.abandonAttempts();
      await Promise.all(closing.map((lane) => lane.agent.destroy(null)));
    },
  };
}

function resolveUrl(target: SpokeTarget, request: SpokeRequest): { url: URL; where: string } {
  const url = new URL(target.url);
  url.pathname = url.pathname.replace(/\/$/, '') + request.path;
  for (const [name, value] of request.query ?? []) url.searchParams.append(name, value);
  return { url, where: `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}` };
}

function headersOf(target: SpokeTarget, request: SpokeRequest, version: string): Record<string, string> {
  const headers: Record<string, string> = {
    accept: 'application/json, */*;q=0.1',
    'accept-encoding': 'gzip',
    'user-agent': `aiops-nextgen/${version}`,
    ...request.headers,
  };
  if (request.form) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (target.auth?.type === 'BEARER') headers['authorization'] = `Bearer ${target.auth.token}`;
  if (target.auth?.type === 'BASIC') headers['authorization'] = `Basic ${basicToken(target.auth)}`;
  return headers;
}

function firstValues(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) out[name] = first;
  }
  return out;
}

function redirected(where: string, status: number, location: string | undefined): AppError {
  // Only origin and path are shown: the query of a login redirect may carry state.
  const to =
    location !== undefined && URL.canParse(location, `http://${where}`)
      ? new URL(location, `http://${where}`)
      : undefined;
  const named = to ? ` to ${quoteForeign(to.origin + to.pathname, 200)}` : '';
  return spokeError(
    `${where} answered with a redirect (${status})${named}; redirects are never followed.`,
    { reason: 'REDIRECT', status },
    "Register the URL that serves the API itself, and check the cluster's credentials: login proxies redirect.",
  );
}

function timedOut(target: SpokeTarget, timeoutMs: number): AppError {
  return new AppError('QUERY_TIMEOUT', `No answer within ${Math.round(timeoutMs) / 1000} s.`, {
    details: { host: new URL(target.url).host, timeout_ms: timeoutMs },
  });
}

function beforeAnswer(thrown: unknown, where: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = errorCode(thrown);
  if (thrown instanceof errors.HTTPParserError)
    return spokeError(`${where} does not speak HTTP.`, { reason: 'NOT_HTTP' });
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return spokeError(`${where} sent headers that are too long.`, { reason: 'HEADERS' });
  if (code === 'UND_ERR_INVALID_ARG') {
    return new AppError(
      'CREDENTIALS_INVALID',
      "The cluster's token or password contains characters that cannot stand in a header.",
    );
  }
  return unreachable(thrown, where);
}

function withoutSecret(body: Buffer, auth: SpokeAuth | undefined): Buffer {
  const secrets =
    auth?.type === 'BEARER' ? [auth.token] : auth?.type === 'BASIC' ? [auth.password, basicToken(auth)] : [];
  const text = body.toString('latin1');
  const clean = secrets.reduce(
    (left, secret) => left.replaceAll(Buffer.from(secret).toString('latin1'), '[redacted]'),
    text,
  );
  return clean === text ? body : Buffer.from(clean, 'latin1');
}

function basicToken({ username, password }: { readonly username: string; readonly password: string }): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
