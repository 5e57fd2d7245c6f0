import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { Cluster, ClusterCreate, type ClusterCreateInput } from '../model/cluster.ts';
import { StatusChange } from '../model/event.ts';
import { ManualClock } from '../platform/clock.ts';
import { createEnvelope } from '../platform/envelope.ts';
import { listEventsAfter } from '../platform/outbox.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { createAddressPolicy } from '../spokes/address-policy.ts';
import type { HealthCheck } from './health-score.ts';
import { createClusterRegistry } from './registry.ts';

const UP = { ok: true } as const;
const DOWN = { ok: false, error: 'connection refused' } as const;
const TOKEN = { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-token-4711' } as const;

export function registrySuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    let nudges = 0;
    const registry = createClusterRegistry({
      store: store(),
      clock,
      envelope: createEnvelope(randomBytes(32)),
      policy: createAddressPolicy({ allow: [], deny: [] }),
      nudge: () => void (nudges += 1),
    });
    const create = (input: Partial<ClusterCreateInput> = {}) =>
      registry.create(
        ClusterCreate.parse({ name: 'prod-1', api_server_url: 'https://api.prod-1.example:6443', ...input }),
      );
    const events = async () => (await listEventsAfter(store(), 0, 1_000)).map((e) => e.event_type);
    return { clock, registry, create, events, nudges: () => nudges };
  }
  const check = (clock: ManualClock, parts: Partial<HealthCheck> = {}): HealthCheck => ({
    at: clock.now(),
    api: UP,
    ...parts,
  });

  describe('cluster registry', () => {
    it('gives a new cluster back by id and by name', async () => {
      const { registry, create } = setUp();
      const cluster = await create({
        labels: { tier: 'gold', 'a.b/c': '' },
        region: 'eu',
        endpoints: { prometheus_url: 'http://prom.example:9090' },
        environment: 'PRODUCTION',
      });
      expect(Cluster.parse(cluster)).toMatchObject({
        name: 'prod-1',
        display_name: 'prod-1',
        cluster_type: 'SPOKE',
        labels: { tier: 'gold', 'a.b/c': '' },
        has_credentials: false,
        status: { state: 'UNKNOWN', health_score: null, connectivity: null, checked_at: null },
        created_at: '2026-03-01T10:00:00.000Z',
        last_seen_at: null,
        platform_version: null,
      });
      expect(await registry.get(cluster.id)).toEqual(cluster);
      expect(await registry.get(cluster.id.toUpperCase())).toEqual(cluster);
      expect(await registry.get('prod-1')).toEqual(cluster);
    });

    it.each(['ab', 'Prod-1', '-prod', 'prod-', 'a b c', 'prod_1', `a${'b'.repeat(63)}`, ''])(
      'refuses the name %j with INVALID_CLUSTER_NAME',
      async (name) => {
        await expect(setUp().create({ name })).rejects.toMatchObject({ code: 'INVALID_CLUSTER_NAME' });
      },
    );

    it('refuses a second cluster of the same name and writes no event for it', async () => {
      const { create, events, nudges } = setUp();
      await create();
      await expect(create()).rejects.toMatchObject({ code: 'CLUSTER_ALREADY_EXISTS' });
      expect(await events()).toEqual(['CLUSTER_REGISTERED']);
      expect(nudges()).toBe(1);
    });

    it('lets exactly one of many that come at once have a name', async () => {
      const { create } = setUp();
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => create()));
      expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    });

    it('refuses URLs at forbidden addresses', async () => {
      const { create } = setUp();
      const forbidden = { code: 'ADDRESS_FORBIDDEN' };
      await expect(create({ api_server_url: 'https://127.0.0.1:6443' })).rejects.toMatchObject(forbidden);
      await expect(create({ endpoints: { prometheus_url: 'http://169.254.169.254/' } })).rejects.toMatchObject(
        forbidden,
      );
      await expect(create({ endpoints: { alertmanager_url: 'http://[::ffff:127.0.0.1]:9093' } })).rejects.toMatchObject(
        forbidden,
      );
      await expect(create({ api_server_url: 'https://me:secret@api.example' })).rejects.toMatchObject(forbidden);
    });

    it('refuses what it could not keep or use: a URL with a query, a CA that is none, NUL', async () => {
      const { create } = setUp();
      const invalid = { code: 'VALIDATION_FAILED' };
      await expect(create({ endpoints: { prometheus_url: 'http://prom.example/?x=1' } })).rejects.toMatchObject(
        invalid,
      );
      await expect(create({ tls: { ca: 'nonsense' } })).rejects.toMatchObject(invalid);
      await expect(create({ display_name: 'a\u0000' })).rejects.toMatchObject(invalid);
      await expect(create({ labels: { a: '\ud800' } })).rejects.toMatchObject(invalid);
    });

    it('lists by name and filters by every filter', async () => {
      const { registry, create } = setUp();
      await create({ name: 'zeta', environment: 'PRODUCTION', region: 'eu', labels: { tier: 'gold' } });
      await create({ name: 'alpha-1', cluster_type: 'EDGE', labels: { tier: 'lead' } });
      await create({ name: 'alpha0' });
      const names = async (filter?: Parameters<typeof registry.list>[0]) =>
        (await registry.list(filter)).map((c) => c.name);
      expect(await names()).toEqual(['alpha-1', 'alpha0', 'zeta']);
      expect(await names({ name: 'PHA' })).toEqual(['alpha-1', 'alpha0']);
      expect(await names({ name: '%' })).toEqual([]);
      expect(await names({ name: '_' })).toEqual([]);
      expect(await names({ cluster_type: 'EDGE' })).toEqual(['alpha-1']);
      expect(await names({ environment: 'PRODUCTION', region: 'eu' })).toEqual(['zeta']);
      expect(await names({ state: 'UNKNOWN', label: 'tier=lead' })).toEqual(['alpha-1']);
      expect(await names({ label: "tier=' or ''='" })).toEqual([]);
      await expect(registry.list({ label: 'tier' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    });

    it('says that there is no cluster of that name or id', async () => {
      const { registry } = setUp();
      for (const wanted of ['prod-11', crypto.randomUUID()]) {
        await expect(registry.get(wanted)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
      }
    });

    it('removes a cluster with its credentials and schedule, once', async () => {
      const { registry, create, events } = setUp();
      const { id } = await create();
      await registry.setCredentials(id, TOKEN);
      await registry.remove(id);
      expect(await registry.list()).toEqual([]);
      expect(await registry.credentialsOf(id)).toBeUndefined();
      const { rows } = await store().query((db) => db.execute(sql`select * from clusters.health_schedule`));
      expect(rows).toEqual([]);
      await expect(registry.remove(id)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
      await expect(registry.remove('prod-1')).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
      expect(await events()).toEqual(['CLUSTER_REGISTERED', 'CLUSTER_CREDENTIALS_UPDATED', 'CLUSTER_DELETED']);
    });
  });

  describe('cluster credentials', () => {
    it('come back as they were set, and the newest replace the others', async () => {
      const { registry, create } = setUp();
      const { id } = await create();
      expect(await registry.credentialsOf(id)).toBeUndefined();
      await registry.setCredentials(id, TOKEN);
      await registry.setCredentials(id, { auth_type: 'BASIC', username: 'u', password: 'p' });
      expect(await registry.credentialsOf(id)).toEqual({ auth_type: 'BASIC', username: 'u', password: 'p' });
      expect((await registry.get(id)).has_credentials).toBe(true);
      expect((await registry.list())[0]?.has_credentials).toBe(true);
      await expect(registry.setCredentials(crypto.randomUUID(), TOKEN)).rejects.toMatchObject({
        code: 'CLUSTER_NOT_FOUND',
      });
    });

    it('are nowhere in the database or the events in plain text', async () => {
      const { registry, create } = setUp();
      const { id } = await create();
      await registry.setCredentials(id, TOKEN);
      const tables = ['clusters.credentials', 'clusters.clusters', 'platform.outbox'];
      for (const table of tables) {
        const { rows } = await store().query((db) => db.execute(sql.raw(`select * from ${table}`)));
        expect(rows.length).toBeGreaterThan(0);
        expect(JSON.stringify(rows)).not.toContain('canary');
      }
    });

    it('do not open when a row was copied to another cluster', async () => {
      const { registry, create } = setUp();
      const [a, b] = [await create(), await create({ name: 'prod-2' })];
      await registry.setCredentials(a.id, TOKEN);
      await registry.setCredentials(b.id, TOKEN);
      await store().query((db) =>
        db.execute(
          sql`update clusters.credentials set sealed = (select sealed from clusters.credentials where cluster_id = ${a.id}) where cluster_id = ${b.id}`,
        ),
      );
      expect(await registry.credentialsOf(a.id)).toEqual(TOKEN);
      await expect(registry.credentialsOf(b.id)).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
    });
  });

  describe('recorded health', () => {
    it('shows in the cluster and tells a change of state exactly once', async () => {
      const { registry, create, clock, nudges } = setUp();
      const { id } = await create({ endpoints: { prometheus_url: 'http://prom.example' } });
      await clock.advance(1_000);
      await registry.recordHealth(id, check(clock, { api: { ok: true, version: 'v1.31.4' }, prometheus: UP }));
      await clock.advance(1_000);
      await registry.recordHealth(id, check(clock, { prometheus: UP }));
      expect(await registry.get(id)).toMatchObject({
        platform_version: 'v1.31.4',
        last_seen_at: '2026-03-01T10:00:02.000Z',
        updated_at: '2026-03-01T10:00:00.000Z',
        status: {
          state: 'ONLINE',
          health_score: 100,
          connectivity: 'CONNECTED',
          api_server_healthy: true,
          prometheus_healthy: true,
          alertmanager_healthy: null,
          last_error: null,
          checked_at: '2026-03-01T10:00:02.000Z',
        },
      });
      await clock.advance(1_000);
      await registry.recordHealth(id, check(clock, { prometheus: DOWN }));
      await clock.advance(1_000);
      await registry.recordHealth(id, check(clock, { api: DOWN, prometheus: DOWN }));
      expect((await registry.get(id)).status).toMatchObject({
        state: 'OFFLINE',
        health_score: 30,
        connectivity: 'INTERMITTENT',
        last_error: 'API server: connection refused; Prometheus: connection refused',
      });
      const changes = (await listEventsAfter(store(), 0, 10)).filter((e) => e.event_type === 'CLUSTER_STATUS_CHANGED');
      expect(changes.map((e) => StatusChange.parse(e.payload))).toEqual([
        { old_state: 'UNKNOWN', new_state: 'ONLINE', health_score: 100, reason: 'every configured endpoint answers' },
        { old_state: 'ONLINE', new_state: 'DEGRADED', health_score: 80, reason: 'Prometheus: connection refused' },
        {
          old_state: 'DEGRADED',
          new_state: 'OFFLINE',
          health_score: 30,
          reason: 'API server: connection refused; Prometheus: connection refused',
        },
      ]);
      expect(changes.every((e) => e.cluster_id === id && e.cluster_name === 'prod-1')).toBe(true);
      expect(nudges()).toBe(4);
    });

    it('ignores a check that is older than the last, and one of a cluster that is gone', async () => {
      const { registry, create, clock, events } = setUp();
      const { id } = await create();
      const old = check(clock, { api: DOWN });
      await clock.advance(1_000);
      await registry.recordHealth(id, check(clock));
      await registry.recordHealth(id, old);
      expect((await registry.get(id)).status.state).toBe('ONLINE');
      await registry.recordHealth(crypto.randomUUID(), check(clock));
      expect(await events()).toEqual(['CLUSTER_REGISTERED', 'CLUSTER_STATUS_CHANGED']);
    });
  });
}
