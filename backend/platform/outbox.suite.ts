import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import type { DomainEvent, NewEvent } from '../model/event.ts';
import { ManualClock } from './clock.ts';
import { createEventBus } from './event-bus.ts';
import { appendEvent, listEventsAfter, purgeEvents } from './outbox.ts';
import { startOutboxRelay } from './outbox-relay.ts';
import { outbox } from './store/schema.ts';
import type { StoreUnderTest } from './store/store-under-test.ts';
import { silentLogger } from './store/test-store.ts';

const AT = new Date('2026-03-01T10:00:00.000Z');
const event = (n: number): NewEvent => ({ event_type: 'CHAT_MESSAGE', source: 'test', payload: { n } });
const numbers = (events: readonly DomainEvent[]) => events.map((e) => e.payload['n']);

export function outboxSuite(store: StoreUnderTest): void {
  const append = (n: number) => store().transaction((tx) => appendEvent(tx, event(n), AT));

  /** A relay with its bus and everything that the bus was given. */
  function relayOf(clock = new ManualClock()) {
    const bus = createEventBus(silentLogger);
    const seen: DomainEvent[] = [];
    bus.subscribe((e) => seen.push(e));
    const relay = startOutboxRelay({ store: store(), bus, clock, logger: silentLogger });
    const until = async (count: number) => {
      await expect.poll(() => seen.length, { timeout: 5_000, interval: 5 }).toBe(count);
    };
    return { bus, relay, seen, clock, until };
  }

  describe('outbox', () => {
    it('gives an event back as it was appended, with id, sequence and time', async () => {
      const clusterId = crypto.randomUUID();
      const appended = await store().transaction((tx) =>
        appendEvent(
          tx,
          {
            ...event(1),
            cluster_id: clusterId,
            cluster_name: 'prod-1',
            payload: { nul: 'a\u0000b', nested: { z: 1, a: [null] } },
          },
          AT,
        ),
      );
      expect(appended).toMatchObject({ cluster_id: clusterId, cluster_name: 'prod-1', timestamp: AT.toISOString() });
      expect(await listEventsAfter(store(), 0, 10)).toEqual([appended]);
    });

    it('forgets an event whose transaction rolls back', async () => {
      const attempt = store().transaction(async (tx) => {
        await appendEvent(tx, event(1), AT);
        throw new AppError('TOOL_EXECUTION_FAILED', 'no');
      });
      await expect(attempt).rejects.toThrow('no');
      expect(await listEventsAfter(store(), 0, 10)).toEqual([]);
    });

    it('lists events after a sequence, ascending, up to a limit', async () => {
      const first = await append(1);
      for (const n of [2, 3, 4]) await append(n);
      expect(numbers(await listEventsAfter(store(), first.sequence, 2))).toEqual([2, 3]);
    });

    it('never shows a later event before an earlier one whose transaction is still open', async () => {
      const gate = Promise.withResolvers<void>();
      const appended = Promise.withResolvers<void>();
      const slow = store().transaction(async (tx) => {
        await appendEvent(tx, event(1), AT);
        appended.resolve();
        await gate.promise;
      });
      await appended.promise;
      const fast = append(2);
      await new Promise((resolve) => setTimeout(resolve, 100)); // time enough for a writer that does not wait to commit
      const early = listEventsAfter(store(), 0, 10);
      setTimeout(gate.resolve, 100);
      // PGlite has one connection, so its reader waits for the writers; PostgreSQL's must see nothing yet.
      expect([[], [1], [1, 2]]).toContainEqual(numbers(await early));
      await Promise.all([slow, fast]);
      expect(numbers(await listEventsAfter(store(), 0, 10))).toEqual([1, 2]);
    });

    it('passes over events of a type that only a newer version knows', async () => {
      await append(1);
      await store().query((db) =>
        db.insert(outbox).values({
          event_id: crypto.randomUUID(),
          event_type: 'FROM_THE_FUTURE',
          source: 'x',
          timestamp: AT,
          payload: {},
        }),
      );
      await append(2);
      expect(numbers(await listEventsAfter(store(), 0, 10))).toEqual([1, 2]);
    });

    it('purges published events only, and only old ones', async () => {
      await append(1);
      await append(2);
      await store().query((db) => db.update(outbox).set({ published_at: AT }).where(eq(outbox.source, 'test')));
      await append(3);
      expect(await purgeEvents(store(), AT)).toBe(0);
      expect(await purgeEvents(store(), new Date(AT.getTime() + 1))).toBe(2);
      expect(numbers(await listEventsAfter(store(), 0, 10))).toEqual([3]);
    });
  });

  describe('outbox relay', () => {
    it('publishes at its start what nobody has published, in order, and marks it', async () => {
      for (const n of [1, 2, 3]) await append(n);
      const { relay, seen, until } = relayOf();
      await until(3);
      await relay.stop();
      expect(numbers(seen)).toEqual([1, 2, 3]);
      const second = relayOf();
      await append(4);
      second.relay.nudge();
      await second.until(1);
      await second.relay.stop();
      expect(numbers(second.seen)).toEqual([4]);
    });

    it('publishes a new event when it is nudged, and without a nudge within a second', async () => {
      const { relay, seen, clock, until } = relayOf();
      await append(1);
      relay.nudge();
      await clock.advance(0);
      await expect
        .poll(async () => {
          await clock.advance(0);
          return seen.length;
        })
        .toBe(1);
      await append(2);
      await clock.advance(1_000);
      await until(2);
      await relay.stop();
      expect(numbers(seen)).toEqual([1, 2]);
    });

    it('lets every server on one database tell its own clients', async () => {
      const [a, b] = [relayOf(), relayOf()];
      await append(1);
      await Promise.all(
        [a, b].map(async (r) => {
          await expect
            .poll(
              async () => {
                await r.clock.advance(1_000);
                return r.seen.length;
              },
              { timeout: 5_000 },
            )
            .toBe(1);
          await r.relay.stop();
        }),
      );
    });

    it('publishes more than one batch', async () => {
      await store().transaction(async (tx) => {
        for (let n = 0; n < 1_100; n += 1) await appendEvent(tx, event(n), AT);
      });
      const { relay, seen, until } = relayOf();
      await until(1_100);
      await relay.stop();
      expect(numbers(seen)).toEqual(Array.from({ length: 1_100 }, (_, n) => n));
    });

    it('stops without publishing more', async () => {
      const { relay, seen, clock } = relayOf();
      await relay.stop();
      await append(1);
      relay.nudge();
      await clock.advance(5_000);
      expect(seen).toEqual([]);
    });
  });
}
