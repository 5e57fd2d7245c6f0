import type { Cluster } from '../../model/cluster.ts';
import type { GPUNode, GpuCluster, GpuSource } from '../../model/gpu.ts';
import { type ClusterOutcome, hasNoEndpoint, isComplete, reasonOf } from '../../model/outcome.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { type Fanout, type FanoutAnswer, type Question, questionOf } from '../fanout/fanout.ts';
import type { MetricsSource, SourceAnswer } from '../metrics/metrics-source.ts';
import { type DcgmReading, readDcgm } from './dcgm.ts';
import { mergeNodes } from './merge-nodes.ts';
import type { KnownFields } from './nvidia-smi.ts';
import { type OfferedGpus, readOffered } from './read-allocation.ts';
import { type SmiReading, readSmiOfNodes } from './read-smi.ts';

export interface GpuReaderOptions {
  readonly clock: Clock;
  readonly fanout: Fanout;
  readonly source: Pick<MetricsSource, 'each' | 'evaluate'>;
  readonly spokes: Pick<Spokes, 'kubernetes'>;
  /** What is remembered of drivers between questions. */
  readonly known: KnownFields;
}

/** The GPUs of many clusters, from every source that there is. */
export interface GpusRead {
  /** By cluster name, then node name. */
  readonly nodes: GPUNode[];
  /** Of every cluster, by name. */
  readonly clusters: GpuCluster[];
  readonly outcomes: ClusterOutcome[];
  readonly complete: boolean;
}

export async function readGpus(options: GpuReaderOptions, query: Question): Promise<GpusRead> {
  const { clock, fanout, source, spokes } = options;
  const question = questionOf(query);
  const nowMs = clock.now().getTime();
  const [dcgm, offered] = await Promise.all([
    source.each<DcgmReading>({
      ...question,
      cache: { ...FRESHNESS.GPU, key: 'gpu dcgm' },
      ask: (evaluate) => readDcgm(evaluate, nowMs / 1000),
    }),
    fanout.ask<OfferedGpus>({
      ...question,
      kind: 'API',
      cache: { ttlMs: FRESHNESS.INSTANT.ttlMs, key: 'gpu offered' },
      ask: (target, _cluster, limits) => readOffered(spokes.kubernetes, target, limits, () => clock.now()),
    }),
  ]);
  const outcomeOf = (answer: { readonly outcomes: readonly ClusterOutcome[] }) =>
    new Map(answer.outcomes.map((outcome) => [outcome.cluster_id, outcome]));
  const [dcgmOf, offeredOf] = [outcomeOf(dcgm), outcomeOf(offered)];
  const smi = await askSmi(options, question, dcgm, offered);
  const ordered = query.clusters.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const all = ordered.map((cluster) => {
    const byDcgm = dcgm.values.get(cluster.id);
    const byApi = offered.values.get(cluster.id);
    const [dcgmOutcome, apiOutcome] = [dcgmOf.get(cluster.id), offeredOf.get(cluster.id)];
    const nodes = mergeNodes(
      {
        cluster,
        dcgm: byDcgm,
        noDcgm: whyNoDcgm(byDcgm, dcgmOutcome, nowMs),
        smi: smi.values.get(cluster.id) ?? new Map(),
        noSmi: whyNoSmi(cluster, smi.outcomes),
        offered: byApi,
      },
      nowMs,
    );
    return {
      nodes,
      outcome: joined(cluster, dcgmOutcome, apiOutcome),
      cluster: coverageOf(cluster, nodes, { dcgm, dcgmOutcome, apiOutcome, answered: byApi !== undefined }),
    };
  });
  const outcomes = all.map(({ outcome }) => outcome);
  return {
    nodes: all.flatMap(({ nodes }) => nodes),
    clusters: all.map(({ cluster }) => cluster),
    outcomes,
    complete: isComplete(outcomes),
  };
}

/** Asks nvidia-smi on nodes that have GPUs and no metrics, where commands may be run. */
function askSmi(
  { clock, fanout, spokes, known }: GpuReaderOptions,
  question: Question,
  dcgm: { readonly values: ReadonlyMap<string, DcgmReading> },
  offered: { readonly values: ReadonlyMap<string, OfferedGpus> },
): Promise<FanoutAnswer<SmiReading>> {
  const unmeasured = (id: string) => {
    const measured = new Set((dcgm.values.get(id)?.nodes ?? []).map(({ node }) => node));
    return (offered.values.get(id)?.nodes ?? []).flatMap(({ node }) => (measured.has(node) ? [] : [node]));
  };
  const clusters = question.clusters.filter(({ id, exec_enabled }) => exec_enabled && unmeasured(id).length > 0);
  return fanout.ask<SmiReading>({
    ...question,
    clusters,
    kind: 'API',
    // Which nodes are unmeasured is part of the answer's shape, not of the question; a change shows within seconds.
    cache: { ...FRESHNESS.GPU, key: 'gpu nvidia-smi' },
    ask: async (target, cluster, limits) => ({
      value: await readSmiOfNodes(spokes.kubernetes, target, unmeasured(cluster.id), { limits, clock, known }),
    }),
  });
}

function whyNoSmi({ id, exec_enabled }: Cluster, outcomes: readonly ClusterOutcome[]): string {
  if (!exec_enabled) return 'commands may not be run in this cluster (exec_enabled is false)';
  const outcome = outcomes.find(({ cluster_id }) => cluster_id === id);
  return outcome ? reasonOf(outcome) : 'the node was not asked';
}

function whyNoDcgm(reading: DcgmReading | undefined, outcome: ClusterOutcome | undefined, nowMs: number): string {
  if (outcome && hasNoEndpoint(outcome)) return 'no Prometheus is registered for the cluster';
  if (!reading) return outcome ? reasonOf(outcome) : 'it was not asked';
  if (reading.lastSeenAt !== undefined) {
    const minutes = Math.max(1, Math.round((nowMs / 1000 - reading.lastSeenAt) / 60));
    return `the DCGM exporter's last sample in Prometheus is ${minutes} minutes old`;
  }
  return 'Prometheus has no DCGM metrics: no DCGM exporter is scraped';
}

function coverageOf(
  { id, name }: Cluster,
  nodes: readonly GPUNode[],
  read: {
    readonly dcgm: SourceAnswer<DcgmReading>;
    readonly dcgmOutcome: ClusterOutcome | undefined;
    readonly apiOutcome: ClusterOutcome | undefined;
    readonly answered: boolean;
  },
): GpuCluster {
  const sources = (['DCGM', 'NVIDIA_SMI', 'ALLOCATABLE'] satisfies GpuSource[]).filter((source) =>
    nodes.some((node) => node.source === source),
  );
  const base = {
    cluster_id: id,
    cluster_name: name,
    nodes: nodes.length,
    gpus: nodes.reduce((sum, { gpu_count }) => sum + (gpu_count ?? 0), 0),
    sources,
  };
  const unmeasured = nodes.find(({ source }) => source === 'ALLOCATABLE');
  if (unmeasured) {
    const why = unmeasured.not_used.map((one) => `${one.source}: ${one.why}`).join('; ');
    return { ...base, state: sources.length > 1 ? 'PARTLY_MEASURED' : 'NOT_MEASURED', why };
  }
  if (nodes.length > 0) return { ...base, state: 'MEASURED', why: null };
  // Without the nodes' own word it is open whether there are GPUs that nothing measures.
  if (read.answered) return { ...base, state: 'NO_GPUS', why: null };
  const why = read.apiOutcome ? reasonOf(read.apiOutcome) : 'its API server was not asked';
  return { ...base, state: 'UNKNOWN', why: `nodes could not be listed: ${why}` };
}

/** One outcome for both questions: what one of them lacks makes the cluster's answer one in part. */
function joined(
  { id, name }: Cluster,
  dcgm: ClusterOutcome | undefined,
  api: ClusterOutcome | undefined,
): ClusterOutcome {
  const both = [dcgm, api].filter((outcome) => outcome !== undefined);
  const base = {
    cluster_id: id,
    cluster_name: name,
    query_time_ms: Math.max(0, ...both.map(({ query_time_ms }) => query_time_ms)),
    cached: both.every(({ cached }) => cached),
  };
  const asked = both.filter((outcome) => !hasNoEndpoint(outcome));
  const good = asked.filter(({ status }) => status === 'SUCCESS' || status === 'PARTIAL');
  const failed = asked.find((outcome) => !good.includes(outcome));
  if (asked.length === 0) return { ...base, status: 'SKIPPED' };
  if (good.length === 0 && failed) return { ...failed, ...base, status: failed.status };
  const warnings = [
    ...good.flatMap((outcome) => outcome.warnings ?? []),
    ...(failed ? [`${failed === dcgm ? 'Prometheus' : 'API server'}: ${reasonOf(failed)}`] : []),
  ];
  const isWhole = failed === undefined && good.every(({ status }) => status === 'SUCCESS');
  return { ...base, status: isWhole ? 'SUCCESS' : 'PARTIAL', ...(warnings.length > 0 ? { warnings } : {}) };
}
