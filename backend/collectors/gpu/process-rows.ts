import type { GpuProcessRow } from '../../model/gpu-answers.ts';
import type { GPUNode, GpuPod } from '../../model/gpu.ts';

/**
 * The processes of a node's cards. Where they cannot be seen, the pods that hold the cards or their MIG instances; where it is not
 * known which card, the pods of the node.
 */
export function processRows(node: GPUNode): GpuProcessRow[] {
  const base = { cluster: node.cluster_name, node: node.node_name, source: node.source };
  const rows: GpuProcessRow[] = [];
  for (const gpu of node.gpus) {
    const card = { ...base, gpu: gpu.index, uuid: gpu.uuid, mig_profile: null };
    const pods = gpu.pods ?? [];
    const load = gpu.utilization_gpu_percent;
    for (const process of gpu.processes ?? [])
      rows.push({
        ...card,
        pod: pods.length === 1 ? (pods[0] ?? null) : null,
        process,
        used_memory_mb: process.used_memory_mb,
        utilization_gpu_percent: load,
      });
    if ((gpu.processes ?? []).length > 0) continue;
    const inInstances = new Set<string>();
    for (const instance of gpu.mig_instances)
      for (const pod of instance.pods) {
        inInstances.add(keyOf(pod));
        const alone = instance.pods.length === 1;
        rows.push({
          ...card,
          mig_profile: instance.profile,
          pod,
          process: null,
          used_memory_mb: alone ? instance.memory_used_mb : null,
          utilization_gpu_percent: instance.utilization_gpu_percent,
        });
      }
    for (const pod of pods.filter((one) => !inInstances.has(keyOf(one))))
      rows.push({
        ...card,
        pod,
        process: null,
        used_memory_mb: pods.length === 1 ? gpu.memory_used_mb : null,
        utilization_gpu_percent: load,
      });
  }
  const told = new Set(rows.flatMap(({ pod }) => (pod ? [`${pod.namespace}/${pod.pod}`] : [])));
  for (const pod of node.pods ?? [])
    if (!told.has(`${pod.namespace}/${pod.pod}`))
      rows.push({
        ...base,
        gpu: null,
        uuid: null,
        mig_profile: null,
        pod,
        process: null,
        used_memory_mb: null,
        utilization_gpu_percent: null,
      });
  return rows;
}

function keyOf(pod: GpuPod): string {
  return JSON.stringify([pod.namespace, pod.pod, pod.container]);
}
