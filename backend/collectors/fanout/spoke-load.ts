import { LRUCache } from 'lru-cache';
import type { Cluster, EndpointKind } from '../../model/cluster.ts';
import { AppError, asAppError } from '../../model/errors.ts';
import { orAborted } from '../../platform/abort.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts';
import { createBulkhead } from './bulkhead.ts';
import type { FanoutRequest } from './fanout.ts';
import { type Latencies, createLatencies, hedged } from './hedge.ts';
import { createRateBudget } from './rate-budget.ts';
import type { Reply } from './reply.ts';
import { type RetryBudget, createRetryBudget, decideRetry } from './retry.ts';
import { isSpokeFault } from './spoke-failure.ts';
import { type Capacity, enter, tryEnter, turnEach, turnsOfQuestion } from './turns.ts';

/** What we may ask of spokes, over all callers. */
export interface SpokeLimits {
  /** Requests to one cluster at a time. */
  readonly maxPerCluster: number;
  /** Requests to all clusters at a time. */
  readonly maxTotal: number;
  /** Requests to one cluster in a second; 1 or more. */
  readonly maxPerSecond: number;
  /** Sends a second request when the first takes longer than 95 % of its like. */
  readonly hedging: boolean;
  /** Asks nobody. */
  readonly paused: boolean;
}

export interface SpokeLoadOptions extends SpokeLimits {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly metrics: Pick<Metrics, 'breakerState' | 'spokeRetries' | 'spokeHedges'> | undefined;
  readonly spokes: Pick<Spokes, 'target'>;
}

/** Puts questions to spokes within what each of them can take: pause, breaker, rate, places, retries and hedging. */
export interface SpokeLoad {
  /** COLLECTION_PAUSED, when the cluster is not to be asked at all. */
  pause(cluster: Cluster): AppError | undefined;
  /**
   * Throws what the spoke's client throws, BREAKER_OPEN, SPOKE_BUDGET, and the signal's reason. `endMs` is the
   * deadline on the monotonic clock.
   */
  ask<T>(cluster: Cluster, request: FanoutRequest<T>, signal: AbortSignal, endMs: number): Promise<Reply<T>>;
  /**
   * For what is no question, such as following logs: where to send requests, each of which waits for its turn and place. Undefined =
   * there is no such endpoint; throws COLLECTION_PAUSED.
   */
  target(cluster: Cluster, kind: EndpointKind): Promise<SpokeTarget | undefined>;
  /** Lets go of what is known of a cluster: a change may have cured it, so it is asked at once. */
  forget(clusterId: string): void;
}

/** What is known of one cluster. */
interface Lane extends Capacity {
  readonly name: string;
  readonly retries: RetryBudget;
  readonly kinds: Map<EndpointKind, { readonly breaker: Breaker; readonly latencies: Latencies }>;
}

const SERVICE: Readonly<Record<EndpointKind, string>> = {
  API: 'API server',
  PROMETHEUS: 'Prometheus',
  ALERTMANAGER: 'Alertmanager',
  TEMPO: 'Tempo',
  LOKI: 'Loki',
  GLOBAL_METRICS: 'metrics hub',
};
/** Metrics hubs whose load is known; far more than any fleet has. */
const MAX_HUBS = 256;
/** Errors in which the spoke had no part. */
const TELLS_NOTHING: ReadonlySet<string> = new Set(['QUERY_TIMEOUT', 'SPOKE_BUDGET']);
const GAUGE: Readonly<Record<BreakerState, number>> = { CLOSED: 0, HALF_OPEN: 1, OPEN: 2 };

export function createSpokeLoad(options: SpokeLoadOptions): SpokeLoad {
  const { clock, logger, random, metrics, spokes, maxPerCluster, maxPerSecond, hedging } = options;
  const total = createBulkhead(options.maxTotal);
  const lanes = new Map<string, Lane>();
  /** By URL: a hub is asked for many clusters, and must not be asked as often as all of them together. */
  const hubs = new LRUCache<string, Capacity>({ max: MAX_HUBS });

  function newCapacity(): Capacity {
    return { places: createBulkhead(maxPerCluster), rate: createRateBudget({ clock, perSecond: maxPerSecond }) };
  }

  function hubOf(url: string): Capacity {
    const hub = hubs.get(url) ?? newCapacity();
    hubs.set(url, hub);
    return hub;
  }

  function laneOf({ id, name }: Cluster): Lane {
    const known = lanes.get(id);
    if (known) return known;
    const made: Lane = {
      name,
      ...newCapacity(),
      retries: createRetryBudget(clock),
      kinds: new Map(),
    };
    lanes.set(id, made);
    return made;
  }

  function kindOf(lane: Lane, kind: EndpointKind) {
    const known = lane.kinds.get(kind);
    if (known) return known;
    const onChange = (state: BreakerState) => {
      metrics?.breakerState.set({ cluster: lane.name, kind }, GAUGE[state]);
      const level = state === 'OPEN' ? 'warn' : 'info';
      logger[level]({ cluster: lane.name, kind, state }, 'breaker changed');
    };
    const made = { breaker: createBreaker({ clock, service: SERVICE[kind], onChange }), latencies: createLatencies() };
    lane.kinds.set(kind, made);
    return made;
  }

  async function ask<T>(
    cluster: Cluster,
    request: FanoutRequest<T>,
    signal: AbortSignal,
    endMs: number,
  ): Promise<Reply<T>> {
    const target = await spokes.target(cluster, request.kind);
    if (!target) return { kind: 'skipped' };
    const lane = laneOf(cluster);
    const { breaker, latencies } = kindOf(lane, request.kind);
    const idempotent = request.idempotent ?? true;
    lane.retries.asked();

    // Clusters of one hub share its requests, so there the requests have turns and places, and the questions none.
    const hub = request.kind === 'GLOBAL_METRICS' ? hubOf(target.url) : undefined;

    const send = async (within: AbortSignal): Promise<Reply<T>> => {
      const startedMs = clock.monotonicMs();
      const timeoutMs = Math.max(1, endMs - startedMs);
      const turn = hub ? turnEach(hub, total, endMs) : turnsOfQuestion(lane, total, endMs);
      const asked = request.ask({ ...target, turn }, cluster, { signal: within, timeoutMs });
      const { value, warnings = [] } = await orAborted(asked, within);
      latencies.add(clock.monotonicMs() - startedMs);
      return { kind: 'value', value, warnings };
    };

    const sendHedged = (): Promise<Reply<T>> => {
      const afterMs = hedging && idempotent ? latencies.p95 : undefined;
      if (afterMs === undefined) return send(signal);
      return hedged(send, {
        clock,
        afterMs,
        signal,
        spare: () => spareTurn(lane, request.kind),
        onWin: () => metrics?.spokeHedges.inc({ kind: request.kind, outcome: 'WON' }),
      });
    };

    const attempt = async (): Promise<Reply<T>> => {
      const refused = breaker.refusal(); // looked at before waiting, so that nobody queues for a spoke that is not asked
      if (refused) throw refused;
      if (!hub) await lane.rate.take(endMs, signal);
      const leave = hub ? undefined : await enter(lane.places, total, signal);
      try {
        const permit = breaker.admit();
        const startedMs = clock.monotonicMs();
        try {
          const reply = await sendHedged();
          permit.answered();
          return reply;
        } catch (thrown) {
          const error = asAppError(thrown);
          if (isSpokeFault(error, clock.monotonicMs() - startedMs)) permit.failed(error);
          else if (signal.aborted || TELLS_NOTHING.has(error.code)) permit.abandoned();
          else permit.answered();
          throw thrown;
        }
      } finally {
        leave?.();
      }
    };

    for (let number = 1, before: unknown; ; number += 1) {
      try {
        return await attempt();
      } catch (thrown) {
        const error = asAppError(thrown);
        // What a retry runs into on our side is not why the question failed.
        if (before !== undefined && (error.code === 'BREAKER_OPEN' || error.code === 'SPOKE_BUDGET')) throw before;
        const decision = decideRetry({
          attempt: number,
          error,
          remainingMs: signal.aborted ? 0 : endMs - clock.monotonicMs(),
          idempotent,
          budgetAllows: lane.retries.allows,
          random: random(),
        });
        if (!decision.retry) throw thrown;
        before = thrown;
        lane.retries.spend();
        metrics?.spokeRetries.inc({ kind: request.kind });
        await sleep(clock, decision.delayMs, signal);
      }
    }
  }

  /** For a second request, which must not make anybody wait. */
  function spareTurn(lane: Lane, kind: EndpointKind): (() => void) | undefined {
    const leave = tryEnter(lane.places, total);
    if (!leave) return undefined;
    if (!lane.rate.tryTake()) {
      leave();
      return undefined;
    }
    metrics?.spokeHedges.inc({ kind, outcome: 'SENT' });
    return leave;
  }

  return {
    pause: (cluster) => pausedBy(cluster, options.paused),
    ask,
    target: async (cluster, kind) => {
      const paused = pausedBy(cluster, options.paused);
      if (paused) throw paused;
      const target = await spokes.target(cluster, kind);
      return target && { ...target, turn: turnEach(laneOf(cluster), total, Infinity) };
    },
    forget: (clusterId) => {
      const lane = lanes.get(clusterId);
      lanes.delete(clusterId);
      for (const kind of lane?.kinds.keys() ?? []) metrics?.breakerState.remove({ cluster: lane?.name ?? '', kind });
    },
  };
}

function pausedBy(cluster: Cluster, everybody: boolean): AppError | undefined {
  if (everybody) {
    return new AppError('COLLECTION_PAUSED', 'Not asked: collection is paused for all clusters.', {
      details: { by: 'AIOPS_COLLECTION_PAUSED' },
      hint: 'Whoever runs the server ends it by AIOPS_COLLECTION_PAUSED=false.',
    });
  }
  if (!cluster.collection_paused) return undefined;
  return new AppError('COLLECTION_PAUSED', 'Not asked: collection from this cluster is paused.', {
    details: { by: 'collection_paused' },
    hint: 'update_cluster with collection_paused false ends it.',
  });
}
