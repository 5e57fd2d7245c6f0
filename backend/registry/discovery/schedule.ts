import { randomUUID } from 'node:crypto';
import { AppError } from '../../model/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Clock } from '../../platform/clock.ts';
import type { EventBus } from '../../platform/event-bus.ts';
import type { Logger } from '../../platform/logger.ts';
import { discoverySchedule } from '../../platform/store/schema.ts';
import type { Store } from '../../platform/store/store.ts';
import { createLeaseSchedule } from '../lease-schedule.ts';
import { startLeasedTurns } from '../leased-turns.ts';
import type { ClusterRegistry } from '../registry.ts';
import { DISCOVERY_TIMEOUT_MS, type Discovery } from './discover.ts';

/** Product contract: every 24 h. */
const INTERVAL_MS = 86_400_000;
/** A cluster that did not answer is looked at again after this; until then what was known stays. */
const RETRY_MS = 600_000;
/** Turns are spread by up to this part of the interval, so that clusters that were registered together drift apart. */
const JITTER = 0.1;
const POLL_MS = 5_000;
/** Discoveries of this process at a time: each reads a whole cluster. */
const MAX_RUNNING = 8;
const LEASE_MS = DISCOVERY_TIMEOUT_MS + 30_000;

export interface DiscoveryMonitor {
  /**
   * Discovers now, whatever the schedule says, and resolves when the findings are stored. A discovery that is under way is waited
   * for first; one that begins meanwhile is joined. Throws CLUSTER_NOT_FOUND, DISCOVERY_FAILED.
   */
  discoverNow(clusterId: string): Promise<Discovery>;
  /** Breaks off the discoveries under way; they stay due. */
  stop(): Promise<void>;
}

/**
 * Discovers every cluster once when it is registered or changed and every 24 h, for as long as it runs. Any number of processes
 * share the work through the schedule table. `random` gives numbers in [0, 1).
 */
export function startDiscovery(parts: {
  store: Store;
  registry: Pick<ClusterRegistry, 'get' | 'setCapabilities'>;
  discover: (cluster: Cluster, limits: { signal: AbortSignal }) => Promise<Discovery>;
  bus: EventBus;
  clock: Clock;
  logger: Logger;
  /** False: only what is asked for by name is done; the schedule is left to the servers. */
  background?: boolean;
  random?: () => number;
}): DiscoveryMonitor {
  const { store, registry, discover, bus, clock, logger, background = true, random = Math.random } = parts;
  const schedule = createLeaseSchedule(store, discoverySchedule, randomUUID());

  async function discoverOnce(
    clusterId: string,
    { dueAt, signal }: { readonly dueAt: Date | undefined; readonly signal: AbortSignal },
  ): Promise<Discovery> {
    const readAt = clock.now();
    const end = (afterMs: number) => {
      const nextRunAt = new Date(readAt.getTime() + afterMs * (1 + JITTER * (2 * random() - 1)));
      const turn = dueAt === undefined ? { readAt } : { dueAt };
      return store.transaction((tx) => schedule.end(tx, [{ clusterId, nextRunAt, turn }]));
    };
    const cluster = await registry.get(clusterId);
    try {
      const found = await discover(cluster, { signal });
      const { endpoints_found: _told, ...discovered } = found;
      await registry.setCapabilities(cluster.id, discovered);
      await end(INTERVAL_MS);
      return found;
    } catch (error) {
      if (error instanceof AppError && error.code === 'DISCOVERY_FAILED') await end(RETRY_MS);
      throw error;
    }
  }

  function logFailure(clusterId: string, error: unknown): void {
    if (error instanceof AppError && error.code === 'CLUSTER_NOT_FOUND') return;
    if (error instanceof AppError && error.code === 'DISCOVERY_FAILED')
      logger.info(
        { cluster_id: clusterId, reason: error.message },
        'a cluster could not be discovered; trying again later',
      );
    else logger.warn({ err: error, cluster_id: clusterId }, 'a discovery could not be completed');
  }

  const turns = startLeasedTurns<Discovery>({
    name: 'discovery',
    schedule,
    work: discoverOnce,
    onFailure: logFailure,
    bus,
    clock,
    logger,
    pollMs: POLL_MS,
    leaseMs: LEASE_MS,
    maxRunning: MAX_RUNNING,
    background,
  });
  return { discoverNow: (clusterId) => turns.runNow(clusterId), stop: () => turns.stop() };
}
