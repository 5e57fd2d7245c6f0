import type { GpuPod, GpuResource, GpuSharing } from '../../model/gpu.ts';
import { type DraGpus, draGpusByNode } from '../../registry/discovery/dra-gpus.ts';
import type { ResourceSlice } from '../../registry/discovery/objects.ts';
import { quantity } from '../workloads/quantity.ts';
import type { GpuNodeObject, GpuPodObject, ResourceClaim } from './allocation-objects.ts';

/** What the API server says of the GPUs of one node. */
export interface OfferedNode {
  readonly node: string;
  /** Cards; undefined = nothing counts them. */
  readonly cards: number | undefined;
  readonly model: string | undefined;
  readonly driver: string | undefined;
  readonly cuda: string | undefined;
  readonly sharing: GpuSharing | undefined;
  readonly replicas: number | undefined;
  readonly resources: GpuResource[];
  /** Undefined = pods could not be read. */
  readonly pods: GpuPod[] | undefined;
}

/** `pci-10de` with or without the device class, as NFD is configured. */
const NVIDIA_CARD = /^feature\.node\.kubernetes\.io\/pci-(?:\w+_)?10de\.present$/;
/** Device plugin: whole or time-sliced cards, renamed slices of time, MIG devices of the mixed strategy. */
const GPU_RESOURCE = /^nvidia\.com\/(?:gpu|gpu\.shared|mig-[\w.]+)$/;
/** The driver of NVIDIA's DRA driver, as it names devices; here the name of the resource. */
const DRA = 'gpu.nvidia.com';
const LABEL = 'nvidia.com/';

export interface ClusterObjects {
  readonly nodes: readonly GpuNodeObject[];
  /** Undefined = they could not be read, so what is requested is not known. */
  readonly pods: readonly GpuPodObject[] | undefined;
  readonly slices: readonly ResourceSlice[];
  readonly claims: readonly ResourceClaim[] | undefined;
}

/** Nodes with GPUs, by name. A node counts with an NVIDIA card that no device plugin offers, too. */
export function offeredNodes({ nodes, pods, slices, claims }: ClusterObjects): OfferedNode[] {
  const dra = draGpusByNode(slices);
  const requestedOf = pods && requestsByNode(pods);
  const claimed = claims && claimsByNode(slices, claims);
  return nodes
    .flatMap((node): OfferedNode[] => {
      const { name } = node.metadata;
      const labels = node.metadata.labels ?? {};
      const offered = dra.get(name);
      if (!hasGpu(node) && !offered) return [];
      const requested = requestedOf?.get(name);
      const resources = resourcesOf(node, pods && (requested?.amounts ?? new Map()));
      const devices = offered && draResource(offered, claims && (claimed?.get(name)?.count ?? 0));
      const product = labels[`${LABEL}gpu.product`];
      const replicas = whole(labels[`${LABEL}gpu.replicas`]);
      const byClaims = claimed?.get(name)?.pods ?? [];
      return [
        {
          node: name,
          cards: cardsOf(node) ?? offered?.count,
          model: productOf(product) ?? offered?.types[0]?.replaceAll('-', ' '),
          driver: driverOf(labels),
          cuda: labels[`${LABEL}cuda.runtime-version.full`],
          sharing: sharingOf(node, offered),
          replicas: replicas > 1 ? replicas : undefined,
          resources: [...resources, ...(devices ? [devices] : [])],
          pods: pods && [...(requested?.pods ?? []), ...byClaims],
        },
      ];
    })
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}

function hasGpu(node: GpuNodeObject): boolean {
  const labels = node.metadata.labels ?? {};
  return (
    labels[`${LABEL}gpu.present`] === 'true' ||
    Object.entries(labels).some(([key, value]) => value === 'true' && NVIDIA_CARD.test(key)) ||
    Object.entries(node.status?.capacity ?? {}).some(([key, value]) => GPU_RESOURCE.test(key) && whole(value) > 0)
  );
}

function resourcesOf(node: GpuNodeObject, requested: ReadonlyMap<string, number> | undefined): GpuResource[] {
  const { capacity, allocatable } = node.status ?? {};
  return Object.entries(capacity ?? {})
    .filter(([name, amount]) => GPU_RESOURCE.test(name) && whole(amount) > 0)
    .map(([name, amount]) => ({
      name,
      capacity: whole(amount),
      allocatable: whole(allocatable?.[name]),
      requested: requested ? (requested.get(name) ?? 0) : null,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function draResource({ count }: DraGpus, claimed: number | undefined): GpuResource {
  return { name: DRA, capacity: count, allocatable: count, requested: claimed ?? null };
}

/** Cards where feature discovery counted them; else what is offered, unless that is slices. */
function cardsOf(node: GpuNodeObject): number | undefined {
  const labels = node.metadata.labels ?? {};
  const capacity = node.status?.capacity ?? {};
  // In MIG's single strategy feature discovery counts devices, not cards.
  const isSliced = /-MIG-[\w.]+$/.test(labels[`${LABEL}gpu.product`] ?? '');
  const labelled = whole(labels[`${LABEL}gpu.count`]);
  if (labelled > 0 && !isSliced) return labelled;
  if (isSliced) return undefined;
  const offered = whole(capacity[`${LABEL}gpu`]) + whole(capacity[`${LABEL}gpu.shared`]);
  const replicas = Math.max(1, whole(labels[`${LABEL}gpu.replicas`]));
  return offered > 0 ? Math.ceil(offered / replicas) : undefined;
}

function sharingOf(node: GpuNodeObject, offered: DraGpus | undefined): GpuSharing | undefined {
  const labels = node.metadata.labels ?? {};
  const capacity = node.status?.capacity ?? {};
  const names = Object.keys(capacity).filter((name) => GPU_RESOURCE.test(name) && whole(capacity[name]) > 0);
  if (names.length === 0) return offered ? 'DRA' : undefined;
  if (names.some((name) => name.startsWith(`${LABEL}mig-`))) return 'MIG_MIXED';
  if (/-MIG-[\w.]+$/.test(labels[`${LABEL}gpu.product`] ?? '')) return 'MIG_SINGLE';
  const isShared = names.includes(`${LABEL}gpu.shared`) || whole(labels[`${LABEL}gpu.replicas`]) > 1;
  return isShared ? 'TIME_SLICED' : 'EXCLUSIVE';
}

/** `NVIDIA-A100-SXM4-80GB-SHARED` is a product with the mark of how it is shared; spaces were written as dashes. */
function productOf(product: string | undefined): string | undefined {
  return product
    ?.replace(/-SHARED$/, '')
    .replace(/-MIG-[\w.]+$/, '')
    .replaceAll('-', ' ');
}

function driverOf(labels: Readonly<Record<string, string>>): string | undefined {
  const full = labels[`${LABEL}cuda.driver-version.full`];
  if (full !== undefined) return full;
  const parts = ['major', 'minor', 'rev'].map((part) => labels[`${LABEL}cuda.driver.${part}`]);
  return parts.includes(undefined) ? undefined : parts.join('.');
}

interface Requested {
  readonly amounts: Map<string, number>;
  readonly pods: GpuPod[];
}

/**
 * What pods that have not ended ask for, by the node they are bound to: the sum over containers and sidecars, or the largest init
 * container where that is more (Kubernetes, "Resource sharing within containers"). For extended resources requests equal limits.
 */
function requestsByNode(pods: readonly GpuPodObject[]): Map<string, Requested> {
  const nodes = new Map<string, Requested>();
  for (const { metadata, spec, status } of pods) {
    if (spec.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    const steady = new Map<string, number>();
    const initial = new Map<string, number>();
    const holders: GpuPod[] = [];
    const take = (container: NonNullable<typeof spec.containers>[number], isInit: boolean) => {
      const asked = { ...container.resources?.requests, ...container.resources?.limits };
      for (const [name, amount] of Object.entries(asked)) {
        const count = whole(amount);
        if (!GPU_RESOURCE.test(name) || count === 0) continue;
        if (isInit) initial.set(name, Math.max(initial.get(name) ?? 0, count));
        else steady.set(name, (steady.get(name) ?? 0) + count);
        const held = { namespace: metadata.namespace, pod: metadata.name, container: container.name };
        if (!isInit && !holders.some(({ container: known }) => known === container.name)) holders.push(held);
      }
    };
    for (const container of spec.containers ?? []) take(container, false);
    for (const container of spec.initContainers ?? []) take(container, container.restartPolicy !== 'Always');
    const names = new Set([...steady.keys(), ...initial.keys()]);
    if (names.size === 0) continue;
    const node = nodes.get(spec.nodeName) ?? { amounts: new Map<string, number>(), pods: [] };
    nodes.set(spec.nodeName, node);
    for (const name of names) {
      const amount = Math.max(steady.get(name) ?? 0, initial.get(name) ?? 0);
      node.amounts.set(name, (node.amounts.get(name) ?? 0) + amount);
    }
    node.pods.push(...holders);
  }
  return nodes;
}

/** Devices that claims hold, by node; a pool is a node's where its slices say so. */
function claimsByNode(
  slices: readonly ResourceSlice[],
  claims: readonly ResourceClaim[],
): Map<string, { readonly count: number; readonly pods: GpuPod[] }> {
  const nodeOfPool = new Map(slices.map(({ spec }) => [spec.pool.name, spec.nodeName]));
  const nodes = new Map<string, { devices: Set<string>; pods: GpuPod[] }>();
  for (const { metadata, status } of claims) {
    for (const { driver, pool, device } of status?.allocation?.devices?.results ?? []) {
      const node = nodeOfPool.get(pool);
      if (driver !== DRA || node === undefined) continue;
      const own = nodes.get(node) ?? { devices: new Set<string>(), pods: [] };
      nodes.set(node, own);
      own.devices.add(`${pool}/${device}`);
      for (const { resource = 'pods', name } of status?.reservedFor ?? [])
        if (
          resource === 'pods' &&
          !own.pods.some((known) => known.pod === name && known.namespace === metadata.namespace)
        )
          own.pods.push({ namespace: metadata.namespace, pod: name, container: null });
    }
  }
  return new Map([...nodes].map(([node, { devices, pods }]) => [node, { count: devices.size, pods }]));
}

/** Extended resources are whole numbers, in any notation of a quantity. */
function whole(text: string | undefined): number {
  const value = text === undefined ? undefined : quantity(text);
  return value === undefined || !Number.isFinite(value) || value < 0 ? 0 : Math.min(Math.floor(value), 1_000_000);
}
