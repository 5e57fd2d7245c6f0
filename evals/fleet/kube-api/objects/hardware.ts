import { type Inventory, type Node, type Pod, gpuDevices } from '../../inventory.ts';
import type { KubeObject } from '../store.ts';
import { type NodeExtras, timeOf } from './core.ts';

const GPU_NAMESPACE = 'nvidia-gpu-operator';

/** Labels and resources that GPU feature discovery, node feature discovery and the SR-IOV device plugin put on nodes. */
export function nodeExtras(inventory: Inventory, node: Node): NodeExtras {
  const { features } = inventory.spec;
  const gpus = features.includes('GPU_OPERATOR') ? gpuDevices(node) : 0;
  const isCut = node.gpus.some(({ migIds }) => migIds.length > 0);
  const sriov = features.includes('SRIOV');
  return {
    labels: {
      ...(gpus > 0 && {
        'feature.node.kubernetes.io/pci-10de.present': 'true',
        'nvidia.com/gpu.present': 'true',
        'nvidia.com/gpu.count': String(gpus),
        'nvidia.com/gpu.product': isCut ? 'NVIDIA-H200-MIG-3g.71gb' : 'NVIDIA-H200',
        'nvidia.com/gpu.memory': isCut ? '71885' : '143771',
        'nvidia.com/gpu.family': 'hopper',
        'nvidia.com/mig.capable': 'true',
        'nvidia.com/mig.strategy': 'single',
        'nvidia.com/cuda.driver-version.full': '580.159.03',
      }),
      ...(sriov && { 'feature.node.kubernetes.io/network-sriov.capable': 'true' }),
    },
    resources: {
      ...(gpus > 0 && { 'nvidia.com/gpu': String(gpus) }),
      ...(sriov && { 'openshift.io/mlxnics': '4', 'hugepages-1Gi': '8Gi' }),
    },
  };
}

export function gpuObjects(inventory: Inventory): KubeObject[] {
  return [
    ...driverObjects(inventory),
    {
      apiVersion: 'nvidia.com/v1',
      kind: 'ClusterPolicy',
      metadata: { name: 'gpu-cluster-policy' },
      spec: {
        driver: { enabled: true },
        toolkit: { enabled: true },
        devicePlugin: { enabled: true },
        dcgm: { enabled: true },
        dcgmExporter: { enabled: true, serviceMonitor: { enabled: true, honorLabels: false } },
        gfd: { enabled: true },
        mig: { strategy: 'single' },
      },
      status: { state: 'ready', namespace: GPU_NAMESPACE, conditions: [{ type: 'Ready', status: 'True' }] },
    },
    {
      apiVersion: 'nfd.openshift.io/v1',
      kind: 'NodeFeatureDiscovery',
      metadata: { name: 'nfd-instance', namespace: 'openshift-nfd' },
      spec: {},
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'nvidia-dcgm-exporter', namespace: GPU_NAMESPACE },
      spec: { type: 'ClusterIP', ports: [{ name: 'gpu-metrics', port: 9400 }] },
    },
  ];
}

const DRIVER = 'nvidia-driver-daemonset';

/** The operator's driver: one pod on each node with GPUs. On OpenShift it is named after the version of the nodes' system. */
function driverObjects({ nodes, spec }: Inventory): KubeObject[] {
  const withGpus = nodes.filter(({ gpus }) => gpus.length > 0);
  const app = spec.features.includes('OPENSHIFT') ? `${DRIVER}-${spec.openshiftVersion}` : DRIVER;
  const labels = { app, 'app.kubernetes.io/component': 'nvidia-driver' };
  const containers = [{ name: 'nvidia-driver-ctr', image: 'registry.local/nvidia/driver:580.159.03' }];
  const count = withGpus.length;
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: app, namespace: GPU_NAMESPACE, labels },
      spec: {
        selector: { matchLabels: { app } },
        template: { metadata: { labels }, spec: { hostPID: true, containers } },
      },
      status: {
        currentNumberScheduled: count,
        desiredNumberScheduled: count,
        numberReady: count,
        numberAvailable: count,
        numberMisscheduled: 0,
      },
    },
    ...withGpus.map((node) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${app}-${node.name.split('-').at(-1) ?? ''}`,
        namespace: GPU_NAMESPACE,
        labels,
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: app, controller: true }],
      },
      spec: { nodeName: node.name, hostPID: true, containers },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: containers.map((one) => ({
          ...one,
          ready: true,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: timeOf(node.bootTime + 60) } },
          lastState: {},
        })),
      },
    })),
  ];
}

const SRIOV_NAMESPACE = 'openshift-sriov-network-operator';

export function sriovObjects({ nodes, pods, spec }: Inventory): KubeObject[] {
  const virtualFunctions = (nodes[0]?.vfs ?? []).map(({ pf, index, pciAddress }) => ({
    name: `${pf}v${index}`,
    pciAddress,
    vfID: index,
    Vlan: 0,
    mac: `0a:00:00:00:00:0${index}`,
    mtu: 1500,
    driver: 'iavf',
  }));
  return [
    ...nodes.map((node) => ({
      apiVersion: 'sriovnetwork.openshift.io/v1',
      kind: 'SriovNetworkNodeState',
      metadata: {
        name: node.name,
        namespace: SRIOV_NAMESPACE,
        annotations: {
          'sriovnetwork.openshift.io/desired-state': 'Idle',
          'sriovnetwork.openshift.io/current-state': 'Idle',
        },
      },
      spec: {},
      status: {
        syncStatus: 'Succeeded',
        interfaces: [
          {
            name: 'ens785f2',
            mac: '0a:00:00:00:01:00',
            driver: 'ice',
            pciAddress: '0000:02:00.2',
            vendor: '8086',
            deviceID: '1593',
            mtu: 1500,
            numVfs: virtualFunctions.length,
            totalvfs: 64,
            linkSpeed: '25000 Mb/s',
            linkType: 'ETH',
            Vfs: virtualFunctions,
          },
        ],
      },
    })),
    {
      apiVersion: 'sriovnetwork.openshift.io/v1',
      kind: 'SriovNetworkNodePolicy',
      metadata: { name: 'midhaul', namespace: SRIOV_NAMESPACE },
      spec: {
        resourceName: 'mlxnics',
        nodeSelector: { 'feature.node.kubernetes.io/network-sriov.capable': 'true' },
        priority: 10,
        mtu: 1500,
        numVfs: virtualFunctions.length,
        nicSelector: { vendor: '8086', deviceID: '1593', pfNames: ['ens785f2#0-3'] },
        deviceType: 'netdevice',
      },
    },
    ...(spec.cnfTroubles.includes('VFS_EXHAUSTED') ? pods.filter(({ vfs }) => vfs.length > 0).slice(0, 1) : []).map(
      waiting,
    ),
  ];
}

/** One replica more than there are functions for. */
function waiting(pod: Pod): KubeObject {
  const resources = { requests: { 'openshift.io/mlxnics': '1' }, limits: { 'openshift.io/mlxnics': '1' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${pod.deployment}-waiting`,
      namespace: pod.namespace,
      labels: { app: pod.deployment },
    },
    spec: { containers: [{ name: pod.container, image: pod.image, resources }] },
    status: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/1 nodes are available: 1 Insufficient openshift.io/mlxnics.',
        },
      ],
    },
  };
}

export function ptpObjects(nodes: readonly Node[]): KubeObject[] {
  const namespace = 'openshift-ptp';
  return [
    {
      apiVersion: 'ptp.openshift.io/v1',
      kind: 'PtpConfig',
      metadata: { name: 'slave', namespace },
      spec: {
        profile: [
          {
            name: 'slave',
            interface: 'ens1f0',
            ptp4lOpts: '-2 -s',
            phc2sysOpts: '-a -r -n 24',
            ptpSchedulingPolicy: 'SCHED_FIFO',
            ptpClockThreshold: { holdOverTimeout: 5, maxOffsetThreshold: 100, minOffsetThreshold: -100 },
          },
        ],
        recommend: [{ profile: 'slave', priority: 4, match: [{ nodeLabel: 'node-role.kubernetes.io/worker' }] }],
      },
      status: { matchList: nodes.map((node) => ({ nodeName: node.name, profile: 'slave' })) },
    },
    ...nodes.map((node) => ({
      apiVersion: 'ptp.openshift.io/v1',
      kind: 'NodePtpDevice',
      metadata: { name: node.name, namespace },
      spec: {},
      status: { devices: [{ name: 'ens1f0', profile: 'slave' }, { name: 'ens1f1' }] },
    })),
  ];
}
