import type { CnfFinding, CnfSource, PtpNode, PtpStatusAnswer } from '../../model/cnf.ts';
import { type ClusterOutcome, isComplete } from '../../model/outcome.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import type { Evaluate } from '../metrics/metrics-source.ts';
import { ptpFindings } from './findings/ptp.ts';
import { joinOutcomes, metricsSourceOf, rankedFindings, sourceOf } from './join.ts';
import { STALE_AFTER_SECONDS, lastSeen, own, rowsOf } from './metric-rows.ts';
import type { CnfOptions } from './options.ts';
import { HISTORY_QUERY, HISTORY_SECONDS, HISTORY_STEP, unlockedSince } from './ptp-history.ts';
import { PTP_QUERY, PTP_STATE_METRIC, type RawNode, ptpNodesOf } from './ptp-metrics.ts';
import { profilesByNode, ptpNode } from './ptp-node.ts';
import { type Kinds, itemsOf, readKinds } from './read-kinds.ts';

export interface PtpQuery extends Question {
  readonly node?: string | undefined;
  /** Most nodes of the answer; counts and findings are of all. */
  readonly limit: number;
}

interface Measured {
  readonly nodes: ReadonlyMap<string, RawNode>;
  /** Unix seconds of the newest value, by node. */
  readonly seen: ReadonlyMap<string, number>;
  readonly unlocked: ReturnType<typeof unlockedSince>;
}

/** Clocks of many clusters: from linuxptp's metrics, with profiles and thresholds from PtpConfig. */
export function createPtpStatus({ clock, fanout, source, spokes }: CnfOptions) {
  return async (query: PtpQuery): Promise<PtpStatusAnswer> => {
    const question = questionOf(query);
    const time = Math.floor(clock.now().getTime() / 1000);
    const [api, metrics] = await Promise.all([
      fanout.ask<Kinds<'ptpconfigs'>>({
        ...question,
        kind: 'API',
        cache: { key: 'cnf/ptp', ...FRESHNESS.CNF },
        ask: async (target, _cluster, limits) => {
          const { kinds, warnings } = await readKinds(spokes.kubernetes, target, ['ptpconfigs'], limits);
          return { value: kinds, warnings };
        },
      }),
      source.each<Measured>({
        ...question,
        cache: { key: 'cnf/ptp', ...FRESHNESS.CNF },
        ask: async (evaluate) => measure(evaluate, time),
      }),
    ]);
    const clusters = joinOutcomes(api.outcomes, metrics.outcomes);
    const measuredBy = new Map(metrics.outcomes.map((outcome) => [outcome.cluster_id, outcome]));
    const read = api.outcomes.map((outcome) =>
      ofCluster(outcome, {
        kinds: api.values.get(outcome.cluster_id),
        measured: metrics.values.get(outcome.cluster_id),
        failed: measuredBy.get(outcome.cluster_id),
        time,
      }),
    );
    const all = read
      .flatMap(({ nodes }) => nodes)
      .filter(({ node }) => query.node === undefined || node === query.node);
    const count = (state: PtpNode['state']) => all.filter((node) => node.state === state).length;
    const offsets = all.flatMap(({ worst_offset_ns }) => worst_offset_ns ?? []).map(Math.abs);
    const findings = read
      .flatMap((one) => one.findings)
      .filter(({ object }) => query.node === undefined || object.name === query.node || object.kind === 'Cluster');
    return {
      nodes: all.sort(byUrgency).slice(0, query.limit),
      total: all.length,
      by_state: {
        LOCKED: count('LOCKED'),
        HOLDOVER: count('HOLDOVER'),
        FREERUN: count('FREERUN'),
        UNKNOWN: count('UNKNOWN'),
      },
      max_abs_offset_ns: offsets.reduce<number | null>((most, one) => Math.max(most ?? 0, one), null),
      ...rankedFindings(findings),
      sources: read.flatMap(({ sources }) => sources),
      clusters,
      complete: isComplete(clusters),
    };
  };
}

async function measure(evaluate: Evaluate, time: number): Promise<{ value: Measured; warnings: readonly string[] }> {
  const end = Math.floor(time / HISTORY_STEP) * HISTORY_STEP;
  const grid = { start: end - HISTORY_SECONDS, end, step: HISTORY_STEP };
  const [current, seen, history] = await Promise.all([
    evaluate({ query: PTP_QUERY, time }),
    lastSeen(evaluate, PTP_STATE_METRIC, 'node, exported_node', time),
    evaluate({ query: HISTORY_QUERY, time, grid }),
  ]);
  const at = new Map<string, number>();
  for (const { labels, value } of seen) {
    const node = own(labels, 'node');
    at.set(node, Math.max(at.get(node) ?? 0, value));
  }
  return {
    value: { nodes: ptpNodesOf(rowsOf(current)), seen: at, unlocked: unlockedSince(history, end) },
    warnings: [...new Set([...current.warnings, ...history.warnings])],
  };
}

interface OfCluster {
  readonly nodes: PtpNode[];
  readonly findings: CnfFinding[];
  readonly sources: CnfSource[];
}

function ofCluster(
  outcome: ClusterOutcome,
  {
    kinds,
    measured,
    failed,
    time,
  }: {
    readonly kinds: Kinds<'ptpconfigs'> | undefined;
    readonly measured: Measured | undefined;
    readonly failed: ClusterOutcome | undefined;
    readonly time: number;
  },
): OfCluster {
  const cluster = outcome.cluster_name;
  const profiles = profilesByNode(itemsOf(kinds?.ptpconfigs) ?? []);
  const names = new Set([...(measured?.nodes.keys() ?? []), ...(measured?.seen.keys() ?? []), ...profiles.keys()]);
  const nodes = [...names].map((node) => {
    const seen = measured?.seen.get(node);
    return ptpNode(node, {
      cluster,
      raw: measured?.nodes.get(node),
      profile: profiles.get(node),
      seen,
      stale: seen !== undefined && time - seen > STALE_AFTER_SECONDS,
      unlockedSeconds: (process, iface) => measured?.unlocked(node, process, iface) ?? null,
    });
  });
  return {
    nodes,
    findings: ptpFindings(cluster, nodes),
    sources: [
      metricsSourceOf(cluster, {
        source: 'linuxptp metrics',
        metric: PTP_STATE_METRIC,
        seen: measured?.seen,
        outcome: failed,
        time,
      }),
      sourceOf(cluster, 'PtpConfig', kinds?.ptpconfigs, outcome, new Date(time * 1000).toISOString()),
    ],
  };
}

/** What is known to be wrong, then what is not known, then the farthest off. */
function byUrgency(a: PtpNode, b: PtpNode): number {
  const rank = ({ in_sync }: PtpNode) => (in_sync === false ? 0 : in_sync === null ? 1 : 2);
  return (
    rank(a) - rank(b) ||
    Math.abs(b.worst_offset_ns ?? 0) - Math.abs(a.worst_offset_ns ?? 0) ||
    (JSON.stringify([a.cluster, a.node]) < JSON.stringify([b.cluster, b.node]) ? -1 : 1)
  );
}
