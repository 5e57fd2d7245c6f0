import { randomUUID } from 'node:crypto';
import { and, asc, gt, inArray, isNotNull, lt, sql } from 'drizzle-orm';
import { type DomainEvent, EventType, type NewEvent } from '../model/event.ts';
import { outbox } from './store/schema.ts';
import type { Database, Store } from './store/store.ts';

/** Key of the advisory lock that writers of events hold until they commit: "OUTBX" read as bytes. */
const OUTBOX_LOCK = 0x4f_55_54_42_58;

/**
 * Writes an event into the transaction of the change that it tells, so that there is never one without the other. `at` is the
 * time of the change. Call it as the last statement of the transaction: from here to the commit every other event waits.
 * That wait is what makes `sequence` ascend in the order of commits, so that a reader who has seen 7 never misses a 6.
 */
export async function appendEvent(tx: Database, event: NewEvent, at: Date): Promise<DomainEvent> {
  const [appended] = await appendEvents(tx, [{ ...event, at }]);
  if (!appended) throw new Error('insert into the outbox returned no row');
  return appended;
}

/** An event with the time of its change. */
export type TimedEvent = NewEvent & { readonly at: Date };

/** {@link appendEvent} for several, in their order, at the price of one. */
export async function appendEvents(tx: Database, events: readonly TimedEvent[]): Promise<DomainEvent[]> {
  if (events.length === 0) return [];
  await tx.execute(sql`select pg_advisory_xact_lock(${OUTBOX_LOCK})`);
  const rows = await tx
    .insert(outbox)
    .values(events.map(({ at, ...event }) => ({ ...event, event_id: randomUUID(), timestamp: at })))
    .returning();
  return rows.map(toEvent);
}

/** Rows of types that this version knows: after a step back to it, those of the newer version are left alone. */
export const KNOWN_EVENTS = inArray(outbox.event_type, EventType.options);

/** At most `limit` events with a higher sequence, ascending; published or not. For a client that resumes. */
export async function listEventsAfter(store: Store, sequence: number, limit: number): Promise<DomainEvent[]> {
  const rows = await store.query((db) =>
    db
      .select()
      .from(outbox)
      .where(and(gt(outbox.sequence, sequence), KNOWN_EVENTS))
      .orderBy(asc(outbox.sequence))
      .limit(limit),
  );
  return rows.map(toEvent);
}

/** Deletes published events older than `before`; a client that resumes from before that gets what is left. Returns how many. */
export async function purgeEvents(store: Store, before: Date): Promise<number> {
  const gone = await store.query((db) =>
    db
      .delete(outbox)
      .where(and(isNotNull(outbox.published_at), lt(outbox.timestamp, before)))
      .returning({ sequence: outbox.sequence }),
  );
  return gone.length;
}

function toEvent(row: typeof outbox.$inferSelect): DomainEvent {
  return {
    event_id: row.event_id,
    sequence: row.sequence,
    event_type: EventType.parse(row.event_type),
    source: row.source,
    ...(row.cluster_id === null ? {} : { cluster_id: row.cluster_id }),
    ...(row.cluster_name === null ? {} : { cluster_name: row.cluster_name }),
    timestamp: row.timestamp.toISOString(),
    payload: row.payload,
  };
}
