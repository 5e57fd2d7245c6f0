import { and, asc, eq, exists, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import {
  type alertSchedule,
  clusters,
  type discoverySchedule,
  type gpuSchedule,
  type healthSchedule,
  type traceSchedule,
} from '../platform/store/schema.ts';
import type { Database, Store } from '../platform/store/store.ts';

/** A table with one row a cluster that tells when its turn is, and who is at it. */
export type ScheduleTable =
  | typeof healthSchedule
  | typeof discoverySchedule
  | typeof alertSchedule
  | typeof traceSchedule
  | typeof gpuSchedule;

/** A cluster whose turn it is, or will be in a moment. */
export interface Claim {
  readonly clusterId: string;
  readonly dueAt: Date;
}

/** The end of a turn. */
export interface TurnEnd {
  readonly clusterId: string;
  readonly nextRunAt: Date;
  /**
   * Which turn ended: the one that was claimed for `dueAt`, or, of work that was not claimed, whatever had become due by
   * `readAt`. A turn that something made due since then stays due.
   */
  readonly turn: { readonly dueAt: Date } | { readonly readAt: Date };
}

/** Which cluster's turn is when, shared by every process on one database. */
export interface LeaseSchedule {
  /**
   * Takes up to `limit` clusters that are due by `until`, longest due first, for `leaseMs` from `now` on. No two processes get the same one;
   * a process that dies loses its leases when they end. Clusters that are being deleted have no turn.
   */
  claim(request: { now: Date; until: Date; limit: number; leaseMs: number }): Promise<Claim[]>;
  /** Ends turns, all in one statement of the transaction given. */
  end(tx: Database, ends: readonly TurnEnd[]): Promise<void>;
  /** Gives clusters back untouched; they stay due. */
  giveBack(clusterIds: readonly string[]): Promise<void>;
}

/** `owner` (a UUID) tells this process's leases from those of others. */
export function createLeaseSchedule(store: Store, table: ScheduleTable, owner: string): LeaseSchedule {
  return {
    claim: async ({ now, until, limit, leaseMs }) => {
      const rows = await store.query((db) => {
        const due = db
          .select({ id: table.cluster_id })
          .from(table)
          .where(
            and(
              lte(table.next_run_at, until),
              or(isNull(table.lease_until), lte(table.lease_until, now)),
              exists(
                db
                  .select({ one: sql`1` })
                  .from(clusters)
                  .where(and(eq(clusters.id, table.cluster_id), isNull(clusters.deleting_at))),
              ),
            ),
          )
          .orderBy(asc(table.next_run_at))
          .limit(limit)
          .for('update', { skipLocked: true });
        return db
          .update(table)
          .set({ lease_until: new Date(now.getTime() + leaseMs), lease_owner: owner })
          .where(inArray(table.cluster_id, due))
          .returning({ clusterId: table.cluster_id, dueAt: table.next_run_at });
      });
      return rows.sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
    },

    end: async (tx, ends) => {
      if (ends.length === 0) return;
      const rows = ends.map(({ clusterId, nextRunAt, turn }) => ({
        id: clusterId,
        next_run_at: nextRunAt,
        due_at: 'dueAt' in turn ? turn.dueAt : null,
        read_at: 'readAt' in turn ? turn.readAt : null,
      }));
      await tx.execute(sql`
        update ${table} as s set
          lease_until = case when s.lease_owner = ${owner}::uuid then null else s.lease_until end,
          lease_owner = case when s.lease_owner = ${owner}::uuid then null else s.lease_owner end,
          next_run_at = case when s.next_run_at = v.due_at or s.next_run_at <= v.read_at then v.next_run_at else s.next_run_at end
        from json_to_recordset(${JSON.stringify(rows)}::json)
          as v(id uuid, next_run_at timestamptz, due_at timestamptz, read_at timestamptz)
        where s.cluster_id = v.id`);
    },

    giveBack: async (clusterIds) => {
      if (clusterIds.length === 0) return;
      await store.query((db) =>
        db
          .update(table)
          .set({ lease_until: null, lease_owner: null })
          .where(and(inArray(table.cluster_id, [...clusterIds]), eq(table.lease_owner, owner))),
      );
    },
  };
}
