import type { Node } from './objects.ts';
import { type Lookup, known } from './lookup.ts';

/** The GPUs of a cluster, from its nodes. */
export interface Gpus {
  readonly has_gpu_nodes: boolean;
  readonly gpu_count: Lookup<number>;
  readonly gpu_types: Lookup<string[]>;
}

/** `pci-10de` with or without the device class, as NFD is configured. */
const NVIDIA_CARD = /^feature\.node\.kubernetes\.io\/pci-(?:\w+_)?10de\.present$/;
const MIG_SLICE = /^nvidia\.com\/mig-/;
const LABEL_VALUE = /^[\w.-]{1,63}$/;

/**
 * GPUs are counted as cards where GPU feature discovery counted them, else as the device plugin offers them. A node in MIG's
 * `single` strategy shows its slices as GPUs and nothing of the cards, so there the slices count.
 */
export function gpusOf(nodes: readonly Node[]): Gpus {
  const gpuNodes = nodes.filter(hasGpu);
  const counts = gpuNodes.map(countOf);
  const uncounted = gpuNodes.filter((_, index) => counts[index] === undefined);
  const types = gpuNodes.map(typeOf);
  const nameless = types.filter((type) => type === undefined).length;
  return {
    has_gpu_nodes: gpuNodes.length > 0,
    gpu_count:
      uncounted.length === 0
        ? known(counts.reduce<number>((sum, count) => sum + (count ?? 0), 0))
        : { unknown: `${some(uncounted)} an NVIDIA card and no nvidia.com/gpu resource: no device plugin runs there` },
    gpu_types:
      nameless === 0
        ? known([...new Set(types.filter((type) => type !== undefined))].sort())
        : {
            unknown: `${nameless} of ${gpuNodes.length} GPU nodes have no nvidia.com/gpu.product label: no GPU feature discovery runs there`,
          },
  };
}

function some([first, ...others]: readonly Node[]): string {
  const name = first?.metadata.name.slice(0, 80) ?? '';
  return others.length === 0 ? `node ${name} has` : `node ${name} and ${others.length} more have`;
}

function hasGpu(node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  return (
    labels['nvidia.com/gpu.present'] === 'true' ||
    Object.entries(labels).some(([key, value]) => value === 'true' && NVIDIA_CARD.test(key)) ||
    Object.entries(node.status?.capacity ?? {}).some(([key, value]) => isGpuResource(key) && whole(value) > 0)
  );
}

function isGpuResource(key: string): boolean {
  return key === 'nvidia.com/gpu' || key === 'nvidia.com/gpu.shared' || MIG_SLICE.test(key);
}

/** Undefined when the node has a card that nothing on it counts. */
function countOf(node: Node): number | undefined {
  const labels = node.metadata.labels ?? {};
  const capacity = node.status?.capacity ?? {};
  const labelled = whole(labels['nvidia.com/gpu.count']);
  if (labelled > 0) return labelled;
  const offered = whole(capacity['nvidia.com/gpu']) + whole(capacity['nvidia.com/gpu.shared']);
  // Each time-sliced card is offered so many times.
  if (offered > 0) return Math.ceil(offered / Math.max(1, whole(labels['nvidia.com/gpu.replicas'])));
  const slices = Object.entries(capacity).filter(([key]) => MIG_SLICE.test(key));
  const total = slices.reduce((sum, [, value]) => sum + whole(value), 0);
  return total > 0 ? total : undefined;
}

/** Product without the marks of how it is shared: `NVIDIA-A100-SXM4-80GB`. */
function typeOf(node: Node): string | undefined {
  const product = node.metadata.labels?.['nvidia.com/gpu.product'];
  if (product === undefined || !LABEL_VALUE.test(product)) return undefined;
  return product.replace(/-SHARED$/, '').replace(/-MIG-[\w.]+$/, '');
}

/** Extended resources are whole numbers, which Kubernetes may write as `8` or with a suffix such as `1k`. */
function whole(quantity: string | undefined): number {
  const match = /^(\d{1,9})(k?)$/.exec(quantity ?? '');
  return match ? Number(match[1]) * (match[2] === 'k' ? 1000 : 1) : 0;
}
