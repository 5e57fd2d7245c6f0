import type { GpuModelSummary, GpuSummary } from '../../model/gpu-answers.ts';
import type { GPU, GPUNode, GpuFinding, GpuResource } from '../../model/gpu.ts';
import { rounded } from '../metrics/series-digest.ts';
import { bySeverity } from './findings/rules.ts';
import { modelKey } from './model-key.ts';
import type { GpusRead } from './read-gpus.ts';

const WORST = 20;

/** Totals of a fleet's GPUs. Sums and averages are over cards whose value is known and not stale. */
export function summaryOf({
  nodes,
  clusters,
}: Pick<GpusRead, 'nodes' | 'clusters'>): Omit<GpuSummary, 'coverage' | 'clusters' | 'complete'> {
  const fresh = nodes.filter(({ stale }) => !stale).flatMap(({ gpus }) => gpus);
  const findings = nodes.flatMap((node) => node.findings);
  const cardsWith = (isOne: (finding: GpuFinding) => boolean) =>
    new Set(findings.filter(isOne).map(({ cluster, node, uuid, gpu }) => JSON.stringify([cluster, node, uuid, gpu])))
      .size;
  const stateCount = (...states: string[]) => clusters.filter(({ state }) => states.includes(state)).length;
  const bySource: Record<string, number> = {};
  for (const { source } of nodes) bySource[source] = (bySource[source] ?? 0) + 1;
  return {
    clusters_with_gpus: stateCount('MEASURED', 'PARTLY_MEASURED', 'NOT_MEASURED'),
    clusters_without_gpus: stateCount('NO_GPUS'),
    clusters_unknown: stateCount('UNKNOWN'),
    nodes: nodes.length,
    gpus: nodes.reduce((sum, { gpu_count }) => sum + (gpu_count ?? 0), 0),
    measured_gpus: fresh.length,
    by_model: modelsOf(nodes),
    by_source: bySource,
    resources: resourcesOf(nodes),
    avg_utilization_percent: averageOf(fresh, loadOf),
    memory_total_mb: sumOf(fresh, (gpu) => gpu.memory_total_mb),
    memory_used_mb: sumOf(fresh, (gpu) => gpu.memory_used_mb),
    power_draw_watts: sumOf(fresh, (gpu) => gpu.power_draw_watts),
    idle_allocated: cardsWith(({ code }) => code === 'ALLOCATED_IDLE'),
    hot: cardsWith(({ code }) => code === 'HOT'),
    throttled: cardsWith(({ code }) => ['THERMAL_THROTTLING', 'POWER_BRAKE', 'POWER_CAPPED'].includes(code)),
    failing: cardsWith(({ severity, uuid }) => severity === 'CRITICAL' && uuid !== null),
    memory_near_full: cardsWith(({ code }) => code === 'MEMORY_NEAR_FULL'),
    stale_nodes: nodes.filter(({ stale }) => stale).length,
    by_severity: countSeverities(findings),
    worst: findings.sort(bySeverity).slice(0, WORST),
  };
}

export function countSeverities(findings: readonly GpuFinding[]): GpuSummary['by_severity'] {
  const count = (severity: string) => findings.filter((one) => one.severity === severity).length;
  return { CRITICAL: count('CRITICAL'), WARNING: count('WARNING'), INFO: count('INFO') };
}

/** Of a partitioned card without a utilization of its own, the mean of its instances is no load of the card. */
function loadOf(gpu: GPU): number | null {
  return gpu.utilization_gpu_percent;
}

function modelsOf(nodes: readonly GPUNode[]): GpuModelSummary[] {
  const groups = new Map<string, GPUNode[]>();
  for (const node of nodes) groups.set(modelKey(node.model), [...(groups.get(modelKey(node.model)) ?? []), node]);
  return [...groups.values()]
    .map((own) => {
      const fresh = own.filter(({ stale }) => !stale).flatMap(({ gpus }) => gpus);
      const known = own.flatMap(heldCards);
      return {
        model: own[0]?.model ?? null,
        gpus: own.reduce((sum, { gpu_count }) => sum + (gpu_count ?? 0), 0),
        allocation_known: known.reduce((sum, one) => sum + one.known, 0),
        allocated: known.reduce((sum, one) => sum + one.held, 0),
        measured: fresh.length,
        avg_utilization_percent: averageOf(fresh, loadOf),
        memory_total_mb: sumOf(fresh, (gpu) => gpu.memory_total_mb),
        memory_used_mb: sumOf(fresh, (gpu) => gpu.memory_used_mb),
      };
    })
    .sort((a, b) => b.gpus - a.gpus || ((a.model ?? '') < (b.model ?? '') ? -1 : 1));
}

/** Cards that pods hold: by what the exporter maps, else by what pods ask for where a device is a whole card. */
function heldCards({ gpus, allocation, sharing, gpu_count }: GPUNode): { known: number; held: number }[] {
  const mapped = gpus.filter(({ pods }) => pods !== null);
  if (gpus.length > 0 && mapped.length === gpus.length)
    return [{ known: gpus.length, held: mapped.filter(({ pods }) => (pods ?? []).length > 0).length }];
  const whole = (allocation ?? []).find(({ name }) => name === 'nvidia.com/gpu' || name === 'gpu.nvidia.com');
  const isCard = sharing === 'EXCLUSIVE' || sharing === 'DRA';
  if (!whole || !isCard || whole.requested === null || gpu_count === null) return [];
  return [{ known: gpu_count, held: Math.min(gpu_count, whole.requested) }];
}

function resourcesOf(nodes: readonly GPUNode[]): GpuResource[] {
  const totals = new Map<string, GpuResource>();
  for (const one of nodes.flatMap(({ allocation }) => allocation ?? [])) {
    const total = totals.get(one.name) ?? { name: one.name, capacity: 0, allocatable: 0, requested: 0 };
    totals.set(one.name, {
      name: one.name,
      capacity: total.capacity + one.capacity,
      allocatable: total.allocatable + one.allocatable,
      requested: total.requested === null || one.requested === null ? null : total.requested + one.requested,
    });
  }
  return [...totals.values()].sort((a, b) => b.capacity - a.capacity || (a.name < b.name ? -1 : 1));
}

function sumOf(gpus: readonly GPU[], of: (gpu: GPU) => number | null): number | null {
  const known = gpus.flatMap((gpu) => of(gpu) ?? []);
  return known.length === 0
    ? null
    : rounded(
        known.reduce((sum, one) => sum + one, 0),
        9,
      );
}

function averageOf(gpus: readonly GPU[], of: (gpu: GPU) => number | null): number | null {
  const known = gpus.flatMap((gpu) => of(gpu) ?? []);
  return known.length === 0 ? null : rounded(known.reduce((sum, one) => sum + one, 0) / known.length, 4);
}
