import { randomUUID } from 'node:crypto';
import { inArray } from 'drizzle-orm';
import type { Cluster } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import type { EventType } from '../model/event.ts';
import type { Clock } from '../platform/clock.ts';
import type { EventBus } from '../platform/event-bus.ts';
import type { Logger } from '../platform/logger.ts';
import { clusters, healthSchedule } from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';
import { selectClusters } from './cluster-rows.ts';
import { createHealthChecker } from './health-check.ts';
import { CHECK_RULES } from './health-score.ts';
import { createHealthWriter } from './health-writer.ts';
import { type Claim, createLeaseSchedule } from './lease-schedule.ts';
import { createOverdueQueue } from './overdue-queue.ts';
import type { HealthProbe } from './probe.ts';
import type { ClusterRegistry } from './registry.ts';

const POLL_MS = 1_000;
/** Clusters are taken this long before their turn, a little more than from one poll to the next, and each starts on time. */
const AHEAD_MS = 1_200;
/** Clusters that this process has taken at a time. A thousand that all hang until their timeout are about 340. */
const MAX_TAKEN = 512;
/** What a check may take beyond its timeout, waiting for its turn included, before another process may repeat it. */
const LEASE_SLACK_MS = 60_000;
/** Checks are spread by up to this part of the interval, so that they do not gather over time. */
const JITTER = 0.1;
/** The same for a first check and for one that is late by more than an interval: many of those come together. */
const JITTER_OUT_OF_STEP = 0.5;

/** After these, something may be due that the last poll did not see. */
const MAKES_DUE: ReadonlySet<EventType> = new Set([
  'CLUSTER_REGISTERED',
  'CLUSTER_UPDATED',
  'CLUSTER_CREDENTIALS_UPDATED',
]);

export interface HealthMonitor {
  /** Checks now, whatever the schedule says, and resolves when the result is stored; joins a check under way. Throws CLUSTER_NOT_FOUND. */
  checkNow(clusterId: string): Promise<void>;
  /** Aborts the checks under way without recording them; they stay due. */
  stop(): Promise<void>;
}

/** A cluster that is taken and waits for its turn. */
interface Taken {
  readonly dueAt: Date;
  cancel: () => void;
}

interface Turn {
  readonly load: () => Promise<Cluster>;
  /** That of the claim, when there is one. */
  readonly dueAt?: Date | undefined;
  readonly onAsked?: () => void;
}

/**
 * Checks every cluster at the interval of its type, for as long as it runs. Any number of processes share the work through
 * the schedule table. `nudge` wakes the outbox relay; `lateness` hears by how many seconds each check began after its time;
 * `random` gives numbers in [0, 1).
 */
export function startHealthMonitor(parts: {
  store: Store;
  registry: Pick<ClusterRegistry, 'get'>;
  probe: HealthProbe;
  bus: EventBus;
  clock: Clock;
  logger: Logger;
  nudge: () => void;
  lateness: { observe(seconds: number): void };
  /** False: only what is asked for by name is done; the schedule is left to the servers. */
  background?: boolean;
  random?: () => number;
}): HealthMonitor {
  const {
    store,
    registry,
    probe,
    bus,
    clock,
    logger,
    nudge,
    lateness,
    background = true,
    random = Math.random,
  } = parts;
  const schedule = createLeaseSchedule(store, healthSchedule, randomUUID());
  const leaseMs = CHECK_RULES.FAR_EDGE.timeoutSeconds * 1000 + LEASE_SLACK_MS;
  const overdue = createOverdueQueue(clock);
  const taken = new Map<string, Taken>();
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  const checker = createHealthChecker({ probe, clock });
  /** Checks whose result is not known yet; the rest of what is running waits to be written. */
  let asking = 0;
  const moreToCome = () => !stopping.signal.aborted && asking + taken.size > 0;
  const writer = createHealthWriter({ store, schedule, clock, nudge, moreToCome });
  let polling: Promise<void> | undefined;
  let cancelTimer = (): void => undefined;

  /** One check at a time for each cluster in this process. */
  function run(clusterId: string, turn: Turn): Promise<void> {
    const run = checkOnce(turn).finally(() => {
      running.delete(clusterId);
      if (running.size + taken.size === MAX_TAKEN - 1) poll(); // a full house has room again
    });
    running.set(clusterId, run);
    return run;
  }

  async function checkOnce({ load, dueAt, onAsked }: Turn): Promise<void> {
    const readAt = clock.now();
    const cluster = await load();
    const startedAt = clock.now();
    asking += 1;
    const check = await checker.check(cluster).finally(() => {
      asking -= 1;
      onAsked?.();
    });
    await writer.write({
      clusterId: cluster.id,
      check,
      nextRunAt: nextRunAt(cluster, startedAt, dueAt),
      turn: dueAt === undefined ? { readAt } : { dueAt },
    });
  }

  function nextRunAt(cluster: Cluster, startedAt: Date, dueAt = startedAt): Date {
    const intervalMs = CHECK_RULES[cluster.cluster_type].intervalSeconds * 1000;
    const late = startedAt.getTime() - dueAt.getTime() > intervalMs;
    const jitter = late || cluster.status.checked_at === null ? JITTER_OUT_OF_STEP : JITTER;
    return new Date(startedAt.getTime() + intervalMs * (1 + jitter * (2 * random() - 1)));
  }

  function checkNow(clusterId: string): Promise<void> {
    const under = running.get(clusterId);
    if (under) return under;
    const waiting = taken.get(clusterId);
    waiting?.cancel();
    taken.delete(clusterId);
    // Read anew: what was taken with the claim may have changed since, and whoever asks for a check knows that it has.
    return run(clusterId, { load: () => registry.get(clusterId), dueAt: waiting?.dueAt });
  }

  function poll(): void {
    if (stopping.signal.aborted || polling) return;
    cancelTimer();
    polling = claimDue()
      .catch((error: unknown) => logger.warn({ err: error }, 'the health schedule could not be read; trying again'))
      .then(() => {
        polling = undefined;
        if (!stopping.signal.aborted) cancelTimer = clock.after(POLL_MS, poll);
      });
  }

  async function claimDue(): Promise<void> {
    const limit = MAX_TAKEN - running.size - taken.size;
    if (limit <= 0) return;
    const now = clock.now();
    const claims = await schedule.claim({ now, until: new Date(now.getTime() + AHEAD_MS), limit, leaseMs });
    if (claims.length === 0) return;
    const where = inArray(
      clusters.id,
      claims.map((claim) => claim.clusterId),
    );
    const known = new Map((await store.query((db) => selectClusters(db, { where }))).map((c) => [c.id, c]));
    const unwanted: string[] = [];
    for (const claim of claims) {
      const cluster = known.get(claim.clusterId);
      // One that `checkNow` is at is not ours to wait for; if it stays due, the next poll sees it.
      if (!cluster || stopping.signal.aborted || running.has(claim.clusterId)) unwanted.push(claim.clusterId);
      else take(cluster, claim, claim.dueAt.getTime() - now.getTime());
    }
    await schedule.giveBack(unwanted);
  }

  function take(cluster: Cluster, { clusterId, dueAt }: Claim, inMs: number): void {
    /** Resolves when every endpoint has been asked. */
    const start = (): Promise<void> => {
      taken.delete(clusterId);
      lateness.observe(Math.max(0, clock.now().getTime() - dueAt.getTime()) / 1000);
      const asked = Promise.withResolvers<void>();
      void run(clusterId, { load: () => Promise.resolve(cluster), dueAt, onAsked: asked.resolve })
        .catch((error: unknown) => logFailure(clusterId, error))
        .finally(asked.resolve);
      return asked.promise;
    };
    const waiting: Taken = { dueAt, cancel: () => undefined };
    taken.set(clusterId, waiting);
    waiting.cancel = inMs > 0 ? clock.after(inMs, () => void start()) : overdue.add(start);
  }

  /** Not for endpoints that are down, which is a result, but for a check that could not be made. Its lease ends by itself. */
  function logFailure(clusterId: string, error: unknown): void {
    if (stopping.signal.aborted || (error instanceof AppError && error.code === 'CLUSTER_NOT_FOUND')) return;
    logger.warn({ err: error, cluster_id: clusterId }, 'a health check could not be completed');
  }

  const unsubscribe = bus.subscribe(({ event_type }) => {
    if (background && MAKES_DUE.has(event_type)) poll();
  });
  if (background) poll();

  return {
    checkNow,
    stop: async () => {
      stopping.abort();
      unsubscribe();
      cancelTimer();
      await polling;
      const unfinished = [...running.keys(), ...taken.keys()];
      for (const { cancel } of taken.values()) cancel();
      checker.abort();
      await writer.flush();
      await Promise.allSettled(running.values());
      await schedule.giveBack(unfinished).catch((error: unknown) => {
        logger.warn(
          { err: error },
          'the clusters taken for health checks could not be given back; their leases end by themselves',
        );
      });
    },
  };
}
