import type { Cluster } from '../../model/cluster.ts';
import { AppError, asAppError } from '../../model/errors.ts';
import type { LogEntry } from '../../model/logs.ts';
import type { ClusterOutcome } from '../../model/outcome.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import type { LokiEntry, LokiClient } from '../../spokes/loki.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';
import type { Fanout } from '../fanout/fanout.ts';
import { type LogsQuestion, logClusters } from './log-clusters.ts';
import { toLogEntry } from './log-entry.ts';
import { type PlacedEntry, comparePlaced, place } from './log-order.ts';
import { parseLogql } from './logql.ts';

/** What somebody who follows logs hears. */
export type TailEvent =
  /** Lines that came since the last event, in the order of time among themselves. */
  | { readonly type: 'entries'; readonly entries: LogEntry[] }
  /** Lines left out: by Loki because it was read too slowly, or here because its reader was. */
  | { readonly type: 'dropped'; readonly cluster_name: string; readonly count: number; readonly by: 'LOKI' | 'READER' }
  | {
      readonly type: 'cluster';
      readonly cluster_name: string;
      readonly state: 'CONNECTED' | 'RECONNECTING' | 'FAILED';
      readonly reason?: string;
      /** Lines of the time that it was away, read after it came back. */
      readonly backfilled?: number;
      /** There were more lines in that time than were read. */
      readonly gap?: boolean;
    };

export interface TailRequest {
  /** A log query that has been parsed. */
  readonly query: string;
  readonly clusters: readonly Cluster[];
  /** Lines from this time on are given first, as far as `limit` goes. */
  readonly startNs: bigint;
  readonly limit: number;
  readonly lineLength: number;
  readonly signal: AbortSignal;
}

/** Whom a tail would follow, and whom not and why. */
export interface TailPlan {
  readonly followed: Cluster[];
  readonly skipped: ClusterOutcome[];
}

export interface LogTails {
  /** Throws INVALID_LOGQL, also for a metric query; LOKI_NOT_AVAILABLE; VALIDATION_FAILED for more than 50 clusters. */
  plan(query: string, question: LogsQuestion): TailPlan;
  /**
   * Follows the logs of many clusters until the signal aborts or every cluster has failed for good. A tail that ends (Loki ends each
   * after an hour) or breaks is begun again, and what came meanwhile is read in between; no line is given twice.
   */
  follow(request: TailRequest): AsyncGenerator<TailEvent, void, undefined>;
}

export interface LogTailsOptions {
  /** Its budget and its kill switch hold for tails as well. */
  readonly fanout: Pick<Fanout, 'target'>;
  readonly spokes: Pick<Spokes, 'loki'>;
  /** The cluster as it is now: a tail outlives changes of it. Throws CLUSTER_NOT_FOUND. */
  readonly clusterOf: (id: string) => Promise<Cluster>;
  readonly clock: Clock;
}

/** Each cluster is a connection for as long as the tail lasts. */
const MAX_CLUSTERS = 50;
/** Lines that wait for their reader; the oldest go when there are more. */
const MAX_WAITING = 2000;
const BACKFILL_LINES = 1000;
/** Loki hands on lines of different streams up to about so late. */
const OVERLAP_NS = 10_000_000_000n;
const MAX_REMEMBERED = 20_000;
const BEGIN_MS = 10_000;
const BACKOFF_MS = [1_000, 2_000, 5_000, 15_000, 30_000];
/** A tail that lived so long was well: what ends it is not a failure that goes on. */
const WELL_AFTER_MS = 60_000;
const CODES_FOR_GOOD: ReadonlySet<string> = new Set(['INVALID_LOGQL', 'QUERY_REFUSED', 'CLUSTER_NOT_FOUND']);
/** Reasons that another attempt does not cure. */
const FOR_GOOD: ReadonlySet<unknown> = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'TENANT', 'REDIRECT', 'QUERY']);

export function createLogTails({ fanout, spokes, clusterOf, clock }: LogTailsOptions): LogTails {
  return {
    plan: (query, question) => {
      if (parseLogql(query).kind === 'METRIC')
        throw new AppError('INVALID_LOGQL', 'A tail gives lines, and this query gives numbers.', {
          details: { position: 0 },
          hint: 'Follow a log query such as {namespace="shop"} |= "error".',
        });
      const { asked, skipped } = logClusters(question);
      if (asked.length <= MAX_CLUSTERS) return { followed: asked, skipped };
      const message = `a tail follows at most ${MAX_CLUSTERS} clusters, and these are ${asked.length}; name fewer`;
      throw new AppError('VALIDATION_FAILED', `clusters: ${message}.`, {
        details: { issues: [{ field: 'clusters', message }] },
      });
    },
    follow: async function* follow(request) {
      const end = new AbortController();
      const signal = AbortSignal.any([request.signal, end.signal]);
      const mailbox = createMailbox(request);
      const followers = request.clusters.map((cluster) => followOne(cluster, { ...request, signal }, mailbox));
      const allEnded = Promise.all(followers).then(() => mailbox.close());
      request.signal.addEventListener('abort', mailbox.close, { once: true });
      try {
        yield* mailbox.events();
      } finally {
        request.signal.removeEventListener('abort', mailbox.close);
        end.abort(new AppError('CANCELLED', 'The tail was left.'));
        await allEnded;
      }
    },
  };

  async function followOne(cluster: Cluster, request: TailRequest, mailbox: Mailbox): Promise<void> {
    const { signal } = request;
    const memory = createMemory(request.startNs);
    const tell = (state: 'RECONNECTING' | 'FAILED', error: AppError) =>
      mailbox.put({ type: 'cluster', cluster_name: cluster.name, state, reason: error.sentence });
    for (let failures = 0, begun = false; !signal.aborted; begun = true) {
      const startedMs = clock.monotonicMs();
      try {
        const target = await fanout.target(await clusterOf(cluster.id), 'LOKI');
        if (!target)
          return tell('FAILED', new AppError('LOKI_NOT_AVAILABLE', 'The cluster has no Loki endpoint any more.'));
        await oneTail(spokes.loki, target, cluster, { ...request, again: begun }, memory, mailbox);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = asAppError(thrown);
        if (CODES_FOR_GOOD.has(error.code) || FOR_GOOD.has(error.details['reason'])) return tell('FAILED', error);
        failures = clock.monotonicMs() - startedMs > WELL_AFTER_MS ? 0 : failures;
        tell('RECONNECTING', error);
        const waitMs = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 1_000;
        failures += 1;
        await sleep(clock, waitMs, signal).catch(() => undefined); // an abort ends the loop
      }
    }
  }

  /** From one beginning to its end, which is always an error. */
  async function oneTail(
    loki: Pick<LokiClient, 'tail' | 'range'>,
    target: SpokeTarget,
    cluster: Cluster,
    request: TailRequest & { readonly again: boolean },
    memory: Memory,
    mailbox: Mailbox,
  ): Promise<void> {
    const { query, signal, again } = request;
    const nowNs = BigInt(clock.now().getTime()) * 1_000_000n;
    const { frames } = await loki.tail(target, {
      query,
      startNs: again ? nowNs : request.startNs,
      limit: request.limit,
      timeoutMs: BEGIN_MS,
      signal,
    });
    const give = (entries: readonly LokiEntry[]) => {
      const fresh = entries.map((entry) => place(cluster.name, entry)).filter((one) => memory.isNew(one));
      for (const one of fresh) mailbox.put(one);
      return fresh.length;
    };
    let backfill = {};
    if (again) {
      // The tail runs already, so nothing falls between what is read here and what it gives.
      const window = { startNs: memory.lastNs() - OVERLAP_NS, endNs: nowNs + OVERLAP_NS };
      const { value } = await loki.range(target, {
        query,
        ...window,
        limit: BACKFILL_LINES,
        direction: 'FORWARD',
        timeoutMs: BEGIN_MS,
        signal,
      });
      const entries = value.type === 'STREAMS' ? value.entries : [];
      backfill = { backfilled: give(entries), ...(entries.length >= BACKFILL_LINES ? { gap: true } : {}) };
    }
    mailbox.put({ type: 'cluster', cluster_name: cluster.name, state: 'CONNECTED', ...backfill });
    for await (const frame of frames) {
      give(frame.entries);
      if (frame.dropped > 0)
        mailbox.put({ type: 'dropped', cluster_name: cluster.name, count: frame.dropped, by: 'LOKI' });
    }
  }
}

/** Which lines of late have been given. */
interface Memory {
  /** True once for each line. */
  isNew(one: PlacedEntry): boolean;
  lastNs(): bigint;
}

function createMemory(startNs: bigint): Memory {
  const given = new Map<string, bigint>();
  let last = startNs;
  return {
    isNew: (one) => {
      const { ns } = one.entry;
      const key = `${ns} ${one.key}`;
      if (given.has(key)) return false;
      given.set(key, ns);
      if (ns > last) last = ns;
      // In the order they came; what is older than the overlap cannot come again.
      for (const [old, at] of given) {
        if (given.size <= MAX_REMEMBERED && at >= last - 3n * OVERLAP_NS) break;
        given.delete(old);
      }
      return true;
    },
    lastNs: () => last,
  };
}

interface Mailbox {
  put(what: PlacedEntry | TailEvent): void;
  close(): void;
  events(): AsyncGenerator<TailEvent, void, undefined>;
}

function createMailbox({ clusters, lineLength }: TailRequest): Mailbox {
  const ids = new Map(clusters.map(({ id, name }) => [name, id]));
  const lines: PlacedEntry[] = [];
  /** The last word of each cluster and what each has dropped: as many as there are clusters, however long nobody listens. */
  const states = new Map<string, TailEvent>();
  const drops = { LOKI: new Map<string, number>(), READER: new Map<string, number>() };
  let closed = false;
  let wake = () => {};
  const drop = (by: keyof typeof drops, cluster: string, count: number) =>
    drops[by].set(cluster, (drops[by].get(cluster) ?? 0) + count);
  const take = (by: keyof typeof drops): TailEvent[] => {
    const events = [...drops[by]].map(([cluster_name, count]) => ({
      type: 'dropped' as const,
      cluster_name,
      count,
      by,
    }));
    drops[by].clear();
    return events;
  };
  return {
    put: (what) => {
      if (!('type' in what)) {
        lines.push(what);
        const oldest = lines.length > MAX_WAITING ? lines.shift() : undefined;
        if (oldest) drop('READER', oldest.cluster, 1);
      } else if (what.type === 'dropped') drop(what.by, what.cluster_name, what.count);
      else if (what.type === 'cluster') states.set(what.cluster_name, what);
      wake();
    },
    close: () => {
      closed = true;
      wake();
    },
    events: async function* events() {
      for (;;) {
        const others = [...states.values(), ...take('LOKI'), ...take('READER')];
        states.clear();
        yield* others;
        if (lines.length > 0) {
          const batch = lines.splice(0).sort(comparePlaced('FORWARD'));
          const entries = batch.map((one) => toLogEntry(one, ids.get(one.cluster) ?? '', lineLength));
          yield { type: 'entries', entries };
        } else if (others.length === 0) {
          if (closed) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
