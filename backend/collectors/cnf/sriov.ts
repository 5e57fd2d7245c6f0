import type { CnfFinding, CnfSource, SriovNode, SriovPolicy, SriovStatusAnswer } from '../../model/cnf.ts';
import { type ClusterOutcome, isComplete } from '../../model/outcome.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import { sriovFindings } from './findings/sriov.ts';
import { joinOutcomes, metricsSourceOf, rankedFindings, sourceOf } from './join.ts';
import type { CnfOptions } from './options.ts';
import { type Kinds, itemsOf, readKinds } from './read-kinds.ts';
import { type SriovMeasured, VF_METRIC, measureSriov } from './sriov-metrics.ts';
import { policiesOf, sriovNodes, waitingFor } from './sriov-node.ts';

export interface SriovQuery extends Question {
  readonly node?: string | undefined;
  /** Most nodes of the answer; counts and findings are of all. */
  readonly limit: number;
}

const KINDS = ['sriovnetworknodestates', 'sriovnetworknodepolicies', 'nodes', 'pods'] as const;
type SriovKinds = Kinds<(typeof KINDS)[number]>;

/** Virtual functions of many clusters: the operator's objects, what pods ask for, and the exporter's counters. */
export function createSriovStatus({ clock, fanout, source, spokes }: CnfOptions) {
  return async (query: SriovQuery): Promise<SriovStatusAnswer> => {
    const question = questionOf(query);
    const time = Math.floor(clock.now().getTime() / 1000);
    const [api, metrics] = await Promise.all([
      fanout.ask<SriovKinds>({
        ...question,
        kind: 'API',
        cache: { key: 'cnf/sriov', ...FRESHNESS.CNF },
        ask: async (target, _cluster, limits) => {
          const { kinds, warnings } = await readKinds(spokes.kubernetes, target, KINDS, limits);
          return { value: kinds, warnings };
        },
      }),
      source.each<SriovMeasured>({
        ...question,
        cache: { key: 'cnf/sriov', ...FRESHNESS.CNF },
        ask: (evaluate) => measureSriov(evaluate, time),
      }),
    ]);
    const clusters = joinOutcomes(api.outcomes, metrics.outcomes);
    const measuredBy = new Map(metrics.outcomes.map((outcome) => [outcome.cluster_id, outcome]));
    const read = api.outcomes.map((outcome) => {
      const { cluster_id: id } = outcome;
      return ofCluster(outcome, measuredBy.get(id), api.values.get(id), metrics.values.get(id), time);
    });
    const all = read
      .flatMap(({ nodes }) => nodes)
      .filter(({ node }) => query.node === undefined || node === query.node);
    const resources = all.flatMap((node) => node.resources);
    const isKnown = resources.every(({ requested }) => requested !== null);
    const findings = read.flatMap((one) => one.findings);
    return {
      nodes: all.sort(byUrgency).slice(0, query.limit),
      total: all.length,
      by_sync_status: Object.fromEntries(
        [...Map.groupBy(all, ({ sync_status }) => sync_status ?? 'UNKNOWN')].map(([status, nodes]) => [
          status,
          nodes.length,
        ]),
      ),
      vfs: {
        allocatable: resources.reduce((sum, { allocatable }) => sum + allocatable, 0),
        requested: isKnown ? resources.reduce((sum, { requested }) => sum + (requested ?? 0), 0) : null,
      },
      policies: read.flatMap(({ policies }) => policies).slice(0, 500),
      ...rankedFindings(findings),
      sources: read.flatMap(({ sources }) => sources),
      clusters,
      complete: isComplete(clusters),
    };
  };
}

interface OfCluster {
  readonly nodes: SriovNode[];
  readonly policies: SriovPolicy[];
  readonly findings: CnfFinding[];
  readonly sources: CnfSource[];
}

function ofCluster(
  outcome: ClusterOutcome,
  metrics: ClusterOutcome | undefined,
  kinds: SriovKinds | undefined,
  measured: SriovMeasured | undefined,
  time: number,
): OfCluster {
  const cluster = outcome.cluster_name;
  const policies = itemsOf(kinds?.sriovnetworknodepolicies);
  const isCut = kinds?.pods.status === 'OK' && kinds.pods.isCut;
  const pods = isCut ? undefined : itemsOf(kinds?.pods);
  const nodes = sriovNodes({
    cluster,
    states: itemsOf(kinds?.sriovnetworknodestates),
    policies,
    nodes: itemsOf(kinds?.nodes),
    pods,
    measured,
  });
  const at = new Date(time * 1000).toISOString();
  const source = (name: string, kind: (typeof KINDS)[number]) => sourceOf(cluster, name, kinds?.[kind], outcome, at);
  return {
    nodes,
    policies: policiesOf(cluster, policies ?? []),
    findings: sriovFindings(nodes, (resource) => waitingFor(pods ?? [], resource)),
    sources: [
      source('SriovNetworkNodeState', 'sriovnetworknodestates'),
      source('SriovNetworkNodePolicy', 'sriovnetworknodepolicies'),
      source('nodes', 'nodes'),
      source('pods', 'pods'),
      metricsSourceOf(cluster, {
        source: 'SR-IOV exporter',
        metric: VF_METRIC,
        seen: measured?.seen,
        outcome: metrics,
        time,
      }),
    ],
  };
}

/** What failed first, then what has the least left. */
function byUrgency(a: SriovNode, b: SriovNode): number {
  const failed = ({ sync_status }: SriovNode) => (sync_status === 'Failed' ? 0 : 1);
  const free = ({ resources }: SriovNode) => Math.min(...resources.map((one) => one.free ?? Infinity), Infinity);
  const [left, right] = [free(a), free(b)];
  return (
    failed(a) - failed(b) ||
    (left === right ? 0 : left - right) ||
    (JSON.stringify([a.cluster, a.node]) < JSON.stringify([b.cluster, b.node]) ? -1 : 1)
  );
}
