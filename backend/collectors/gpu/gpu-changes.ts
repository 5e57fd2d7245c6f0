import type { GPU, GPUNode, GpuUpdate } from '../../model/gpu.ts';

type Told = GpuUpdate['gpus'][number];

/** What was told last of each card of one cluster, by node and card. */
export type ToldGpus = Map<string, { readonly at: number; readonly values: Told }>;

/** A smaller move of a value is not worth an event. Percent, MiB, °C, W. */
const STEPS = {
  utilization_gpu_percent: 10,
  memory_used_mb: 1024,
  temperature_celsius: 3,
  power_draw_watts: 25,
} as const;
/** What did not move is told again after so long, so that who has just come sees it. */
const AGAIN_MS = 60_000;

/**
 * What there is to tell of the cards of a cluster, one update for each node, and notes in `told` that it was. A card that is gone is
 * forgotten; old and unmeasured numbers are no news.
 */
export function gpuChanges(nodes: readonly GPUNode[], told: ToldGpus, nowMs: number): GpuUpdate[] {
  const seen = new Set<string>();
  const updates = nodes.flatMap((node): GpuUpdate[] => {
    if (node.stale) return [];
    const moved = node.gpus.flatMap((gpu): Told[] => {
      const key = JSON.stringify([node.node_name, gpu.uuid ?? gpu.index]);
      const values = valuesOf(gpu);
      const before = told.get(key);
      seen.add(key);
      if (before && nowMs - before.at < AGAIN_MS && !hasMoved(before.values, values)) return [];
      told.set(key, { at: nowMs, values });
      return [values];
    });
    if (moved.length === 0) return [];
    return [{ node_name: node.node_name, source: node.source, sampled_at: node.last_updated, gpus: moved }];
  });
  for (const key of told.keys()) if (!seen.has(key)) told.delete(key);
  return updates;
}

function valuesOf(gpu: GPU): Told {
  return {
    gpu: gpu.index,
    uuid: gpu.uuid,
    values: {
      utilization_gpu_percent: gpu.utilization_gpu_percent,
      utilization_memory_percent: gpu.utilization_memory_percent,
      memory_used_mb: gpu.memory_used_mb,
      memory_free_mb: gpu.memory_free_mb,
      temperature_celsius: gpu.temperature_celsius,
      power_draw_watts: gpu.power_draw_watts,
      sm_clock_mhz: gpu.sm_clock_mhz,
    },
    throttling: (gpu.throttling ?? []).map(({ reason }) => reason),
    xids: (gpu.xids ?? []).map(({ xid }) => xid),
  };
}

function hasMoved(before: Told, now: Told): boolean {
  const stepped = (name: keyof typeof STEPS) => {
    const [was = null, is = null] = [before.values[name], now.values[name]];
    return was === null || is === null ? was !== is : Math.abs(is - was) >= STEPS[name];
  };
  return (
    stepped('utilization_gpu_percent') ||
    stepped('memory_used_mb') ||
    stepped('temperature_celsius') ||
    stepped('power_draw_watts') ||
    before.throttling.join() !== now.throttling.join() ||
    before.xids.join() !== now.xids.join()
  );
}
