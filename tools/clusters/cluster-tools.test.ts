import { describe, expect, it } from 'vitest';
import type { Principal } from '../../backend/model/access.ts';
import { Capabilities, type Cluster, type ClusterUpdate } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import type { Discovery } from '../../backend/registry/discovery/discover.ts';
import type { UpdateConditions } from '../../backend/registry/registry.ts';
import { fixedRegistry } from '../../backend/registry/test-registry.ts';
import { createDispatcher } from '../dispatch.ts';
import type { Services } from '../services.ts';
import { compareClusters } from './compare-clusters.ts';
import { getFleetCapabilities } from './get-fleet-capabilities.ts';
import { getFleetHealth } from './get-fleet-health.ts';
import { getFleetSummary } from './get-fleet-summary.ts';
import { listClusters } from './list-clusters.ts';
import { refreshCluster } from './refresh-cluster.ts';
import { updateCluster } from './update-cluster.ts';

const CATALOG = [
  listClusters,
  getFleetSummary,
  compareClusters,
  updateCluster,
  refreshCluster,
  getFleetHealth,
  getFleetCapabilities,
];
const MAINTAINED = '2026-03-01T11:00:00.000Z';

const capabilities = (over: Partial<Capabilities> = {}): Capabilities =>
  Capabilities.parse({
    ...Object.fromEntries(Object.keys(Capabilities.shape).map((field) => [field, null])),
    unknown: [],
    discovered_at: '2026-03-01T09:00:00.000Z',
    ...over,
  });

const withStatus = (name: string, status: Partial<Cluster['status']>, over: Partial<Cluster> = {}) => {
  const cluster = testCluster(name, over);
  return { ...cluster, status: { ...cluster.status, ...status } };
};

function toolsOver(fleet: readonly Cluster[], more: Partial<Services> = {}) {
  const calls: { patch: ClusterUpdate; ifVersion: number | undefined }[] = [];
  const registry = {
    ...fixedRegistry(fleet),
    get: async (id: string) =>
      fleet.find((c) => c.id === id) ?? Promise.reject(new AppError('CLUSTER_NOT_FOUND', 'gone')),
    update: async (id: string, patch: ClusterUpdate, { ifVersion, allow }: UpdateConditions = {}) => {
      const before = fleet.find((c) => c.id === id);
      if (!before) throw new AppError('CLUSTER_NOT_FOUND', 'gone');
      const after = { ...before, ...patch, resource_version: before.resource_version + 1 } as Cluster; // proof: the patches of these tests are whole values
      allow?.(before, after);
      calls.push({ patch, ifVersion });
      return after;
    },
  };
  const dispatcher = createDispatcher({
    catalog: CATALOG,
    services: { registry, ...more } as unknown as Services, // proof: these are all that the tools of this test use
    audit: { record: async () => undefined, list: async () => [] } as never, // proof: dispatch only records
    evidence: {} as never, // proof: no answer here is large
    metrics: createMetrics(),
    clock: new ManualClock(),
    logger: createLogger({ level: 'silent' }),
  });
  const call = async (tool: string, input: unknown, principal: Partial<Principal> = {}) =>
    dispatcher.call({
      tool,
      input,
      principal: { id: 'a', display_name: 'A', role: 'admin', scope: { selector: '' }, ...principal },
      door: 'rest',
      traceId: 't',
      confirmed: true,
    });
  return { call, calls };
}

describe('update_cluster', () => {
  const fleet = [
    testCluster('plain', { environment: 'LAB' }),
    testCluster('secret', { has_credentials: true, endpoints: { prometheus_url: 'https://prom.example' } }),
  ];

  it('hands on the fields and the version, and nothing else', async () => {
    const { call, calls } = toolsOver(fleet);
    const { output, text } = await call('update_cluster', {
      cluster: 'plain',
      labels: { a: 'b' },
      region: null,
      if_version: 1,
    });
    expect(calls).toEqual([{ patch: { labels: { a: 'b' }, region: null }, ifVersion: 1 }]);
    expect([output['resource_version'], text]).toEqual([2, 'plain is at version 2.']);
  });

  it('refuses to change nothing', async () => {
    await expect(toolsOver(fleet).call('update_cluster', { cluster: 'plain' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('refuses what would leave the scope of the caller', async () => {
    const { call } = toolsOver(fleet);
    const scoped: Partial<Principal> = { scope: { selector: 'environment=LAB' } };
    await expect(call('update_cluster', { cluster: 'plain', environment: 'STAGING' }, scoped)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await expect(call('update_cluster', { cluster: 'plain', region: 'eu' }, scoped)).resolves.toBeDefined();
  });

  it.each<[string, ClusterUpdate, boolean]>([
    ['another API server', { api_server_url: 'https://evil.example' }, false],
    ['another path at the same place', { api_server_url: 'https://secret.test:6443/k8s' }, true],
    [
      'one more endpoint',
      { endpoints: { prometheus_url: 'https://prom.example', loki_url: 'https://evil.example' } },
      false,
    ],
    ['one endpoint less', { endpoints: {} }, true],
    ['no look at certificates', { tls: { insecure_skip_verify: true } }, false],
    ['rules of an endpoint', { endpoint_options: { prometheus: { tls: { insecure_skip_verify: true } } } }, false],
    [
      'a metrics hub',
      { global_metrics: { url: 'https://evil.example', cluster_label: 'c', cluster_value: 'a' } },
      false,
    ],
    ['a tenant', { endpoint_options: { prometheus: { tenant: 'a' } } }, true],
    ['labels', { labels: { a: 'b' } }, true],
  ])('with stored credentials, from an operator: %s', async (_what, patch, allowed) => {
    const { call } = toolsOver(fleet);
    const asked = call('update_cluster', { cluster: 'secret', ...patch }, { role: 'operator' });
    if (allowed) await expect(asked).resolves.toBeDefined();
    else
      await expect(asked).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        details: { permission: 'settings:write' },
      });
    await expect(call('update_cluster', { cluster: 'secret', ...patch })).resolves.toBeDefined();
  });

  it('asks with the change in words, shortened', () => {
    const question = updateCluster.confirm?.(
      updateCluster.input.parse({ cluster: 'plain', region: null, labels: { a: 'x'.repeat(250) } }),
    );
    expect(question).toMatch(/^Change cluster plain: region = null, labels = \{"a":"x+…\?$/);
  });
});

describe('refresh_cluster', () => {
  it('waits for both looks, and gives what they found', async () => {
    const cluster = testCluster('one');
    const done: string[] = [];
    const health = { checkNow: async (id: string) => void done.push(`health ${id}`) };
    const discovery = {
      discoverNow: async (id: string) => {
        done.push(`discovery ${id}`);
        return { endpoints_found: [] } as unknown as Discovery; // proof: the tool reads nothing else of it
      },
    };
    const { call } = toolsOver([cluster], { health, discovery });
    const { output } = await call('refresh_cluster', { cluster: 'one' });
    expect(done.sort()).toEqual([`discovery ${cluster.id}`, `health ${cluster.id}`]);
    expect(output).toMatchObject({ cluster_name: 'one', status: { state: 'UNKNOWN' }, capabilities: null });
  });

  it('tells that discovery failed only after health has been measured', async () => {
    let measured = false;
    const { call } = toolsOver([testCluster('one')], {
      health: {
        checkNow: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          measured = true;
        },
      },
      discovery: {
        discoverNow: () => Promise.reject(new AppError('DISCOVERY_FAILED', 'The API server did not answer.')),
      },
    });
    await expect(call('refresh_cluster', { cluster: 'one' })).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
    expect(measured).toBe(true);
  });
});

describe('compare_clusters', () => {
  const fleet = [
    withStatus(
      'a',
      { state: 'ONLINE', health_score: 100 },
      { labels: { tier: 'gold' }, capabilities: capabilities({ gpu_count: 8, node_count: 3 }) },
    ),
    withStatus(
      'b',
      { state: 'OFFLINE', health_score: 50 },
      { capabilities: capabilities({ gpu_count: null, node_count: 3 }) },
    ),
    testCluster('c'),
  ];

  it('lists what differs with each value, and what is the same', async () => {
    const { output, text } = await toolsOver(fleet).call('compare_clusters', { clusters: ['a', 'b'] });
    expect(output['clusters']).toEqual(['a', 'b']);
    const differences = output['differences'] as { field: string; values: unknown }[];
    expect(differences.map((difference) => difference.field)).toEqual([
      'state',
      'health_score',
      'gpu_count',
      'labels.tier',
    ]);
    expect(differences).toContainEqual({ field: 'gpu_count', values: { a: 8, b: null } });
    expect(output['same']).toMatchObject({ node_count: 3, environment: 'LAB', has_loki: null });
    expect(text).toBe('a, b differ in state, health_score, gpu_count, labels.tier.');
  });

  it.each([[['a']], ['name=a'], [['b', 'b']]])('refuses %j, which is not two or more', async (clusters) => {
    const asked = toolsOver(fleet).call('compare_clusters', { clusters });
    await expect(asked).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('the fleet', () => {
  const fleet = [
    withStatus('dark', { state: 'OFFLINE', health_score: 50, last_error: 'API server: refused' }),
    withStatus(
      'fine',
      { state: 'ONLINE', health_score: 100 },
      {
        capabilities: capabilities({
          has_gpu_nodes: true,
          gpu_count: 8,
          gpu_types: ['H100'],
          node_count: 3,
          node_roles: { worker: 3 },
          cnf_types: ['UPF'],
        }),
        platform_version: 'v1.31',
      },
    ),
    withStatus(
      'quiet',
      { state: 'OFFLINE', health_score: 50 },
      {
        maintenance_until: MAINTAINED,
        capabilities: capabilities({
          has_gpu_nodes: false,
          gpu_count: 0,
          node_roles: { worker: 2, master: 1 },
          node_count: 3,
        }),
      },
    ),
    withStatus(
      'weak',
      { state: 'DEGRADED', health_score: 80 },
      { maintenance_until: '2026-03-01T09:59:59.000Z', capabilities: capabilities() },
    ),
  ];

  it('health is worst first, with what is in maintenance last', async () => {
    const { output } = await toolsOver(fleet).call('get_fleet_health', {});
    const items = output['items'] as { cluster_name: string }[];
    expect(items.map((item) => item.cluster_name)).toEqual(['dark', 'weak', 'fine', 'quiet']);
    expect(output).toMatchObject({ by_state: { OFFLINE: 2, ONLINE: 1, DEGRADED: 1 }, avg_health_score: 70 });
  });

  it('summary does not call a cluster in maintenance unhealthy, and says that it is', async () => {
    const { output, text } = await toolsOver(fleet).call('get_fleet_summary', {});
    expect((output['unhealthy'] as { name: string }[]).map((c) => c.name)).toEqual(['dark', 'weak']);
    expect(output['in_maintenance']).toEqual(['quiet']);
    expect(text).toContain('In maintenance: quiet.');
  });

  it('capabilities count what is known and say of how many it is not', async () => {
    const { output, text } = await toolsOver(fleet).call('get_fleet_capabilities', {});
    expect(output).toMatchObject({
      total_clusters: 4,
      not_discovered: ['dark'],
      capabilities: { has_gpu_nodes: { clusters: ['fine'], without: 1, unknown: 2 } },
      gpus: { total: 8, clusters_by_type: { H100: 1 }, unknown: 2 },
      nodes: { total: 6, by_role: { worker: 5, master: 1 }, unknown: 2 },
      clusters_by_cnf_type: { UPF: 1 },
      clusters_by_version: { 'KUBERNETES v1.31': 1, 'KUBERNETES unknown': 3 },
    });
    expect(text).toBe('4 clusters, 8 GPUs (not known of 2 clusters); 1 not discovered yet.');
  });

  it('list is paged over what the caller may see', async () => {
    const { output } = await toolsOver(fleet).call(
      'list_clusters',
      { page_size: 1, page: 2 },
      { scope: { selector: 'state=OFFLINE' } },
    );
    expect(output).toMatchObject({ items: [{ name: 'quiet' }], total: 2, total_pages: 2 });
  });
});
