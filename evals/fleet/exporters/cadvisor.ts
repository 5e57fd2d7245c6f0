import type { Inventory, Node, Pod } from '../inventory.ts';
import { family, sample } from '../metric-model.ts';
import type { Target } from '../metric-model.ts';

/** The kubelet's cAdvisor endpoint of one node. A container that is down has no series, as in the real one. */
export function cadvisor(inventory: Inventory, node: Node): Target {
  const pods = inventory.pods.filter((pod) => pod.node === node);
  const each = (value: (pod: Pod, time: number) => number | undefined) =>
    pods.map((pod) =>
      sample({ namespace: pod.namespace, pod: pod.name, container: pod.container, image: pod.image }, (time) =>
        value(pod, time),
      ),
    );
  const ofWorkingSet = (share: number) => (pod: Pod, time: number) => {
    const bytes = pod.workingSetBytes(time);
    return bytes === undefined ? undefined : Math.floor(bytes * share);
  };
  return {
    job: 'kubelet',
    instance: `${node.address}:10250`,
    path: `/kubelet/${node.name}/metrics/cadvisor`,
    labels: { node: node.name, metrics_path: '/metrics/cadvisor' },
    honorLabels: true,
    isUp: () => true,
    families: [
      family(
        'counter',
        'container_cpu_usage_seconds_total',
        'Cumulative cpu time consumed in seconds.',
        each((pod, time) => {
          const seconds = pod.cpuSeconds(time);
          return seconds === undefined ? undefined : Math.floor(seconds * 1e6) / 1e6;
        }),
      ),
      family('gauge', 'container_memory_working_set_bytes', 'Current working set in bytes.', each(ofWorkingSet(1))),
      family('gauge', 'container_memory_rss', 'Size of RSS in bytes.', each(ofWorkingSet(0.91))),
      family(
        'gauge',
        'container_spec_memory_limit_bytes',
        'Memory limit for the container.',
        each((pod, time) => (pod.isDown(time) ? undefined : pod.memoryLimitBytes)),
      ),
      family(
        'gauge',
        'container_start_time_seconds',
        'Start time of the container since unix epoch in seconds.',
        each((pod, time) => (pod.isDown(time) ? undefined : pod.startedAt(time))),
      ),
    ],
  };
}
