import { describe, expect, it } from 'vitest';
import type { Endpoints } from '../../model/cluster.ts';
import { type ClusterObjects, capabilitiesOf } from './capabilities.ts';
import { known } from './lookup.ts';
import { type Node, ResourceSlice } from './objects.ts';

const NOTHING: ClusterObjects = {
  groups: known(new Set<string>()),
  nodes: known([]),
  namespaces: known([]),
  services: known([]),
  prometheuses: known([]),
  lokiStacks: known([]),
  tempoStacks: known([]),
  tempoMonolithics: known([]),
  istios: known([]),
  meshControlPlanes: known([]),
  storageClusters: known([]),
  clusterPolicies: known([]),
  resourceSlices: known([]),
};
const at = new Date('2026-03-01T10:00:00.000Z');

function derive(over: Partial<ClusterObjects>, endpoints: Endpoints = {}) {
  return capabilitiesOf({ ...NOTHING, ...over }, { endpoints, at });
}

function node(name: string, labels: Record<string, string> = {}, capacity: Record<string, string> = {}): Node {
  return { metadata: { name, labels }, status: { capacity } };
}

function onNodes(...nodes: Node[]) {
  return derive({ nodes: known(nodes) });
}

const A100 = { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-80GB' };

describe('capabilities', () => {
  it('of an empty cluster are all known, and all no', () => {
    expect(derive({})).toEqual({
      has_gpu_nodes: false,
      gpu_count: 0,
      gpu_types: [],
      has_prometheus: false,
      has_thanos: false,
      has_tempo: false,
      has_loki: false,
      has_service_mesh: false,
      has_odf: false,
      has_gpu_operator: false,
      has_dcgm: false,
      has_nfd: false,
      has_sriov: false,
      has_ptp: false,
      has_cnf_workloads: false,
      cnf_types: [],
      node_count: 0,
      node_roles: {},
      unknown: [],
      discovered_at: '2026-03-01T10:00:00.000Z',
    });
  });

  it('that cannot be looked up are null and named with the reason, never no', () => {
    const found = derive({ nodes: { unknown: 'not allowed to list nodes' } });
    expect(found).toMatchObject({
      has_gpu_nodes: null,
      gpu_count: null,
      gpu_types: null,
      node_count: null,
      node_roles: null,
    });
    expect(found.unknown.map(({ field }) => field)).toEqual([
      'gpu_count',
      'gpu_types',
      'has_gpu_nodes',
      'has_nfd',
      'node_count',
      'node_roles',
    ]);
    expect(new Set(found.unknown.map(({ reason }) => reason))).toEqual(new Set(['not allowed to list nodes']));
    expect(found.has_loki).toBe(false);
  });

  it('are there when one sign is seen, and unknown when the others could not be looked at', () => {
    const services = { unknown: 'no services' };
    const one = [{ metadata: { name: 'x' } }];
    expect(derive({ services, lokiStacks: known(one) })).toMatchObject({
      has_loki: true,
      has_tempo: null,
      has_thanos: null,
    });
    expect(derive({ services }, { tempo_url: 'https://tempo.example' }).has_tempo).toBe(true);
    expect(derive({ istios: { unknown: 'no' }, meshControlPlanes: known(one) }).has_service_mesh).toBe(true);
    expect(derive({ storageClusters: known(one) }).has_odf).toBe(true);
  });

  it('know services by their name and by their app label', () => {
    const service = (name: string, labels?: Record<string, string>) => ({
      metadata: { name, namespace: 'any', labels },
    });
    const found = derive({
      services: known([
        service('thanos-querier'),
        service('x', { 'app.kubernetes.io/name': 'prometheus' }),
        service('istiod-1-24', { app: 'istiod' }),
        service('my-loki-notes'),
      ]),
    });
    expect(found).toMatchObject({ has_thanos: true, has_prometheus: true, has_service_mesh: true, has_loki: false });
  });

  it('see SR-IOV and PTP by their API groups', () => {
    const found = derive({ groups: known(new Set(['sriovnetwork.openshift.io'])) });
    expect([found.has_sriov, found.has_ptp]).toEqual([true, false]);
    expect(derive({ groups: { unknown: 'x' } }).has_ptp).toBeNull();
  });

  it('count nodes by role, a node under each of its roles', () => {
    const role = (name: string) => ({ [`node-role.kubernetes.io/${name}`]: '' });
    const found = onNodes(
      node('a', { ...role('master'), ...role('worker') }),
      node('b', role('worker')),
      node('c', { 'kubernetes.io/os': 'linux' }),
    );
    expect(found.node_count).toBe(3);
    expect(found.node_roles).toEqual({ master: 1, worker: 2 });
  });

  it('know network functions by their namespaces, not by those that are going', () => {
    const namespaces = known([
      { metadata: { name: 'du-site-1' } },
      { metadata: { name: 'upf-core' }, status: { phase: 'Active' } },
      { metadata: { name: 'amf-old' }, status: { phase: 'Terminating' } },
      { metadata: { name: 'ran-tools' } },
      { metadata: { name: 'education' } },
    ]);
    expect(derive({ namespaces }).cnf_types).toEqual(['OTHER', 'UPF', 'VDU']);
    const own = capabilitiesOf(
      { ...NOTHING, namespaces },
      { endpoints: {}, at, cnfPrefixes: [{ prefix: 'edu', type: 'NRF' }] },
    );
    expect(own).toMatchObject({ has_cnf_workloads: true, cnf_types: ['NRF'] });
  });
});

describe('GPUs', () => {
  it('are counted as cards where feature discovery counted them', () => {
    const sliced = node(
      'a',
      { ...A100, 'nvidia.com/gpu.count': '4', 'nvidia.com/gpu.replicas': '10' },
      { 'nvidia.com/gpu': '40' },
    );
    const mixed = node(
      'b',
      { ...A100, 'nvidia.com/gpu.count': '8' },
      { 'nvidia.com/gpu': '6', 'nvidia.com/mig-1g.10gb': '14' },
    );
    expect(onNodes(sliced, mixed)).toMatchObject({
      has_gpu_nodes: true,
      gpu_count: 12,
      gpu_types: ['NVIDIA-A100-SXM4-80GB'],
    });
  });

  it('are counted as the device plugin offers them otherwise, shared ones once', () => {
    const plain = node('a', A100, { 'nvidia.com/gpu': '8' });
    const shared = node('b', { ...A100, 'nvidia.com/gpu.replicas': '4' }, { 'nvidia.com/gpu.shared': '8' });
    const slices = node('c', A100, { 'nvidia.com/mig-1g.10gb': '7', 'nvidia.com/mig-2g.20gb': '1' });
    expect(onNodes(plain).gpu_count).toBe(8);
    expect(onNodes(shared).gpu_count).toBe(2);
    expect(onNodes(slices).gpu_count).toBe(8);
  });

  it('are of one type however they are shared', () => {
    const product = (name: string) => node(name, { 'nvidia.com/gpu.product': name }, { 'nvidia.com/gpu': '1' });
    const found = onNodes(product('Tesla-T4-SHARED'), product('Tesla-T4'), product('NVIDIA-A100-PCIE-40GB-MIG-1g.5gb'));
    expect(found.gpu_types).toEqual(['NVIDIA-A100-PCIE-40GB', 'Tesla-T4']);
  });

  it('that only the feature discovery of nodes has seen are there, but not counted', () => {
    const found = onNodes(node('gpu-a', { 'feature.node.kubernetes.io/pci-0302_10de.present': 'true' }));
    expect(found).toMatchObject({ has_gpu_nodes: true, gpu_count: null, gpu_types: null });
    expect(found.unknown[0]).toEqual({
      field: 'gpu_count',
      reason:
        'node gpu-a has an NVIDIA card and no nvidia.com/gpu resource: no device plugin and no DRA driver runs there',
    });
  });

  it('are not there where a node offers none', () => {
    expect(onNodes(node('a', {}, { 'nvidia.com/gpu': '0', cpu: '64' }))).toMatchObject({
      has_gpu_nodes: false,
      gpu_count: 0,
    });
  });

  it('are counted from resource slices where only DRA offers them: each card once, of the newest generation of a pool', () => {
    const slice = (nodeName: string | undefined, generation: number, devices: Record<string, string>[]) =>
      ResourceSlice.parse({
        spec: {
          driver: 'gpu.nvidia.com',
          ...(nodeName === undefined ? {} : { nodeName }),
          pool: { name: nodeName ?? 'fabric', generation },
          devices: devices.map((attributes, index) => ({
            name: `d${index}`,
            attributes: Object.fromEntries(Object.entries(attributes).map(([key, string]) => [key, { string }])),
          })),
        },
      });
    const slices = [
      slice('a', 1, [{ uuid: 'GPU-gone' }]),
      slice('a', 2, [
        { type: 'gpu', uuid: 'GPU-1', productName: 'NVIDIA H100 80GB HBM3' },
        { type: 'mig', uuid: 'MIG-1', parentUUID: 'GPU-2', productName: 'NVIDIA H100 80GB HBM3' },
        { type: 'mig', uuid: 'MIG-2', parentUUID: 'GPU-2', productName: 'NVIDIA H100 80GB HBM3' },
      ]),
      slice(undefined, 1, [{ type: 'gpu', uuid: 'GPU-9', productName: 'NVIDIA L4' }]),
    ];
    const nodes = known([node('a'), node('b', A100, { 'nvidia.com/gpu': '4' })]);
    expect(derive({ nodes, resourceSlices: known(slices) })).toMatchObject({
      has_gpu_nodes: true,
      gpu_count: 7,
      gpu_types: ['NVIDIA-A100-SXM4-80GB', 'NVIDIA-H100-80GB-HBM3', 'NVIDIA-L4'],
    });
    const others = slices.map((one) => ({ spec: { ...one.spec, driver: 'dra.example' } }));
    expect(derive({ nodes: known([node('a')]), resourceSlices: known(others) }).gpu_count).toBe(0);
  });

  it('of which the resource slices may not be read are unknown, unless a node shows one', () => {
    const resourceSlices = { unknown: 'the credentials do not allow it to list resourceslices' };
    expect(derive({ nodes: known([node('a')]), resourceSlices })).toMatchObject({
      has_gpu_nodes: null,
      gpu_count: null,
      gpu_types: null,
    });
    const visible = known([node('a', A100, { 'nvidia.com/gpu': '2' })]);
    expect(derive({ nodes: visible, resourceSlices })).toMatchObject({ has_gpu_nodes: true, gpu_count: 2 });
  });
});

describe('what watches GPUs', () => {
  it('is told by its own objects, groups, services and labels', () => {
    expect(derive({ clusterPolicies: known([{ metadata: { name: 'p' } }]) }).has_gpu_operator).toBe(true);
    expect(derive({ services: known([{ metadata: { name: 'nvidia-dcgm-exporter' } }]) }).has_dcgm).toBe(true);
    expect(derive({ groups: known(new Set(['nfd.openshift.io'])) }).has_nfd).toBe(true);
    expect(onNodes(node('a', { 'feature.node.kubernetes.io/cpu-cpuid.AVX512F': 'true' })).has_nfd).toBe(true);
    expect(derive({ services: { unknown: 'x' } }).has_dcgm).toBeNull();
  });
});
