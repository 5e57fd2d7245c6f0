import { desc, lt } from 'drizzle-orm';
import type { ErrorCode } from '../model/errors.ts';
import { auditLog } from './store/schema.ts';
import type { Store } from './store/store.ts';

/** One call of one tool, whoever made it and however it ended. */
export interface AuditEntry {
  readonly at: Date;
  readonly principal_id: string;
  readonly door: string;
  readonly tool: string;
  /** Already redacted by the caller. */
  readonly arguments: unknown;
  readonly outcome: 'SUCCESS' | ErrorCode;
  readonly duration_ms: number;
  readonly trace_id: string;
  readonly cluster_ids: readonly string[];
}

export type AuditRecord = Omit<AuditEntry, 'at' | 'outcome'> & {
  readonly id: number;
  readonly at: string;
  readonly outcome: string;
};

export interface AuditLog {
  record(entry: AuditEntry): Promise<void>;
  /** Newest first; `at` is ISO 8601 UTC. */
  list(filter: { limit: number }): Promise<AuditRecord[]>;
  /** Deletes what is older than `before`; returns how many. */
  purge(before: Date): Promise<number>;
}

export function createAuditLog(store: Store): AuditLog {
  return {
    record: async (entry) => {
      await store.query((db) =>
        db.insert(auditLog).values({
          ...entry,
          arguments: entry.arguments ?? {},
          duration_ms: Math.round(entry.duration_ms),
          cluster_ids: [...entry.cluster_ids],
        }),
      );
    },
    list: async ({ limit }) => {
      const rows = await store.query((db) => db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(limit));
      return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
    },
    purge: async (before) => {
      const gone = await store.query((db) =>
        db.delete(auditLog).where(lt(auditLog.at, before)).returning({ id: auditLog.id }),
      );
      return gone.length;
    },
  };
}
