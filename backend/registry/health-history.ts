import { and, asc, eq, gte, lte, type SQL, sql } from 'drizzle-orm';
import { ClusterState, type HealthHistory } from '../model/cluster.ts';
import { healthRollups, healthTransitions } from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';

/** How clusters fared. Written by the health monitor, in the transaction of each check. */
export interface HealthHistories {
  /** Of one cluster, oldest first, from `from` to `to` inclusive; roll-ups by the start of their five minutes. */
  read(clusterId: string, range: { from: Date; to: Date }): Promise<HealthHistory>;
  /** Deletes what is older than `before`. Returns how many entries. */
  purge(before: Date): Promise<number>;
}

export function createHealthHistories(store: Store): HealthHistories {
  return {
    read: async (clusterId, { from, to }) => {
      const [t, r] = [healthTransitions, healthRollups];
      const transitions = await store.query((db) =>
        db
          .select()
          .from(t)
          .where(and(eq(t.cluster_id, clusterId), gte(t.at, from), lte(t.at, to)))
          .orderBy(asc(t.at), asc(t.id)),
      );
      const rollups = await store.query((db) =>
        db
          .select()
          .from(r)
          .where(and(eq(r.cluster_id, clusterId), gte(r.start, from), lte(r.start, to)))
          .orderBy(asc(r.start)),
      );
      return {
        transitions: transitions.map((row) => ({
          at: row.at.toISOString(),
          old_state: ClusterState.parse(row.old_state),
          new_state: ClusterState.parse(row.new_state),
          health_score: row.health_score,
          reason: row.reason,
        })),
        rollups: rollups.map((row) => ({
          start: row.start.toISOString(),
          checks: row.checks,
          healthy_checks: row.healthy_checks,
          min_score: row.min_score,
          avg_score: Math.round((row.sum_score / row.checks) * 10) / 10,
        })),
      };
    },

    purge: async (before) =>
      (await deleteCounted(store, sql`delete from ${healthRollups} where ${healthRollups.start} < ${before}`)) +
      (await deleteCounted(store, sql`delete from ${healthTransitions} where ${healthTransitions.at} < ${before}`)),
  };
}

/** Counted by the database: an hour of a large fleet is tens of thousands of rows, which nobody wants to see. */
async function deleteCounted(store: Store, statement: SQL): Promise<number> {
  const { rows } = await store.query((db) =>
    db.execute<{ count: string }>(
      sql`with gone as (${statement} returning 1) select count(*)::text as count from gone`,
    ),
  );
  return Number(rows[0]?.count ?? 0);
}
