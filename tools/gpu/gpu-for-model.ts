import type { GpuSummary } from '../../backend/model/gpu-answers.ts';
import type { GPU, GPUNode, GpuFinding } from '../../backend/model/gpu.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';

/** Cards of a node as lines; a model is shown no more of one node. */
export const CARDS_SHOWN = 16;
export const FINDINGS_SHOWN = 20;

/** `0 GPU-604ac76c: 97 % busy, 64208/81251 MiB, 71 °C, 387 W; held by ml/llm-0`; what is not known is left out. */
export function cardLine(gpu: GPU): string {
  const parts = [
    gpu.utilization_gpu_percent === null ? undefined : `${gpu.utilization_gpu_percent} % busy`,
    gpu.memory_used_mb === null ? undefined : `${gpu.memory_used_mb}/${gpu.memory_total_mb ?? '?'} MiB`,
    gpu.temperature_celsius === null ? undefined : `${gpu.temperature_celsius} °C`,
    gpu.power_draw_watts === null ? undefined : `${Math.round(gpu.power_draw_watts)} W`,
    ...(gpu.throttling ?? []).map(
      ({ reason, percent }) => `throttled ${reason}${percent === null ? '' : ` ${percent} %`}`,
    ),
    ...(gpu.xids ?? []).map(({ xid }) => `XID ${xid}`),
    ...gpu.mig_instances.map(
      ({ id, profile, memory_used_mb: used, utilization_gpu_percent: busy, pods }) =>
        `MIG ${id} ${profile ?? ''} ${used ?? '?'} MiB${busy === null ? '' : ` ${busy} %`}${pods[0] ? ` ${pods[0].namespace}/${pods[0].pod}` : ''}`,
    ),
  ].filter((part) => part !== undefined);
  const [first, ...others] = gpu.pods ?? [];
  const held = first
    ? `; held by ${first.namespace}/${first.pod}${others.length > 0 ? ` and ${others.length} more` : ''}`
    : gpu.pods
      ? '; free'
      : '';
  return `${gpu.index ?? '?'} ${(gpu.uuid ?? '').slice(0, 12)}: ${parts.join(', ') || 'no values'}${held}`;
}

export function findingLine({ severity, code, cluster, node, gpu, message, next_step }: GpuFinding): string {
  return `${severity} ${code} ${cluster}/${node}${gpu === null ? '' : ` GPU ${gpu}`}: ${message} Next: ${next_step}`;
}

export function nodeForModel(node: GPUNode) {
  return {
    cluster: node.cluster_name,
    node: node.node_name,
    source: node.source,
    age_seconds: node.age_seconds,
    ...(node.stale ? { stale: true } : {}),
    ...(node.not_used.length > 0 && node.source !== 'DCGM'
      ? { not_used: node.not_used.map(({ source, why }) => `${source}: ${why}`) }
      : {}),
    ...(node.model === null ? {} : { model: node.model }),
    ...(node.driver_version === null ? {} : { driver: node.driver_version }),
    ...(node.gpu_count === null ? {} : { gpu_count: node.gpu_count }),
    ...(node.sharing === null ? {} : { sharing: node.sharing }),
    ...(node.allocation === null
      ? {}
      : {
          resources: node.allocation.map(
            ({ name, capacity, allocatable, requested }) =>
              `${name}: ${requested ?? '?'} of ${allocatable} in use${allocatable < capacity ? `, ${capacity - allocatable} unhealthy` : ''}`,
          ),
        }),
    gpus: node.gpus.slice(0, CARDS_SHOWN).map(cardLine),
    ...(node.gpus.length > CARDS_SHOWN ? { gpus_left_out: node.gpus.length - CARDS_SHOWN } : {}),
  };
}

/** What stands on top of every answer about GPUs. */
export function coverageText(answer: Pick<GpuSummary, 'clusters' | 'coverage'>): string {
  if (answer.clusters.length === 0)
    return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
  const unmeasured = answer.coverage.filter(({ state }) => state === 'NOT_MEASURED' || state === 'PARTLY_MEASURED');
  const unknown = answer.coverage.filter(({ state }) => state === 'UNKNOWN');
  const named = (clusters: readonly { readonly cluster_name: string; readonly why: string | null }[]) =>
    clusters
      .slice(0, 3)
      .map(({ cluster_name, why }) => `${cluster_name} (${why ?? ''})`)
      .join('; ');
  return [
    `${describeOutcomes(answer.clusters)}.`,
    ...(unmeasured.length > 0 ? [`Not all GPUs are measured in ${named(unmeasured)}.`] : []),
    ...(unknown.length > 0 ? [`Not known whether there are GPUs: ${named(unknown)}.`] : []),
  ].join(' ');
}
