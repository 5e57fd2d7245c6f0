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
  const gpus = pod.gpus.length === 0 ? {} : { 'nvidia.com/gpu': String(pod.gpus.length) };
  const killed = {
    terminated: { exitCode: 137, reason: 'OOMKilled', startedAt: timeOf(pod.startedAt(time)) },
  };
  const ready = down ? 'False' : 'True';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      creationTimestamp: timeOf(pod.startedAt(0)),
      labels: { app: pod.deployment, 'pod-template-hash': pod.name.split('-').at(-2) ?? '' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: pod.name.replace(/-[^-]+$/, ''), controller: true },
      ],
    },
    spec: {
      nodeName: pod.node.name,
      containers: [
        {
          name: pod.container,
          image: pod.image,
          resources: {
            requests: {
              cpu: `${Math.round(pod.cpuRequest * 1000)}m`,
              memory: `${pod.memoryRequestBytes / MIB}Mi`,
              ...gpus,
            },
            limits: { cpu: `${Math.round(pod.cpuLimit * 1000)}m`, memory: `${pod.memoryLimitBytes / MIB}Mi`, ...gpus },
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

/** What the kubelet reports of the incident; events live for an hour. */
export function eventObjects(pods: readonly Pod[], time: number): KubeObject[] {
  return pods.flatMap((pod) => {
    const kills = pod.incident?.kills(time) ?? 0;
    if (!pod.incident || kills === 0) return [];
    const first = timeOf(pod.incident.start + 72);
    const last = timeOf(pod.incident.start + 72 + (kills - 1) * 90);
    const involved = { kind: 'Pod', namespace: pod.namespace, name: pod.name, apiVersion: 'v1' };
    const message = `Back-off restarting failed container ${pod.container} in pod ${pod.name}`;
    const source = { component: 'kubelet', host: pod.node.name };
    const metadata = { name: `${pod.name}.17f2c9a1b0d4e8aa`, namespace: pod.namespace, creationTimestamp: first };
    return [
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata,
        involvedObject: involved,
        type: 'Warning',
        reason: 'BackOff',
        message,
        source,
        reportingComponent: 'kubelet',
        count: kills,
        firstTimestamp: first,
        lastTimestamp: last,
      },
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata,
        regarding: involved,
        type: 'Warning',
        reason: 'BackOff',
        note: message,
        eventTime: null,
        reportingController: 'kubelet',
        deprecatedSource: source,
        deprecatedCount: kills,
        deprecatedFirstTimestamp: first,
        deprecatedLastTimestamp: last,
      },
    ];
  });
}
