import type { GPU, GpuPod, GpuThrottle, GpuXid, MigInstance, ThrottleReason } from '../../model/gpu.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import { sampleNumber } from '../../model/sample-value.ts';
import type { Evaluate } from '../metrics/metrics-source.ts';
import { blankGpu } from './blank-gpu.ts';
import {
  CHANGE_QUERY,
  IDENTITY_QUERY,
  LAST_SEEN_QUERY,
  MOST_BUSY,
  PART,
  VALUE_QUERIES,
  VIOLATIONS,
  XID,
  XID_COUNT,
} from './dcgm-queries.ts';
import { dcgmValue, percent, percentOfRatio } from './dcgm-value.ts';
import { throttleOf } from './throttle-mask.ts';
import { xidOf } from './xid-catalogue.ts';

/** The cards of one node as DCGM sees them. */
export interface MeasuredNode {
  readonly node: string;
  /** Unix seconds: the oldest of the newest samples of its cards. */
  readonly sampledAt: number;
  readonly gpus: GPU[];
}

export interface DcgmReading {
  readonly nodes: readonly MeasuredNode[];
  /** Unix seconds; when there are no cards, the last time there were any within a day. */
  readonly lastSeenAt: number | undefined;
  /** Whether the exporter names pods, so that a card without one is held by none. */
  readonly mapsPods: boolean;
}

/** What the DCGM exporter of one cluster says. `time` is Unix seconds. */
export async function readDcgm(evaluate: Evaluate, time: number): Promise<{ value: DcgmReading; warnings: string[] }> {
  const ask = (query: string) => evaluate({ query, time });
  const identity = await ask(IDENTITY_QUERY);
  if (identity.series.length === 0) {
    const seen = await ask(LAST_SEEN_QUERY);
    const lastSeenAt = sampleNumber(seen.series[0]?.values[0]?.[1] ?? '');
    const value = { nodes: [], lastSeenAt: Number.isFinite(lastSeenAt) ? lastSeenAt : undefined, mapsPods: false };
    return { value, warnings: [...identity.warnings, ...seen.warnings] };
  }
  const [changes, ...values] = await Promise.all([ask(CHANGE_QUERY), ...VALUE_QUERIES.map(ask)]);
  const all = [identity, ...values, ...(changes ? [changes] : [])];
  const value = dcgmReading(
    identity.series,
    values.flatMap(({ series }) => series),
    changes?.series ?? [],
  );
  return { value, warnings: [...new Set(all.flatMap(({ warnings }) => warnings))] };
}

type Labels = Readonly<Record<string, string>>;

/** Values of one card or instance, by metric. */
type Values = ReadonlyMap<string, number | null>;

interface Entity {
  readonly labels: Labels;
  readonly sampledAt: number;
  pods: GpuPod[];
}

/** What the answers to the queries of `dcgm-queries.ts` say, put together. */
export function dcgmReading(
  identity: readonly MetricSeries[],
  values: readonly MetricSeries[],
  changes: readonly MetricSeries[],
): DcgmReading {
  const entities = entitiesOf(identity);
  const valuesOf = byKey(values, ({ __name__: name }) => name);
  const changesOf = byKey(changes, (labels) => (labels[PART] === XID_COUNT ? undefined : labels[PART]));
  const xidsOf = xidsByKey(changes);
  const nodes = new Map<string, { sampledAt: number; gpus: Map<string, GPU> }>();
  const none: Values = new Map();

  for (const [key, entity] of entities) {
    const card = cardOf(entity.labels);
    const name = nodeOf(entity.labels);
    const node = nodes.get(name) ?? { sampledAt: entity.sampledAt, gpus: new Map<string, GPU>() };
    nodes.set(name, node);
    node.sampledAt = Math.min(node.sampledAt, entity.sampledAt);
    const isInstance = instanceOf(entity.labels) !== '';
    const measured = (of: string): GPU =>
      gpuOf(entity.labels, valuesOf.get(of) ?? none, changesOf.get(of) ?? none, xidsOf.get(of) ?? []);
    if (!isInstance) {
      const known = node.gpus.get(card);
      node.gpus.set(card, {
        ...measured(key),
        mig_enabled: known?.mig_enabled ?? null,
        mig_instances: known?.mig_instances ?? [],
        pods: distinctPods([...(known?.pods ?? []), ...entity.pods]),
      });
      continue;
    }
    // Of a partitioned card there may be no series but those of its instances; what is the card's stands on each of them.
    const whole = node.gpus.get(card) ?? { ...cardFromInstance(measured(key)), pods: [] };
    whole.mig_enabled = true;
    whole.mig_instances.push(migOf(entity, valuesOf.get(key) ?? none));
    if (whole.pods) whole.pods = distinctPods([...whole.pods, ...entity.pods]);
    node.gpus.set(card, whole);
  }
  const reading = [...nodes].map(([node, { sampledAt, gpus }]) => ({
    node,
    sampledAt,
    gpus: [...gpus.values()].sort(byIndex).map(withMemoryOfInstances),
  }));
  const mapsPods = [...entities.values()].some(({ pods }) => pods.length > 0);
  return { nodes: reading.sort((a, b) => (a.node < b.node ? -1 : 1)), lastSeenAt: undefined, mapsPods };
}

function byIndex(a: GPU, b: GPU): number {
  return (a.index ?? 1e9) - (b.index ?? 1e9) || ((a.uuid ?? '') < (b.uuid ?? '') ? -1 : 1);
}

/** A card shared in time has a series for each pod where the exporter maps them so. */
function entitiesOf(identity: readonly MetricSeries[]): Map<string, Entity> {
  const entities = new Map<string, Entity>();
  for (const { metric, values } of identity) {
    const sampledAt = sampleNumber(values.at(-1)?.[1] ?? '');
    if (!Number.isFinite(sampledAt) || cardOf(metric) === '') continue;
    const key = keyOf(metric);
    const pod = podOf(metric);
    const known = entities.get(key);
    const pods = distinctPods([...(known?.pods ?? []), ...(pod ? [pod] : [])]);
    // The newest series tells what the card is now.
    if (known && known.sampledAt >= sampledAt) known.pods = pods;
    else entities.set(key, { labels: metric, sampledAt, pods });
  }
  return entities;
}

function byKey(series: readonly MetricSeries[], nameOf: (labels: Labels) => string | undefined): Map<string, Values> {
  const found = new Map<string, Map<string, number | null>>();
  for (const { metric, values } of series) {
    const name = nameOf(metric);
    if (name === undefined) continue;
    const key = keyOf(metric);
    const own = found.get(key) ?? new Map<string, number | null>();
    found.set(key, own);
    own.set(name, dcgmValue(values.at(-1)?.[1] ?? ''));
  }
  return found;
}

/** By key; a new XID is a new series beside the old one until that one ends, so there may be several. */
function xidsByKey(changes: readonly MetricSeries[]): Map<string, GpuXid[]> {
  const counts = new Map<string, number>();
  for (const { metric, values } of changes) {
    if (metric[PART] !== XID_COUNT) continue;
    const count = dcgmValue(values.at(-1)?.[1] ?? '');
    if (count !== null) counts.set(`${keyOf(metric)} ${metric['xid'] ?? ''}`, count);
  }
  const found = new Map<string, GpuXid[]>();
  for (const { metric, values } of changes) {
    if (metric[PART] !== XID) continue;
    const number = dcgmValue(values.at(-1)?.[1] ?? '');
    if (number === null || number === 0) continue;
    const key = keyOf(metric);
    const known = found.get(key) ?? [];
    if (known.some(({ xid }) => xid === number)) continue;
    found.set(key, [...known, { ...xidOf(Math.floor(number)), count: counts.get(`${key} ${number}`) ?? null }]);
  }
  return found;
}

function gpuOf(labels: Labels, values: Values, changes: Values, xids: GpuXid[]): GPU {
  const value = (name: string) => values.get(`DCGM_FI_${name}`) ?? null;
  /** No growth is zero where the counter is there, and unknown where it is not. */
  const grown = (name: string) => (value(name) === null ? null : Math.round(changes.get(`DCGM_FI_${name}`) ?? 0));
  const added = (...parts: (number | null)[]) =>
    parts.every((one) => one === null) ? null : parts.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const used = value('DEV_FB_USED');
  const free = value('DEV_FB_FREE');
  const reserved = value('DEV_FB_RESERVED');
  const flag = (name: string) => (value(name) === null ? null : value(name) !== 0);
  const hottest = changes.get(MOST_BUSY);
  return {
    ...blankGpu(),
    index: /^\d{1,4}$/.test(labels['gpu'] ?? '') ? Number(labels['gpu']) : null,
    uuid: cardOf(labels) || null,
    name: labels['modelName'] ?? labels['model_name'] ?? null,
    pci_bus_id: labels['pci_bus_id'] ?? null,
    driver_version: labels['DCGM_FI_DRIVER_VERSION'] ?? null,
    cuda_version: labels['DCGM_FI_CUDA_DRIVER_VERSION'] ?? null,
    memory_total_mb: value('DEV_FB_TOTAL') ?? (used === null || free === null ? null : used + free + (reserved ?? 0)),
    memory_used_mb: used,
    memory_free_mb: free,
    utilization_gpu_percent: percent(value('DEV_GPU_UTIL')) ?? percentOfRatio(value('PROF_GR_ENGINE_ACTIVE')),
    utilization_memory_percent: percent(value('DEV_MEM_COPY_UTIL')) ?? percentOfRatio(value('PROF_DRAM_ACTIVE')),
    utilization_gpu_max_1h_percent: percent(hottest ?? null),
    tensor_active_percent: percentOfRatio(value('PROF_PIPE_TENSOR_ACTIVE')),
    temperature_celsius: value('DEV_GPU_TEMP'),
    memory_temperature_celsius: value('DEV_MEMORY_TEMP'),
    power_draw_watts: value('DEV_POWER_USAGE'),
    power_limit_watts: value('DEV_POWER_MGMT_LIMIT'),
    fan_speed_percent: percent(value('DEV_FAN_SPEED')),
    sm_clock_mhz: value('DEV_SM_CLOCK'),
    memory_clock_mhz: value('DEV_MEM_CLOCK'),
    throttling: throttlingOf(values, changes),
    xids: values.has('DCGM_FI_DEV_XID_ERRORS') ? xids : null,
    ecc: {
      corrected_volatile: value('DEV_ECC_SBE_VOL_TOTAL'),
      uncorrected_volatile: value('DEV_ECC_DBE_VOL_TOTAL'),
      corrected_aggregate: value('DEV_ECC_SBE_AGG_TOTAL'),
      uncorrected_aggregate: value('DEV_ECC_DBE_AGG_TOTAL'),
      uncorrected_1h: grown('DEV_ECC_DBE_VOL_TOTAL'),
    },
    remapped_rows: {
      correctable: value('DEV_CORRECTABLE_REMAPPED_ROWS'),
      uncorrectable: value('DEV_UNCORRECTABLE_REMAPPED_ROWS'),
      pending: flag('DEV_ROW_REMAP_PENDING'),
      failed: flag('DEV_ROW_REMAP_FAILURE'),
    },
    retired_pages: {
      single_bit: value('DEV_RETIRED_SBE'),
      double_bit: value('DEV_RETIRED_DBE'),
      pending: value('DEV_RETIRED_PENDING'),
    },
    nvlink_errors_1h: {
      crc: added(grown('DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL'), grown('DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL')),
      replay: grown('DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL'),
      recovery: grown('DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL'),
    },
    pcie_replays_1h: grown('DEV_PCIE_REPLAY_COUNTER'),
    mig_enabled: instanceOf(labels) === '' ? null : true,
  };
}

const REASONS: Readonly<Record<(typeof VIOLATIONS)[number], ThrottleReason>> = {
  POWER: 'POWER',
  THERMAL: 'THERMAL',
  SYNC_BOOST: 'SYNC_BOOST',
  BOARD_LIMIT: 'BOARD_LIMIT',
  LOW_UTIL: 'LOW_UTILIZATION',
  RELIABILITY: 'RELIABILITY',
};
/** A nanosecond in a second. */
const NANO = 1e-9;

function throttlingOf(values: Values, changes: Values): GpuThrottle[] | null {
  const counted = VIOLATIONS.filter((name) => (values.get(`DCGM_FI_DEV_${name}_VIOLATION`) ?? null) !== null);
  const mask =
    values.get('DCGM_FI_DEV_CLOCKS_EVENT_REASONS') ?? values.get('DCGM_FI_DEV_CLOCK_THROTTLE_REASONS') ?? null;
  if (counted.length === 0 && mask === null) return null;
  const shares = counted.flatMap((name) => {
    const share = percentOfRatio(Math.min(1, (changes.get(name) ?? 0) * NANO)) ?? 0;
    return share > 0 ? [{ reason: REASONS[name], percent: share }] : [];
  });
  return [...shares, ...(mask === null ? [] : throttleOf(BigInt(Math.floor(mask))))];
}

/** What an instance's series say of its card; memory and load are the instance's own. */
function cardFromInstance(instance: GPU): GPU {
  return {
    ...instance,
    memory_total_mb: null,
    memory_used_mb: null,
    memory_free_mb: null,
    utilization_gpu_percent: null,
    utilization_memory_percent: null,
    utilization_gpu_max_1h_percent: null,
    tensor_active_percent: null,
    mig_instances: [],
  };
}

function migOf({ labels, pods }: Entity, values: Values): MigInstance {
  const value = (name: string) => values.get(`DCGM_FI_${name}`) ?? null;
  const used = value('DEV_FB_USED');
  const free = value('DEV_FB_FREE');
  return {
    id: instanceOf(labels),
    profile: labels['GPU_I_PROFILE'] ?? null,
    memory_total_mb:
      value('DEV_FB_TOTAL') ?? (used === null || free === null ? null : used + free + (value('DEV_FB_RESERVED') ?? 0)),
    memory_used_mb: used,
    memory_free_mb: free,
    utilization_gpu_percent: percentOfRatio(value('PROF_GR_ENGINE_ACTIVE')),
    utilization_memory_percent: percentOfRatio(value('PROF_DRAM_ACTIVE')),
    pods,
  };
}

/** A card that is told of through its instances only uses what they use together; what is left of it is in no instance. */
function withMemoryOfInstances(gpu: GPU): GPU {
  if (gpu.mig_instances.length === 0) return gpu;
  gpu.mig_instances.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  const used = gpu.mig_instances.map(({ memory_used_mb }) => memory_used_mb);
  if (gpu.memory_used_mb !== null || used.includes(null)) return gpu;
  return { ...gpu, memory_used_mb: used.reduce<number>((sum, one) => sum + (one ?? 0), 0) };
}

function cardOf(labels: Labels): string {
  return labels['UUID'] ?? labels['uuid'] ?? labels['gpu_uuid'] ?? '';
}

function instanceOf(labels: Labels): string {
  return labels['GPU_I_ID'] ?? '';
}

function keyOf(labels: Labels): string {
  return `${cardOf(labels)} ${instanceOf(labels)}`;
}

/** `Hostname` until release 4.8, `hostname` since. `node` is what a ServiceMonitor may add. */
function nodeOf(labels: Labels): string {
  return labels['Hostname'] || labels['hostname'] || labels['node'] || labels['instance'] || 'unknown';
}

/**
 * Who holds the card. Scraped without `honor_labels` the workload stands in `exported_*` and `pod` is the exporter itself, so the one
 * counts only where the other is missing altogether and the pod is not one of an exporter.
 */
function podOf(labels: Labels): GpuPod | undefined {
  const exported = labels['exported_pod'];
  if (exported !== undefined && exported !== '') {
    return {
      namespace: labels['exported_namespace'] ?? '',
      pod: exported,
      container: labels['exported_container'] || null,
    };
  }
  const pod = labels['pod'];
  if (pod === undefined || pod === '' || isExporter(labels)) return undefined;
  return { namespace: labels['namespace'] ?? '', pod, container: labels['container'] || null };
}

function isExporter(labels: Labels): boolean {
  return /dcgm/.test(labels['pod'] ?? '') || /dcgm/.test(labels['container'] ?? '');
}

function distinctPods(pods: readonly GpuPod[]): GpuPod[] {
  return [...new Map(pods.map((one) => [JSON.stringify([one.namespace, one.pod, one.container]), one])).values()];
}
