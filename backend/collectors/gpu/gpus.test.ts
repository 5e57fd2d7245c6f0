import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { GpuNodesAnswer } from '../../model/gpu-answers.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import type { KubernetesClient, ListRequest } from '../../spokes/kubernetes-api.ts';
import type { PrometheusClient } from '../../spokes/prometheus.ts';
import { createFanout } from '../fanout/fanout.ts';
import { createMetricsSource } from '../metrics/metrics-source.ts';
import { IDENTITY_QUERY, LAST_SEEN_QUERY } from './dcgm-queries.ts';
import { createGpusCollector } from './gpus.ts';
import { SCRAPED_AT, cardLabels, identity, value } from './test-dcgm.ts';

const NOW = '2026-03-01T10:00:10.000Z';
const unused = () => Promise.reject(new Error('not asked in this test'));
const FORBIDDEN = new AppError('SPOKE_ERROR', 'nodes is forbidden', { details: { reason: 'FORBIDDEN' } });
const NOT_FOUND = new AppError('SPOKE_ERROR', 'no such kind', { details: { reason: 'NOT_FOUND' } });

interface World {
  /** What Prometheus answers, by query. */
  readonly prometheus?: (query: string) => MetricSeries[];
  readonly objects?: Readonly<Record<string, readonly unknown[] | AppError>>;
  readonly exec?: KubernetesClient['exec'];
}

/** The collector over a cluster as it would answer; everything between is real. */
function collectorOf({ prometheus = () => [], objects = {}, exec = unused }: World) {
  const asked: string[] = [];
  const client: PrometheusClient = {
    instant: async (_target, { query }) => {
      asked.push(query);
      return { resultType: 'VECTOR', series: prometheus(query), warnings: [] };
    },
    range: unused,
    labels: unused,
    labelValues: unused,
    series: unused,
    metadata: unused,
    server: unused,
    alerts: unused,
    exemplars: unused,
    alertingRules: unused,
    ready: unused,
  };
  const kubernetes = {
    list: async <T>(_target: unknown, { resource, item, labelSelector }: ListRequest<T>) => {
      const name = labelSelector === undefined ? resource : `${resource}?${labelSelector}`;
      asked.push(name);
      const found = objects[name] ?? objects[resource] ?? NOT_FOUND;
      if (found instanceof AppError) throw found;
      return { items: found.map((one) => item.parse(one)), resourceVersion: '1', truncated: false };
    },
    exec,
  };
  const clock = new ManualClock(NOW);
  const target = async (cluster: { id: string; endpoints: { prometheus_url?: string | undefined } }, kind: string) =>
    kind === 'PROMETHEUS' && cluster.endpoints.prometheus_url === undefined
      ? undefined
      : { clusterId: cluster.id, kind: 'API' as const, url: 'http://x', tls: { insecure_skip_verify: false } };
  // Proof of the cast: of the clients only what is called here is called.
  const spokes = { prometheus: client, kubernetes: kubernetes as unknown as KubernetesClient, target };
  const fanout = createFanout({ clock, logger: createLogger({ level: 'silent' }), spokes, maxPerSecond: 1e6 });
  return {
    asked,
    gpus: createGpusCollector({ clock, fanout, spokes, source: createMetricsSource({ fanout, spokes }) }),
  };
}

const cluster = testCluster('edge-1');
const question = (over = {}) => ({
  clusters: [testCluster('edge-1', { id: cluster.id, ...over })],
  named: true,
  budgetMs: 5_000,
  scope: '',
  signal: new AbortController().signal,
  limit: 100,
});
const gpuNode = (name: string, resources: Record<string, string>, labels: Record<string, string> = {}) => ({
  metadata: { name, labels: { 'nvidia.com/gpu.present': 'true', 'nvidia.com/gpu.product': 'NVIDIA-H200', ...labels } },
  status: { capacity: { cpu: '64', ...resources }, allocatable: { cpu: '63', ...resources } },
});
const plainNode = { metadata: { name: 'plain' }, status: { capacity: { cpu: '8' }, allocatable: { cpu: '8' } } };
const podOf = (name: string, containers: readonly string[], phase = 'Running') => ({
  metadata: { name, namespace: 'gpu-operator' },
  spec: { nodeName: 'n1', containers: containers.map((container) => ({ name: container })) },
  status: { phase },
});
const pod = (name: string, node: string, gpus: Record<string, string>, phase = 'Running') => ({
  metadata: { name, namespace: 'ml' },
  spec: { nodeName: node, containers: [{ name: 'main', resources: { limits: gpus } }] },
  status: { phase },
});

describe('a cluster', () => {
  it('that has GPUs and no exporter has them counted, nothing measured, and is told why', async () => {
    const { gpus, asked } = collectorOf({
      objects: {
        nodes: [plainNode, gpuNode('n1', { 'nvidia.com/gpu': '8' })],
        pods: [pod('a', 'n1', { 'nvidia.com/gpu': '3' }), pod('done', 'n1', { 'nvidia.com/gpu': '2' }, 'Succeeded')],
      },
    });
    const answer = await gpus.nodes(question());
    expect(answer.nodes).toMatchObject([
      {
        node_name: 'n1',
        source: 'ALLOCATABLE',
        gpu_count: 8,
        model: 'NVIDIA H200',
        sharing: 'EXCLUSIVE',
        allocation: [{ name: 'nvidia.com/gpu', capacity: 8, allocatable: 8, requested: 3 }],
        gpus: [],
        findings: [],
      },
    ]);
    expect(answer.nodes[0]?.not_used).toEqual([
      { source: 'DCGM', why: 'Prometheus has no DCGM metrics: no DCGM exporter is scraped' },
      { source: 'NVIDIA_SMI', why: 'commands may not be run in this cluster (exec_enabled is false)' },
    ]);
    expect(answer.coverage).toMatchObject([{ state: 'NOT_MEASURED', gpus: 8 }]);
    expect(answer.complete).toBe(true);
    const summary = await gpus.summary(question());
    expect(summary).toMatchObject({ gpus: 8, measured_gpus: 0, avg_utilization_percent: null, memory_used_mb: null });
    expect(asked.filter((one) => one === 'nodes')).toHaveLength(1); // kept
  });

  it('that has no GPUs is an answer among many and an error alone', async () => {
    const { gpus } = collectorOf({ objects: { nodes: [plainNode] } });
    await expect(gpus.nodes(question())).rejects.toMatchObject({ code: 'NO_GPU_NODES' });
    const answer = await gpus.nodes({ ...question(), named: false });
    expect(answer).toMatchObject({ nodes: [], clusters_without_gpus: 1, coverage: [], complete: true });
  });

  it('that shows neither nodes nor metrics is unknown, never without GPUs', async () => {
    const { gpus } = collectorOf({ objects: { nodes: FORBIDDEN } });
    const answer = await gpus.nodes(question());
    expect(answer.coverage).toMatchObject([{ state: 'UNKNOWN', why: expect.stringContaining('nodes is forbidden') }]);
    expect([answer.clusters_without_gpus, answer.complete]).toEqual([0, false]);
  });

  it('whose exporter went away is told how long ago', async () => {
    const { gpus } = collectorOf({
      prometheus: (query) => (query === LAST_SEEN_QUERY ? [identity({}, SCRAPED_AT - 3600)] : []),
      objects: { nodes: [gpuNode('n1', { 'nvidia.com/gpu': '1' })], pods: [] },
    });
    const answer = await gpus.nodes(question());
    expect(answer.nodes[0]?.not_used[0]?.why).toBe("the DCGM exporter's last sample in Prometheus is 60 minutes old");
  });

  it('with old samples has them marked stale and left out of totals', async () => {
    const card = cardLabels('n1', 0);
    const { gpus } = collectorOf({
      prometheus: (query) => {
        if (query === IDENTITY_QUERY) return [identity(card, SCRAPED_AT - 250)];
        return query.includes('FB_USED') ? [value(card, 'DEV_GPU_UTIL', 0), value(card, 'DEV_GPU_TEMP', 99)] : [];
      },
      objects: { nodes: [gpuNode('n1', { 'nvidia.com/gpu': '1' })], pods: [] },
    });
    const answer = await gpus.nodes(question());
    expect(answer.nodes[0]).toMatchObject({ source: 'DCGM', stale: true, age_seconds: 260 });
    expect(answer.nodes[0]?.findings.map(({ code }) => code)).toEqual(['STALE_TELEMETRY']);
    expect(await gpus.summary(question())).toMatchObject({
      measured_gpus: 0,
      avg_utilization_percent: null,
      stale_nodes: 1,
    });
  });

  it('shares cards by time, by MIG or by claims, and each is counted as what it is', async () => {
    const slice = {
      spec: {
        driver: 'gpu.nvidia.com',
        nodeName: 'dra',
        pool: { name: 'dra', generation: 1 },
        devices: ['gpu-0', 'gpu-1'].map((name) => ({ name, attributes: { uuid: { string: name } } })),
      },
    };
    const claim = {
      metadata: { name: 'c', namespace: 'ml' },
      status: {
        allocation: { devices: { results: [{ driver: 'gpu.nvidia.com', pool: 'dra', device: 'gpu-1' }] } },
        reservedFor: [{ resource: 'pods', name: 'claimer' }],
      },
    };
    const { gpus } = collectorOf({
      objects: {
        nodes: [
          gpuNode('sliced', { 'nvidia.com/gpu.shared': '8' }, { 'nvidia.com/gpu.replicas': '4' }),
          gpuNode('mixed', { 'nvidia.com/mig-1g.10gb': '7' }, { 'nvidia.com/gpu.count': '1' }),
          gpuNode('single', { 'nvidia.com/gpu': '7' }, { 'nvidia.com/gpu.product': 'NVIDIA-H200-MIG-1g.18gb' }),
          { metadata: { name: 'dra' }, status: { capacity: {}, allocatable: {} } },
        ],
        pods: [pod('a', 'mixed', { 'nvidia.com/mig-1g.10gb': '2' })],
        resourceslices: [slice],
        resourceclaims: [claim],
      },
    });
    const { nodes } = await gpus.nodes(question());
    const shown = nodes.map(({ node_name, sharing, gpu_count, allocation }) => [
      node_name,
      sharing,
      gpu_count,
      ...(allocation ?? []).map(({ name, capacity, requested }) => `${name} ${requested}/${capacity}`),
    ]);
    expect(shown).toEqual([
      ['dra', 'DRA', 2, 'gpu.nvidia.com 1/2'],
      ['mixed', 'MIG_MIXED', 1, 'nvidia.com/mig-1g.10gb 2/7'],
      ['single', 'MIG_SINGLE', null, 'nvidia.com/gpu 0/7'],
      ['sliced', 'TIME_SLICED', 2, 'nvidia.com/gpu.shared 0/8'],
    ]);
    const { processes } = await gpus.processes(question());
    expect(new Set(processes.map((row) => row.pod?.pod))).toEqual(new Set(['a', 'claimer']));
  });

  it.each([
    [
      'the device plugin where the driver is the host’s own',
      [podOf('plugin', ['config-manager', 'nvidia-device-plugin']), podOf('exporter', ['nvidia-dcgm-exporter'])],
      ['plugin', 'nvidia-device-plugin'],
    ],
    [
      'the driver of an operator that has no component label',
      [podOf('exporter', ['nvidia-dcgm-exporter']), podOf('driver', ['nvidia-driver-ctr', 'nvidia-peermem-ctr'])],
      ['driver', 'nvidia-driver-ctr'],
    ],
    [
      'the host engine before the exporter',
      [podOf('exporter', ['nvidia-dcgm-exporter']), podOf('dcgm', ['nvidia-dcgm-ctr'])],
      ['dcgm', 'nvidia-dcgm-ctr'],
    ],
    ['nothing that does not run', [podOf('plugin', ['nvidia-device-plugin'], 'Pending')], undefined],
  ])('is asked by nvidia-smi in %s', async (_where, pods, expected) => {
    const places: string[][] = [];
    const { gpus } = collectorOf({
      exec: async (_target, { pod: name, container }) => {
        places.push([name, container ?? '']);
        return { exitCode: 9, stdout: Buffer.alloc(0), stderr: Buffer.from('no driver') };
      },
      objects: {
        nodes: [gpuNode('n1', { 'nvidia.com/gpu': '1' })],
        'pods?app in (nvidia-driver-daemonset,nvidia-device-plugin-daemonset,nvidia-dcgm,nvidia-dcgm-exporter)': pods,
        pods: [],
      },
    });
    await gpus.nodes(question({ exec_enabled: true }));
    expect(places[0]).toEqual(expected);
  });

  it('where commands may be run is asked by nvidia-smi in the pod of the driver', async () => {
    const places: unknown[] = [];
    const { gpus } = collectorOf({
      exec: async (_target, { pod: name, container, command }) => {
        places.push([name, container, command[0]]);
        const fields = (command[1] ?? '').replace(/^--query-gpu=/, '').split(',');
        const known = fields.every(
          (field) => !field.startsWith('--') && !/ecc|remapped|event|throttle|mig|fan/.test(field),
        );
        const cells = fields.map((field) => (field === 'index' ? '0' : field === 'uuid' ? 'GPU-a' : '[N/A]'));
        const stdout = known
          ? `${fields.join(', ')}\n${cells.join(', ')}\n`
          : 'Field "x" is not a valid field to query.';
        return { exitCode: known ? 0 : 2, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0) };
      },
      objects: {
        nodes: [gpuNode('n1', { 'nvidia.com/gpu': '1' }), gpuNode('n2', { 'nvidia.com/gpu': '1' })],
        'pods?app.kubernetes.io/component=nvidia-driver': [
          {
            metadata: { name: 'driver-n1', namespace: 'nvidia-gpu-operator' },
            spec: { nodeName: 'n1', containers: [{ name: 'other' }, { name: 'nvidia-driver-ctr' }] },
            status: { phase: 'Running' },
          },
        ],
        pods: [],
      },
    });
    const { nodes } = await gpus.nodes(question({ exec_enabled: true }));
    expect(nodes.map(({ node_name, source }) => [node_name, source])).toEqual([
      ['n1', 'NVIDIA_SMI'],
      ['n2', 'ALLOCATABLE'],
    ]);
    expect(nodes[0]?.not_used).toMatchObject([{ source: 'DCGM' }]);
    expect(nodes[1]?.not_used[1]?.why).toBe('no pod of the GPU operator with nvidia-smi runs there');
    expect(new Set(places.map((place) => JSON.stringify(place)))).toEqual(
      new Set([JSON.stringify(['driver-n1', 'nvidia-driver-ctr', 'nvidia-smi'])]),
    );
  });
});

describe('a cluster of 4,096 GPUs', () => {
  const cards = Array.from({ length: 512 }, (_, node) =>
    Array.from({ length: 8 }, (_card, index) =>
      cardLabels(`node-${String(node).padStart(3, '0')}`, index, {
        exported_pod: `p-${node}-${index}`,
        exported_namespace: 'ml',
      }),
    ),
  ).flat();
  const answers = new Map<string, MetricSeries[]>();
  const world: World = {
    prometheus: (query) => {
      const known = answers.get(query);
      if (known) return known;
      const names = [...query.matchAll(/DCGM_FI_(\w+)/g)].map(([, name = '']) => name);
      const series =
        query === IDENTITY_QUERY
          ? cards.map((card) => identity(card))
          : query.includes('aiops_part')
            ? []
            : names.flatMap((name) =>
                cards.map((card) =>
                  value(card, name, /XID|ERR|RETIRED|REMAP|VIOLATION|ECC|REASONS/.test(name) ? 0 : 42),
                ),
              );
      answers.set(query, series);
      return series;
    },
    objects: {
      nodes: Array.from({ length: 512 }, (_, at) =>
        gpuNode(`node-${String(at).padStart(3, '0')}`, { 'nvidia.com/gpu': '8' }),
      ),
      pods: [],
    },
  };

  it('is read and put in order within two seconds, and the answer is bounded', async () => {
    const { gpus, asked } = collectorOf(world);
    await gpus.summary(question()); // builds the answers of the double
    const fresh = collectorOf(world);
    const startedMs = performance.now();
    const answer = await fresh.gpus.nodes({ ...question(), limit: 2000 });
    const tookMs = performance.now() - startedMs;
    expect(answer).toMatchObject({ total: 512, total_gpus: 4096, complete: true });
    expect(GpuNodesAnswer.safeParse(answer).error).toBeUndefined();
    expect(JSON.stringify(answer).length).toBeLessThan(12_000_000);
    expect(asked.length).toBeLessThan(15);
    expect(tookMs).toBeLessThan(2_000);
    expect((await fresh.gpus.nodes({ ...question(), limit: 5 })).nodes).toHaveLength(5);
  });
});
