import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { EventBus } from '../../platform/event-bus.ts';
import type { Logger } from '../../platform/logger.ts';
import { appendEvents } from '../../platform/outbox.ts';
import { traceSchedule } from '../../platform/store/schema.ts';
import type { Store } from '../../platform/store/store.ts';
import { createLeaseSchedule } from '../../registry/lease-schedule.ts';
import { startLeasedTurns } from '../../registry/leased-turns.ts';
import type { ClusterRegistry } from '../../registry/registry.ts';
import { newErrors } from './new-errors.ts';
import type { TracesCollector } from './traces.ts';

const POLL_MS = 1_000;
const EVERY_MS = 60_000;
/** A cluster without a Tempo has none until it is changed, which makes it due. */
const WITHOUT_EVERY_MS = 24 * 3_600_000;
/** Longer than the interval, because spans come late. */
const WINDOW_SECONDS = 180;
const TIMEOUT_MS = 15_000;
const LEASE_MS = TIMEOUT_MS + 60_000;
const MAX_RUNNING = 16;
const LIMIT = 50;
const JITTER = 0.1;

export interface TraceWatch {
  /** Looks now, whatever the schedule says, and resolves when what was found is stored. Throws CLUSTER_NOT_FOUND. */
  lookNow(clusterId: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Looks every minute for traces with errors in each cluster that has a Tempo, and tells new ones as TRACE_RECEIVED. Any number of
 * processes share the work through the schedule table. `random` gives numbers in [0, 1).
 */
export function startTraceWatch(parts: {
  readonly store: Store;
  readonly registry: Pick<ClusterRegistry, 'get'>;
  readonly traces: Pick<TracesCollector, 'search'>;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nudge: () => void;
  readonly background?: boolean;
  readonly random?: () => number;
}): TraceWatch {
  const { store, registry, traces, bus, clock, logger, nudge, background = true, random = Math.random } = parts;
  const schedule = createLeaseSchedule(store, traceSchedule, randomUUID());

  async function look(
    clusterId: string,
    { dueAt, signal }: { readonly dueAt: Date | undefined; readonly signal: AbortSignal },
  ): Promise<void> {
    const now = clock.now();
    const cluster = await registry.get(clusterId);
    const traced = hasTraces(cluster);
    const interval = traced ? EVERY_MS * (1 + JITTER * (2 * random() - 1)) : WITHOUT_EVERY_MS;
    const found = traced && !cluster.collection_paused ? await failing(cluster, now, signal) : [];
    const turn = dueAt === undefined ? { readAt: now } : { dueAt };
    const told = await store.transaction(async (tx) => {
      const [row] = await tx
        .select({ told: traceSchedule.told })
        .from(traceSchedule)
        .where(eq(traceSchedule.cluster_id, clusterId))
        .for('update');
      await schedule.end(tx, [{ clusterId, nextRunAt: new Date(now.getTime() + interval), turn }]);
      // Without its row the cluster is being deleted.
      if (!row || found.length === 0) return 0;
      const { news, told: kept } = newErrors(found, row.told, now);
      await tx.update(traceSchedule).set({ told: kept }).where(eq(traceSchedule.cluster_id, clusterId));
      const events = news.map((payload) => ({
        event_type: 'TRACE_RECEIVED' as const,
        source: 'traces',
        cluster_id: cluster.id,
        cluster_name: cluster.name,
        payload,
        at: now,
      }));
      await appendEvents(tx, events);
      return events.length;
    });
    if (told > 0) nudge();
  }

  async function failing(cluster: Cluster, now: Date, signal: AbortSignal) {
    const end = now.getTime() / 1000;
    const { traces: found } = await traces.search({
      clusters: [cluster],
      named: false,
      budgetMs: TIMEOUT_MS,
      signal,
      scope: '',
      filter: { hasErrors: true },
      start: end - WINDOW_SECONDS,
      end,
      limit: LIMIT,
    });
    return found;
  }

  const turns = startLeasedTurns({
    name: 'trace watch',
    schedule,
    work: look,
    onFailure: (clusterId, error) => {
      if (!(error instanceof AppError && error.code === 'CLUSTER_NOT_FOUND'))
        logger.warn({ err: error, cluster_id: clusterId }, 'a look for traces with errors could not be completed');
    },
    bus,
    clock,
    logger,
    pollMs: POLL_MS,
    leaseMs: LEASE_MS,
    maxRunning: MAX_RUNNING,
    background,
  });
  return { lookNow: (clusterId) => turns.runNow(clusterId), stop: () => turns.stop() };
}

/** EDGE and FAR_EDGE are asked for metrics only. */
function hasTraces({ cluster_type, endpoints }: Cluster): boolean {
  return endpoints.tempo_url !== undefined && cluster_type !== 'EDGE' && cluster_type !== 'FAR_EDGE';
}
