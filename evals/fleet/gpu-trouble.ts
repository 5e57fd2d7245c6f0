import { z } from 'zod';

/**
 * What goes wrong with single GPUs. XID_79: the card fell off the bus, its last XID stays and nothing else of it is told. It did so before
 * anything was recorded, so that history has the same series as now. THERMAL: from the incident of the fleet on its clocks are held down
 * for heat. ALLOCATED_IDLE: the pod that holds it has never used it.
 */
export const GpuTrouble = z.strictObject({
  kind: z.enum(['XID_79', 'THERMAL', 'ALLOCATED_IDLE']),
  /** Index of the card. */
  gpu: z.int().min(0),
});
export type GpuTrouble = z.infer<typeof GpuTrouble>;

export interface GpuTroubles {
  has(kind: GpuTrouble['kind'], gpu: number, time: number): boolean;
  /** Seconds of trouble up to `time`. */
  seconds(kind: GpuTrouble['kind'], gpu: number, time: number): number;
}

/** `start` in Unix seconds. */
export function gpuTroubles(troubles: readonly GpuTrouble[], start: number): GpuTroubles {
  const isOne = (kind: GpuTrouble['kind'], gpu: number) => troubles.some((one) => one.kind === kind && one.gpu === gpu);
  return {
    has: (kind, gpu, time) => isOne(kind, gpu) && (kind !== 'THERMAL' || time >= start),
    seconds: (kind, gpu, time) => (isOne(kind, gpu) ? Math.max(0, time - start) : 0),
  };
}
