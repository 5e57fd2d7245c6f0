import { and, asc, eq, inArray, isNull, lte, or } from 'drizzle-orm';
import { healthSchedule } from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';

/** Who checks which cluster when, shared by every process on one database. */
export interface HealthSchedule {
  /**
   * Takes up to `limit` clusters that are due, longest due first, for `leaseMs`. No two processes get the same one; a process
   * that dies loses its leases when they end.
   */
  claim(now: Date, limit: number, leaseMs: number): Promise<string[]>;
  /** Ends the check of a cluster: the next one is due at `nextRunAt`, unless something made one due while this one ran. */
  done(clusterId: string, startedAt: Date, nextRunAt: Date): Promise<void>;
  /** Gives a cluster back unchecked; it stays due. */
  giveBack(clusterId: string): Promise<void>;
}

/** `owner` (a UUID) tells this process's leases from those of others. */
export function createHealthSchedule(store: Store, owner: string): HealthSchedule {
  const mine = (clusterId: string) =>
    and(eq(healthSchedule.cluster_id, clusterId), eq(healthSchedule.lease_owner, owner));
  const free = { lease_until: null, lease_owner: null };
  return {
    claim: async (now, limit, leaseMs) => {
      const rows = await store.query((db) => {
        const due = db
          .select({ id: healthSchedule.cluster_id })
          .from(healthSchedule)
          .where(
            and(
              lte(healthSchedule.next_run_at, now),
              or(isNull(healthSchedule.lease_until), lte(healthSchedule.lease_until, now)),
            ),
          )
          .orderBy(asc(healthSchedule.next_run_at))
          .limit(limit)
          .for('update', { skipLocked: true });
        return db
          .update(healthSchedule)
          .set({ lease_until: new Date(now.getTime() + leaseMs), lease_owner: owner })
          .where(inArray(healthSchedule.cluster_id, due))
          .returning({ id: healthSchedule.cluster_id });
      });
      return rows.map((row) => row.id);
    },
    done: async (clusterId, startedAt, nextRunAt) => {
      await store.transaction(async (tx) => {
        await tx.update(healthSchedule).set(free).where(mine(clusterId));
        await tx
          .update(healthSchedule)
          .set({ next_run_at: nextRunAt })
          .where(and(eq(healthSchedule.cluster_id, clusterId), lte(healthSchedule.next_run_at, startedAt)));
      });
    },
    giveBack: async (clusterId) => {
      await store.query((db) => db.update(healthSchedule).set(free).where(mine(clusterId)));
    },
  };
}
