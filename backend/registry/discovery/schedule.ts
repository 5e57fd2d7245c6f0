import { randomUUID } from 'node:crypto';
import { AppError } from '../../model/errors.ts';
import type { EventType } from '../../model/event.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Clock } from '../../platform/clock.ts';
import type { EventBus } from '../../platform/event-bus.ts';
import type { Logger } from '../../platform/logger.ts';
import { discoverySchedule } from '../../platform/store/schema.ts';
import type { Store } from '../../platform/store/store.ts';
import { createLeaseSchedule } from '../lease-schedule.ts';
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

/** After these, something may be due that the last poll did not see. */
const MAKES_DUE: ReadonlySet<EventType> = new Set([
  'CLUSTER_REGISTERED',
  'CLUSTER_UPDATED',
  'CLUSTER_CREDENTIALS_UPDATED',
]);

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
  const running = new Map<string, Promise<Discovery>>();
  const stopping = new AbortController();
  let polling: Promise<void> | undefined;
  /** Something became due while a poll was under way, which may have missed it. */
  let pollAgain = false;
  let cancelTimer = (): void => undefined;

  function run(clusterId: string, dueAt?: Date): Promise<Discovery> {
    const turn = discoverOnce(clusterId, dueAt).finally(() => {
      running.delete(clusterId);
      if (running.size === MAX_RUNNING - 1) poll(); // a full house has room again
    });
    running.set(clusterId, turn);
    return turn;
  }

  async function discoverOnce(clusterId: string, dueAt?: Date): Promise<Discovery> {
    const readAt = clock.now();
    const end = (afterMs: number) => {
      const nextRunAt = new Date(readAt.getTime() + afterMs * (1 + JITTER * (2 * random() - 1)));
      const turn = dueAt === undefined ? { readAt } : { dueAt };
      return store.transaction((tx) => schedule.end(tx, [{ clusterId, nextRunAt, turn }]));
    };
    const cluster = await registry.get(clusterId);
    try {
      const found = await discover(cluster, { signal: stopping.signal });
      const { endpoints_found: _told, ...discovered } = found;
      await registry.setCapabilities(cluster.id, discovered);
      await end(INTERVAL_MS);
      return found;
    } catch (error) {
      if (error instanceof AppError && error.code === 'DISCOVERY_FAILED') await end(RETRY_MS);
      throw error;
    }
  }

  function poll(): void {
    if (stopping.signal.aborted) return;
    if (polling) {
      pollAgain = true;
      return;
    }
    cancelTimer();
    pollAgain = false;
    polling = claimDue()
      .catch((error: unknown) => logger.warn({ err: error }, 'the discovery schedule could not be read; trying again'))
      .then(() => {
        polling = undefined;
        if (stopping.signal.aborted) return;
        if (pollAgain) poll();
        else cancelTimer = clock.after(POLL_MS, poll);
      });
  }

  async function claimDue(): Promise<void> {
    const limit = MAX_RUNNING - running.size;
    if (limit <= 0) return;
    const now = clock.now();
    const claims = await schedule.claim({ now, until: now, limit, leaseMs: LEASE_MS });
    const unwanted: string[] = [];
    for (const { clusterId, dueAt } of claims) {
      if (stopping.signal.aborted || running.has(clusterId)) unwanted.push(clusterId);
      else void run(clusterId, dueAt).catch((error: unknown) => logFailure(clusterId, error));
    }
    await schedule.giveBack(unwanted);
  }

  function logFailure(clusterId: string, error: unknown): void {
    if (stopping.signal.aborted || (error instanceof AppError && error.code === 'CLUSTER_NOT_FOUND')) return;
    if (error instanceof AppError && error.code === 'DISCOVERY_FAILED')
      logger.info(
        { cluster_id: clusterId, reason: error.message },
        'a cluster could not be discovered; trying again later',
      );
    else logger.warn({ err: error, cluster_id: clusterId }, 'a discovery could not be completed');
  }

  const unsubscribe = bus.subscribe(({ event_type }) => {
    if (background && MAKES_DUE.has(event_type)) poll();
  });
  if (background) poll();

  return {
    discoverNow: async (clusterId) => {
      // One that began before may not have seen what the caller has just set, such as the first credentials.
      await running.get(clusterId)?.catch(() => undefined);
      return running.get(clusterId) ?? run(clusterId);
    },
    stop: async () => {
      stopping.abort(new Error('discovery stops'));
      unsubscribe();
      cancelTimer();
      await polling;
      const unfinished = [...running.keys()];
      await Promise.allSettled(running.values());
      await schedule.giveBack(unfinished).catch((error: unknown) => {
        logger.warn(
          { err: error },
          'the clusters taken for discovery could not be given back; their leases end by themselves',
        );
      });
    },
  };
}
