import type { Duplex } from 'node:stream';
import { Agent } from 'undici';
import type { ClusterTls, EndpointKind } from '../model/cluster.ts';
import { AppError, asAppError } from '../model/errors.ts';
import { orAborted } from '../platform/abort.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { AddressPolicy } from './address-policy.ts';
import { type Connector, type Resolver, createConnector, systemResolver } from './connector.ts';
import { decode, readCapped } from './read-body.ts';
import { createLongLived } from './long-lived.ts';
import { spokeError } from './spoke-error.ts';
import {
  beforeAnswer,
  firstValues,
  headersOf,
  redirected,
  renewingOn401,
  resolveUrl,
  scrubbed,
  timedOut,
} from './spoke-request.ts';

export { renewingOn401 } from './spoke-request.ts';

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
  /** Trusts the system's roots besides `tls.ca`; for a service that is not the cluster's own, such as its token issuer. */
  readonly systemRoots?: boolean;
  readonly auth?: SpokeAuth;
  /** Sent with every request, such as the tenant of an endpoint that serves several. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Asked once when the spoke answers 401: credentials that were stored or issued since, undefined when there are none other
   * than `auth`. Whoever sends by another way than {@link Transport.request} does so through {@link renewingOn401}.
   */
  readonly renewAuth?: () => Promise<SpokeAuth | undefined>;
  /**
   * Awaited before each request is sent, also the one after a 401; what it resolves to is called when the request is over, of a stream
   * or socket when it stands. Rejects when the request must not be sent.
   */
  readonly turn?: (signal: AbortSignal) => Promise<() => void>;
}

/** How long a call may take at most, and who may take it back. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface SpokeRequest extends CallLimits {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Put behind the path of the target's URL, which stays as it is when this is empty. */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly form?: URLSearchParams;
  /** Body as JSON, in place of `form`; its content type may be set in `headers`. */
  readonly json?: unknown;
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

/** A GET whose answer goes on: a watch. */
export interface StreamRequest extends CallLimits {
  readonly path: string;
  readonly query?: URLSearchParams;
  /** The stream ends with SPOKE_ERROR (reason SILENT) when nothing comes for so many milliseconds. `timeoutMs` ends when the answer begins. */
  readonly idleMs: number;
}

/** `chunks` must be read or left (`return`); it rejects with SPOKE_ERROR (reason TRUNCATED) when the spoke breaks off. */
export interface SpokeStream {
  readonly status: number;
  readonly chunks: AsyncIterable<Buffer>;
}

/** A connection that another protocol takes over. */
export interface DialledSocket {
  readonly socket: Duplex;
  /** What an HTTP request on it has to carry, credentials included. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A cluster's connections in use; they live at least until `release`, which may be called again. */
export interface LaneUse {
  readonly agent: Agent;
  readonly connector: Connector;
  /** Aborts with CLUSTER_UNREACHABLE when the cluster is removed, or its TLS rules or client certificate change. */
  readonly retired: AbortSignal;
  release(): void;
}

export interface Transport {
  /**
   * One request, one answer; no redirect, and no retry but the one after a 401 that {@link SpokeTarget.renewAuth} allows. The
   * spoke's own credentials are blacked out in an answer that is not a success, because errors quote it. Throws CLUSTER_UNREACHABLE (`details.reason` tells DNS, refused, TLS and
   * so on), ADDRESS_FORBIDDEN, QUERY_TIMEOUT at the deadline, SPOKE_ERROR for a redirect, a body over the cap or one that
   * breaks off, and the signal's own reason when the caller aborts. Every status other than 3xx is an answer.
   */
  request(target: SpokeTarget, request: SpokeRequest): Promise<SpokeResponse>;
  /** Under the same rules an answer without an end, uncompressed; any other than 2xx comes as a whole. Ended by {@link forget}. */
  stream(target: SpokeTarget, request: StreamRequest): Promise<SpokeStream | SpokeResponse>;
  /** Under the same rules a bare connection (TCP, or TLS with its handshake done). Ended by {@link forget} and by `signal`. */
  dial(target: SpokeTarget, limits: CallLimits): Promise<DialledSocket>;
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
/** Longer than the interval of health checks at SPOKE, so that they need no handshake; shorter than proxies commonly keep. */
const KEEP_ALIVE_MS = 55_000;
/** Above fan-out's bulkhead of 10, so that health checks never queue behind queries. */
const CONNECTIONS_PER_ORIGIN = 16;

/** Connections to one cluster under the same TLS rules; endpoints that share the rules share the Agent. */
interface Lane {
  readonly agent: Agent;
  readonly connector: Connector;
  /** The kinds of endpoint that use it; one whose TLS rules or client certificate change moves to another Agent. */
  readonly kinds: Set<EndpointKind>;
  inFlight: number;
  /** Aborted when the lane is retired: ends what would otherwise never end. */
  readonly retired: AbortController;
}

export function createTransport(options: TransportOptions): Transport {
  const { policy, clock, logger, metrics, version, lookup = systemResolver } = options;
  /** By cluster id, then by the TLS material that the Agent was made with. */
  const lanes = new Map<string, Map<string, Lane>>();

  function laneOf(target: SpokeTarget): Lane {
    const client =
      target.auth?.type === 'MTLS' ? { certificate: target.auth.certificate, key: target.auth.key } : undefined;
    const material = JSON.stringify([target.tls, target.systemRoots ?? false, client]);
    const own = lanes.get(target.clusterId) ?? new Map<string, Lane>();
    lanes.set(target.clusterId, own);
    const known = own.get(material);
    if (known?.kinds.has(target.kind)) return known;
    for (const [key, lane] of own) {
      if (!lane.kinds.delete(target.kind) || lane.kinds.size > 0) continue;
      own.delete(key);
      retire(lane);
    }
    const lane = known ?? newLane(target, client);
    own.set(material, lane);
    lane.kinds.add(target.kind);
    return lane;
  }

  function newLane(target: SpokeTarget, client: { certificate: string; key: string } | undefined): Lane {
    const connector = createConnector({
      policy,
      resolve: lookup,
      clock,
      tls: target.tls,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      ...(target.systemRoots === true ? { systemRoots: true } : {}),
      ...(client ? { client } : {}),
    });
    // Deadlines are ours, by the injected clock; undici's own timers would only compete with them.
    const agent = new Agent({
      connect: connector.connect,
      connections: CONNECTIONS_PER_ORIGIN,
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: 60_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { agent, connector, kinds: new Set(), inFlight: 0, retired: new AbortController() };
  }

  /** Requests in flight may end, within their own deadline; streams and sockets end now. Nothing new starts on these connections. */
  function retire(lane: Lane): void {
    lane.retired.abort(changedMeanwhile());
    void lane.agent.close();
    if (lane.inFlight === 0) lane.connector.abandonAttempts();
  }

  function acquire(target: SpokeTarget): LaneUse {
    policy.checkUrl(target.url);
    const lane = laneOf(target);
    lane.inFlight += 1;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      lane.inFlight -= 1;
      // undici goes on connecting after the request that wanted the connection has given up; nobody else wants it here.
      if (lane.inFlight === 0) lane.connector.abandonAttempts();
    };
    return { agent: lane.agent, connector: lane.connector, retired: lane.retired.signal, release };
  }

  async function exchange(target: SpokeTarget, request: SpokeRequest, signal: AbortSignal): Promise<SpokeResponse> {
    const done = await target.turn?.(signal);
    let lane: LaneUse | undefined;
    try {
      lane = acquire(target);
      // undici notices an abort only once a connection stands, which may be never.
      return scrubbed(await orAborted(exchangeOn(lane, target, request, signal), signal), target.auth);
    } finally {
      lane?.release();
      done?.();
    }
  }

  async function exchangeOn(
    lane: LaneUse,
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
        body: request.json === undefined ? (request.form?.toString() ?? null) : JSON.stringify(request.json),
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
      return {
        status: answer.statusCode,
        headers,
        body: await decode(raw, headers['content-encoding'], maxBytes, where),
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

  function observe(target: SpokeTarget, path: string, outcome: string, startedMs: number): void {
    const ms = clock.monotonicMs() - startedMs;
    metrics.spokeRequests.inc({ kind: target.kind, outcome });
    metrics.spokeDuration.observe({ kind: target.kind }, ms / 1000);
    logger.debug(
      { cluster_id: target.clusterId, kind: target.kind, path, outcome, duration_ms: Math.round(ms) },
      'spoke request',
    );
  }

  async function request(target: SpokeTarget, wanted: SpokeRequest): Promise<SpokeResponse> {
    wanted.signal?.throwIfAborted();
    const startedMs = clock.monotonicMs();
    const deadline = new AbortController();
    const cancelDeadline = clock.after(wanted.timeoutMs, () => deadline.abort());
    const signal = wanted.signal ? AbortSignal.any([wanted.signal, deadline.signal]) : deadline.signal;
    let outcome = 'SUCCESS';
    try {
      return await orAborted(
        renewingOn401(target, (to) => exchange(to, wanted, signal)),
        signal,
      );
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
      observe(target, wanted.path, outcome, startedMs);
    }
  }

  return {
    request,
    ...createLongLived({ acquire, clock, version, observe }),
    forget: (clusterId) => {
      const own = lanes.get(clusterId);
      lanes.delete(clusterId);
      for (const lane of own?.values() ?? []) retire(lane);
    },
    close: async () => {
      const closing = [...lanes.values()].flatMap((own) => [...own.values()]);
      lanes.clear();
      for (const lane of closing) {
        lane.retired.abort(changedMeanwhile());
        lane.connector.abandonAttempts();
      }
      await Promise.all(closing.map((lane) => lane.agent.destroy(null)));
    },
  };
}

function changedMeanwhile(): AppError {
  return new AppError('CLUSTER_UNREACHABLE', 'The cluster was removed or its connection settings changed meanwhile.', {
    details: { reason: 'OTHER' },
  });
}
