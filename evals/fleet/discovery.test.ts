import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { type Cluster, ClusterCreate } from '../../backend/model/cluster.ts';
import { newRow, toCluster } from '../../backend/registry/cluster-rows.ts';
import { discover } from '../../backend/registry/discovery/discover.ts';
import { createAddressPolicy } from '../../backend/spokes/address-policy.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { createTransport } from '../../backend/spokes/transport.ts';
import { type KubeDouble, type KubeDoubleOptions, startKubeDouble } from './kube-api/double.ts';
import type { FaultInput } from './kube-api/faults.ts';
import type { KubeObject } from './kube-api/store.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** Discovery over the product's own transport and clients, of an API server on loopback. */
async function setUp(options: Omit<KubeDoubleOptions, 'token'> = {}, token = 'admin-token') {
  const double: KubeDouble = await startKubeDouble({ token: 'admin-token', ...options });
  const transport = createTransport({
    policy: createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] }),
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    version: '0.0.0-test',
  });
  stops.push(
    () => double.stop(),
    () => transport.close(),
  );
  const input = ClusterCreate.parse({ name: 'looked-at', api_server_url: double.url, tls: { ca: double.caPem } });
  const registered = toCluster(newRow(input, { source: 'MANUAL', source_key: null }, new Date()), null);
  const cluster: Cluster = { ...registered, has_credentials: true };
  const spokes = createSpokes({
    transport,
    credentialsOf: () => Promise.resolve({ auth_type: 'SERVICE_ACCOUNT', api_token: token }),
  });
  const faults = (...on: FaultInput[]) => double.control({ action: 'FAULTS', faults: on });
  return {
    double,
    faults,
    cluster,
    spokes,
    discover: (timeoutMs = 5_000) => discover(cluster, { spokes, clock: systemClock }, { timeoutMs }),
  };
}

const node = (name: string, labels: Record<string, string>, capacity: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  status: { capacity },
});
const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const gpuNode = node(
  'gpu-0',
  { 'node-role.kubernetes.io/worker': '', 'nvidia.com/gpu.product': 'Tesla-T4' },
  { 'nvidia.com/gpu': '2' },
);

describe('discovery of a cluster', () => {
  it('sees what is there on plain Kubernetes, and that the rest is not', async () => {
    const { discover } = await setUp({ gitVersion: 'v1.32.1', objects: () => [gpuNode, namespace('upf-1')] });
    const found = await discover();
    expect(found).toMatchObject({
      platform: 'KUBERNETES',
      platform_version: 'v1.32.1',
      openshift: null,
      endpoints_found: [],
    });
    expect(found.capabilities).toMatchObject({
      has_gpu_nodes: true,
      gpu_count: 2,
      gpu_types: ['Tesla-T4'],
      node_roles: { worker: 1 },
      cnf_types: ['UPF'],
      has_loki: false,
      has_sriov: false,
      unknown: [],
    });
  });

  it('sees what operators have installed, and OpenShift by its own objects', async () => {
    const objects: KubeObject[] = [
      {
        apiVersion: 'config.openshift.io/v1',
        kind: 'ClusterVersion',
        metadata: { name: 'version' },
        spec: { channel: 'stable-4.17' },
        status: { history: [{ state: 'Completed', version: '4.17.3' }], availableUpdates: [{ version: '4.17.5' }] },
      },
      { apiVersion: 'loki.grafana.com/v1', kind: 'LokiStack', metadata: { name: 'l', namespace: 'openshift-logging' } },
      { apiVersion: 'sailoperator.io/v1', kind: 'Istio', metadata: { name: 'default' } },
    ];
    const { discover } = await setUp({
      features: ['OPENSHIFT', 'LOKI', 'TEMPO', 'SERVICE_MESH', 'PTP'],
      objects: () => objects,
    });
    const found = await discover();
    expect(found).toMatchObject({ platform: 'OPENSHIFT', platform_version: '4.17.3' });
    expect(found.openshift).toMatchObject({
      version: '4.17.3',
      available_updates: ['4.17.5'],
      unhealthy_operators: [],
    });
    expect(found.capabilities).toMatchObject({
      has_loki: true,
      has_tempo: false,
      has_service_mesh: true,
      has_ptp: true,
      has_sriov: false,
      unknown: [],
    });
  });

  it('finds a Prometheus that only the API server leads to, and what it finds answers queries', async () => {
    const prometheus = createHttpServer((request, response) => {
      const known = request.url?.startsWith('/api/v1/query?') && request.headers.authorization === undefined;
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          status: 'success',
          data: { resultType: 'vector', result: [{ metric: {}, value: [1, '7'] }] },
        }),
      );
    });
    await new Promise<void>((resolve) => prometheus.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise((resolve) => prometheus.close(() => resolve())));
    const address = () => `127.0.0.1:${(prometheus.address() as AddressInfo).port}`; // proof: it listens on TCP
    const { discover, cluster, spokes } = await setUp({
      services: [{ namespace: 'monitoring', name: 'prometheus', port: '9090', address }],
      objects: () => [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'prometheus', namespace: 'monitoring' },
          spec: { ports: [{ name: 'http', port: 9090 }] },
        },
      ],
    });
    const [found] = (await discover()).endpoints_found;
    expect(found).toMatchObject({
      endpoint: 'prometheus_url',
      from: 'Service monitoring/prometheus through the API server',
    });
    const target = await spokes.target({ ...cluster, endpoints: { prometheus_url: found?.url } }, 'PROMETHEUS');
    if (!target) throw new Error('it has an endpoint');
    const { series } = await spokes.prometheus.instant(target, { query: 'up', time: 1, timeoutMs: 5_000 });
    expect(series).toEqual([{ metric: {}, values: [[1, '7']] }]);
  });

  it('says of what it may not read that it is unknown, and why', async () => {
    const { double, discover } = await setUp(
      { features: ['LOKI'], objects: () => [gpuNode, namespace('du-1')] },
      'little',
    );
    const rules = [{ verbs: ['list'], groups: [''], resources: ['namespaces'] }];
    double.control({ action: 'ACCOUNTS', accounts: [{ username: 'little', token: 'little', rules }] });
    const { capabilities } = await discover();
    expect(capabilities).toMatchObject({
      cnf_types: ['VDU'],
      has_sriov: false,
      has_gpu_nodes: null,
      has_loki: null,
      has_odf: false,
    });
    expect(capabilities.unknown).toContainEqual({
      field: 'node_count',
      reason: 'the credentials do not allow it to list nodes',
    });
    expect(capabilities.unknown).toContainEqual({
      field: 'has_loki',
      reason: 'the credentials do not allow it to list lokistacks',
    });
  });

  it('fails with DISCOVERY_FAILED when the API server does not answer, or to nobody with these credentials', async () => {
    const { double, discover } = await setUp();
    const stranger = await setUp({}, 'wrong');
    await expect(stranger.discover()).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
    await double.stop();
    await expect(discover()).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
  });

  it('is over in time when the API server hangs', async () => {
    const { faults, discover } = await setUp();
    faults({ kind: 'HANG' });
    const startedMs = performance.now();
    await expect(discover(300)).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
