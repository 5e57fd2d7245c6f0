import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Cluster, ClusterCreate, type ClusterCreateInput, type EndpointKind } from '../model/cluster.ts';
import { ManualClock } from '../platform/clock.ts';
import { createEnvelope } from '../platform/envelope.ts';
import { createEventBus } from '../platform/event-bus.ts';
import { appendEvent, listEventsAfter } from '../platform/outbox.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { silentLogger } from '../platform/store/test-store.ts';
import { createAddressPolicy } from '../spokes/address-policy.ts';
import { createHealthSchedule } from './health-schedule.ts';
import type { ProbeResult } from './health-score.ts';
import { startHealthMonitor } from './health.ts';
import { createClusterRegistry } from './registry.ts';

type Answer = ProbeResult | 'HANG';

export function healthSuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    const registry = createClusterRegistry({
      store: store(),
      clock,
      envelope: createEnvelope(randomBytes(32)),
      policy: createAddressPolicy({ allow: [], deny: [] }),
      nudge: () => undefined,
    });
    const answers = new Map<EndpointKind, Answer>();
    const asked: { cluster: string; kind: EndpointKind; at: string; timeoutMs: number }[] = [];
    const probe = {
      probe: (
        cluster: Cluster,
        kind: EndpointKind,
        { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
      ) => {
        asked.push({ cluster: cluster.name, kind, at: clock.now().toISOString().slice(11, 19), timeoutMs });
        const answer = answers.get(kind) ?? { ok: true };
        if (answer !== 'HANG') return Promise.resolve(answer);
        return new Promise<ProbeResult>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
    };
    const bus = createEventBus(silentLogger);
    const start = () => {
      const monitor = startHealthMonitor({
        store: store(),
        registry,
        probe,
        bus,
        clock,
        logger: silentLogger,
        random: () => 0.5,
      });
      onTestFinished(() => monitor.stop());
      return monitor;
    };
    const create = (name: string, input: Partial<ClusterCreateInput> = {}) =>
      registry.create(ClusterCreate.parse({ name, api_server_url: `https://api.${name}.example`, ...input }));
    /** Lets time pass second by second, and the database answer in between. */
    const pass = async (seconds: number) => {
      for (let s = 0; s < seconds; s += 1) {
        await new Promise((resolve) => setTimeout(resolve, 15));
        await clock.advance(1_000);
      }
    };
    const state = async (id: string) => (await registry.get(id)).status.state;
    return { clock, registry, answers, asked, bus, start, create, pass, state };
  }

  describe('health monitor', () => {
    it('checks a new cluster at once and then at the interval of its type', async () => {
      const { start, create, asked, pass, state } = setUp();
      const { id } = await create('hub-1', { cluster_type: 'HUB' });
      start();
      await expect.poll(() => state(id), { timeout: 5_000 }).toBe('ONLINE');
      expect(asked).toEqual([{ cluster: 'hub-1', kind: 'API', at: '10:00:00', timeoutMs: 5_000 }]);
      await pass(14);
      expect(asked).toHaveLength(1);
      while (asked.length < 2) await pass(1);
      expect(asked[1]?.at).toMatch(/^10:00:1[5-9]$/);
    });

    it('asks exactly the endpoints that a cluster has, with the timeout of its type', async () => {
      const { start, create, asked } = setUp();
      const endpoints = { prometheus_url: 'http://p.example', alertmanager_url: 'http://a.example' };
      const full = await create('full', { endpoints, cluster_type: 'FAR_EDGE' });
      const bare = await create('bare', { cluster_type: 'EDGE' });
      const monitor = start();
      await Promise.all([monitor.checkNow(full.id), monitor.checkNow(bare.id)]);
      const kinds = (name: string) =>
        [...new Set(asked.filter((a) => a.cluster === name).map((a) => `${a.kind} ${a.timeoutMs}`))].sort();
      expect(kinds('full')).toEqual(['ALERTMANAGER 30000', 'API 30000', 'PROMETHEUS 30000']);
      expect(kinds('bare')).toEqual(['API 15000']);
    });

    it('tells a change of state once and nothing while it stays', async () => {
      const { start, create, answers } = setUp();
      const { id } = await create('spoke-1');
      const monitor = start();
      for (const answer of [
        { ok: true },
        { ok: true },
        { ok: false, error: 'x' },
        { ok: false, error: 'y' },
        { ok: true },
      ] satisfies Answer[]) {
        await monitor.checkNow(id); // joins the check of the schedule, if that is under way
        answers.set('API', answer);
        await monitor.checkNow(id);
      }
      const changes = (await listEventsAfter(store(), 0, 99)).filter((e) => e.event_type === 'CLUSTER_STATUS_CHANGED');
      expect(changes.map((e) => e.payload['new_state'])).toEqual(['ONLINE', 'OFFLINE', 'ONLINE']);
    });

    it('counts an endpoint that hangs as down when its time is over', async () => {
      const { start, create, answers, pass, registry } = setUp();
      answers.set('API', 'HANG');
      const { id } = await create('spoke-1');
      const monitor = start();
      const ended = new AbortController();
      const checked = monitor.checkNow(id).finally(() => ended.abort());
      while (!ended.signal.aborted) await pass(1);
      await checked;
      expect((await registry.get(id)).status).toMatchObject({
        state: 'OFFLINE',
        last_error: 'API server: no answer within 10 s',
      });
    });

    it('checks at once when the bus tells of a new cluster', async () => {
      const { start, create, bus, state, asked } = setUp();
      start();
      await expect.poll(() => asked.length).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { id } = await create('late');
      const [registered] = await listEventsAfter(store(), 0, 1);
      if (registered) bus.publish(registered);
      await expect.poll(() => state(id), { timeout: 5_000 }).toBe('ONLINE');
    });

    it('refuses to check a cluster that is not there', async () => {
      await expect(setUp().start().checkNow(randomUUID())).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
    });

    it('records nothing of a check that the stop cut off, and leaves it due', async () => {
      const { start, create, answers, state, asked, clock } = setUp();
      answers.set('API', 'HANG');
      const { id } = await create('spoke-1');
      const monitor = start();
      await expect.poll(() => asked.length).toBe(1);
      await monitor.stop();
      expect(await state(id)).toBe('UNKNOWN');
      expect(await createHealthSchedule(store(), randomUUID()).claim(clock.now(), 10, 1_000)).toEqual([id]);
    });
  });

  describe('health schedule', () => {
    it('gives a due cluster to one process only, until its lease ends', async () => {
      const { create, clock } = setUp();
      const ids = await Promise.all(Array.from({ length: 30 }, async (_, n) => (await create(`c-${n}`)).id));
      const schedules = Array.from({ length: 6 }, () => createHealthSchedule(store(), randomUUID()));
      const claims = await Promise.all(schedules.map((s) => s.claim(clock.now(), 10, 60_000)));
      expect(claims.flat().sort()).toEqual([...ids].sort());
      await clock.advance(59_999);
      expect(await schedules[0]?.claim(clock.now(), 99, 60_000)).toEqual([]);
      await clock.advance(1);
      expect(await schedules[0]?.claim(clock.now(), 99, 60_000)).toHaveLength(30);
    });

    it('goes round a cluster that another process is just claiming, without waiting for it', async () => {
      const { create, clock } = setUp();
      const [held, free] = [await create('held'), await create('free')];
      const gate = Promise.withResolvers<void>();
      const locked = Promise.withResolvers<void>();
      const other = store().transaction(async (tx) => {
        await tx.execute(sql`select 1 from clusters.health_schedule where cluster_id = ${held.id} for update`);
        locked.resolve();
        await gate.promise;
      });
      await locked.promise;
      const claim = createHealthSchedule(store(), randomUUID()).claim(clock.now(), 10, 60_000);
      // PGlite has one connection: there is no other process, and its claim comes after the transaction.
      const parallel = store().kind === 'postgres';
      if (parallel) await claim;
      gate.resolve();
      await other;
      expect(await claim).toHaveLength(parallel ? 1 : 2);
      expect(await claim).toContain(free.id);
    });

    it('gives back only what is its own', async () => {
      const { create, clock } = setUp();
      const { id } = await create('one');
      const [mine, theirs] = [createHealthSchedule(store(), randomUUID()), createHealthSchedule(store(), randomUUID())];
      await mine.claim(clock.now(), 1, 60_000);
      await theirs.giveBack(id);
      expect(await theirs.claim(clock.now(), 1, 60_000)).toEqual([]);
      await mine.giveBack(id);
      expect(await theirs.claim(clock.now(), 1, 60_000)).toEqual([id]);
    });

    it('keeps a cluster due that became due again while it was checked', async () => {
      const { create, clock, registry } = setUp();
      const { id } = await create('one');
      const schedule = createHealthSchedule(store(), randomUUID());
      const startedAt = clock.now();
      await schedule.claim(startedAt, 1, 60_000);
      await clock.advance(1_000);
      await registry.setCredentials(id, { auth_type: 'SERVICE_ACCOUNT', api_token: 't' });
      await schedule.done(id, startedAt, new Date(startedAt.getTime() + 30_000));
      expect(await schedule.claim(clock.now(), 1, 60_000)).toEqual([id]);
    });

    it('takes longest due first', async () => {
      const { create, clock } = setUp();
      const first = await create('first');
      await clock.advance(1);
      await create('second');
      expect(await createHealthSchedule(store(), randomUUID()).claim(clock.now(), 1, 1_000)).toEqual([first.id]);
    });
  });

  describe('events of other sources', () => {
    it('do not disturb the monitor', async () => {
      const { bus, start, asked } = setUp();
      start();
      await store().transaction((tx) =>
        appendEvent(tx, { event_type: 'CHAT_MESSAGE', source: 'test', payload: {} }, new Date(0)),
      );
      const [event] = await listEventsAfter(store(), 0, 1);
      if (event) bus.publish(event);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(asked).toEqual([]);
    });
  });
}
