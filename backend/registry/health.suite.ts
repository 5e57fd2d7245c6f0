import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Cluster, ClusterCreateInput, EndpointKind } from '../model/cluster.ts';
import type { EventType } from '../model/event.ts';
import { ManualClock } from '../platform/clock.ts';
import { createEventBus } from '../platform/event-bus.ts';
import { appendEvent, listEventsAfter } from '../platform/outbox.ts';
import { healthSchedule } from '../platform/store/schema.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { silentLogger } from '../platform/store/test-store.ts';
import type { ProbeResult } from './health-score.ts';
import { startHealthMonitor } from './health.ts';
import { createLeaseSchedule } from './lease-schedule.ts';
import { insertClusters, readerOf } from './test-clusters.ts';

type Answer = ProbeResult | 'HANG';

export function healthSuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
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
    const late: number[] = [];
    let nudges = 0;
    const registry = readerOf(store());
    const start = (random: () => number = () => 0.5) => {
      const monitor = startHealthMonitor({
        store: store(),
        registry,
        probe,
        bus,
        clock,
        logger: silentLogger,
        nudge: () => void (nudges += 1),
        lateness: { observe: (seconds) => late.push(seconds) },
        random,
      });
      onTestFinished(() => monitor.stop());
      return monitor;
    };
    const create = async (name: string, input: Partial<ClusterCreateInput> = {}) => {
      const [cluster] = await insertClusters(store(), clock, [{ name, ...input }]);
      if (!cluster) throw new Error('nothing was inserted');
      return cluster;
    };
    /** Lets time pass second by second, and the database answer in between. */
    const pass = async (seconds: number) => {
      for (let s = 0; s < seconds; s += 1) {
        await new Promise((resolve) => setTimeout(resolve, 15));
        await clock.advance(1_000);
      }
    };
    const state = async (id: string) => (await registry.get(id)).status.state;
    const settled = async (id: string) => {
      await expect.poll(() => state(id), { timeout: 5_000 }).not.toBe('UNKNOWN');
    };
    const publish = async (event_type: EventType) => {
      await store().transaction((tx) => appendEvent(tx, { event_type, source: 'test', payload: {} }, clock.now()));
      const [event] = (await listEventsAfter(store(), 0, 99)).slice(-1);
      if (event) bus.publish(event);
    };
    /** Resolves when the monitor has looked for what is due and waits for the time of its next look. */
    const looked = async () => {
      await expect.poll(() => clock.waiting, { timeout: 5_000, interval: 5 }).toBe(1);
    };
    const nextRun = async (id: string) => {
      const [row] = await store().query((db) =>
        db.select().from(healthSchedule).where(eq(healthSchedule.cluster_id, id)),
      );
      return row?.next_run_at.toISOString().slice(11, 19);
    };
    return {
      clock,
      registry,
      answers,
      asked,
      late,
      start,
      create,
      pass,
      state,
      settled,
      publish,
      nextRun,
      looked,
      nudges: () => nudges,
    };
  }

  describe('health monitor', () => {
    it('checks a new cluster at once and then at the interval of its type', async () => {
      const { start, create, asked, pass, settled, late } = setUp();
      const { id } = await create('hub-1', { cluster_type: 'HUB' });
      start();
      await settled(id);
      expect(asked).toEqual([{ cluster: 'hub-1', kind: 'API', at: '10:00:00', timeoutMs: 5_000 }]);
      await pass(14);
      expect(asked).toHaveLength(1);
      while (asked.length < 2) await pass(1);
      expect(asked[1]?.at).toMatch(/^10:00:1[56]$/);
      expect(late.every((seconds) => seconds <= 1)).toBe(true);
    });

    it('spreads what comes after first checks over the interval', async () => {
      const { clock, start, asked, pass, nextRun, settled } = setUp();
      const ids = await insertClusters(
        store(),
        clock,
        Array.from({ length: 5 }, (_, n) => ({ name: `c-${n}` })),
      );
      const randoms = [0, 0.25, 0.5, 0.75, 0.99];
      start(() => randoms.shift() ?? 0.5);
      await expect.poll(() => asked.length, { timeout: 5_000 }).toBe(5);
      await pass(1);
      for (const { id } of ids) await settled(id);
      const next = await Promise.all(ids.map(({ id }) => nextRun(id)));
      expect(new Set(next)).toEqual(new Set(['10:00:15', '10:00:22', '10:00:30', '10:00:37', '10:00:44']));
    });

    it('begins few at a time of what is overdue, and more only slowly while those hang', async () => {
      const { clock, start, answers, asked, pass } = setUp();
      answers.set('API', 'HANG');
      await insertClusters(
        store(),
        clock,
        Array.from({ length: 40 }, (_, n) => ({ name: `c-${n}` })),
      );
      start();
      await expect.poll(() => asked.length, { timeout: 5_000 }).toBe(32);
      await clock.advance(100);
      expect(asked).toHaveLength(34);
      await pass(1);
      expect(asked).toHaveLength(40);
    });

    it('asks exactly the endpoints that a cluster has, with the timeout of its type', async () => {
      const { start, create, asked } = setUp();
      const urls = { prometheus_url: 'http://p.example', alertmanager_url: 'http://a.example' };
      const all = { ...urls, tempo_url: 'http://t.example', loki_url: 'http://l.example' };
      const full = await create('full', { endpoints: all });
      const far = await create('far', { endpoints: all, cluster_type: 'FAR_EDGE' });
      const bare = await create('bare', { cluster_type: 'EDGE' });
      const monitor = start();
      await Promise.all([full, far, bare].map(({ id }) => monitor.checkNow(id)));
      const kinds = (name: string) =>
        [...new Set(asked.filter((a) => a.cluster === name).map((a) => `${a.kind} ${a.timeoutMs}`))].sort();
      expect(kinds('full')).toEqual(['ALERTMANAGER', 'API', 'LOKI', 'PROMETHEUS', 'TEMPO'].map((k) => `${k} 10000`));
      expect(kinds('far')).toEqual(['ALERTMANAGER 30000', 'API 30000', 'PROMETHEUS 30000']);
      expect(kinds('bare')).toEqual(['API 15000']);
    });

    it('tells a change of state once and nothing while it stays', async () => {
      const { start, create, answers, nudges } = setUp();
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
      expect(nudges()).toBe(3);
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

    it('stores the results of others while one cluster hangs', async () => {
      const { clock, start, create, answers, state, asked } = setUp();
      const [bad, good] = [await create('bad', { endpoints: { loki_url: 'http://l.example' } }), await create('good')];
      answers.set('LOKI', 'HANG');
      start();
      await expect
        .poll(
          async () => {
            await clock.advance(100);
            return state(good.id);
          },
          { timeout: 5_000 },
        )
        .toBe('ONLINE');
      expect(await state(bad.id)).toBe('UNKNOWN');
      expect(asked).toHaveLength(3);
    });

    it.each(['CLUSTER_REGISTERED', 'CLUSTER_UPDATED', 'CLUSTER_CREDENTIALS_UPDATED'] as const)(
      'looks at once for what is due when the bus tells of %s',
      async (type) => {
        const { start, create, publish, settled, asked, looked } = setUp();
        start();
        await looked();
        const { id } = await create('late');
        expect(asked).toEqual([]);
        await publish(type);
        await settled(id);
      },
    );

    it('is not disturbed by other events', async () => {
      const { clock, start, create, publish, asked, looked } = setUp();
      start();
      await looked();
      await create('late');
      await publish('CHAT_MESSAGE');
      expect(clock.waiting).toBe(1); // a look would have begun by now and taken the timer of the next one back
      expect(asked).toEqual([]);
    });

    it('refuses to check a cluster that is not there', async () => {
      await expect(setUp().start().checkNow(randomUUID())).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
    });

    it('records nothing of a check that the stop cut off, and leaves it and what it had taken due', async () => {
      const { clock, start, answers, state, asked } = setUp();
      answers.set('API', 'HANG');
      const names = Array.from({ length: 35 }, (_, n) => ({ name: `spoke-${n}` }));
      const ids = (await insertClusters(store(), clock, names)).map((c) => c.id);
      const monitor = start();
      await expect.poll(() => asked.length, { timeout: 5_000 }).toBe(32);
      await monitor.stop();
      expect(asked).toHaveLength(32);
      expect(new Set(await Promise.all(ids.map(state)))).toEqual(new Set(['UNKNOWN']));
      const schedule = createLeaseSchedule(store(), healthSchedule, randomUUID());
      const now = clock.now();
      const due = await schedule.claim({ now, until: now, limit: 99, leaseMs: 1_000 });
      expect(due.map((c) => c.clusterId).sort()).toEqual([...ids].sort());
    });

    it('shares the clusters between processes and checks each once', async () => {
      const { clock, start, asked, pass } = setUp();
      await insertClusters(
        store(),
        clock,
        Array.from({ length: 60 }, (_, n) => ({ name: `c-${n}` })),
      );
      for (let n = 0; n < 3; n += 1) start();
      await pass(3);
      await expect.poll(() => asked.length, { timeout: 5_000 }).toBe(60);
      expect(new Set(asked.map((a) => a.cluster)).size).toBe(60);
    });
  });
}
