import { z } from 'zod';
import { GPUNode, GPUProcess, GpuCluster, GpuFinding, GpuPod, GpuResource, GpuSharing, GpuSource } from './gpu.ts';
import { ClusterOutcome } from './outcome.ts';
import { ClustersDigest } from './series-digest.ts';

/** Null everywhere below = not known; it never stands for zero. */
const Maybe = z.number().nullable();
const MaybeText = z.string().nullable();
const Outcomes = { clusters: z.array(ClusterOutcome), complete: z.boolean() };
const BySeverity = z.strictObject({ CRITICAL: z.int(), WARNING: z.int(), INFO: z.int() });

export const GpuNodesAnswer = z.strictObject({
  /** Those with the most severe findings first, then by cluster and name. */
  nodes: z.array(GPUNode),
  /** Of all that fit. */
  total: z.int(),
  total_gpus: z.int(),
  /** Clusters that have GPUs, or of which it is not known. */
  coverage: z.array(GpuCluster),
  clusters_without_gpus: z.int(),
  ...Outcomes,
});
export type GpuNodesAnswer = z.infer<typeof GpuNodesAnswer>;

export const GpuNodeAnswer = z.strictObject({ node: GPUNode, ...Outcomes });
export type GpuNodeAnswer = z.infer<typeof GpuNodeAnswer>;

/** GPUs that are alike. Averages and sums are over those that are measured. */
export const GpuModelSummary = z.strictObject({
  /** Null = what model they are is not known. */
  model: MaybeText,
  gpus: z.int(),
  /** Of how many it is known whether a pod holds them, and how many are held. */
  allocation_known: z.int(),
  allocated: z.int(),
  measured: z.int(),
  avg_utilization_percent: Maybe,
  memory_total_mb: Maybe,
  memory_used_mb: Maybe,
});
export type GpuModelSummary = z.infer<typeof GpuModelSummary>;

export const GpuSummary = z.strictObject({
  clusters_with_gpus: z.int(),
  clusters_without_gpus: z.int(),
  /** It could not be looked at whether they have GPUs. */
  clusters_unknown: z.int(),
  nodes: z.int(),
  gpus: z.int(),
  /** GPUs with numbers that are not stale. */
  measured_gpus: z.int(),
  by_model: z.array(GpuModelSummary),
  /** Nodes by source. */
  by_source: z.record(z.string(), z.int()),
  /** Of resources that pods ask for, added up over nodes that could be read. */
  resources: z.array(GpuResource),
  avg_utilization_percent: Maybe,
  memory_total_mb: Maybe,
  memory_used_mb: Maybe,
  power_draw_watts: Maybe,
  /** GPUs with at least one finding of the kind. */
  idle_allocated: z.int(),
  hot: z.int(),
  throttled: z.int(),
  failing: z.int(),
  memory_near_full: z.int(),
  stale_nodes: z.int(),
  by_severity: BySeverity,
  /** The 20 most severe. */
  worst: z.array(GpuFinding),
  coverage: z.array(GpuCluster),
  ...Outcomes,
});
export type GpuSummary = z.infer<typeof GpuSummary>;

/** A process, or a pod that holds a GPU where processes cannot be seen. */
export const GpuProcessRow = z.strictObject({
  cluster: z.string(),
  node: z.string(),
  gpu: z.int().nullable(),
  uuid: MaybeText,
  /** Profile of the MIG instance. */
  mig_profile: MaybeText,
  pod: GpuPod.nullable(),
  process: GPUProcess.nullable(),
  /** Of the process where it is known, else of the card or instance that the pod holds alone. */
  used_memory_mb: Maybe,
  /** Of the card or instance. */
  utilization_gpu_percent: Maybe,
  source: GpuSource,
});
export type GpuProcessRow = z.infer<typeof GpuProcessRow>;

export const GpuProcessesAnswer = z.strictObject({
  /** Most memory first. */
  processes: z.array(GpuProcessRow),
  total: z.int(),
  /** Nodes of which neither processes nor pods are known, with the reason; the first 50. */
  not_seen: z.array(z.strictObject({ cluster: z.string(), node: z.string(), why: z.string() })),
  coverage: z.array(GpuCluster),
  ...Outcomes,
});
export type GpuProcessesAnswer = z.infer<typeof GpuProcessesAnswer>;

export const GpuFindingsAnswer = z.strictObject({
  /** Most severe first, then by cluster, node, card. */
  findings: z.array(GpuFinding),
  total: z.int(),
  by_severity: BySeverity,
  /** Rules that were applied. */
  rules: z.array(z.string()),
  coverage: z.array(GpuCluster),
  ...Outcomes,
});
export type GpuFindingsAnswer = z.infer<typeof GpuFindingsAnswer>;

/** What the history of a card can be asked for; a name of {@link GPU}. */
export const GpuHistoryMeasure = z.enum([
  'utilization_gpu_percent',
  'utilization_memory_percent',
  'memory_used_mb',
  'temperature_celsius',
  'power_draw_watts',
  'sm_clock_mhz',
]);
export type GpuHistoryMeasure = z.infer<typeof GpuHistoryMeasure>;

export const GpuHistoryAnswer = z.strictObject({
  cluster_name: z.string(),
  node_name: z.string(),
  /** Unix seconds and seconds: the grid that was asked. */
  start: z.number(),
  end: z.number(),
  step: z.number(),
  /** By card, then measure. Only DCGM has a history; a gap is where it had no sample. */
  series: z.array(
    z.strictObject({
      gpu: z.int().nullable(),
      uuid: MaybeText,
      mig_instance: MaybeText,
      measure: GpuHistoryMeasure,
      values: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
  ...Outcomes,
});
export type GpuHistoryAnswer = z.infer<typeof GpuHistoryAnswer>;

/** A node as a model reads it: what is not known is left out. */
const NodeForModel = z.strictObject({
  cluster: z.string(),
  node: z.string(),
  source: GpuSource,
  age_seconds: z.number(),
  stale: z.literal(true).optional(),
  not_used: z.array(z.string()).optional(),
  model: z.string().optional(),
  driver: z.string().optional(),
  gpu_count: z.int().optional(),
  sharing: GpuSharing.optional(),
  resources: z.array(z.string()).optional(),
  /** One line a card. */
  gpus: z.array(z.string()),
  gpus_left_out: z.int().optional(),
});
export const GpuNodesForModel = z.strictObject({
  nodes: z.array(NodeForModel),
  findings: z.array(z.string()),
  findings_left_out: z.int().optional(),
  total: z.int(),
  total_gpus: z.int(),
  nodes_left_out: z.int().optional(),
  coverage: z.array(GpuCluster),
  coverage_left_out: z.int().optional(),
  clusters_without_gpus: z.int(),
  clusters: ClustersDigest,
  complete: z.boolean(),
});
export const GpuSummaryForModel = GpuSummary.omit({ coverage: true }).extend({
  coverage: z.array(GpuCluster).optional(),
  clusters: ClustersDigest,
});
export const GpuProcessesForModel = z.strictObject({
  processes: z.array(z.string()),
  total: z.int(),
  left_out: z.int().optional(),
  not_seen: GpuProcessesAnswer.shape.not_seen.optional(),
  clusters: ClustersDigest,
  complete: z.boolean(),
});
