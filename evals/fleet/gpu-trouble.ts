import { z } from 'zod';

/**
 * What goes wrong with single GPUs. XID_79: the card falls off the bus, its last XID stays and nothing else of it is told. THERMAL: its
 * clocks are held down for heat. Both begin with the incident of the fleet. ALLOCATED_IDLE: the pod that holds it has never used it.
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
    has: (kind, gpu, time) => isOne(kind, gpu) && (kind === 'ALLOCATED_IDLE' || time >= start),
    seconds: (kind, gpu, time) => (isOne(kind, gpu) ? Math.max(0, time - start) : 0),
  };
}
