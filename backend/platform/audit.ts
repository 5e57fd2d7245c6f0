import { desc, lt } from 'drizzle-orm';
import type { ErrorCode } from '../model/errors.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
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
  /**
   * NOW resolves when the entry is stored. SOON resolves at once: the entry is stored within LINGER_MS together with its
   * neighbours, and a loss is logged; only behind MAX_WAITING others, when the database is slow, does it wait for them.
   */
  record(entry: AuditEntry, when?: 'NOW' | 'SOON'): Promise<void>;
  /** Newest first; `at` is ISO 8601 UTC. */
  list(filter: { limit: number }): Promise<AuditRecord[]>;
  /** Deletes what is older than `before`; returns how many. */
  purge(before: Date): Promise<number>;
}

/** What a crash may cost of the records of reads. Kubernetes' API server batches its audit events in the same way. */
const LINGER_MS = 50;
const MAX_WAITING = 1_000;

export function createAuditLog(
  store: Store,
  { clock, logger }: { clock: Clock; logger: Logger },
): AuditLog & { /** Resolves when what was to be stored SOON is. */ flush(): Promise<void> } {
  let waiting: AuditEntry[] = [];
  let cancelTimer: (() => void) | undefined;
  let storing: Promise<void> = Promise.resolve();

  async function insert(entries: readonly AuditEntry[]): Promise<void> {
    const rows = entries.map((entry) => ({
      ...entry,
      arguments: entry.arguments ?? {},
      duration_ms: Math.round(entry.duration_ms),
      cluster_ids: [...entry.cluster_ids],
    }));
    await store.query((db) => db.insert(auditLog).values(rows));
  }

  function flush(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    storing = storing.then(async () => {
      const entries = waiting;
      waiting = [];
      if (entries.length === 0) return;
      await insert(entries).catch((error: unknown) =>
        logger.error({ err: error, audit: entries }, 'audit records could not be stored'),
      );
    });
    return storing;
  }

  return {
    record: async (entry, when = 'NOW') => {
      if (when === 'NOW') return insert([entry]);
      waiting.push(entry);
      if (waiting.length >= MAX_WAITING) return flush();
      cancelTimer ??= clock.after(LINGER_MS, () => void flush());
    },
    flush,
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
