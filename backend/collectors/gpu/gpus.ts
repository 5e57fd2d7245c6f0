import { AppError } from '../../model/errors.ts';
import type {
  GpuFindingsAnswer,
  GpuHistoryAnswer,
  GpuNodeAnswer,
  GpuNodesAnswer,
  GpuProcessesAnswer,
  GpuSummary,
} from '../../model/gpu-answers.ts';
import type { GPUNode, GpuCluster, GpuSource } from '../../model/gpu.ts';
import type { FindingSeverity } from '../../model/workload.ts';
import type { Question } from '../fanout/fanout.ts';
import { RULES, bySeverity, rankOf } from './findings/rules.ts';
import { type HistoryQuery, readHistory } from './gpu-history.ts';
import { processRows } from './process-rows.ts';
import { type GpuReaderOptions, type GpusRead, readGpus } from './read-gpus.ts';
import { countSeverities, summaryOf } from './summary.ts';

export interface GpuQuestion extends Question {
  /** Whether the caller chose these very clusters. */
  readonly named: boolean;
}

export interface GpuNodesQuery extends GpuQuestion {
  readonly node?: string | undefined;
  /** Part of the model's name, without regard to case. */
  readonly model?: string | undefined;
  /** Only nodes with a finding of at least this severity. */
  readonly severity?: FindingSeverity | undefined;
  readonly source?: GpuSource | undefined;
  readonly limit: number;
}

export interface GpuProcessesQuery extends GpuQuestion {
  readonly node?: string | undefined;
  readonly namespace?: string | undefined;
  readonly limit: number;
}

export interface GpuFindingsQuery extends GpuQuestion {
  readonly node?: string | undefined;
  readonly severity?: FindingSeverity | undefined;
  readonly limit: number;
}

/** Throws NO_GPU_NODES when one cluster was named and it has no GPUs; that of many clusters is an answer. */
export interface GpusCollector {
  nodes(query: GpuNodesQuery): Promise<GpuNodesAnswer>;
  /** One node; throws NO_GPU_NODES when the cluster has none of that name with GPUs. */
  node(query: Question & { readonly node: string }): Promise<GpuNodeAnswer>;
  summary(query: GpuQuestion): Promise<GpuSummary>;
  processes(query: GpuProcessesQuery): Promise<GpuProcessesAnswer>;
  findings(query: GpuFindingsQuery): Promise<GpuFindingsAnswer>;
  history(query: HistoryQuery): Promise<GpuHistoryAnswer>;
}

const RANK: Readonly<Record<FindingSeverity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };
/** Clusters named in an answer; there are few with GPUs in most fleets. */
const MOST_COVERAGE = 200;
const MOST_NOT_SEEN = 50;

export function createGpusCollector(parts: Omit<GpuReaderOptions, 'known'>): GpusCollector {
  const options: GpuReaderOptions = { ...parts, known: new Map() };
  async function read(query: GpuQuestion): Promise<GpusRead> {
    const gpus = await readGpus(options, query);
    const [only, ...others] = gpus.clusters;
    if (query.named && only?.state === 'NO_GPUS' && others.length === 0) throw noGpus(only.cluster_name);
    return gpus;
  }

  return {
    nodes: async (query) => {
      const gpus = await read(query);
      const { node, model, severity, source, limit } = query;
      const fitting = gpus.nodes.filter(
        (one) =>
          (node === undefined || one.node_name === node) &&
          (model === undefined || (one.model ?? '').toLowerCase().includes(model.toLowerCase())) &&
          (severity === undefined || rankOf(one.findings) <= RANK[severity]) &&
          (source === undefined || one.source === source),
      );
      return {
        nodes: fitting.sort(byUrgency).slice(0, limit),
        total: fitting.length,
        total_gpus: fitting.reduce((sum, { gpu_count }) => sum + (gpu_count ?? 0), 0),
        ...about(gpus),
      };
    },
    node: async (query) => {
      const gpus = await readGpus(options, query);
      const found = gpus.nodes.find(({ node_name }) => node_name === query.node);
      if (found) return { node: found, clusters: gpus.outcomes, complete: gpus.complete };
      throw noSuchNode(query, gpus);
    },
    summary: async (query) => {
      const gpus = await read(query);
      return { ...summaryOf(gpus), coverage: shown(gpus.clusters), clusters: gpus.outcomes, complete: gpus.complete };
    },
    processes: async (query) => {
      const gpus = await read(query);
      const nodes = gpus.nodes.filter(({ node_name }) => query.node === undefined || node_name === query.node);
      const rows = nodes
        .flatMap(processRows)
        .filter(({ pod }) => query.namespace === undefined || pod?.namespace === query.namespace)
        .sort((a, b) => (b.used_memory_mb ?? -1) - (a.used_memory_mb ?? -1) || (a.node < b.node ? -1 : 1));
      return {
        processes: rows.slice(0, query.limit),
        total: rows.length,
        not_seen: nodes.flatMap(unseen).slice(0, MOST_NOT_SEEN),
        coverage: shown(gpus.clusters),
        clusters: gpus.outcomes,
        complete: gpus.complete,
      };
    },
    findings: async (query) => {
      const gpus = await read(query);
      const { node, severity, limit } = query;
      const findings = gpus.nodes
        .flatMap((one) => one.findings)
        .filter(
          (one) =>
            (node === undefined || one.node === node) &&
            (severity === undefined || RANK[one.severity] <= RANK[severity]),
        )
        .sort(bySeverity);
      return {
        findings: findings.slice(0, limit),
        total: findings.length,
        by_severity: countSeverities(findings),
        rules: RULES.map(({ name }) => name),
        coverage: shown(gpus.clusters),
        clusters: gpus.outcomes,
        complete: gpus.complete,
      };
    },
    history: (query) => readHistory(options, query),
  };
}

function about({ clusters, outcomes, complete }: GpusRead) {
  return {
    coverage: shown(clusters),
    clusters_without_gpus: clusters.filter(({ state }) => state === 'NO_GPUS').length,
    clusters: outcomes,
    complete,
  };
}

function shown(clusters: readonly GpuCluster[]): GpuCluster[] {
  return clusters.filter(({ state }) => state !== 'NO_GPUS').slice(0, MOST_COVERAGE);
}

function byUrgency(a: GPUNode, b: GPUNode): number {
  return (
    rankOf(a.findings) - rankOf(b.findings) ||
    (a.cluster_name === b.cluster_name
      ? a.node_name < b.node_name
        ? -1
        : 1
      : a.cluster_name < b.cluster_name
        ? -1
        : 1)
  );
}

function unseen({ cluster_name, node_name, gpus, not_used, source, pods }: GPUNode) {
  const seen = pods !== null || gpus.some((gpu) => gpu.processes !== null || gpu.pods !== null);
  if (seen) return [];
  const why = not_used.map((one) => `${one.source}: ${one.why}`).join('; ');
  return [{ cluster: cluster_name, node: node_name, why: why || `${source} does not tell` }];
}

function noGpus(cluster: string): AppError {
  return new AppError('NO_GPU_NODES', `${cluster} has no node with a GPU.`, {
    hint: 'Leave the cluster out to see which have some, or refresh_cluster if GPUs were just added.',
  });
}

function noSuchNode({ node }: { readonly node: string }, { nodes, outcomes, clusters }: GpusRead): AppError {
  const [cluster] = clusters;
  if (cluster?.state === 'UNKNOWN' || (nodes.length === 0 && outcomes.some(({ status }) => status !== 'SUCCESS')))
    return new AppError(
      'CLUSTER_UNREACHABLE',
      `Whether ${JSON.stringify(node.slice(0, 80))} has GPUs is not known: ${cluster?.why ?? 'the cluster did not answer'}.`,
    );
  return new AppError(
    'NO_GPU_NODES',
    `${cluster?.cluster_name ?? 'The cluster'} has no node ${JSON.stringify(node.slice(0, 80))} with a GPU.`,
    {
      details: { nodes: nodes.slice(0, 50).map(({ node_name }) => node_name) },
      hint:
        nodes.length === 0
          ? 'It has no GPUs at all.'
          : `It has GPUs on: ${nodes
              .slice(0, 5)
              .map(({ node_name }) => node_name)
              .join(', ')}.`,
    },
  );
}
