import { randomUUID } from 'node:crypto';
import type { Cluster, EndpointKind } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { EventBus } from '../platform/event-bus.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store } from '../platform/store/store.ts';
import { createHealthSchedule } from './health-schedule.ts';
import { CHECK_TIMES, type HealthCheck, kindsToCheck, type ProbeResult } from './health-score.ts';
import type { HealthProbe } from './probe.ts';
import type { ClusterRegistry } from './registry.ts';

const POLL_MS = 1_000;
/** Checks that this process runs at a time. */
const MAX_RUNNING = 32;
/** What a check may take beyond its timeout before another process may repeat it. */
const LEASE_SLACK_MS = 30_000;
/** A probe is given up this long after its own timeout should have ended it. */
const PROBE_GRACE_MS = 250;
/** Checks are spread by up to this part of the interval, so that a fleet registered at once is not checked at once for ever. */
const JITTER = 0.1;

export interface HealthMonitor {
  /** Checks now, whatever the schedule says, and resolves when the result is stored; joins a check under way. Throws CLUSTER_NOT_FOUND. */
  checkNow(clusterId: string): Promise<void>;
  /** Aborts the checks under way without recording them; they stay due. */
  stop(): Promise<void>;
}

/**
 * Checks every cluster at the interval of its type, for as long as it runs. Any number of processes share the work through
 * the schedule table. `random` gives numbers in [0, 1).
 */
export function startHealthMonitor(parts: {
  store: Store;
  registry: ClusterRegistry;
  probe: HealthProbe;
  bus: EventBus;
  clock: Clock;
  logger: Logger;
  random?: () => number;
}): HealthMonitor {
  const { store, registry, probe, bus, clock, logger, random = Math.random } = parts;
  const schedule = createHealthSchedule(store, randomUUID());
  const leaseMs = CHECK_TIMES.FAR_EDGE.timeoutSeconds * 1000 + LEASE_SLACK_MS;
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let polling: Promise<void> | undefined;
  let cancelTimer = (): void => undefined;

  /** One check at a time for each cluster in this process. */
  function check(clusterId: string): Promise<void> {
    const under = running.get(clusterId);
    if (under) return under;
    const run = checkOnce(clusterId).finally(() => {
      running.delete(clusterId);
      if (running.size === MAX_RUNNING - 1) poll(); // a full house has room again
    });
    running.set(clusterId, run);
    return run;
  }

  async function checkOnce(clusterId: string): Promise<void> {
    const startedAt = clock.now();
    try {
      const cluster = await registry.get(clusterId);
      const result = await probeAll(cluster);
      await registry.recordHealth(clusterId, { ...result, at: clock.now() });
      const intervalMs = CHECK_TIMES[cluster.cluster_type].intervalSeconds * 1000;
      const spreadMs = intervalMs * JITTER * (2 * random() - 1);
      await schedule.done(clusterId, startedAt, new Date(startedAt.getTime() + intervalMs + spreadMs));
    } catch (error) {
      if (stopping.signal.aborted) await schedule.giveBack(clusterId);
      throw error;
    }
  }

  async function probeAll(cluster: Cluster): Promise<Omit<HealthCheck, 'at'>> {
    const timeoutMs = CHECK_TIMES[cluster.cluster_type].timeoutSeconds * 1000;
    const results = new Map<EndpointKind, ProbeResult>();
    await Promise.all(
      kindsToCheck(cluster).map(async (kind) => results.set(kind, await probeOne(cluster, kind, timeoutMs))),
    );
    const [prometheus, alertmanager] = [results.get('PROMETHEUS'), results.get('ALERTMANAGER')];
    return {
      api: results.get('API') ?? { ok: false, error: 'was not asked' },
      ...(prometheus ? { prometheus } : {}),
      ...(alertmanager ? { alertmanager } : {}),
    };
  }

  /** The probe keeps its own timeout; one that does not is given up, so that no endpoint can hold up a cluster's check. */
  async function probeOne(cluster: Cluster, kind: EndpointKind, timeoutMs: number): Promise<ProbeResult> {
    const patience = new AbortController();
    const late = Promise.withResolvers<ProbeResult>();
    const cancel = clock.after(timeoutMs + PROBE_GRACE_MS, () => {
      late.resolve({ ok: false, error: `no answer within ${timeoutMs / 1000} s` });
      patience.abort();
    });
    try {
      const signal = AbortSignal.any([patience.signal, stopping.signal]);
      const asked = probe.probe(cluster, kind, { signal, timeoutMs });
      return await Promise.race([asked, late.promise]);
    } finally {
      cancel();
    }
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
    const room = MAX_RUNNING - running.size;
    if (room <= 0) return;
    for (const clusterId of await schedule.claim(clock.now(), room, leaseMs)) {
      // One that `checkNow` is at is not ours to wait for; if it stays due, the next poll sees it.
      if (stopping.signal.aborted || running.has(clusterId)) await schedule.giveBack(clusterId);
      else void check(clusterId).catch((error: unknown) => logFailure(clusterId, error));
    }
  }

  /** Not for endpoints that are down, which is a result, but for a check that could not be made. Its lease ends by itself. */
  function logFailure(clusterId: string, error: unknown): void {
    if (stopping.signal.aborted || (error instanceof AppError && error.code === 'CLUSTER_NOT_FOUND')) return;
    logger.warn({ err: error, cluster_id: clusterId }, 'a health check could not be completed');
  }

  const unsubscribe = bus.subscribe(({ event_type }) => {
    if (event_type === 'CLUSTER_REGISTERED' || event_type === 'CLUSTER_CREDENTIALS_UPDATED') poll();
  });
  poll();

  return {
    checkNow: check,
    stop: async () => {
      stopping.abort();
      unsubscribe();
      cancelTimer();
      await polling;
      await Promise.allSettled(running.values());
    },
  };
}
