import { and, asc, inArray, isNull, lt, lte, or } from 'drizzle-orm';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { appendEvents } from '../../platform/outbox.ts';
import { clusterCredentials, clusters } from '../../platform/store/schema.ts';
import type { Store } from '../../platform/store/store.ts';
import { NOT_DELETED } from '../cluster-rows.ts';

/** Product contract: a week is time enough to make new ones. */
const WARN_BEFORE_MS = 7 * 86_400_000;
const BATCH = 200;
const EVERY_MS = 3_600_000;

/** {@link warnOfExpiry} now and then every hour. A round that fails is logged, and the next has its turn. */
export function startExpiryWarnings(parts: { store: Store; clock: Clock; logger: Logger; nudge: () => void }): {
  stop(): Promise<void>;
} {
  const { clock, logger } = parts;
  let stopped = false;
  let cancelTimer = (): void => undefined;
  let running: Promise<void> = Promise.resolve();

  async function round(): Promise<void> {
    try {
      const told = await warnOfExpiry(parts);
      if (told > 0) logger.warn({ clusters: told }, 'credentials of clusters end soon or have ended');
    } catch (error) {
      logger.warn({ err: error }, 'could not look for credentials that end; trying again in an hour');
    }
    if (!stopped) cancelTimer = clock.after(EVERY_MS, run);
  }

  function run(): void {
    running = round();
  }

  run();
  return {
    stop: async () => {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}

/**
 * Tells by CLUSTER_CREDENTIALS_UPDATED which credentials end within seven days (`action: EXPIRING`) and which have ended
 * (`EXPIRED`), each once until they are replaced, however many processes ask. Gives how many it told of.
 */
export async function warnOfExpiry(parts: { store: Store; clock: Clock; nudge: () => void }): Promise<number> {
  const { store, clock, nudge } = parts;
  let total = 0;
  for (;;) {
    const told = await warnSome(store, clock.now());
    total += told;
    if (told > 0) nudge();
    if (told < BATCH) return total;
  }
}

async function warnSome(store: Store, now: Date): Promise<number> {
  const { cluster_id, auth_type, expires_at, expiry_warned_at } = clusterCredentials;
  return store.transaction(async (tx) => {
    const due = tx
      .select({ cluster_id })
      .from(clusterCredentials)
      .where(
        and(
          lte(expires_at, new Date(now.getTime() + WARN_BEFORE_MS)),
          // Not told yet, or told before they ended and now they have.
          or(isNull(expiry_warned_at), and(lte(expires_at, now), lt(expiry_warned_at, expires_at))),
        ),
      )
      .orderBy(asc(expires_at))
      .limit(BATCH)
      .for('update', { skipLocked: true });
    const ending = await tx
      .update(clusterCredentials)
      .set({ expiry_warned_at: now })
      .where(inArray(cluster_id, due))
      .returning({ cluster_id, auth_type, expires_at });
    const ids = ending.map((row) => row.cluster_id);
    const names = new Map(
      ids.length === 0
        ? []
        : (
            await tx
              .select({ id: clusters.id, name: clusters.name })
              .from(clusters)
              .where(and(NOT_DELETED, inArray(clusters.id, ids)))
          ).map((row) => [row.id, row.name]),
    );
    await appendEvents(
      tx,
      ending.flatMap((row) => {
        const name = names.get(row.cluster_id);
        return name === undefined ? [] : [{ ...eventOf(row, now), cluster_id: row.cluster_id, cluster_name: name }];
      }),
    );
    return ending.length;
  });
}

function eventOf({ auth_type, expires_at }: { auth_type: string; expires_at: Date | null }, now: Date) {
  const action = expires_at && expires_at <= now ? 'EXPIRED' : 'EXPIRING';
  return {
    event_type: 'CLUSTER_CREDENTIALS_UPDATED' as const,
    source: 'registry',
    payload: { action, auth_type, expires_at: expires_at?.toISOString() ?? null },
    at: now,
  };
}
