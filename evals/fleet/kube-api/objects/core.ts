import type { Inventory, Node, Pod } from '../../inventory.ts';
import type { KubeObject } from '../store.ts';
import { timestamp } from '../store.ts';

const MIB = 1024 ** 2;

/** Unix seconds as Kubernetes writes times. */
export function timeOf(seconds: number): string {
  return timestamp(new Date(seconds * 1000));
}

export function namespaceObject(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

export interface NodeExtras {
  readonly labels: Readonly<Record<string, string>>;
  /** Resources beside CPU and memory, as they stand in capacity and allocatable. */
  readonly resources: Readonly<Record<string, string>>;
}

/** The first node of a cluster is its control plane as well, as in small clusters of the field. */
export function nodeObject(inventory: Inventory, node: Node, index: number, extras: NodeExtras): KubeObject {
  const quantities = (reserved: number) => ({
    cpu: `${node.cpus * 1000 - reserved * 500}m`,
    memory: `${Math.floor(node.memoryBytes / MIB) - reserved * 1024}Mi`,
    'ephemeral-storage': `${Math.floor(node.diskBytes / 1024)}Ki`,
    pods: '250',
    ...extras.resources,
  });
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: timeOf(node.bootTime),
    lastTransitionTime: timeOf(node.bootTime + 40),
  });
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      creationTimestamp: timeOf(node.bootTime),
      labels: {
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/region': inventory.spec.region,
        'node-role.kubernetes.io/worker': '',
        ...(index === 0 && { 'node-role.kubernetes.io/control-plane': '', 'node-role.kubernetes.io/master': '' }),
        ...extras.labels,
      },
    },
    spec: { podCIDR: `10.128.${index}.0/24` },
    status: {
      capacity: quantities(0),
      allocatable: quantities(1),
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      addresses: [
        { type: 'InternalIP', address: node.address },
        { type: 'Hostname', address: node.name },
      ],
      nodeInfo: {
        kubeletVersion: inventory.spec.kubernetesVersion,
        kernelVersion: '6.1.0-31-amd64',
        osImage: inventory.spec.features.includes('OPENSHIFT')
          ? `Red Hat Enterprise Linux CoreOS ${inventory.spec.openshiftVersion}`
          : 'Debian GNU/Linux 12 (bookworm)',
        containerRuntimeVersion: 'containerd://1.7.25',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    },
  };
}

export function podObject(pod: Pod, time: number): KubeObject {
  const down = pod.isDown(time);
  const restarts = pod.incident?.restarts(time) ?? 0;
  const kills = pod.incident?.kills(time) ?? 0;
  const devices = {
    ...(pod.gpus.length > 0 && { 'nvidia.com/gpu': String(pod.gpus.length) }),
    ...(pod.vfs.length > 0 && { 'openshift.io/mlxnics': String(pod.vfs.length), 'hugepages-1Gi': '2Gi' }),
  };
  const killed = {
    terminated: {
      exitCode: 137,
      reason: 'OOMKilled',
      ...(pod.incident && { finishedAt: timeOf(pod.incident.start + 72 + (kills - 1) * 90) }),
    },
  };
  const ready = down ? 'False' : 'True';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      creationTimestamp: timeOf(pod.startedAt(0)),
      ...(pod.vfs.length > 0 && { annotations: { 'k8s.v1.cni.cncf.io/network-status': networkStatus(pod) } }),
      labels: { app: pod.deployment, 'pod-template-hash': pod.name.split('-').at(-2) ?? '' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: pod.name.replace(/-[^-]+$/, ''), controller: true },
      ],
    },
    spec: {
      nodeName: pod.node.name,
      serviceAccountName: 'default',
      ...(pod.deployment === 'prometheus' && {
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'prometheus-data' } }],
      }),
      containers: [
        {
          name: pod.container,
          image: pod.image,
          ports: [{ name: 'http', containerPort: 8080 }],
          envFrom: [{ configMapRef: { name: `${pod.deployment}-config` } }],
          resources: {
            requests: {
              cpu: `${Math.round(pod.cpuRequest * 1000)}m`,
              memory: `${pod.memoryRequestBytes / MIB}Mi`,
              ...devices,
            },
            limits: {
              cpu: `${Math.round(pod.cpuLimit * 1000)}m`,
              memory: `${pod.memoryLimitBytes / MIB}Mi`,
              ...devices,
            },
          },
        },
      ],
    },
    status: {
      phase: 'Running',
      hostIP: pod.node.address,
      podIP: pod.address,
      conditions: [
        { type: 'Initialized', status: 'True' },
        { type: 'Ready', status: ready, ...(down && { reason: 'ContainersNotReady' }) },
        { type: 'ContainersReady', status: ready, ...(down && { reason: 'ContainersNotReady' }) },
        { type: 'PodScheduled', status: 'True' },
      ],
      containerStatuses: [
        {
          name: pod.container,
          image: pod.image,
          ready: !down,
          started: !down,
          restartCount: restarts,
          state: down
            ? {
                waiting: {
                  reason: 'CrashLoopBackOff',
                  message: `back-off restarting failed container=${pod.container} pod=${pod.name}`,
                },
              }
            : { running: { startedAt: timeOf(pod.startedAt(time)) } },
          lastState: kills > 0 ? killed : {},
        },
      ],
    },
  };
}

/** What multus writes: the cluster's own network, then one for each virtual function. */
function networkStatus(pod: Pod): string {
  const own = { name: 'ovn-kubernetes', interface: 'eth0', ips: [pod.address], default: true, dns: {} };
  const attached = pod.vfs.map((vf, at) => ({
    name: `${pod.namespace}/midhaul`,
    interface: `net${at + 1}`,
    mac: `0a:00:00:00:00:0${vf.index}`,
    dns: {},
    'device-info': { type: 'pci', version: '1.1.0', pci: { 'pci-address': vf.pciAddress } },
  }));
  return JSON.stringify([own, ...attached]);
}

export function deploymentObjects(pods: readonly Pod[], time: number): KubeObject[] {
  return [...Map.groupBy(pods, (pod) => `${pod.namespace}/${pod.deployment}`).values()].flatMap((replicas) => {
    const [first] = replicas;
    if (!first) return [];
    const available = replicas.filter((pod) => !pod.isDown(time)).length;
    const minimum = available === replicas.length;
    return [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: {
          name: first.deployment,
          namespace: first.namespace,
          generation: 1,
          labels: { app: first.deployment },
        },
        spec: { replicas: replicas.length, selector: { matchLabels: { app: first.deployment } } },
        status: {
          observedGeneration: 1,
          replicas: replicas.length,
          updatedReplicas: replicas.length,
          readyReplicas: available,
          availableReplicas: available,
          ...(available < replicas.length && { unavailableReplicas: replicas.length - available }),
          conditions: [
            {
              type: 'Available',
              status: minimum ? 'True' : 'False',
              reason: minimum ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
            },
            { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
          ],
        },
      },
    ];
  });
}

interface Happening {
  readonly name: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly involved: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly component: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** What kubelet and node problem detector report of the incident; the same objects through both APIs. */
export function eventObjects(pods: readonly Pod[], time: number): KubeObject[] {
  return pods.flatMap((pod) => happeningsOf(pod, time).flatMap((one) => bothFaces(one, pod.node.name)));
}

function happeningsOf(pod: Pod, time: number): Happening[] {
  const kills = pod.incident?.kills(time) ?? 0;
  if (!pod.incident || kills === 0) return [];
  const restarts = pod.incident.restarts(time);
  const { namespace, node, container, name } = pod;
  const first = pod.incident.start + 72;
  const last = first + (kills - 1) * 90;
  const ofPod = { kind: 'Pod', namespace, name, apiVersion: 'v1' };
  return [
    {
      name: `${name}.17f2c9a1b0d4e8aa`,
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off restarting failed container ${container} in pod ${name}`,
      involved: ofPod,
      namespace,
      component: 'kubelet',
      count: kills,
      first,
      last,
    },
    {
      name: `${node.name}.17f2c9a1b0d4e8ab`,
      type: 'Warning',
      reason: 'OOMKilling',
      message: `Memory cgroup out of memory: Killed process (${container}) total-vm:1048576kB, anon-rss:${Math.floor(pod.memoryLimitBytes / 1024)}kB`,
      involved: { kind: 'Node', name: node.name, uid: node.name },
      // Events about what has no namespace lie in `default`.
      namespace: 'default',
      component: 'kernel-monitor',
      count: kills,
      first,
      last,
    },
    ...(restarts === 0
      ? []
      : [
          {
            name: `${name}.17f2c9a1b0d4e8ac`,
            type: 'Normal' as const,
            reason: 'Started',
            message: `Started container ${container}`,
            involved: ofPod,
            namespace,
            component: 'kubelet',
            count: restarts,
            first: pod.incident.start + 90,
            last: pod.startedAt(time),
          },
        ]),
  ];
}

function bothFaces(one: Happening, host: string): KubeObject[] {
  const { name, namespace, type, reason, message, involved, component, count } = one;
  const [first, last] = [timeOf(one.first), timeOf(one.last)];
  const source = { component, host };
  const metadata = { name, namespace, creationTimestamp: first };
  return [
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata,
      involvedObject: involved,
      type,
      reason,
      message,
      source,
      reportingComponent: component,
      count,
      firstTimestamp: first,
      lastTimestamp: last,
    },
    {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata,
      regarding: involved,
      type,
      reason,
      note: message,
      eventTime: null,
      reportingController: component,
      deprecatedSource: source,
      deprecatedCount: count,
      deprecatedFirstTimestamp: first,
      deprecatedLastTimestamp: last,
    },
  ];
}
