import { randomUUID } from 'node:crypto';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { EventBus } from '../../platform/event-bus.ts';
import type { Logger } from '../../platform/logger.ts';
import { appendEvents } from '../../platform/outbox.ts';
import { gpuSchedule } from '../../platform/store/schema.ts';
import type { Store } from '../../platform/store/store.ts';
import { createLeaseSchedule } from '../../registry/lease-schedule.ts';
import { startLeasedTurns } from '../../registry/leased-turns.ts';
import type { ClusterRegistry } from '../../registry/registry.ts';
import { type ToldGpus, gpuChanges } from './gpu-changes.ts';
import type { GpusCollector } from './gpus.ts';

const POLL_MS = 1_000;
const EVERY_MS = 15_000;
/** Discovery tells within a day whether GPUs came; looking at what it found costs the cluster nothing. */
const WITHOUT_EVERY_MS = 300_000;
const TIMEOUT_MS = 10_000;
const LEASE_MS = TIMEOUT_MS + 60_000;
const MAX_RUNNING = 8;
const MOST_NODES = 2_000;
const JITTER = 0.1;

export interface GpuWatch {
  /** Looks now, whatever the schedule says, and resolves when what changed is stored. Throws CLUSTER_NOT_FOUND. */
  lookNow(clusterId: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Looks every 15 s at the GPUs of each cluster in which discovery found some, and tells as GPU_UPDATE what moved. Any number of
 * processes share the work through the schedule table; what was told is remembered by each, which at worst tells it twice.
 */
export function startGpuWatch(parts: {
  readonly store: Store;
  readonly registry: Pick<ClusterRegistry, 'get'>;
  readonly gpus: Pick<GpusCollector, 'nodes'>;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nudge: () => void;
  readonly background?: boolean;
  readonly random?: () => number;
}): GpuWatch {
  const { store, registry, gpus, bus, clock, logger, nudge, background = true, random = Math.random } = parts;
  const schedule = createLeaseSchedule(store, gpuSchedule, randomUUID());
  const toldOf = new Map<string, ToldGpus>();

  async function look(
    clusterId: string,
    { dueAt, signal }: { readonly dueAt: Date | undefined; readonly signal: AbortSignal },
  ): Promise<void> {
    const now = clock.now();
    const cluster = await registry.get(clusterId);
    const watched = cluster.capabilities?.has_gpu_nodes === true && !cluster.collection_paused;
    const interval = watched ? EVERY_MS * (1 + JITTER * (2 * random() - 1)) : WITHOUT_EVERY_MS;
    const nodes = watched ? await nodesOf(cluster, signal) : [];
    if (!watched) toldOf.delete(clusterId);
    const told = toldOf.get(clusterId) ?? new Map();
    const updates = gpuChanges(nodes, told, now.getTime());
    if (watched) toldOf.set(clusterId, told);
    const turn = dueAt === undefined ? { readAt: now } : { dueAt };
    await store.transaction(async (tx) => {
      await schedule.end(tx, [{ clusterId, nextRunAt: new Date(now.getTime() + interval), turn }]);
      const events = updates.map((payload) => ({
        event_type: 'GPU_UPDATE' as const,
        source: 'gpu',
        cluster_id: cluster.id,
        cluster_name: cluster.name,
        payload,
        at: now,
      }));
      await appendEvents(tx, events);
    });
    if (updates.length > 0) nudge();
  }

  async function nodesOf(cluster: Cluster, signal: AbortSignal) {
    const question = { clusters: [cluster], named: false, budgetMs: TIMEOUT_MS, signal, scope: '' };
    return (await gpus.nodes({ ...question, limit: MOST_NODES })).nodes;
  }

  const turns = startLeasedTurns({
    name: 'GPU watch',
    schedule,
    work: look,
    onFailure: (clusterId, error) => {
      if (error instanceof AppError && error.code === 'CLUSTER_NOT_FOUND') toldOf.delete(clusterId);
      else logger.warn({ err: error, cluster_id: clusterId }, 'a look at GPUs could not be completed');
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
