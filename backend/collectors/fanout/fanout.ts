import type { Cluster, EndpointKind } from '../../model/cluster.ts';
import { AppError, asAppError } from '../../model/errors.ts';
import { type ClusterOutcome, isComplete } from '../../model/outcome.ts';
import { orAborted } from '../../platform/abort.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';
import type { Freshness } from './cache-ttl.ts';
import { createClusterReader } from './cluster-reader.ts';
import { type Reply, toOutcome } from './reply.ts';
import { type SpokeLimits, createSpokeLoad } from './spoke-load.ts';
import { sizeOf } from './value-size.ts';

/** What every question to many clusters carries from its caller: whom to ask, for how long, and who may take it back. */
export interface Question {
  readonly clusters: readonly Cluster[];
  /** Milliseconds for the whole question, waiting for a free place included. */
  readonly budgetMs: number;
  /** The caller; aborting it rejects the question. */
  readonly signal: AbortSignal;
  /** Which clusters the caller may see, as text; answers are kept apart by it. */
  readonly scope: string;
  /** Told how far the question is. */
  readonly progress?: Progress;
}

/** Hears of each cluster twice. A question may be put in several rounds, so a cluster may be told of again. */
export interface Progress {
  asked(clusterId: string): void;
  /** It has its outcome. */
  answered(clusterId: string): void;
}

/** The question alone, out of a query that extends it. */
export function questionOf({ clusters, budgetMs, signal, scope, progress }: Question): Question {
  return { clusters, budgetMs, signal, scope, ...(progress === undefined ? {} : { progress }) };
}

export interface FanoutRequest<T> extends Question {
  readonly kind: EndpointKind;
  /** By cluster id; these are not asked, and the error is their outcome. */
  readonly refused?: ReadonlyMap<string, AppError>;
  /** Asks one cluster. Must heed the signal, which aborts at the deadline. */
  readonly ask: (
    target: SpokeTarget,
    cluster: Cluster,
    limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ) => Promise<{ readonly value: T; readonly warnings?: readonly string[] }>;
  /**
   * Lets an answer serve again, and callers who ask the same at the same time share one request. `key` says everything the answer
   * depends on besides cluster, kind and scope: which call it is, and each of its arguments. What was answered in part, or not,
   * is never kept. Values are shared then: nobody may change one. {@link FRESHNESS} has the times.
   */
  readonly cache?: Freshness & { readonly key: string };
  /** False of what changes something at the spoke: it is sent once. Left out = a read, tried up to three times. */
  readonly idempotent?: boolean;
}

export interface FanoutAnswer<T> {
  /** Exactly one per cluster asked, ordered by cluster name. */
  readonly outcomes: ClusterOutcome[];
  /** By cluster id; holds those whose outcome is SUCCESS or PARTIAL. */
  readonly values: ReadonlyMap<string, T>;
  /** By cluster id; the error behind an outcome of ERROR or TIMEOUT, or of SKIPPED where it was not asked on purpose. */
  readonly errors: ReadonlyMap<string, AppError>;
  readonly complete: boolean;
}

export interface Fanout {
  /**
   * Puts one question to many clusters at once. A cluster that fails, hangs or lacks the endpoint is an outcome, never an
   * exception and never silence; the answer comes at the deadline at the latest. Rejects only when the caller aborts.
   */
  ask<T>(request: FanoutRequest<T>): Promise<FanoutAnswer<T>>;
  /**
   * For what is no question, such as following logs: where to send requests, each of which waits for its turn and place within the
   * cluster's budget. Undefined = there is no such endpoint; throws COLLECTION_PAUSED.
   */
  target(cluster: Cluster, kind: EndpointKind): Promise<SpokeTarget | undefined>;
  /** Drops every kept answer of a cluster and what is known of its failures, for when it or its credentials change or go. */
  forget(clusterId: string): void;
}

export interface FanoutOptions extends Partial<SpokeLimits> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spokes: Pick<Spokes, 'target'>;
  readonly metrics?: Pick<Metrics, 'cacheHits' | 'breakerState' | 'spokeRetries' | 'spokeHedges'>;
  readonly random?: () => number;
  /** Memory for kept answers; 0 keeps none. */
  readonly cacheMaxBytes?: number;
  /** Memory for the answers of all clusters to one question; those that come when it is full are left out, and say so. */
  readonly answerMaxBytes?: number;
}

const MIB = 1024 * 1024;

export function createFanout(options: FanoutOptions): Fanout {
  const { clock, logger, metrics, spokes, random = Math.random, cacheMaxBytes = 64 * MIB } = options;
  const { answerMaxBytes = 512 * MIB } = options;
  const { maxPerCluster = 10, maxTotal = 256, maxPerSecond = 50, hedging = false, paused = false } = options;
  const limits: SpokeLimits = { maxPerCluster, maxTotal, maxPerSecond, hedging, paused };
  const load = createSpokeLoad({ ...limits, clock, logger, random, metrics, spokes });
  const reader = createClusterReader({ clock, logger, metrics, load, cacheMaxBytes });

  async function ask<T>(request: FanoutRequest<T>): Promise<FanoutAnswer<T>> {
    request.signal.throwIfAborted();
    const startedMs = clock.monotonicMs();
    const endMs = startedMs + request.budgetMs;
    const late = new AppError('QUERY_TIMEOUT', `No answer within ${Math.round(request.budgetMs) / 1000} s.`);
    const deadline = new AbortController();
    const cancelDeadline = clock.after(request.budgetMs, () => deadline.abort(late));
    const full = new AbortController();
    const signal = AbortSignal.any([request.signal, deadline.signal, full.signal]);
    let heldBytes = 0;
    const values = new Map<string, T>();
    const errors = new Map<string, AppError>();

    const fitting = (reply: Reply<T>): Reply<T> => {
      if (reply.kind !== 'value') return reply;
      heldBytes += sizeOf(reply.value);
      if (heldBytes <= answerMaxBytes) return reply;
      const error = tooLarge(answerMaxBytes);
      full.abort(error); // what still comes would be left out too
      return { kind: 'error', error };
    };

    const one = async (cluster: Cluster): Promise<ClusterOutcome> => {
      const refused = request.refused?.get(cluster.id);
      const reply: Reply<T> = refused
        ? { kind: 'error', error: refused }
        : await orAborted(reader.read(cluster, request, signal, endMs), signal).then(
            fitting,
            (thrown: unknown): Reply<T> => ({ kind: 'error', error: asOutcomeError(thrown, cluster) }),
          );
      if (reply.kind === 'value') values.set(cluster.id, reply.value);
      if (reply.kind === 'error') errors.set(cluster.id, reply.error);
      request.progress?.answered(cluster.id);
      return toOutcome(cluster, reply, clock.monotonicMs() - startedMs);
    };

    try {
      const ordered = request.clusters.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      for (const { id } of ordered) request.progress?.asked(id);
      const outcomes = await Promise.all(ordered.map(one));
      request.signal.throwIfAborted();
      return { outcomes, values, errors, complete: isComplete(outcomes) };
    } finally {
      cancelDeadline();
    }
  }

  function asOutcomeError(thrown: unknown, cluster: Cluster): AppError {
    const error = asAppError(thrown);
    if (error.code === 'INTERNAL_ERROR')
      logger.error({ err: thrown, cluster_id: cluster.id }, 'asking a cluster failed in our own code');
    return error;
  }

  return { ask, target: load.target, forget: (clusterId) => reader.forget(clusterId) };
}

function tooLarge(limit: number): AppError {
  return new AppError('QUERY_REFUSED', `Left out: the clusters' answers take more than ${limit / MIB} MiB together.`, {
    details: { rule: 'answer_bytes', limit },
    hint: 'Aggregate in the query, shorten the range, raise the step, or ask fewer clusters.',
  });
}
