import type { ResourceSlice } from './objects.ts';

/** The driver name of NVIDIA's DRA driver for GPUs. */
const DRIVER = 'gpu.nvidia.com';
const UNNAMED = '';

/** The cards that dynamic resource allocation offers on one node. */
export interface DraGpus {
  readonly count: number;
  /** Product names in the spelling of GPU feature discovery: `NVIDIA-H100-80GB-HBM3`. */
  readonly types: readonly string[];
}

/**
 * By node; the empty name is for devices of no single node. A card that is cut into MIG devices counts once, by the card that
 * each of them names. Of a pool only the newest generation holds: older slices are still there while it is being replaced.
 */
export function draGpusByNode(slices: readonly ResourceSlice[]): ReadonlyMap<string, DraGpus> {
  const ours = slices.filter(({ spec }) => spec.driver === DRIVER);
  const newest = new Map<string, number>();
  for (const { spec } of ours)
    newest.set(spec.pool.name, Math.max(newest.get(spec.pool.name) ?? 0, spec.pool.generation));

  const cards = new Map<string, Map<string, string | undefined>>();
  for (const { spec } of ours) {
    if (spec.pool.generation !== newest.get(spec.pool.name)) continue;
    const node = spec.nodeName ?? UNNAMED;
    const onNode = cards.get(node) ?? new Map<string, string | undefined>();
    cards.set(node, onNode);
    for (const device of spec.devices ?? []) {
      const attribute = (name: string) => (device.attributes ?? device.basic?.attributes)?.[name]?.string;
      const card = attribute('parentUUID') ?? attribute('uuid') ?? `${spec.pool.name}/${device.name}`;
      onNode.set(card, attribute('productName')?.replaceAll(' ', '-') ?? onNode.get(card));
    }
  }
  return new Map(
    [...cards].map(([node, onNode]) => [
      node,
      { count: onNode.size, types: [...onNode.values()].filter((type) => type !== undefined) },
    ]),
  );
}
