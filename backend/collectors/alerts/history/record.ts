import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import pLimit from 'p-limit';
import type { Clock } from '../../../platform/clock.ts';
import { appendEvents } from '../../../platform/outbox.ts';
import { alertSchedule } from '../../../platform/store/schema.ts';
import type { Database, Store } from '../../../platform/store/store.ts';
import { type FlapRule, announce } from './announce.ts';
import { EpisodeBook } from './episode-book.ts';
import { type LockedCluster, loadEpisodes, loadRecent, lockAlerts, writeEpisodes } from './episode-rows.ts';
import { type NotificationFindings, type PollFindings, applyNotification, applyPoll } from './rounds.ts';
import type { Sighting } from './sighting.ts';
import { type Observed, type SwitchRules, turnSwitches } from './switches.ts';

/** What became of the episodes. */
export interface Recorded {
  readonly opened: number;
  readonly resolved: number;
  readonly events: number;
  /** Alerts that were not recorded because too many of the cluster's are open. */
  readonly overflow: number;
}

/**
 * Writes what polls and notifications say into the history, and its events, in one transaction each. Whoever comes takes the
 * cluster's turn first, so an episode is told once, however many polls and notifications tell of it at the same time.
 */
export interface AlertRecorder {
  /** Ends the turn in the same transaction. Undefined when the cluster is gone. */
  poll(
    clusterId: string,
    findings: PollFindings & { readonly observed: Observed },
    endTurn: (tx: Database) => Promise<void>,
  ): Promise<Recorded | undefined>;
  /** Stored when this resolves. `due`: the cluster is to be polled at once. Undefined when the cluster is gone. */
  notification(clusterId: string, findings: NotificationFindings, due: boolean): Promise<Recorded | undefined>;
}

export interface RecorderOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Wakes the outbox relay after a commit. */
  readonly nudge: () => void;
  readonly flapRule: FlapRule;
  readonly switchRules: SwitchRules;
  readonly newId?: () => string;
}

/** Transactions of this process at a time: each holds one of the database's ten connections, and others need them too. */
const MAX_WRITING = 4;

export function createAlertRecorder(options: RecorderOptions): AlertRecorder {
  const { store, clock, nudge, flapRule, switchRules, newId = randomUUID } = options;
  const writing = pLimit(MAX_WRITING);
  /** The last of each cluster: whoever would wait for the cluster's row waits here, without a connection. */
  const lastOf = new Map<string, Promise<unknown>>();

  async function inTurn<T>(clusterId: string, work: () => Promise<T>): Promise<T> {
    const before = lastOf.get(clusterId);
    const own = (async () => {
      await before?.catch(() => undefined); // whoever asked for it hears of its failure
      return writing(work);
    })();
    lastOf.set(clusterId, own);
    try {
      return await own;
    } finally {
      if (lastOf.get(clusterId) === own) lastOf.delete(clusterId);
    }
  }

  async function record(
    clusterId: string,
    sightings: readonly Sighting[],
    change: (book: EpisodeBook, now: Date, cluster: LockedCluster, tx: Database) => Promise<void>,
  ): Promise<Recorded | undefined> {
    const write = () =>
      store.transaction(async (tx) => {
        const cluster = await lockAlerts(tx, clusterId);
        if (!cluster) return undefined;
        const now = clock.now();
        const book = new EpisodeBook(cluster.id, await loadEpisodes(tx, cluster.id, sightings), newId);
        const firingBefore = new Set(book.open.map((row) => row.id));
        await change(book, now, cluster, tx);
        const opened = [...book.opened].flatMap((id) => book.get(id)?.fingerprint ?? []);
        const since = new Date(now.getTime() - flapRule.windowMs);
        const events = announce(book, {
          cluster,
          now,
          maintenance: cluster.maintenance_until !== null && cluster.maintenance_until > now,
          flapRule,
          recent: await loadRecent(tx, cluster.id, opened, since),
        });
        await writeEpisodes(tx, [...book.changed.values()]);
        await appendEvents(tx, events);
        const resolved = book.rows.filter((row) => row.state === 'RESOLVED' && firingBefore.has(row.id)).length;
        return { opened: book.opened.size, resolved, events: events.length, overflow: book.overflow };
      });
    const recorded = await inTurn(clusterId, write);
    if (recorded && recorded.events > 0) nudge();
    return recorded;
  }

  return {
    poll: (clusterId, { observed, ...findings }, endTurn) =>
      record(clusterId, findings.sightings, async (book, now, cluster, tx) => {
        applyPoll(book, findings, now);
        const context = { clusterName: cluster.name, rules: switchRules, now };
        const switches = turnSwitches(book, cluster.switches, observed, context);
        if (JSON.stringify(switches) !== JSON.stringify(cluster.switches))
          await tx.update(alertSchedule).set({ switches }).where(eq(alertSchedule.cluster_id, cluster.id));
        await endTurn(tx);
      }),

    notification: (clusterId, findings, due) => {
      const sightings = [...findings.firing, ...findings.resolved.map((ending) => ending.sighting)];
      return record(clusterId, sightings, async (book, now, cluster, tx) => {
        applyNotification(book, findings, now);
        if (due)
          await tx.update(alertSchedule).set({ next_run_at: now }).where(eq(alertSchedule.cluster_id, cluster.id));
      });
    },
  };
}
