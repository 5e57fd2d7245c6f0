import { z } from 'zod';
import { FindingSeverity } from './workload.ts';

/**
 * Where numbers about GPUs come from, best first: metrics of NVIDIA's DCGM exporter, `nvidia-smi` run in a pod of the node, and what
 * the node offers to pods, which counts GPUs and measures nothing.
 */
export const GpuSource = z.enum(['DCGM', 'NVIDIA_SMI', 'ALLOCATABLE']);
export type GpuSource = z.infer<typeof GpuSource>;

/** Null everywhere below = not known; it never stands for zero. */
const Maybe = z.number().nullable();
const MaybeText = z.string().nullable();

export const GpuPod = z.strictObject({ namespace: z.string(), pod: z.string(), container: MaybeText });
export type GpuPod = z.infer<typeof GpuPod>;

export const GPUProcess = z.strictObject({
  pid: z.int(),
  process_name: MaybeText,
  used_memory_mb: Maybe,
  type: z.enum(['COMPUTE', 'GRAPHICS', 'MIXED']),
});
export type GPUProcess = z.infer<typeof GPUProcess>;

/** Why clocks are held down. THERMAL and POWER are DCGM's, which does not tell hardware from software. */
export const ThrottleReason = z.enum([
  'THERMAL',
  'HW_THERMAL',
  'SW_THERMAL',
  'POWER',
  'POWER_CAP',
  'POWER_BRAKE',
  'HW_SLOWDOWN',
  'SYNC_BOOST',
  'BOARD_LIMIT',
  'LOW_UTILIZATION',
  'RELIABILITY',
]);
export type ThrottleReason = z.infer<typeof ThrottleReason>;

/** `percent`: share of the last 5 minutes; null = it holds now, for how long is not told. */
export const GpuThrottle = z.strictObject({ reason: ThrottleReason, percent: Maybe });
export type GpuThrottle = z.infer<typeof GpuThrottle>;

/** The last XID of a GPU, which stays until the driver is loaded anew. `meaning` is NVIDIA's, null where its catalogue has none. */
export const GpuXid = z.strictObject({
  xid: z.int(),
  severity: FindingSeverity,
  meaning: MaybeText,
  /** Times within the exporter's window. */
  count: Maybe,
});
export type GpuXid = z.infer<typeof GpuXid>;

/** A slice of a GPU that is partitioned by MIG. */
export const MigInstance = z.strictObject({
  /** DCGM's `GPU_I_ID`. */
  id: z.string(),
  /** Such as `1g.10gb`. */
  profile: MaybeText,
  memory_total_mb: Maybe,
  memory_used_mb: Maybe,
  memory_free_mb: Maybe,
  /** Time that its engine was busy; MIG has no other utilization. */
  utilization_gpu_percent: Maybe,
  utilization_memory_percent: Maybe,
  pods: z.array(GpuPod),
});
export type MigInstance = z.infer<typeof MigInstance>;

/** One card. Memory in MiB, as NVIDIA counts it. */
export const GPU = z.strictObject({
  index: z.int().nullable(),
  uuid: MaybeText,
  name: MaybeText,
  pci_bus_id: MaybeText,
  driver_version: MaybeText,
  cuda_version: MaybeText,
  memory_total_mb: Maybe,
  memory_used_mb: Maybe,
  memory_free_mb: Maybe,
  utilization_gpu_percent: Maybe,
  /** How busy the memory's interface is, not how full it is. */
  utilization_memory_percent: Maybe,
  /** The most of the last hour, where the same pod (or none) held it all the time. */
  utilization_gpu_max_1h_percent: Maybe,
  tensor_active_percent: Maybe,
  temperature_celsius: Maybe,
  memory_temperature_celsius: Maybe,
  power_draw_watts: Maybe,
  power_limit_watts: Maybe,
  fan_speed_percent: Maybe,
  sm_clock_mhz: Maybe,
  memory_clock_mhz: Maybe,
  /** Null = what holds clocks down is not measured; empty = nothing does. */
  throttling: z.array(GpuThrottle).nullable(),
  /** The last one that DCGM saw, which it keeps until the driver or exporter starts anew. Empty = none since then; null = not measured. */
  xids: z.array(GpuXid).nullable(),
  /** Volatile: since the driver was loaded. Aggregate: over the card's life. `*_1h`: the increase of the last hour. */
  ecc: z.strictObject({
    corrected_volatile: Maybe,
    uncorrected_volatile: Maybe,
    corrected_aggregate: Maybe,
    uncorrected_aggregate: Maybe,
    uncorrected_1h: Maybe,
  }),
  remapped_rows: z.strictObject({
    correctable: Maybe,
    uncorrectable: Maybe,
    pending: z.boolean().nullable(),
    failed: z.boolean().nullable(),
  }),
  retired_pages: z.strictObject({ single_bit: Maybe, double_bit: Maybe, pending: Maybe }),
  /** Errors of all links of the card in the last hour; null = not measured, or the card has no NVLink. */
  nvlink_errors_1h: z.strictObject({ crc: Maybe, replay: Maybe, recovery: Maybe }),
  pcie_replays_1h: Maybe,
  mig_enabled: z.boolean().nullable(),
  mig_instances: z.array(MigInstance),
  /** Pods that hold it; null = who holds it is not known. */
  pods: z.array(GpuPod).nullable(),
  /** Null = the source does not see processes. */
  processes: z.array(GPUProcess).nullable(),
});
export type GPU = z.infer<typeof GPU>;

/** One thing that is wrong, found by a fixed rule. */
export const GpuFinding = z.strictObject({
  severity: FindingSeverity,
  /** UPPER_SNAKE, such as `XID_79`. */
  code: z.string(),
  cluster: z.string(),
  node: z.string(),
  /** Index of the card; null = the whole node, or a card without an index. */
  gpu: z.int().nullable(),
  uuid: MaybeText,
  message: z.string(),
  evidence: z.array(z.strictObject({ path: z.string(), value: z.string() })),
  next_step: z.string(),
});
export type GpuFinding = z.infer<typeof GpuFinding>;

export const GpuSharing = z.enum(['EXCLUSIVE', 'TIME_SLICED', 'MIG_SINGLE', 'MIG_MIXED', 'DRA']);
export type GpuSharing = z.infer<typeof GpuSharing>;

/** What a node offers to pods of one resource, and what running and pending pods that are bound to it ask for. */
export const GpuResource = z.strictObject({
  /** `nvidia.com/gpu`, `nvidia.com/gpu.shared`, `nvidia.com/mig-1g.10gb`, or `gpu.nvidia.com` for devices of DRA. */
  name: z.string(),
  capacity: z.int(),
  /** Less than the capacity: devices that the plugin calls unhealthy. */
  allocatable: z.int(),
  /** Null = pods or claims could not be read. */
  requested: z.int().nullable(),
});
export type GpuResource = z.infer<typeof GpuResource>;

export const GPUNode = z.strictObject({
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  node_name: z.string(),
  source: GpuSource,
  /** Why each better source says nothing about this node. */
  not_used: z.array(z.strictObject({ source: GpuSource, why: z.string() })),
  /** When the numbers were taken at the node; for ALLOCATABLE, when its API object was read. ISO 8601 UTC. */
  last_updated: z.iso.datetime(),
  age_seconds: z.number(),
  /** True = too old to be called the state of now. */
  stale: z.boolean(),
  /** Cards; null = nothing on the node counts them. */
  gpu_count: z.int().nullable(),
  model: MaybeText,
  driver_version: MaybeText,
  sharing: GpuSharing.nullable(),
  /** How often each card is handed out when it is time-sliced. */
  replicas: z.int().nullable(),
  /** Null = the node's API object could not be read. */
  allocation: z.array(GpuResource).nullable(),
  /** Pods on the node that ask for GPUs; null = not known. */
  pods: z.array(GpuPod).nullable(),
  /** By index. Empty where nothing measures them; `gpu_count` then still counts them. */
  gpus: z.array(GPU),
  /** Most severe first. */
  findings: z.array(GpuFinding),
});
export type GPUNode = z.infer<typeof GPUNode>;

/**
 * MEASURED: its GPUs are measured. PARTLY_MEASURED: those of some nodes are. NOT_MEASURED: it has GPUs and nothing measures them.
 * NO_GPUS: it was looked at and has none. UNKNOWN: it could not be looked at.
 */
export const GpuClusterState = z.enum(['MEASURED', 'PARTLY_MEASURED', 'NOT_MEASURED', 'NO_GPUS', 'UNKNOWN']);
export type GpuClusterState = z.infer<typeof GpuClusterState>;

export const GpuCluster = z.strictObject({
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  state: GpuClusterState,
  nodes: z.int(),
  gpus: z.int(),
  /** Best first. */
  sources: z.array(GpuSource),
  why: MaybeText,
});
export type GpuCluster = z.infer<typeof GpuCluster>;

/**
 * Payload of GPU_UPDATE: the cards of one node of which a value moved more than its step, or all of them after a minute. `values` are
 * named as in {@link GPU}.
 */
export const GpuUpdate = z.strictObject({
  node_name: z.string(),
  source: GpuSource,
  sampled_at: z.iso.datetime(),
  gpus: z.array(
    z.strictObject({
      gpu: z.int().nullable(),
      uuid: MaybeText,
      values: z.record(z.string(), z.number().nullable()),
      throttling: z.array(ThrottleReason),
      xids: z.array(z.int()),
    }),
  ),
});
export type GpuUpdate = z.infer<typeof GpuUpdate>;
