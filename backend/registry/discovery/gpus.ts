import { type DraGpus, draGpusByNode } from './dra-gpus.ts';
import { type Lookup, isKnown, known } from './lookup.ts';
import type { Node, ResourceSlice } from './objects.ts';

/** The GPUs of a cluster, from its nodes and from what dynamic resource allocation (DRA) offers. */
export interface Gpus {
  readonly has_gpu_nodes: Lookup<boolean>;
  readonly gpu_count: Lookup<number>;
  readonly gpu_types: Lookup<string[]>;
}

/** `pci-10de` with or without the device class, as NFD is configured. */
const NVIDIA_CARD = /^feature\.node\.kubernetes\.io\/pci-(?:\w+_)?10de\.present$/;
const MIG_SLICE = /^nvidia\.com\/mig-/;
const LABEL_VALUE = /^[\w.-]{1,63}$/;

/**
 * GPUs are counted as cards where GPU feature discovery counted them, else as the device plugin offers them. A node in MIG's
 * `single` strategy shows its slices as GPUs and nothing of the cards, so there the slices count. A node of DRA has neither;
 * its resource slices tell. While those cannot be read, a cluster whose nodes show no GPU may still have some.
 */
export function gpusOf(nodes: readonly Node[], slices: Lookup<readonly ResourceSlice[]>): Gpus {
  const offered = isKnown(slices) ? draGpusByNode(slices.known) : new Map<string, DraGpus>();
  const isNode = new Set(nodes.map(({ metadata }) => metadata.name));
  const gpuNodes = nodes.filter((node) => hasGpu(node) || offered.has(node.metadata.name));
  const elsewhere = [...offered].filter(([name]) => !isNode.has(name)).map(([, gpus]) => gpus);
  if (!isKnown(slices) && gpuNodes.length === 0) {
    return { has_gpu_nodes: slices, gpu_count: slices, gpu_types: slices };
  }
  const counts = gpuNodes.map((node) => countOf(node) ?? offered.get(node.metadata.name)?.count);
  const uncounted = gpuNodes.filter((_, index) => counts[index] === undefined);
  const types = gpuNodes.map((node) => typesOf(node, offered.get(node.metadata.name)));
  const nameless = types.filter((names) => names.length === 0).length;
  const total = (all: readonly (number | undefined)[]) => all.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return {
    has_gpu_nodes: known(gpuNodes.length + elsewhere.length > 0),
    gpu_count:
      uncounted.length === 0
        ? known(total(counts) + total(elsewhere.map(({ count }) => count)))
        : {
            unknown: `${some(uncounted)} an NVIDIA card and no nvidia.com/gpu resource: no device plugin and no DRA driver runs there`,
          },
    gpu_types:
      nameless === 0
        ? known([...new Set([...types.flat(), ...elsewhere.flatMap((gpus) => gpus.types)])].sort())
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
function typesOf(node: Node, offered: DraGpus | undefined): readonly string[] {
  const product = node.metadata.labels?.['nvidia.com/gpu.product'];
  if (product === undefined) return (offered?.types ?? []).filter((type) => LABEL_VALUE.test(type));
  if (!LABEL_VALUE.test(product)) return [];
  return [product.replace(/-SHARED$/, '').replace(/-MIG-[\w.]+$/, '')];
}

/** Extended resources are whole numbers, which Kubernetes may write as `8` or with a suffix such as `1k`. */
function whole(quantity: string | undefined): number {
  const match = /^(\d{1,9})(k?)$/.exec(quantity ?? '');
  return match ? Number(match[1]) * (match[2] === 'k' ? 1000 : 1) : 0;
}
