import { type Inventory, type Node, type Pod, gpuDevices } from '../inventory.ts';
import { constant, family, sample } from '../metric-model.ts';
import type { Family, Sample, Target } from '../metric-model.ts';

/** kube-state-metrics of a cluster, by the names of kube-state-metrics 2.x. */
export function kubeStateMetrics(inventory: Inventory): Target {
  return {
    job: 'kube-state-metrics',
    instance: '10.128.0.9:8443',
    path: '/kube-state-metrics/metrics',
    labels: {},
    honorLabels: true,
    isUp: () => true,
    families: [...nodeFamilies(inventory.nodes), ...deploymentFamilies(inventory.pods), ...podFamilies(inventory.pods)],
  };
}

function nodeFamilies(nodes: readonly Node[]): Family[] {
  const resources = (node: Node): Sample[] => [
    constant({ node: node.name, resource: 'cpu', unit: 'core' }, node.cpus),
    constant({ node: node.name, resource: 'memory', unit: 'byte' }, node.memoryBytes),
    ...(node.gpus.length === 0
      ? []
      : [constant({ node: node.name, resource: 'nvidia_com_gpu', unit: 'integer' }, gpuDevices(node))]),
  ];
  return [
    family(
      'gauge',
      'kube_node_info',
      'Information about a cluster node.',
      nodes.map((node) =>
        constant(
          {
            node: node.name,
            internal_ip: node.address,
            kernel_version: '6.1.0-31-amd64',
            container_runtime_version: 'containerd://1.7.25',
          },
          1,
        ),
      ),
    ),
    family(
      'gauge',
      'kube_node_status_condition',
      'The condition of a cluster node.',
      nodes.flatMap((node) =>
        ['true', 'false', 'unknown'].map((status) =>
          constant({ node: node.name, condition: 'Ready', status }, status === 'true' ? 1 : 0),
        ),
      ),
    ),
    family(
      'gauge',
      'kube_node_status_capacity',
      'The total amount of resources available for a node.',
      nodes.flatMap(resources),
    ),
    family(
      'gauge',
      'kube_node_status_allocatable',
      'The amount of resources allocatable for pods (after reserving some for system daemons).',
      nodes.flatMap(resources),
    ),
  ];
}

function deploymentFamilies(pods: readonly Pod[]): Family[] {
  const deployments = Map.groupBy(pods, (pod) => `${pod.namespace}/${pod.deployment}`);
  const each = (value: (replicas: readonly Pod[], time: number) => number): Sample[] =>
    [...deployments.values()].flatMap((replicas) => {
      const [first] = replicas;
      return first
        ? [sample({ namespace: first.namespace, deployment: first.deployment }, (time) => value(replicas, time))]
        : [];
    });
  const down = (replicas: readonly Pod[], time: number) => replicas.filter((pod) => pod.isDown(time)).length;
  return [
    family(
      'gauge',
      'kube_deployment_spec_replicas',
      'Number of desired pods for a deployment.',
      each((replicas) => replicas.length),
    ),
    family(
      'gauge',
      'kube_deployment_status_replicas_available',
      'The number of available replicas per deployment.',
      each((replicas, time) => replicas.length - down(replicas, time)),
    ),
    family(
      'gauge',
      'kube_deployment_status_replicas_unavailable',
      'The number of unavailable replicas per deployment.',
      each(down),
    ),
  ];
}

function podFamilies(pods: readonly Pod[]): Family[] {
  const podLabels = (pod: Pod) => ({ namespace: pod.namespace, pod: pod.name });
  const containerLabels = (pod: Pod) => ({ ...podLabels(pod), container: pod.container });
  const resources = (quantity: (pod: Pod) => { readonly cpu: number; readonly memory: number }) =>
    pods.flatMap((pod) => {
      const labels = { ...containerLabels(pod), node: pod.node.name };
      return [
        constant({ ...labels, resource: 'cpu', unit: 'core' }, quantity(pod).cpu),
        constant({ ...labels, resource: 'memory', unit: 'byte' }, quantity(pod).memory),
        ...(pod.gpus.length === 0
          ? []
          : [constant({ ...labels, resource: 'nvidia_com_gpu', unit: 'integer' }, pod.gpus.length)]),
      ];
    });
  const leaking = pods.filter((pod) => pod.incident !== undefined);
  return [
    family(
      'gauge',
      'kube_pod_info',
      'Information about pod.',
      pods.map((pod) =>
        constant(
          {
            ...podLabels(pod),
            node: pod.node.name,
            pod_ip: pod.address,
            host_ip: pod.node.address,
            created_by_kind: 'ReplicaSet',
            created_by_name: pod.name.replace(/-[^-]+$/, ''),
          },
          1,
        ),
      ),
    ),
    family(
      'gauge',
      'kube_pod_status_phase',
      'The pods current phase.',
      pods.flatMap((pod) =>
        ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'].map((phase) =>
          constant({ ...podLabels(pod), phase }, phase === 'Running' ? 1 : 0),
        ),
      ),
    ),
    family(
      'gauge',
      'kube_pod_container_status_ready',
      'Describes whether the containers readiness check succeeded.',
      pods.map((pod) => sample(containerLabels(pod), (time) => (pod.isDown(time) ? 0 : 1))),
    ),
    family(
      'counter',
      'kube_pod_container_status_restarts_total',
      'The number of container restarts per container.',
      pods.map((pod) => sample(containerLabels(pod), (time) => pod.incident?.restarts(time) ?? 0)),
    ),
    family(
      'gauge',
      'kube_pod_container_status_last_terminated_reason',
      'Describes the last reason the container was in terminated state.',
      leaking.map((pod) =>
        sample({ ...containerLabels(pod), reason: 'OOMKilled' }, (time) =>
          (pod.incident?.kills(time) ?? 0) > 0 ? 1 : undefined,
        ),
      ),
    ),
    family(
      'gauge',
      'kube_pod_container_status_waiting_reason',
      'Describes the reason the container is currently in waiting state.',
      leaking.map((pod) =>
        sample({ ...containerLabels(pod), reason: 'CrashLoopBackOff' }, (time) => (pod.isDown(time) ? 1 : undefined)),
      ),
    ),
    family(
      'gauge',
      'kube_pod_container_resource_requests',
      'The number of requested request resource by a container.',
      resources((pod) => ({ cpu: pod.cpuRequest, memory: pod.memoryRequestBytes })),
    ),
    family(
      'gauge',
      'kube_pod_container_resource_limits',
      'The number of requested limit resource by a container.',
      resources((pod) => ({ cpu: pod.cpuLimit, memory: pod.memoryLimitBytes })),
    ),
  ];
}
