import type { Cluster } from '../../model/cluster.ts';
import type { GPU, GPUNode, GpuSource } from '../../model/gpu.ts';
import type { OfferedNode } from './allocation.ts';
import type { MeasuredNode } from './dcgm.ts';
import { findingsOf } from './findings/rules.ts';
import { modelKey } from './model-key.ts';

/** What each source said of one cluster; undefined = it said nothing, for the reason given. */
export interface ClusterReadings {
  readonly cluster: Cluster;
  readonly dcgm: { readonly nodes: readonly MeasuredNode[]; readonly mapsPods: boolean } | undefined;
  readonly noDcgm: string;
  readonly smi: ReadonlyMap<string, MeasuredNode | string>;
  /** Why nvidia-smi was not run where it was not. */
  readonly noSmi: string;
  readonly offered: { readonly nodes: readonly OfferedNode[]; readonly readAt: string } | undefined;
}

/** Three scrapes of a minute each missed: what is older says little about now. */
const STALE_SECONDS = 180;

/** One entry for each node with GPUs, from the best source that knows it. */
export function mergeNodes(readings: ClusterReadings, nowMs: number): GPUNode[] {
  const { cluster, dcgm, noDcgm, smi, noSmi, offered } = readings;
  const measured = new Map((dcgm?.nodes ?? []).map((node) => [node.node, node]));
  const offers = new Map((offered?.nodes ?? []).map((node) => [node.node, node]));
  const names = [...new Set([...measured.keys(), ...offers.keys()])].sort();
  const driversOf = driversByModel(names, measured, smi, offers);
  return names.map((name) => {
    const offer = offers.get(name);
    const byDcgm = measured.get(name);
    const bySmi = smi.get(name);
    const own = byDcgm ?? (typeof bySmi === 'object' ? bySmi : undefined);
    const source: GpuSource = byDcgm ? 'DCGM' : own ? 'NVIDIA_SMI' : 'ALLOCATABLE';
    const dcgmWhy = dcgm && dcgm.nodes.length > 0 ? 'the exporter of this node has no samples' : noDcgm;
    const not_used = [
      ...(byDcgm ? [] : [{ source: 'DCGM' as const, why: dcgmWhy }]),
      ...(own ? [] : [{ source: 'NVIDIA_SMI' as const, why: typeof bySmi === 'string' ? bySmi : noSmi }]),
    ];
    const sampledMs = own ? own.sampledAt * 1000 : Date.parse(offered?.readAt ?? '') || nowMs;
    const age_seconds = Math.max(0, Math.round((nowMs - sampledMs) / 100) / 10);
    const gpus = (own?.gpus ?? []).map((gpu) =>
      completed(gpu, offer, source, dcgm?.mapsPods ?? false, own?.gpus.length ?? 0),
    );
    const node: Omit<GPUNode, 'findings'> = {
      cluster_id: cluster.id,
      cluster_name: cluster.name,
      node_name: name,
      source,
      not_used,
      last_updated: new Date(sampledMs).toISOString(),
      age_seconds,
      stale: own !== undefined && age_seconds > STALE_SECONDS,
      gpu_count: gpus.length > 0 ? gpus.length : (offer?.cards ?? null),
      model: gpus[0]?.name ?? offer?.model ?? null,
      driver_version: gpus[0]?.driver_version ?? offer?.driver ?? null,
      sharing: offer?.sharing ?? (gpus.some(({ mig_enabled }) => mig_enabled === true) ? 'MIG_MIXED' : null),
      replicas: offer?.replicas ?? null,
      allocation: offer?.resources ?? null,
      pods: offer?.pods ?? null,
      gpus,
    };
    return {
      ...node,
      findings: findingsOf(node, { driversOfModel: driversOf.get(modelKey(node.model)) ?? new Map() }),
    };
  });
}

/** Facts of the node that hold for each of its cards. */
function completed(gpu: GPU, offer: OfferedNode | undefined, source: GpuSource, mapsPods: boolean, cards: number): GPU {
  return {
    ...gpu,
    driver_version: gpu.driver_version ?? offer?.driver ?? null,
    cuda_version: gpu.cuda_version ?? offer?.cuda ?? null,
    pods: podsOf(gpu, offer, source === 'DCGM' && mapsPods, cards),
  };
}

/**
 * Who holds a card: what the exporter says; without that, nobody where nobody on the node asks for one, and the pods of the node where
 * it has but one card.
 */
function podsOf(gpu: GPU, offer: OfferedNode | undefined, mapped: boolean, cards: number): GPU['pods'] {
  if (mapped && gpu.pods !== null) return gpu.pods;
  if (offer?.pods === undefined) return null;
  return offer.pods.length === 0 || cards === 1 ? offer.pods : null;
}

/** Driver versions of the nodes of one pool, which here is one model in one cluster; how many nodes run each. */
function driversByModel(
  names: readonly string[],
  measured: ReadonlyMap<string, MeasuredNode>,
  smi: ClusterReadings['smi'],
  offers: ReadonlyMap<string, OfferedNode>,
): Map<string, Map<string, number>> {
  const models = new Map<string, Map<string, number>>();
  for (const name of names) {
    const bySmi = smi.get(name);
    const first = (measured.get(name) ?? (typeof bySmi === 'object' ? bySmi : undefined))?.gpus[0];
    const offer = offers.get(name);
    const model = first?.name ?? offer?.model;
    const driver = first?.driver_version ?? offer?.driver;
    if (model === undefined || driver === undefined) continue;
    const drivers = models.get(modelKey(model)) ?? new Map<string, number>();
    models.set(modelKey(model), drivers);
    drivers.set(driver, (drivers.get(driver) ?? 0) + 1);
  }
  return models;
}
