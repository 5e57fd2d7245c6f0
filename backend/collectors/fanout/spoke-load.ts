import type { Cluster, EndpointKind } from '../../model/cluster.ts';
import { AppError, asAppError } from '../../model/errors.ts';
import { orAborted } from '../../platform/abort.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts';
import { type Bulkhead, createBulkhead } from './bulkhead.ts';
import type { FanoutRequest } from './fanout.ts';
import { type Latencies, createLatencies, hedged } from './hedge.ts';
import { type RateBudget, createRateBudget } from './rate-budget.ts';
import type { Reply } from './reply.ts';
import { type RetryBudget, createRetryBudget, decideRetry } from './retry.ts';
import { isSpokeFault } from './spoke-failure.ts';

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
  /** Lets go of what is known of a cluster: a change may have cured it, so it is asked at once. */
  forget(clusterId: string): void;
}

/** What is known of one cluster. */
interface Lane {
  readonly name: string;
  readonly places: Bulkhead;
  readonly rate: RateBudget;
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
const GAUGE: Readonly<Record<BreakerState, number>> = { CLOSED: 0, HALF_OPEN: 1, OPEN: 2 };

export function createSpokeLoad(options: SpokeLoadOptions): SpokeLoad {
  const { clock, logger, random, metrics, spokes, maxPerCluster, maxPerSecond, hedging } = options;
  const total = createBulkhead(options.maxTotal);
  const lanes = new Map<string, Lane>();

  function laneOf({ id, name }: Cluster): Lane {
    const known = lanes.get(id);
    if (known) return known;
    const made: Lane = {
      name,
      places: createBulkhead(maxPerCluster),
      rate: createRateBudget({ clock, perSecond: maxPerSecond }),
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

    const send = async (within: AbortSignal): Promise<Reply<T>> => {
      const startedMs = clock.monotonicMs();
      const timeoutMs = Math.max(1, endMs - startedMs);
      const asked = request.ask(target, cluster, { signal: within, timeoutMs });
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
      await lane.rate.take(endMs, signal);
      const leave = await enter(lane, signal);
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
          else if (signal.aborted || error.code === 'QUERY_TIMEOUT') permit.abandoned();
          else permit.answered();
          throw thrown;
        }
      } finally {
        leave();
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

  /** The cluster's own place is taken first, so that one slow cluster cannot fill the hall while its callers queue. */
  async function enter(lane: Lane, signal: AbortSignal): Promise<() => void> {
    const leaveOwn = await lane.places.enter(signal);
    const leaveTotal = await total.enter(signal).catch((thrown: unknown) => {
      leaveOwn();
      throw thrown;
    });
    return () => {
      leaveTotal();
      leaveOwn();
    };
  }

  /** For a second request, which must not make anybody wait. */
  function spareTurn(lane: Lane, kind: EndpointKind): (() => void) | undefined {
    const leaveOwn = lane.places.tryEnter();
    if (!leaveOwn) return undefined;
    const leaveTotal = total.tryEnter();
    if (leaveTotal && lane.rate.tryTake()) {
      metrics?.spokeHedges.inc({ kind, outcome: 'SENT' });
      return () => {
        leaveTotal();
        leaveOwn();
      };
    }
    leaveTotal?.();
    leaveOwn();
    return undefined;
  }

  return {
    pause: (cluster) => pausedBy(cluster, options.paused),
    ask,
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
