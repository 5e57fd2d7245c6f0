import type { Target } from './metric-model.ts';
import type { World } from './world.ts';

/** A program on a card, as the driver on the host sees it. */
export interface CardProcess {
  readonly pid: number;
  readonly name: string;
  readonly usedMib: number;
}

/** One card as the driver knows it at one time. */
export interface Card {
  readonly index: number;
  readonly uuid: string;
  readonly pciBusId: string;
  readonly name: string;
  readonly driver: string;
  /** It fell off the bus. */
  readonly isLost: boolean;
  readonly hasMig: boolean;
  /** Whether heat holds its clocks down. */
  readonly isThrottled: boolean;
  /** By field of DCGM, in its units. */
  readonly values: ReadonlyMap<string, number>;
  readonly processes: readonly CardProcess[];
}

/** Memory that the driver itself takes on a card in use, in MiB. */
const DRIVER_MIB = 523;
const FIRST_PID = 41_000;

/** The cards of a node at a time (Unix seconds): the very values that its DCGM exporter shows, so that both agree. */
export function cardsOf(
  { targets, inventory }: Pick<World, 'targets' | 'inventory'>,
  node: string,
  time: number,
): Card[] {
  const exporter = targets.find(({ path }) => path === `/dcgm-exporter/${node}/metrics`);
  const gpus = inventory.nodes.find(({ name }) => name === node)?.gpus ?? [];
  if (!exporter) return [];
  const all = exporter.families.flatMap(({ samples }) => samples);
  return gpus.map((gpu) => {
    const values = valuesOf(exporter, gpu.uuid, time);
    const labels = all.find((one) => one.labels['UUID'] === gpu.uuid)?.labels ?? {};
    const heat = 'DCGM_FI_DEV_THERMAL_VIOLATION';
    const before = valuesOf(exporter, gpu.uuid, time - 1).get(heat);
    const usedMib = values.get('DCGM_FI_DEV_FB_USED') ?? 0;
    const holder = inventory.pods.findIndex((pod) => pod.gpus.includes(gpu));
    return {
      index: gpu.index,
      uuid: gpu.uuid,
      pciBusId: gpu.pciBusId,
      name: labels['modelName'] ?? '',
      driver: labels['DCGM_FI_DRIVER_VERSION'] ?? '',
      isLost: values.get('DCGM_FI_DEV_XID_ERRORS') === 79,
      hasMig: false,
      isThrottled: before !== undefined && (values.get(heat) ?? 0) > before,
      values,
      processes:
        holder < 0
          ? []
          : [
              {
                pid: FIRST_PID + 100 * holder + gpu.index,
                name: `/opt/${inventory.pods[holder]?.container ?? ''}/bin/worker, card ${gpu.index}`,
                usedMib: Math.max(0, usedMib - DRIVER_MIB),
              },
            ],
    };
  });
}

function valuesOf({ families }: Target, uuid: string, time: number): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, samples } of families)
    for (const { labels, value } of samples) {
      const now = labels['UUID'] === uuid ? value(time) : undefined;
      if (now !== undefined) values.set(name, now);
    }
  return values;
}
