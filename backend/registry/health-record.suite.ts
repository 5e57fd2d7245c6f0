import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { type ClusterCreateInput, HealthHistory } from '../model/cluster.ts';
import { StatusChange } from '../model/event.ts';
import { ManualClock } from '../platform/clock.ts';
import { appendEvents, listEventsAfter } from '../platform/outbox.ts';
import { clusters } from '../platform/store/schema.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { createHealthHistories } from './health-history.ts';
import { type CheckedCluster, recordHealth } from './health-record.ts';
import type { HealthCheck } from './health-score.ts';
import { insertClusters, readerOf } from './test-clusters.ts';

const UP = { ok: true } as const;
const DOWN = { ok: false, error: 'connection refused' } as const;
const DAY_MS = 86_400_000;

export function healthRecordSuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    const record = (checked: readonly CheckedCluster[]) =>
      store().transaction(async (tx) => appendEvents(tx, await recordHealth(tx, checked)));
    const create = async (name: string, input: Partial<ClusterCreateInput> = {}) => {
      const [cluster] = await insertClusters(store(), clock, [{ name, ...input }]);
      if (!cluster) throw new Error('nothing was inserted');
      return cluster.id;
    };
    /** Every step is a second after the last one. */
    const steps = async (id: string, ...parts: Partial<HealthCheck>[]) => {
      for (const part of parts) {
        await clock.advance(1_000);
        await record([{ clusterId: id, check: { at: clock.now(), api: UP, ...part } }]);
      }
    };
    const maintain = (id: string, until: Date | null) =>
      store().query((db) => db.update(clusters).set({ maintenance_until: until }).where(eq(clusters.id, id)));
    const told = async () => (await listEventsAfter(store(), 0, 100)).map((e) => StatusChange.parse(e.payload));
    const histories = createHealthHistories(store());
    const history = (id: string, { from = new Date(0), to = new Date(clock.now().getTime() + DAY_MS) } = {}) =>
      histories.read(id, { from, to });
    const get = (id: string) => readerOf(store()).get(id);
    return { clock, record, create, steps, maintain, told, histories, history, get };
  }

  describe('recorded health', () => {
    it('shows in the cluster and tells a change of state exactly once', async () => {
      const { create, steps, get, told } = setUp();
      const id = await create('prod-1', { endpoints: { prometheus_url: 'http://prom.example' } });
      await steps(id, { api: { ok: true, version: 'v1.31.4' }, prometheus: UP }, { prometheus: UP });
      expect(await get(id)).toMatchObject({
        platform_version: 'v1.31.4',
        last_seen_at: '2026-03-01T10:00:02.000Z',
        updated_at: '2026-03-01T10:00:00.000Z',
        resource_version: 1,
        status: {
          state: 'ONLINE',
          health_score: 100,
          connectivity: 'CONNECTED',
          api_server_healthy: true,
          prometheus_healthy: true,
          alertmanager_healthy: null,
          tempo_healthy: null,
          last_error: null,
          checked_at: '2026-03-01T10:00:02.000Z',
        },
      });
      await steps(id, { prometheus: DOWN, tempo: UP, loki: DOWN }, { api: DOWN, prometheus: DOWN });
      expect((await get(id)).status).toMatchObject({
        state: 'OFFLINE',
        health_score: 30,
        connectivity: 'INTERMITTENT',
        last_error: 'API server: connection refused; Prometheus: connection refused',
      });
      const degraded = 'Prometheus: connection refused; Loki: connection refused';
      const offline = 'API server: connection refused; Prometheus: connection refused';
      expect(await told()).toEqual([
        { old_state: 'UNKNOWN', new_state: 'ONLINE', health_score: 100, reason: 'every configured endpoint answers' },
        { old_state: 'ONLINE', new_state: 'DEGRADED', health_score: 65, reason: degraded },
        { old_state: 'DEGRADED', new_state: 'OFFLINE', health_score: 30, reason: offline },
      ]);
    });

    it('leaves a platform version that is known to discovery', async () => {
      const { create, steps, get } = setUp();
      const id = await create('prod-1');
      await store().query((db) => db.update(clusters).set({ platform_version: '4.18.3' }));
      await steps(id, { api: { ok: true, version: 'v1.31.4' } });
      expect((await get(id)).platform_version).toBe('4.18.3');
    });

    it('of many clusters is written together, several checks of one included', async () => {
      const { clock, create, record, get, history, told } = setUp();
      const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => create(`c-${n}`)));
      const later = new Date(clock.now().getTime() + 1_000);
      const [first = ''] = ids;
      await record([
        { clusterId: first, check: { at: later, api: UP } },
        ...ids.map((clusterId) => ({ clusterId, check: { at: clock.now(), api: DOWN } })),
        { clusterId: crypto.randomUUID(), check: { at: clock.now(), api: DOWN } },
      ]);
      expect((await get(first)).status).toMatchObject({ state: 'ONLINE', connectivity: 'INTERMITTENT' });
      expect(await history(first)).toMatchObject({
        transitions: [{ new_state: 'OFFLINE' }, { old_state: 'OFFLINE', new_state: 'ONLINE' }],
        rollups: [{ checks: 2, healthy_checks: 1, min_score: 50, avg_score: 75 }],
      });
      expect((await get(ids[39] ?? '')).status.state).toBe('OFFLINE');
      expect(await told()).toHaveLength(41);
    });

    it('ignores a check that is older than the last, and one of a cluster that is gone or going', async () => {
      const { clock, create, steps, record, get, told } = setUp();
      const id = await create('prod-1');
      const old = { at: clock.now(), api: DOWN };
      await steps(id, {});
      await record([{ clusterId: id, check: old }]);
      expect((await get(id)).status.state).toBe('ONLINE');
      await record([{ clusterId: crypto.randomUUID(), check: { at: clock.now(), api: UP } }]);
      await store().query((db) => db.update(clusters).set({ deleting_at: clock.now() }));
      await steps(id, { api: DOWN });
      expect(await told()).toHaveLength(1);
    });

    it('stores what a spoke says even when no database can hold it as it is', async () => {
      const { create, steps, get } = setUp();
      const id = await create('prod-1');
      await steps(id, {
        api: { ok: true, version: 'v1\u0000\ud800' },
        prometheus: { ok: false, error: 'a\u0000b\udfff' },
      });
      expect(await get(id)).toMatchObject({
        platform_version: 'v1\ufffd\ufffd',
        status: { last_error: 'Prometheus: a\ufffdb\ufffd' },
      });
    });

    it('keeps a far cluster in its state over a missed check, and says so', async () => {
      const { create, steps, get, told } = setUp();
      const id = await create('edge-1', { cluster_type: 'EDGE' });
      await steps(id, {}, { api: DOWN });
      expect((await get(id)).status).toMatchObject({
        state: 'ONLINE',
        health_score: 50,
        api_server_healthy: false,
        connectivity: 'INTERMITTENT',
        last_error: 'API server: connection refused (missed 1 in a row; OFFLINE after 2)',
      });
      await steps(id, { api: DOWN });
      expect((await told()).map((e) => e.new_state)).toEqual(['ONLINE', 'OFFLINE']);
    });
  });

  describe('health in maintenance', () => {
    it('is measured and kept in the history, and not announced', async () => {
      const { clock, create, steps, maintain, get, told, history } = setUp();
      const id = await create('prod-1');
      await steps(id, {});
      await maintain(id, new Date(clock.now().getTime() + 3_600_000));
      await steps(id, { api: DOWN }, {}, { prometheus: DOWN }, {});
      expect((await get(id)).status.state).toBe('ONLINE');
      expect((await told()).map((e) => e.new_state)).toEqual(['ONLINE']);
      const { transitions } = HealthHistory.parse(await history(id));
      expect(transitions.map((t) => t.new_state)).toEqual(['ONLINE', 'OFFLINE', 'ONLINE', 'DEGRADED', 'ONLINE']);
      expect(transitions[1]?.reason).toBe(
        'API server: connection refused; not announced, in maintenance until 2026-03-01T11:00:01.000Z',
      );
      await maintain(id, null);
      await steps(id, {}, {});
      expect(await told()).toHaveLength(1);
    });

    it.each(['runs out', 'is ended'])(
      'is announced with the first check after it %s, when it came to something',
      async (end) => {
        const { clock, create, steps, maintain, told, history } = setUp();
        const id = await create('prod-1');
        await steps(id, {});
        await maintain(id, new Date(clock.now().getTime() + 10_000));
        await steps(id, { api: DOWN }, { prometheus: DOWN }, { api: DOWN });
        if (end === 'runs out') await clock.advance(60_000);
        else await maintain(id, null);
        await steps(id, { api: DOWN }, { api: DOWN }, {});
        expect(await told()).toMatchObject([
          { new_state: 'ONLINE' },
          {
            old_state: 'ONLINE',
            new_state: 'OFFLINE',
            health_score: 50,
            reason: 'API server: connection refused; maintenance is over',
          },
          { old_state: 'OFFLINE', new_state: 'ONLINE', reason: 'every configured endpoint answers' },
        ]);
        expect((await history(id)).transitions).toHaveLength(5);
      },
    );
  });

  describe('health history', () => {
    it('sums up every five minutes', async () => {
      const { clock, create, steps, history } = setUp();
      const id = await create('prod-1');
      await steps(id, {}, { prometheus: DOWN }, { prometheus: DOWN });
      await clock.advance(300_000);
      await steps(id, { loki: DOWN });
      expect((await history(id)).rollups).toEqual([
        { start: '2026-03-01T10:00:00.000Z', checks: 3, healthy_checks: 1, min_score: 80, avg_score: 86.7 },
        { start: '2026-03-01T10:05:00.000Z', checks: 1, healthy_checks: 0, min_score: 85, avg_score: 85 },
      ]);
    });

    it('gives one cluster and one range, both ends included', async () => {
      const { clock, create, steps, history } = setUp();
      const [a, b] = [await create('prod-1'), await create('prod-2')];
      await steps(a, {}, { api: DOWN }, {});
      await steps(b, {});
      const at = new Date(clock.now().getTime() - 2_000);
      expect((await history(a, { from: at, to: at })).transitions).toMatchObject([{ new_state: 'OFFLINE' }]);
      expect((await history(b)).transitions).toHaveLength(1);
      expect(await history(crypto.randomUUID())).toEqual({ transitions: [], rollups: [] });
    });

    it('goes with the cluster, and when it is old', async () => {
      const { clock, create, steps, histories, history } = setUp();
      const [a, b] = [await create('prod-1'), await create('prod-2')];
      await steps(a, {});
      await steps(b, {});
      const old = clock.now();
      await clock.advance(DAY_MS);
      await steps(a, { api: DOWN });
      expect(await histories.purge(new Date(old.getTime() + 1))).toBe(4);
      expect(await history(a)).toMatchObject({ transitions: [{ new_state: 'OFFLINE' }], rollups: [{ checks: 1 }] });
      expect(await history(b)).toEqual({ transitions: [], rollups: [] });
      await store().query((db) => db.delete(clusters).where(eq(clusters.id, a)));
      expect(await history(a)).toEqual({ transitions: [], rollups: [] });
    });
  });
}
