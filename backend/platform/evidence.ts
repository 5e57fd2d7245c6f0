import { randomUUID } from 'node:crypto';
import { and, desc, eq, gt, lte, notInArray } from 'drizzle-orm';
import { AppError } from '../model/errors.ts';
import type { Clock } from './clock.ts';
import { evidence } from './store/schema.ts';
import type { Store } from './store/store.ts';
import { isUuid } from './uuid.ts';

/** Longest content in bytes, and how many pieces an owner keeps: the oldest go first. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_PER_OWNER = 50;
const LIFE_MS = 24 * 3_600_000;

/** Answers that were too large to hand out whole, kept for their owner for 24 hours. */
export interface EvidenceStore {
  /** `bytes` is the length of the content as JSON in UTF-8. Throws QUERY_REFUSED when that is over 16 MiB. */
  put(entry: { owner: string; tool: string; content: unknown }): Promise<{ id: string; uri: string; bytes: number }>;
  /** Throws EVIDENCE_NOT_FOUND when there is none, when it belongs to somebody else, and when its time is over. */
  get(id: string, owner: string): Promise<{ id: string; tool: string; content: unknown; created_at: string }>;
  /** Deletes what is past its time; returns how many. */
  purgeExpired(): Promise<number>;
}

export function createEvidenceStore(store: Store, clock: Clock): EvidenceStore {
  return {
    put: async ({ owner, tool, content }) => {
      const id = randomUUID();
      const json = JSON.stringify(content ?? null);
      const bytes = Buffer.byteLength(json);
      if (bytes > MAX_BYTES) {
        throw new AppError(
          'QUERY_REFUSED',
          `The answer of ${tool} is ${bytes} bytes long, too long to show or to keep.`,
          {
            details: { rule: 'max_answer_bytes', limit: MAX_BYTES, observed: bytes },
            hint: 'Ask fewer clusters, a shorter time range, a larger step, or aggregate.',
          },
        );
      }
      const now = clock.now();
      const row = { id, owner, tool, content: json, created_at: now, expires_at: new Date(now.getTime() + LIFE_MS) };
      await store.query((db) => db.insert(evidence).values(row));
      await store.query((db) => {
        const newest = db.select({ id: evidence.id }).from(evidence).where(eq(evidence.owner, owner));
        const kept = newest.orderBy(desc(evidence.created_at), desc(evidence.id)).limit(MAX_PER_OWNER);
        return db.delete(evidence).where(and(eq(evidence.owner, owner), notInArray(evidence.id, kept)));
      });
      return { id, uri: `aiops://evidence/${id}`, bytes };
    },
    get: async (id, owner) => {
      const [row] = isUuid(id)
        ? await store.query((db) =>
            db
              .select()
              .from(evidence)
              .where(and(eq(evidence.id, id), eq(evidence.owner, owner), gt(evidence.expires_at, clock.now()))),
          )
        : [];
      if (row) {
        const content: unknown = JSON.parse(row.content);
        return { id, tool: row.tool, content, created_at: row.created_at.toISOString() };
      }
      throw new AppError('EVIDENCE_NOT_FOUND', 'No evidence of that id belongs to you.', {
        hint: 'Evidence lives for 24 hours; ask the question again to get a new one.',
      });
    },
    purgeExpired: async () => {
      const gone = await store.query((db) =>
        db.delete(evidence).where(lte(evidence.expires_at, clock.now())).returning({ id: evidence.id }),
      );
      return gone.length;
    },
  };
}
