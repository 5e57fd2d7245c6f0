import { and, inArray, isNull, sql } from 'drizzle-orm';
import type { Clock } from './clock.ts';
import type { EventBus } from './event-bus.ts';
import type { Logger } from './logger.ts';
import { KNOWN_EVENTS, listEventsAfter } from './outbox.ts';
import { outbox } from './store/schema.ts';
import type { Store } from './store/store.ts';

const POLL_MS = 1_000;
const BATCH = 500;

export interface OutboxRelay {
  /** There is something new: look now instead of at the next second. */
  nudge(): void;
  /** Ends after the batch under way; what is left is published by the next start. */
  stop(): Promise<void>;
}

/**
 * Publishes the outbox on this process's bus, in order and at least once: first everything that no process has published
 * yet, then everything new. Each process keeps its own position, so several servers on one database all tell their clients;
 * the mark `published_at` only matters to the next start. A database that is away is tried again every second.
 */
export function startOutboxRelay(parts: { store: Store; bus: EventBus; clock: Clock; logger: Logger }): OutboxRelay {
  const { store, bus, clock, logger } = parts;
  let position: number | undefined;
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let cancelTimer = (): void => undefined;

  async function drain(): Promise<void> {
    position ??= await startPosition(store);
    for (;;) {
      if (stopped) return;
      const events = await listEventsAfter(store, position, BATCH);
      for (const event of events) {
        bus.publish(event);
        position = event.sequence;
      }
      if (events.length > 0) await markPublished(events.map((e) => e.sequence));
      if (events.length < BATCH) return;
    }
  }

  function markPublished(sequences: number[]): Promise<unknown> {
    return store.query((db) =>
      db
        .update(outbox)
        .set({ published_at: clock.now() })
        .where(and(inArray(outbox.sequence, sequences), isNull(outbox.published_at))),
    );
  }

  function run(): void {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    cancelTimer();
    running = drain()
      .catch((error: unknown) => logger.warn({ err: error }, 'events could not be read from the outbox; trying again'))
      .then(() => {
        running = undefined;
        if (stopped) return;
        cancelTimer = clock.after(again ? 0 : POLL_MS, run);
        again = false;
      });
  }

  run();
  return {
    nudge: run,
    stop: async () => {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}

/** Just before the first event that nobody has published; the end when there is none. */
async function startPosition(store: Store): Promise<number> {
  const { rows } = await store.query((db) =>
    db.execute<{ position: string }>(sql`
      select coalesce(
        (select min(${outbox.sequence}) - 1 from ${outbox} where ${outbox.published_at} is null and ${KNOWN_EVENTS}),
        (select max(${outbox.sequence}) from ${outbox}),
        0
      )::text as position`),
  );
  return Number(rows[0]?.position ?? 0);
}
