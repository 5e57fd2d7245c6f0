import { randomUUID } from 'node:crypto';
import type { Cluster } from '../../../model/cluster.ts';
import { AppError } from '../../../model/errors.ts';
import type { ClusterOutcome } from '../../../model/outcome.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { EventBus } from '../../../platform/event-bus.ts';
import type { Logger } from '../../../platform/logger.ts';
import { alertSchedule } from '../../../platform/store/schema.ts';
import type { Store } from '../../../platform/store/store.ts';
import { CHECK_RULES } from '../../../registry/health-score.ts';
import { createLeaseSchedule } from '../../../registry/lease-schedule.ts';
import { startLeasedTurns } from '../../../registry/leased-turns.ts';
import type { ClusterRegistry } from '../../../registry/registry.ts';
import { type AlertsReader, type ReadAlerts, readAlerts } from '../alerts.ts';
import type { Question } from '../../fanout/fanout.ts';
import type { AlertRecorder } from './record.ts';
import type { Half } from './rounds.ts';
import { sightingOf } from './sighting.ts';
import type { Observed } from './switches.ts';

const POLL_MS = 1_000;
/** Polls of this process at a time; each takes up to two places of the fan-out, which people need as well. */
const MAX_RUNNING = 64;
const LEASE_MS = CHECK_RULES.FAR_EDGE.timeoutSeconds * 1000 + 60_000;
const JITTER = 0.1;
/** The scrapes are looked at so often; it is a query, and a heavier one than a list of alerts. */
const TARGETS_EVERY_MS = 120_000;
/** Prometheus looks 5 minutes back; a newest scrape of this age is on its way out. */
const STALE_SECONDS = 240;
const NEWEST_SCRAPE = 'time() - max(timestamp(up))';

export interface AlertPoller {
  /** Polls now, whatever the schedule says, and resolves when what was found is stored. Throws CLUSTER_NOT_FOUND. */
  pollNow(clusterId: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Polls the alerts of every cluster at the interval of its health checks, for as long as it runs, and keeps the history in line.
 * Any number of processes share the work through the schedule table. `random` gives numbers in [0, 1).
 */
export function startAlertPoller(
  parts: AlertsReader & {
    store: Store;
    registry: Pick<ClusterRegistry, 'get'>;
    recorder: Pick<AlertRecorder, 'poll'>;
    watchdogs: readonly string[];
    bus: EventBus;
    clock: Clock;
    logger: Logger;
    /** False: only what is asked for by name is done; the schedule is left to the servers. */
    background?: boolean;
    random?: () => number;
  },
): AlertPoller {
  const { store, registry, recorder, watchdogs, bus, clock, logger, fanout, spokes } = parts;
  const { background = true, random = Math.random } = parts;
  const schedule = createLeaseSchedule(store, alertSchedule, randomUUID());
  /** By cluster id; each process keeps its own, which at worst looks more often. */
  const targetsCheckedMs = new Map<string, number>();

  async function poll(
    clusterId: string,
    { dueAt, signal }: { readonly dueAt: Date | undefined; readonly signal: AbortSignal },
  ): Promise<void> {
    const readAt = clock.now();
    const cluster = await registry.get(clusterId);
    const { intervalSeconds, timeoutSeconds } = CHECK_RULES[cluster.cluster_type];
    const question = { clusters: [cluster], budgetMs: timeoutSeconds * 1000, signal, scope: '' };
    const [read, targets] = await Promise.all([
      readAlerts({ fanout, spokes }, question, 'NOW'),
      targetsOf(cluster, question),
    ]);
    const findings = findingsOf(cluster, read, watchdogs);
    const nextRunAt = new Date(readAt.getTime() + intervalSeconds * 1000 * (1 + JITTER * (2 * random() - 1)));
    const turn = dueAt === undefined ? { readAt } : { dueAt };
    const recorded = await recorder.poll(
      clusterId,
      { ...findings, readAt, observed: { ...findings.observed, targets } },
      (tx) => schedule.end(tx, [{ clusterId, nextRunAt, turn }]),
    );
    if (recorded && recorded.overflow > 0)
      logger.warn(
        { cluster_id: clusterId, not_recorded: recorded.overflow },
        'a cluster has more alerts open than the history takes',
      );
  }

  /** Whether targets are scraped; undefined when it was not looked at or Prometheus did not say. */
  async function targetsOf(cluster: Cluster, question: Question): Promise<boolean | undefined> {
    if (cluster.endpoints.prometheus_url === undefined) return undefined;
    const now = clock.monotonicMs();
    if (now - (targetsCheckedMs.get(cluster.id) ?? Number.NEGATIVE_INFINITY) < TARGETS_EVERY_MS) return undefined;
    targetsCheckedMs.set(cluster.id, now);
    const { values } = await fanout.ask({
      ...question,
      kind: 'PROMETHEUS',
      ask: async (target, _cluster, limits) => {
        const { series, warnings } = await spokes.prometheus.instant(target, { ...limits, query: NEWEST_SCRAPE });
        return { value: series, warnings };
      },
    });
    const series = values.get(cluster.id);
    if (!series) return undefined;
    const age = Number(series[0]?.values?.[0]?.[1] ?? Number.NaN);
    return age <= STALE_SECONDS; // no series at all = NaN = nothing within Prometheus's look-back
  }

  const turns = startLeasedTurns({
    name: 'alert poll',
    schedule,
    work: poll,
    onFailure: (clusterId, error) => {
      if (error instanceof AppError && error.code === 'CLUSTER_NOT_FOUND') targetsCheckedMs.delete(clusterId);
      else logger.warn({ err: error, cluster_id: clusterId }, 'a poll of alerts could not be completed');
    },
    bus,
    clock,
    logger,
    pollMs: POLL_MS,
    leaseMs: LEASE_MS,
    maxRunning: MAX_RUNNING,
    background,
  });
  return { pollNow: (clusterId) => turns.runNow(clusterId), stop: () => turns.stop() };
}

function findingsOf(cluster: Cluster, read: ReadAlerts, watchdogs: readonly string[]) {
  const firing = (read.alerts.get(cluster.id) ?? []).filter(({ alert }) => alert.state === 'FIRING');
  const prometheus = halfOf(cluster.endpoints.prometheus_url, read.prometheus[0]);
  const alertmanager = halfOf(cluster.endpoints.alertmanager_url, read.alertmanager[0]);
  const whole =
    prometheus !== 'SILENT' && alertmanager !== 'SILENT' && (prometheus === 'ANSWERED' || alertmanager === 'ANSWERED');
  const watchdog = firing.some(({ alert }) => watchdogs.includes(alert.alertname));
  const inPrometheus = firing.filter(({ rule }) => rule !== undefined);
  const delivered = inPrometheus.some(({ alert }) => alert.sources.includes('ALERTMANAGER'));
  const bothAnswered = prometheus === 'ANSWERED' && alertmanager === 'ANSWERED';
  const observed: Observed = {
    whole,
    watchdog: watchdogs.length > 0 && (watchdog || whole) ? watchdog : undefined,
    delivery: bothAnswered && inPrometheus.length > 0 ? delivered : undefined,
  };
  return { sightings: firing.map(sightingOf), prometheus, alertmanager, observed };
}

/** An answer with a warning may lack alerts, so it proves nothing about what it does not list. */
function halfOf(url: string | undefined, outcome: ClusterOutcome | undefined): Half {
  if (url === undefined) return 'NONE';
  return outcome?.status === 'SUCCESS' ? 'ANSWERED' : 'SILENT';
}
