import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { Cluster, ClusterCreate, type ClusterCreateInput } from '../model/cluster.ts';
import { ManualClock } from '../platform/clock.ts';
import { listEventsAfter } from '../platform/outbox.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { createAddressPolicy } from '../spokes/address-policy.ts';
import { createClusterRegistry } from './registry.ts';

export function registrySuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    let nudges = 0;
    const queued: string[] = [];
    const registry = createClusterRegistry({
      store: store(),
      clock,
      policy: createAddressPolicy({ allow: [], deny: [] }),
      nudge: () => void (nudges += 1),
      queueDeletion: async (_tx, id) => void queued.push(id),
    });
    const create = (input: Partial<ClusterCreateInput> = {}) =>
      registry.create(
        ClusterCreate.parse({ name: 'prod-1', api_server_url: 'https://api.prod-1.example:6443', ...input }),
      );
    const events = async () => (await listEventsAfter(store(), 0, 1_000)).map((e) => e.event_type);
    return { clock, registry, create, events, nudges: () => nudges, queued };
  }

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

    it('removes a cluster with its schedule, once', async () => {
      const { registry, create, events } = setUp();
      const { id } = await create();
      await registry.remove(id);
      expect(await registry.list()).toEqual([]);
      const { rows } = await store().query((db) => db.execute(sql`select * from clusters.health_schedule`));
      expect(rows).toEqual([]);
      await expect(registry.remove(id)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
      await expect(registry.remove('prod-1')).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
      expect(await events()).toEqual(['CLUSTER_REGISTERED', 'CLUSTER_DELETED']);
    });
  });
}
