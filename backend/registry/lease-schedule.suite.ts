import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { clusters, discoverySchedule, healthSchedule } from '../platform/store/schema.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { type LeaseSchedule, createLeaseSchedule } from './lease-schedule.ts';
import { insertClusters } from './test-clusters.ts';

export function leaseScheduleSuite(store: StoreUnderTest): void {
  describe.each([
    ['health', healthSchedule],
    ['discovery', discoverySchedule],
  ] as const)('schedule of %s', (_name, table) => {
    function setUp() {
      const clock = new ManualClock();
      const create = async (...names: string[]) =>
        (
          await insertClusters(
            store(),
            clock,
            names.map((name) => ({ name })),
          )
        ).map((c) => c.id);
      const schedule = () => createLeaseSchedule(store(), table, randomUUID());
      const claim = async (s: LeaseSchedule, limit = 99, aheadMs = 0) => {
        const now = clock.now();
        const until = new Date(now.getTime() + aheadMs);
        return (await s.claim({ now, until, limit, leaseMs: 60_000 })).map((c) => c.clusterId);
      };
      const dueIn = (id: string, ms: number) =>
        store().query((db) =>
          db
            .update(table)
            .set({ next_run_at: new Date(clock.now().getTime() + ms) })
            .where(eq(table.cluster_id, id)),
        );
      const end = (s: LeaseSchedule, ...ends: Parameters<LeaseSchedule['end']>[1]) =>
        store().transaction((tx) => s.end(tx, ends));
      const later = (ms: number) => new Date(clock.now().getTime() + ms);
      return { clock, create, schedule, claim, dueIn, end, later };
    }

    it('gives a due cluster to one process only, until its lease ends', async () => {
      const { clock, create, schedule, claim } = setUp();
      const ids = await create(...Array.from({ length: 30 }, (_, n) => `c-${n}`));
      const processes = Array.from({ length: 6 }, schedule);
      const claims = await Promise.all(processes.map((s) => claim(s, 10)));
      expect(claims.flat().sort()).toEqual([...ids].sort());
      await clock.advance(59_999);
      expect(await claim(schedule())).toEqual([]);
      await clock.advance(1);
      expect(await claim(schedule())).toHaveLength(30);
    });

    it('goes round a cluster that another process is just claiming, without waiting for it', async () => {
      const { create, schedule, claim } = setUp();
      const [held = '', free = ''] = await create('held', 'free');
      const gate = Promise.withResolvers<void>();
      const locked = Promise.withResolvers<void>();
      const other = store().transaction(async (tx) => {
        await tx.execute(sql`select 1 from ${table} where cluster_id = ${held} for update`);
        locked.resolve();
        await gate.promise;
      });
      await locked.promise;
      const claimed = claim(schedule());
      // PGlite has one connection: there is no other process, and its claim comes after the transaction.
      const parallel = store().kind === 'postgres';
      if (parallel) await claimed;
      gate.resolve();
      await other;
      expect(await claimed).toHaveLength(parallel ? 1 : 2);
      expect(await claimed).toContain(free);
    });

    it('gives what is due soonest first, and ahead of its time what is asked for', async () => {
      const { create, schedule, claim, dueIn } = setUp();
      const [a = '', b = '', c = ''] = await create('a-1', 'b-1', 'c-1');
      await dueIn(a, 500);
      await dueIn(b, -500);
      await dueIn(c, 501);
      expect(await claim(schedule(), 99, 500)).toEqual([b, a]);
    });

    it('passes over a cluster that is being deleted', async () => {
      const { clock, create, schedule, claim } = setUp();
      const [a = '', b = ''] = await create('a-1', 'b-1');
      await store().query((db) => db.update(clusters).set({ deleting_at: clock.now() }).where(eq(clusters.id, a)));
      expect(await claim(schedule())).toEqual([b]);
    });

    it('gives back only what is its own', async () => {
      const { create, schedule, claim } = setUp();
      const [id = ''] = await create('one');
      const [mine, theirs] = [schedule(), schedule()];
      await claim(mine);
      await theirs.giveBack([id]);
      expect(await claim(theirs)).toEqual([]);
      await mine.giveBack([id]);
      expect(await claim(theirs)).toEqual([id]);
    });

    it('has the next turn when one has ended, the lease free', async () => {
      const { clock, create, schedule, claim, end, later } = setUp();
      const [a = '', b = ''] = await create('a-1', 'b-1');
      const mine = schedule();
      await claim(mine);
      const turn = { dueAt: clock.now() };
      await end(
        mine,
        { clusterId: a, nextRunAt: later(30_000), turn },
        { clusterId: b, nextRunAt: later(40_000), turn },
      );
      expect(await claim(schedule(), 99, 29_999)).toEqual([]);
      expect(await claim(schedule(), 99, 30_000)).toEqual([a]);
      expect(await claim(schedule(), 99, 40_000)).toEqual([b]);
    });

    it('keeps a cluster due that something made due after its claim, or after it was read', async () => {
      const { clock, create, schedule, claim, dueIn, end, later } = setUp();
      const [a = '', b = ''] = await create('a-1', 'b-1');
      const mine = schedule();
      await claim(mine);
      const readAt = clock.now();
      await clock.advance(1_000);
      for (const id of [a, b]) await dueIn(id, 0);
      await end(mine, { clusterId: a, nextRunAt: later(30_000), turn: { dueAt: readAt } });
      await end(mine, { clusterId: b, nextRunAt: later(30_000), turn: { readAt } });
      expect((await claim(schedule())).sort()).toEqual([a, b].sort());
    });

    it('counts a turn that nobody claimed for what was due until then, and leaves the lease of another', async () => {
      const { clock, create, schedule, claim, end, later } = setUp();
      const [id = ''] = await create('one');
      const [mine, theirs] = [schedule(), schedule()];
      await claim(theirs);
      const dueAt = clock.now();
      await end(mine, { clusterId: id, nextRunAt: later(30_000), turn: { readAt: clock.now() } });
      await clock.advance(30_000);
      expect(await claim(mine)).toEqual([]); // the other is still at it
      await end(theirs, { clusterId: id, nextRunAt: later(90_000), turn: { dueAt } });
      expect(await claim(mine)).toEqual([id]); // whose end does not put off what was scheduled since
    });
  });
}
