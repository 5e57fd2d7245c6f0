import type { Cluster, EndpointKind } from '../model/cluster.ts';
import { AppError, asAppError, quoteForeign } from '../model/errors.ts';
import { type ClusterOutcome, isComplete } from '../model/outcome.ts';
import { orAborted } from '../platform/abort.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Spokes } from '../spokes/spokes.ts';
import type { SpokeTarget } from '../spokes/transport.ts';
import { type Bulkhead, createBulkhead } from './bulkhead.ts';

/** What every question to many clusters carries from its caller: whom to ask, for how long, and who may take it back. */
export interface Question {
  readonly clusters: readonly Cluster[];
  /** Milliseconds for the whole question, waiting for a free place included. */
  readonly budgetMs: number;
  /** The caller; aborting it rejects the question. */
  readonly signal: AbortSignal;
}

/** The question alone, out of a query that extends it. */
export function questionOf({ clusters, budgetMs, signal }: Question): Question {
  return { clusters, budgetMs, signal };
}

export interface FanoutRequest<T> extends Question {
  readonly kind: EndpointKind;
  /** Asks one cluster. Must heed the signal, which aborts at the deadline. */
  readonly ask: (
    target: SpokeTarget,
    cluster: Cluster,
    limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ) => Promise<{ readonly value: T; readonly warnings?: readonly string[] }>;
}

export interface FanoutAnswer<T> {
  /** Exactly one per cluster asked, ordered by cluster name. */
  readonly outcomes: ClusterOutcome[];
  /** By cluster id; holds those whose outcome is SUCCESS or PARTIAL. */
  readonly values: ReadonlyMap<string, T>;
  /** By cluster id; the error behind an outcome of ERROR or TIMEOUT. */
  readonly errors: ReadonlyMap<string, AppError>;
  readonly complete: boolean;
}

export interface Fanout {
  /**
   * Puts one question to many clusters at once. A cluster that fails, hangs or lacks the endpoint is an outcome, never an
   * exception and never silence; the answer comes at the deadline at the latest. Rejects only when the caller aborts.
   */
  ask<T>(request: FanoutRequest<T>): Promise<FanoutAnswer<T>>;
}

export interface FanoutOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spokes: Pick<Spokes, 'target'>;
  /** Questions to one cluster at a time, over all callers. */
  readonly maxPerCluster?: number;
  /** Questions to all clusters at a time, over all callers. */
  readonly maxTotal?: number;
}

/** What became of one cluster, before it is put in words. */
type Reply<T> =
  | { readonly kind: 'value'; readonly value: T; readonly warnings: readonly string[] }
  | { readonly kind: 'error'; readonly error: AppError }
  | { readonly kind: 'skipped' };

export function createFanout({ clock, logger, spokes, maxPerCluster = 10, maxTotal = 256 }: FanoutOptions): Fanout {
  const total = createBulkhead(maxTotal);
  const perCluster = new Map<string, Bulkhead>();

  function bulkheadOf(clusterId: string): Bulkhead {
    const known = perCluster.get(clusterId);
    if (known) return known;
    const made = createBulkhead(maxPerCluster);
    perCluster.set(clusterId, made);
    return made;
  }

  /** The cluster's own place is taken first, so that one slow cluster cannot fill the hall while its callers queue. */
  async function askOne<T>(
    cluster: Cluster,
    request: FanoutRequest<T>,
    signal: AbortSignal,
    endMs: number,
  ): Promise<Reply<T>> {
    const target = await spokes.target(cluster, request.kind);
    if (!target) return { kind: 'skipped' };
    const own = bulkheadOf(cluster.id);
    const leaveOwn = await own.enter(signal);
    try {
      const leaveTotal = await total.enter(signal);
      try {
        const timeoutMs = Math.max(1, endMs - clock.monotonicMs());
        const { value, warnings = [] } = await orAborted(request.ask(target, cluster, { signal, timeoutMs }), signal);
        return { kind: 'value', value, warnings };
      } finally {
        leaveTotal();
      }
    } finally {
      leaveOwn();
      if (own.active === 0) perCluster.delete(cluster.id);
    }
  }

  async function ask<T>(request: FanoutRequest<T>): Promise<FanoutAnswer<T>> {
    request.signal.throwIfAborted();
    const startedMs = clock.monotonicMs();
    const late = new AppError('QUERY_TIMEOUT', `No answer within ${Math.round(request.budgetMs) / 1000} s.`);
    const deadline = new AbortController();
    const cancelDeadline = clock.after(request.budgetMs, () => deadline.abort(late));
    const signal = AbortSignal.any([request.signal, deadline.signal]);
    const values = new Map<string, T>();
    const errors = new Map<string, AppError>();

    const one = async (cluster: Cluster): Promise<ClusterOutcome> => {
      const reply = await orAborted(askOne(cluster, request, signal, startedMs + request.budgetMs), signal).catch(
        (thrown: unknown): Reply<T> => ({ kind: 'error', error: asOutcomeError(thrown, cluster) }),
      );
      if (reply.kind === 'value') values.set(cluster.id, reply.value);
      if (reply.kind === 'error') errors.set(cluster.id, reply.error);
      return toOutcome(cluster, reply, clock.monotonicMs() - startedMs);
    };

    try {
      const ordered = request.clusters.toSorted((a, b) => (a.name < b.name ? -1 : 1));
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

  return { ask };
}

/** Warnings that the query language itself gives about an answer that is nevertheless whole (wire.md 1.2). */
const ABOUT_THE_QUERY = /^PromQL (?:warning|info):/;
const MAX_WARNINGS = 10;

function toOutcome<T>(cluster: Cluster, reply: Reply<T>, elapsedMs: number): ClusterOutcome {
  const base = {
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    query_time_ms: Math.round(elapsedMs * 10) / 10,
    cached: false,
  };
  if (reply.kind === 'skipped') return { ...base, status: 'SKIPPED' };
  if (reply.kind === 'error') {
    const status = reply.error.code === 'QUERY_TIMEOUT' ? 'TIMEOUT' : 'ERROR';
    return { ...base, status, error: { code: reply.error.code, message: reply.error.sentence } };
  }
  if (reply.warnings.length === 0) return { ...base, status: 'SUCCESS' };
  const partial = reply.warnings.some((warning) => !ABOUT_THE_QUERY.test(warning));
  const warnings = reply.warnings.slice(0, MAX_WARNINGS).map((warning) => quoteForeign(warning));
  return { ...base, status: partial ? 'PARTIAL' : 'SUCCESS', warnings };
}
