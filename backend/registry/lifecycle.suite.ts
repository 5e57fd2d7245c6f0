import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cluster, ClusterCreate, type ClusterCreateInput, type ClusterUpdate } from '../model/cluster.ts';
import type { DomainEvent } from '../model/event.ts';
import { type Requirement, matchesSelector, parseSelector } from '../model/selector.ts';
import { ManualClock } from '../platform/clock.ts';
import { listEventsAfter } from '../platform/outbox.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { createAddressPolicy } from '../spokes/address-policy.ts';
import { createClusterRegistry, type Discovered } from './registry.ts';

const HUB = { url: 'https://hub.example/', cluster_label: 'cluster', cluster_value: 'a' };

export function lifecycleSuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    const registry = createClusterRegistry({
      store: store(),
      clock,
      policy: createAddressPolicy({ allow: [], deny: [] }),
      nudge: () => undefined,
      queueDeletion: async () => undefined,
    });
    const create = (input: Partial<ClusterCreateInput> = {}, origin?: Parameters<typeof registry.create>[1]) =>
      registry.create(
        ClusterCreate.parse({ name: 'prod-1', api_server_url: 'https://api.prod-1.example:6443', ...input }),
        origin,
      );
    const events = async (type: DomainEvent['event_type']) =>
      (await listEventsAfter(store(), 0, 1_000)).filter((e) => e.event_type === type).map((e) => e.payload);
    return { clock, registry, create, events };
  }
  describe('update of a cluster', () => {
    it('changes the given fields, raises the version and tells which', async () => {
      const { registry, create, clock, events } = setUp();
      const before = await create({ region: 'eu', labels: { tier: 'gold' } });
      await clock.advance(1_000);
      const patch = { labels: { tier: 'lead' }, region: null, maintenance_until: '2026-03-01T12:00:00Z' };
      const after = await registry.update(before.id, patch);
      expect(Cluster.parse(after)).toEqual({
        ...before,
        labels: { tier: 'lead' },
        region: null,
        maintenance_until: '2026-03-01T12:00:00.000Z',
        resource_version: 2,
        updated_at: '2026-03-01T10:00:01.000Z',
      });
      expect(await registry.get(before.id)).toEqual(after);
      expect(await events('CLUSTER_UPDATED')).toEqual([
        { changed: ['labels', 'maintenance_until', 'region'], resource_version: 2 },
      ]);
      expect((await registry.update(before.id, { maintenance_until: null })).maintenance_until).toBeNull();
    });

    it('of nothing that differs changes nothing and tells nothing', async () => {
      const { registry, create, events } = setUp();
      const before = await create({ endpoints: { prometheus_url: 'http://prom.example' }, labels: { a: '1', b: '2' } });
      const same = { labels: { b: '2', a: '1' }, endpoints: before.endpoints, maintenance_until: null };
      expect(await registry.update(before.id, same)).toEqual(before);
      expect(await events('CLUSTER_UPDATED')).toEqual([]);
    });

    it('refuses a version that is not the current one', async () => {
      const { registry, create } = setUp();
      const { id } = await create();
      await registry.update(id, { region: 'eu' }, { ifVersion: 1 });
      const stale = registry.update(id, { region: 'us' }, { ifVersion: 1 });
      await expect(stale).rejects.toMatchObject({ code: 'STALE_VERSION', details: { resource_version: 2 } });
      expect((await registry.get(id)).region).toBe('eu');
    });

    it('lets exactly one of many with the same version through', async () => {
      const { registry, create } = setUp();
      const { id } = await create();
      const tries = Array.from({ length: 8 }, (_, at) => registry.update(id, { region: `r${at}` }, { ifVersion: 1 }));
      const results = await Promise.allSettled(tries);
      expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
      expect((await registry.get(id)).resource_version).toBe(2);
    });

    it('changes nothing when the caller refuses the outcome', async () => {
      const { registry, create } = setUp();
      const { id } = await create();
      const allow = (before: Cluster, after: Cluster) => {
        throw new Error(`${before.environment} → ${after.environment}`);
      };
      const refused = registry.update(id, { environment: 'PRODUCTION' }, { allow });
      await expect(refused).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
      expect((await registry.get(id)).environment).toBe('DEVELOPMENT');
    });

    it.each<[string, ClusterUpdate, string]>([
      ['a forbidden address', { api_server_url: 'https://169.254.169.254/' }, 'ADDRESS_FORBIDDEN'],
      ['a forbidden Loki', { endpoints: { loki_url: 'http://127.0.0.1:3100' } }, 'ADDRESS_FORBIDDEN'],
      ['a URL with a query', { endpoints: { tempo_url: 'http://t.example/?a=1' } }, 'VALIDATION_FAILED'],
      [
        'a CA of an endpoint that is none',
        { endpoint_options: { loki: { tls: { ca: 'x', insecure_skip_verify: false } } } },
        'VALIDATION_FAILED',
      ],
      ['a tenant that is no header', { endpoint_options: { loki: { tenant: 'a\r\nb' } } }, 'VALIDATION_FAILED'],
      ['a forbidden hub', { global_metrics: { ...HUB, url: 'http://169.254.169.254/' } }, 'ADDRESS_FORBIDDEN'],
      ['a hub with a query', { global_metrics: { ...HUB, url: 'http://h.example/?a=1' } }, 'VALIDATION_FAILED'],
      ['a hub label that is none', { global_metrics: { ...HUB, cluster_label: 'a"b' } }, 'VALIDATION_FAILED'],
      ['a hub without a value', { global_metrics: { ...HUB, cluster_value: '' } }, 'VALIDATION_FAILED'],
      ['NUL', { display_name: 'a\u0000' }, 'VALIDATION_FAILED'],
    ])('refuses %s', async (_what, patch, code) => {
      const { registry, create } = setUp();
      const { id } = await create();
      await expect(registry.update(id, patch)).rejects.toMatchObject({ code });
    });

    it('keeps a metrics hub until null takes it away', async () => {
      const { registry, create } = setUp();
      const { id } = await create();
      expect((await registry.get(id)).global_metrics).toBeNull();
      await registry.update(id, { global_metrics: HUB });
      await registry.update(id, { labels: { a: 'b' } });
      expect((await registry.get(id)).global_metrics).toEqual(HUB);
      expect((await registry.update(id, { global_metrics: null })).global_metrics).toBeNull();
    });

    it('makes a check due when it changes where the cluster is, and not when it changes a label', async () => {
      const { registry, create, clock } = setUp();
      const { id } = await create();
      const due = async () => {
        const { rows } = await store().query((db) =>
          db.execute<{ n: number }>(
            sql`select count(*)::int as n from clusters.health_schedule where next_run_at <= ${clock.now().toISOString()}`,
          ),
        );
        return rows[0]?.n;
      };
      await store().query((db) => db.execute(sql`update clusters.health_schedule set next_run_at = '2030-01-01'`));
      await registry.update(id, { labels: { a: 'b' } });
      expect(await due()).toBe(0);
      await registry.update(id, { api_server_url: 'https://other.example' });
      expect(await due()).toBe(1);
    });

    it('of a cluster that is not there is CLUSTER_NOT_FOUND', async () => {
      const { registry } = setUp();
      for (const id of ['prod-1', crypto.randomUUID()])
        await expect(registry.update(id, { region: 'eu' })).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
    });
  });

  describe('pages of clusters', () => {
    it('are cut and counted by name, with filter, and with what the caller may see', async () => {
      const { registry, create } = setUp();
      for (const at of [3, 1, 5, 2, 4])
        await create({ name: `c-0${at}`, environment: at % 2 === 0 ? 'PRODUCTION' : 'LAB' });
      const names = async (...args: Parameters<typeof registry.page>) => {
        const { items, total } = await registry.page(...args);
        return [items.map((c) => c.name).join(' '), total];
      };
      expect(await names({}, { page: 1, pageSize: 2 })).toEqual(['c-01 c-02', 5]);
      expect(await names({}, { page: 3, pageSize: 2 })).toEqual(['c-05', 5]);
      expect(await names({}, { page: 9, pageSize: 2 })).toEqual(['', 5]);
      expect(await names({ environment: 'LAB' }, { page: 2, pageSize: 2 })).toEqual(['c-05', 3]);
      const scope = parseSelector('environment=lab');
      expect(await names({}, { page: 1, pageSize: 2, scope })).toEqual(['c-01 c-03', 3]);
      expect(await names({ name: '5' }, { page: 1, pageSize: 2, scope })).toEqual(['c-05', 1]);
      expect(await names({ environment: 'PRODUCTION' }, { page: 1, pageSize: 2, scope })).toEqual(['', 0]);
      expect(await names({ named: ['c-04', 'nobody'] }, { page: 1, pageSize: 2 })).toEqual(['c-04', 1]);
      expect(await names({ named: [] }, { page: 1, pageSize: 2 })).toEqual(['', 0]);
    });
  });

  describe('a scope', () => {
    it('lets through in SQL what it lets through in code, whatever the selector', async () => {
      const { registry, create } = setUp();
      const regions = ['eu', 'EU', 'straße', 'STRASSE', 'İzmir', 'ılgaz', "o'brien", ''];
      for (const [at, region] of regions.entries())
        await create({
          name: `scope-${at}`,
          region,
          environment: at % 2 === 0 ? 'LAB' : 'PRODUCTION',
          labels: at % 3 === 0 ? { tier: 'gold', name: 'shadow' } : { tier: 'Gold', constructor: 'x' },
        });
      await create({ name: 'scope-none' });
      const fleet = await registry.list();
      const keys = [
        'environment',
        'cluster_type',
        'platform',
        'region',
        'state',
        'name',
        'tier',
        'constructor',
        'toString',
        'a.b/c',
      ];
      const values = [
        ...regions,
        'lab',
        'Lab',
        'PRODUCTION',
        'spoke',
        'unknown',
        'gold',
        'Gold',
        'SCOPE-1',
        'ſcope-1',
        'x',
        'shadow',
      ];
      const requirement = fc.record({
        key: fc.constantFrom(...keys),
        negated: fc.boolean(),
        value: fc.constantFrom(...values),
      });
      const seen = async (scope: Requirement[]) =>
        (await registry.page({}, { page: 1, pageSize: 100, scope })).items.map((c) => c.name);
      await fc.assert(
        fc.asyncProperty(fc.array(requirement, { maxLength: 3 }), async (scope) => {
          expect(await seen(scope)).toEqual(fleet.filter((c) => matchesSelector(c, scope)).map((c) => c.name));
        }),
        { numRuns: 200 },
      );
    });
  });

  const found = (over: Partial<Discovered['capabilities']> = {}, rest: Partial<Discovered> = {}): Discovered => ({
    capabilities: {
      has_gpu_nodes: true,
      gpu_count: 8,
      gpu_types: ['NVIDIA-H100'],
      has_prometheus: true,
      has_thanos: false,
      has_tempo: false,
      has_loki: null,
      has_service_mesh: false,
      has_odf: false,
      has_gpu_operator: false,
      has_dcgm: false,
      has_nfd: false,
      has_sriov: false,
      has_ptp: false,
      has_cnf_workloads: false,
      cnf_types: [],
      node_count: 3,
      node_roles: { worker: 3 },
      unknown: [{ field: 'has_loki', reason: 'forbidden' }],
      discovered_at: '2026-03-01T10:00:00.000Z',
      ...over,
    },
    openshift: null,
    platform: 'KUBERNETES',
    platform_version: 'v1.31.4',
    ...rest,
  });

  describe('discovered capabilities', () => {
    it('stand in the cluster, are filtered by, and are told with the difference only', async () => {
      const { registry, create, events } = setUp();
      const { id, resource_version } = await create();
      await create({ name: 'prod-2' });
      await registry.setCapabilities(id, found());
      await registry.setCapabilities(id, found({ discovered_at: '2026-03-01T11:00:00.000Z' }));
      const lost = found({
        has_gpu_nodes: false,
        gpu_count: 0,
        gpu_types: [],
        has_loki: true,
        discovered_at: '2026-03-01T12:00:00.000Z',
      });
      expect((await registry.list({ has_gpu: true })).map((c) => c.name)).toEqual(['prod-1']);
      expect(await registry.list({ has_gpu: false })).toEqual([]);
      expect((await registry.list({ has_cnf: false })).map((c) => c.name)).toEqual(['prod-1']);
      await registry.setCapabilities(id, lost);
      await registry.setCapabilities(id, found({ node_count: 99 })); // older than what is known
      const cluster = await registry.get(id);
      expect(Cluster.parse(cluster)).toMatchObject({
        capabilities: lost.capabilities,
        platform_version: 'v1.31.4',
        resource_version,
      });
      const [first, second, ...more] = await events('CLUSTER_CAPABILITIES_CHANGED');
      expect(first).toMatchObject({ added: ['has_gpu_nodes', 'has_prometheus'], removed: [] });
      expect(second).toEqual({
        added: ['has_loki'],
        removed: ['has_gpu_nodes'],
        changed: { gpu_count: { old: 8, new: 0 }, gpu_types: { old: ['NVIDIA-H100'], new: [] } },
      });
      expect(more).toEqual([]);
    });

    it('keep the version that is known when it cannot be read, and are dropped when the cluster is gone', async () => {
      const { registry, create, events } = setUp();
      const { id } = await create();
      await registry.setCapabilities(id, found());
      await registry.setCapabilities(id, found({}, { platform_version: null }));
      expect((await registry.get(id)).platform_version).toBe('v1.31.4');
      await registry.remove(id);
      await registry.setCapabilities(id, found({ node_count: 7, discovered_at: '2026-03-01T13:00:00.000Z' }));
      await registry.setCapabilities(crypto.randomUUID(), found());
      expect(await events('CLUSTER_CAPABILITIES_CHANGED')).toHaveLength(1);
    });
  });

  describe('clusters of a source', () => {
    it('come with the key that the import gave them', async () => {
      const { registry, create } = setUp();
      await create();
      const imported = await create({ name: 'acm-1' }, { source: 'ACM', source_key: 'mc-1' });
      expect(imported.source).toBe('ACM');
      expect(await registry.listBySource('ACM')).toEqual([{ cluster: imported, source_key: 'mc-1' }]);
      await registry.remove(imported.id);
      expect(await registry.listBySource('ACM')).toEqual([]);
    });
  });
}
