import type { Cluster } from '../../model/cluster.ts';
import { asAppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { type SharedRequest, createCoalescer } from './coalesce.ts';
import type { FanoutRequest } from './fanout.ts';
import { createReadCache } from './read-cache.ts';
import { type Reply, isWhole } from './reply.ts';
import type { SpokeLoad } from './spoke-load.ts';

/** Asks one cluster one thing: from the cache, together with whoever asks the same, or by a request of its own. */
export interface ClusterReader {
  /** Throws what the spoke's client throws, and the signal's reason. `endMs` is the deadline on the monotonic clock. */
  read<T>(cluster: Cluster, request: FanoutRequest<T>, signal: AbortSignal, endMs: number): Promise<Reply<T>>;
  /** Drops what is known of a cluster, for when it changes. What is in flight ends and is not kept. */
  forget(clusterId: string): void;
}

export interface ClusterReaderOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Pick<Metrics, 'cacheHits'> | undefined;
  readonly load: SpokeLoad;
  /** Memory for kept answers; 0 keeps none. */
  readonly cacheMaxBytes: number;
}

export function createClusterReader(options: ClusterReaderOptions): ClusterReader {
  const { clock, logger, metrics, load } = options;
  const cache = createReadCache({ clock, maxBytes: options.cacheMaxBytes });
  const coalescer = createCoalescer();
  /** Keys of answers that are being renewed behind callers' backs. */
  const renewing = new Set<string>();

  async function read<T>(
    cluster: Cluster,
    request: FanoutRequest<T>,
    signal: AbortSignal,
    endMs: number,
  ): Promise<Reply<T>> {
    const paused = load.pause(cluster);
    if (paused) throw paused;
    if (request.idempotent === false) return change(cluster, request, signal, endMs);
    if (!request.cache) return load.ask(cluster, request, signal, endMs);
    const key = keyOf(cluster, request, request.cache.key);
    const hit = cache.get(key);
    if (!hit) return readShared(key, cluster, request, signal, endMs);
    metrics?.cacheHits.inc({ kind: request.kind, freshness: hit.stale ? 'STALE' : 'FRESH' });
    if (hit.stale) renew(key, cluster, request);
    // Proof of the cast: one key stands for one question, whose answer has one type.
    return { kind: 'value', value: hit.value as T, warnings: hit.warnings, ageMs: hit.ageMs };
  }

  /** Whoever changes something sees it in the next answer: nothing from before is served or kept, whatever became of the change. */
  async function change<T>(
    cluster: Cluster,
    request: FanoutRequest<T>,
    signal: AbortSignal,
    endMs: number,
  ): Promise<Reply<T>> {
    try {
      return await load.ask(cluster, request, signal, endMs);
    } finally {
      forgetAnswers(cluster.id);
    }
  }

  async function readShared<T>(
    key: string,
    cluster: Cluster,
    request: FanoutRequest<T>,
    signal: AbortSignal,
    endMs: number,
  ): Promise<Reply<T>> {
    let own = false;
    const start = (shared: SharedRequest) => {
      own = true;
      return askAndKeep(key, cluster, request, shared, endMs);
    };
    try {
      return await coalescer.share(key, signal, start);
    } catch (thrown) {
      // The request that was joined had less time than this caller, who has some left.
      const joinedLate = !own && asAppError(thrown).code === 'QUERY_TIMEOUT' && !signal.aborted;
      if (!joinedLate || clock.monotonicMs() >= endMs) throw thrown;
      return coalescer.share(key, signal, start);
    }
  }

  async function askAndKeep<T>(
    key: string,
    cluster: Cluster,
    request: FanoutRequest<T>,
    shared: SharedRequest,
    endMs: number,
  ): Promise<Reply<T>> {
    const reply = await load.ask(cluster, request, shared.signal, endMs);
    if (request.cache && reply.kind === 'value' && isWhole(reply.warnings) && shared.isCurrent())
      cache.set(key, reply, request.cache);
    return reply;
  }

  /** Once at a time, within the time that its question had. A failure leaves the old answer until its own end. */
  function renew<T>(key: string, cluster: Cluster, request: FanoutRequest<T>): void {
    if (renewing.has(key)) return;
    renewing.add(key);
    const deadline = new AbortController();
    const cancelDeadline = clock.after(request.budgetMs, () => deadline.abort(new Error('no time left to renew')));
    void readShared(key, cluster, request, deadline.signal, clock.monotonicMs() + request.budgetMs)
      .catch((thrown: unknown) =>
        logger.debug({ err: thrown, cluster_id: cluster.id, kind: request.kind }, 'a kept answer was not renewed'),
      )
      .finally(() => {
        cancelDeadline();
        renewing.delete(key);
      });
  }

  function forgetAnswers(clusterId: string): void {
    cache.forget(clusterId);
    coalescer.forget(clusterId);
  }

  return {
    read,
    forget: (clusterId) => {
      forgetAnswers(clusterId);
      load.forget(clusterId);
    },
  };
}

/**
 * Everything that an answer depends on. The cluster's id comes first, so that what is kept of it can be found; its version is in it
 * because a question may hold a cluster as it was; the caller's scope, so that nobody is served what was fetched for another's.
 */
function keyOf<T>(cluster: Cluster, { scope, kind }: FanoutRequest<T>, key: string): string {
  return `${cluster.id}${JSON.stringify([cluster.resource_version, scope, kind, key])}`;
}
