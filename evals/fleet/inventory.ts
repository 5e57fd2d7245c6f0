import type { Incident } from './incident.ts';
import { between, nameSuffix, unit } from './random.ts';
import { accumulate, createRhythm } from './rhythm.ts';
import type { Rhythm } from './rhythm.ts';
import type { ClusterSpec, Workload } from './specs.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const DAY = 86_400;

export interface Gpu {
  readonly index: number;
  readonly uuid: string;
  readonly pciBusId: string;
  readonly load: Rhythm;
  /** `GPU_I_ID` of the instances it is cut into; empty = whole. A pod that has the card has the first. */
  readonly migIds: readonly string[];
}

/** A virtual function of a network card. Its address is the same on every node that has such a card. */
export interface Vf {
  readonly pf: string;
  readonly index: number;
  readonly pciAddress: string;
}

/** What the device plugin hands out of a node in MIG's single strategy: instances where a card is cut, else cards. */
export function gpuDevices({ gpus }: Pick<Node, 'gpus'>): number {
  return gpus.reduce((sum, { migIds }) => sum + (migIds.length || 1), 0);
}

export interface Node {
  readonly name: string;
  readonly address: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Unix seconds. */
  readonly bootTime: number;
  readonly gpus: readonly Gpu[];
  /** Where the cluster has SR-IOV. */
  readonly vfs: readonly Vf[];
}

/** A pod with its one container. Times are Unix seconds. */
export interface Pod {
  readonly namespace: string;
  readonly deployment: string;
  readonly name: string;
  readonly container: string;
  readonly image: string;
  readonly address: string;
  readonly node: Node;
  readonly memoryRequestBytes: number;
  readonly memoryLimitBytes: number;
  readonly cpuRequest: number;
  readonly cpuLimit: number;
  readonly gpus: readonly Gpu[];
  /** Functions of its node that are its own; a pod that has some runs DPDK. */
  readonly vfs: readonly Vf[];
  /** Requests per second that it serves on an average hour; undefined when it serves none that it measures. */
  readonly requestsPerSecond: number | undefined;
  /** Set when this is the container of the incident. */
  readonly incident: Incident | undefined;
  readonly rhythm: Rhythm;
  startedAt(time: number): number;
  isDown(time: number): boolean;
  /** Undefined while the container is down. */
  workingSetBytes(time: number): number | undefined;
  /** CPU seconds of the running container since its start; undefined while it is down. */
  cpuSeconds(time: number): number | undefined;
}

export interface Inventory {
  readonly spec: ClusterSpec;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly namespaces: readonly string[];
  readonly incident: Incident | undefined;
}

interface Plan {
  readonly namespace: string;
  readonly deployment: string;
  readonly image: string;
  readonly replicas: number;
  readonly baseMib: number;
  readonly limitMib: number;
  readonly cores: number;
  readonly cpuLimit: number;
  /** Share of the storefront's requests. */
  readonly traffic?: number;
  readonly leaks?: boolean;
  readonly usesGpus?: boolean;
  /** Virtual functions of each pod. */
  readonly vfs?: number;
}

const PLANS: Readonly<Record<Workload, readonly Plan[]>> = {
  PLATFORM: [
    {
      namespace: 'kube-system',
      deployment: 'coredns',
      image: 'coredns:1.11.3',
      replicas: 1,
      baseMib: 34,
      limitMib: 170,
      cores: 0.03,
      cpuLimit: 0.5,
    },
    {
      namespace: 'monitoring',
      deployment: 'prometheus',
      image: 'prometheus:2.42.0',
      replicas: 1,
      baseMib: 1240,
      limitMib: 3072,
      cores: 0.22,
      cpuLimit: 2,
    },
    {
      namespace: 'ingress',
      deployment: 'ingress-controller',
      image: 'ingress-controller:1.12.0',
      replicas: 1,
      baseMib: 212,
      limitMib: 768,
      cores: 0.14,
      cpuLimit: 1,
    },
  ],
  SHOP: [
    {
      namespace: 'shop',
      deployment: 'storefront',
      image: 'storefront:3.8.1',
      replicas: 2,
      baseMib: 286,
      limitMib: 768,
      cores: 0.31,
      cpuLimit: 1,
      traffic: 1,
    },
    {
      namespace: 'shop',
      deployment: 'checkout',
      image: 'checkout:5.2.0',
      replicas: 1,
      baseMib: 164,
      limitMib: 512,
      cores: 0.18,
      cpuLimit: 1,
      traffic: 0.2,
      leaks: true,
    },
    {
      namespace: 'shop',
      deployment: 'catalog',
      image: 'catalog:2.14.3',
      replicas: 1,
      baseMib: 402,
      limitMib: 1024,
      cores: 0.26,
      cpuLimit: 1,
      traffic: 0.6,
    },
  ],
  INFERENCE: [
    {
      namespace: 'ml',
      deployment: 'llm-inference',
      image: 'llm-inference:0.11.2',
      replicas: 1,
      baseMib: 11_400,
      limitMib: 32_768,
      cores: 1.4,
      cpuLimit: 3,
      usesGpus: true,
    },
  ],
  USER_PLANE: [
    {
      namespace: 'upf-core',
      deployment: 'upf',
      image: 'upf:2.6.0',
      replicas: 2,
      baseMib: 640,
      limitMib: 2048,
      cores: 1.1,
      cpuLimit: 2,
      vfs: 2,
    },
  ],
  RAN: [
    {
      namespace: 'du-site-1',
      deployment: 'oran-du',
      image: 'oran-du:24.2.1',
      replicas: 1,
      baseMib: 420,
      limitMib: 1024,
      cores: 1.2,
      cpuLimit: 2,
      vfs: 2,
    },
    {
      namespace: 'cu-site-1',
      deployment: 'oran-cu',
      image: 'oran-cu:24.2.1',
      replicas: 1,
      baseMib: 180,
      limitMib: 512,
      cores: 0.3,
      cpuLimit: 1,
    },
  ],
  POINT_OF_SALE: [
    {
      namespace: 'pos',
      deployment: 'pos-gateway',
      image: 'pos-gateway:1.9.4',
      replicas: 1,
      baseMib: 96,
      limitMib: 256,
      cores: 0.06,
      cpuLimit: 0.5,
    },
  ],
};

/** Everything that stands in one cluster. `epoch` (Unix seconds) is the fleet's start; boots and pod starts lie days before it. */
export function createInventory(
  seed: string,
  spec: ClusterSpec,
  epoch: number,
  incident: Incident | undefined,
): Inventory {
  const nodes = Array.from({ length: spec.nodes }, (_, index) => createNode(seed, spec, epoch, index));
  const plans = spec.workloads.flatMap((workload) => PLANS[workload]);
  const taken = new Map<Node, number>();
  const pods = plans.flatMap((plan, planIndex) =>
    Array.from({ length: plan.replicas }, (_, replica) => {
      const node = plan.usesGpus ? nodes.at(-1) : nodes[(planIndex + replica) % nodes.length];
      if (!node) throw new RangeError(`cluster ${spec.name} needs at least one node`);
      const first = taken.get(node) ?? 0;
      const wanted = (plan.vfs ?? 0) * (spec.cnfTroubles.includes('VFS_EXHAUSTED') ? 2 : 1);
      const vfs = node.vfs.slice(first, first + wanted);
      taken.set(node, first + vfs.length);
      return createPod(seed, spec, epoch, plan, replica, node, vfs, plan.leaks ? incident : undefined);
    }),
  );
  const namespaces = new Set([
    'default',
    'kube-node-lease',
    'kube-public',
    'kube-system',
    ...pods.map((pod) => pod.namespace),
  ]);
  return { spec, nodes, pods, namespaces: [...namespaces].sort(), incident };
}

function createNode(seed: string, spec: ClusterSpec, epoch: number, index: number): Node {
  const key = [seed, spec.name, 'node', index];
  const gpuCount = index === spec.nodes - 1 ? spec.gpus : 0;
  const rack = Math.floor(unit(seed, spec.name, 'rack') * 250);
  return {
    name: gpuCount > 0 ? `${spec.name}-gpu-0` : `${spec.name}-worker-${index}`,
    address: `10.${rack}.0.${11 + index}`,
    cpus: 4,
    memoryBytes: (gpuCount > 0 ? 128 : spec.clusterType === 'EDGE' ? 8 : 16) * GIB,
    diskBytes: 120 * GIB,
    bootTime: Math.floor(epoch - between(9, 60, ...key, 'boot') * DAY),
    vfs: spec.features.includes('SRIOV') ? virtualFunctions() : [],
    gpus: Array.from({ length: gpuCount }, (_, gpu) => ({
      index: gpu,
      migIds: Array.from({ length: spec.migInstances }, (_id, instance) => String(instance + 1)),
      uuid: `GPU-${hex(8, key, gpu, 'a')}-${hex(4, key, gpu, 'b')}-${hex(4, key, gpu, 'c')}-${hex(4, key, gpu, 'd')}-${hex(12, key, gpu, 'e')}`,
      pciBusId: `00000000:${(0x17 + gpu * 0x23).toString(16).toUpperCase().padStart(2, '0')}:00.0`,
      load: createRhythm([...key, 'gpu', gpu].join('/'), { daily: 0.25, peakHourUtc: spec.peakHourUtc, wobble: 0.3 }),
    })),
  };
}

/** A card with four of them. */
function virtualFunctions(): Vf[] {
  return Array.from({ length: 4 }, (_, index) => ({ pf: 'ens785f2', index, pciAddress: `0000:02:0a.${index}` }));
}

function hex(length: number, key: readonly (string | number)[], ...parts: readonly (string | number)[]): string {
  let text = '';
  for (let i = 0; i < length; i++) text += Math.floor(unit(...key, ...parts, i) * 16).toString(16);
  return text;
}

function createPod(
  seed: string,
  spec: ClusterSpec,
  epoch: number,
  plan: Plan,
  replica: number,
  node: Node,
  vfs: readonly Vf[],
  incident: Incident | undefined,
): Pod {
  const key = [seed, spec.name, plan.namespace, plan.deployment];
  const firstStart = Math.floor(epoch - between(2, 8, ...key, replica, 'start') * DAY);
  const rhythm = createRhythm([...key, replica].join('/'), {
    daily: 0.45,
    peakHourUtc: spec.peakHourUtc,
    wobble: 0.25,
  });
  const memory = createRhythm([...key, replica, 'memory'].join('/'), {
    daily: 0.06,
    peakHourUtc: spec.peakHourUtc + 1,
    wobble: 0.05,
  });
  const base = plan.baseMib * MIB * between(0.94, 1.06, ...key, replica, 'base');
  const limit = plan.limitMib * MIB;
  const startedAt = (time: number) => incident?.restartedAt(time) ?? firstStart;
  const isDown = (time: number) => incident?.isDown(time) ?? false;
  // The collector of a full heap works hard: up to 0.7 cores more just before the kill.
  const collecting = incident && accumulate(incident.start, (time) => 0.7 * (incident.leak(time) ?? 0) ** 2);
  const cpuSinceFirstStart = (time: number) =>
    plan.cores * rhythm.integral(firstStart, time) + (collecting?.(time) ?? 0);
  return {
    namespace: plan.namespace,
    deployment: plan.deployment,
    name: `${plan.deployment}-${nameSuffix(9, ...key, 'set')}-${nameSuffix(5, ...key, replica)}`,
    container: plan.deployment,
    image: `registry.local/${plan.namespace}/${plan.image}`,
    address: `10.128.${Math.floor(unit(...key, replica, 'net') * 8)}.${10 + Math.floor(unit(...key, replica, 'ip') * 240)}`,
    node,
    memoryRequestBytes: Math.round(plan.limitMib / 2) * MIB,
    memoryLimitBytes: limit,
    cpuRequest: plan.cpuLimit / 4,
    cpuLimit: plan.cpuLimit,
    gpus: plan.usesGpus ? node.gpus : [],
    vfs,
    requestsPerSecond: plan.traffic === undefined ? undefined : (spec.requestsPerSecond * plan.traffic) / plan.replicas,
    incident,
    rhythm,
    startedAt,
    isDown,
    workingSetBytes: (time) => {
      if (isDown(time)) return undefined;
      const calm = base * memory.at(time);
      return pages(calm + (limit - calm) * (incident?.leak(time) ?? 0));
    },
    cpuSeconds: (time) => (isDown(time) ? undefined : cpuSinceFirstStart(time) - cpuSinceFirstStart(startedAt(time))),
  };
}

/** Memory is counted in pages of 4 KiB. */
function pages(bytes: number): number {
  return Math.floor(bytes / 4096) * 4096;
}
