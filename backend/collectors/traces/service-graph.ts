import pLimit from 'p-limit';
import { isComplete } from '../../model/outcome.ts';
import { isoTime } from '../../model/time.ts';
import type { ServiceGraphAnswer, TraceSearchAnswer } from '../../model/trace.ts';
import type { TempoTrace } from '../../spokes/tempo-trace.ts';
import type { TempoClient } from '../../spokes/tempo.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { type Fanout, questionOf } from '../fanout/fanout.ts';
import type { MetricsCollector } from '../metrics/metrics.ts';
import { requireOrder } from '../metrics/range-grid.ts';
import { type SignalQuestion, signalClusters } from '../fanout/signal-clusters.ts';
import { type GraphEdge, graphFromTraces } from './graph-from-traces.ts';
import { graphFromMetrics } from './graph-from-metrics.ts';
import { TRACES, type TraceSearch } from './search-traces.ts';
import { joinParts } from './span-tree.ts';
import { matchesWildcard } from './traceql.ts';

export interface GraphQuery extends SignalQuestion {
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Only edges that touch such a service (`*` as wildcard). */
  readonly service?: string | undefined;
  readonly source: 'AUTO' | 'METRICS' | 'TRACES';
  /** See {@link GraphWindow.metric}. */
  readonly metric: string;
  readonly limit: number;
}

export interface GraphParts {
  readonly fanout: Fanout;
  readonly tempo: TempoClient;
  readonly metrics: Pick<MetricsCollector, 'query'>;
  readonly search: (query: TraceSearch) => Promise<TraceSearchAnswer>;
}

/** Traces read for a graph, over all clusters, and at a time from one. */
const SAMPLE = 100;
const AT_A_TIME = 4;
/** Up to so many clusters are asked for every trace of the sample. */
const EVERYWHERE = 10;

/** Draws the graph of services; see {@link createTracesCollector}. */
export function createServiceGraph({ fanout, tempo, metrics, search }: GraphParts) {
  async function graph(wanted: GraphQuery): Promise<ServiceGraphAnswer> {
    requireOrder(wanted.start, wanted.end);
    if (wanted.source === 'TRACES') return fromTraces(wanted, []);
    const counted = await graphFromMetrics(metrics, wanted);
    const traced = signalClusters({ ...wanted, named: false }, TRACES).asked.length > 0;
    if (counted.edges.length === 0 && wanted.source === 'AUTO' && traced) {
      const who = counted.complete ? 'No cluster' : 'None of the clusters that answered';
      return fromTraces(wanted, [`${who} has series ${wanted.metric}_total, so traces were sampled.`]);
    }
    const without = counted.outcomes
      .filter(
        ({ status, cluster_name }) =>
          status === 'SUCCESS' && !counted.edges.some((edge) => edge.cluster_name === cluster_name),
      )
      .map(({ cluster_name }) => cluster_name);
    const listed = `${without.slice(0, 5).join(', ')}${without.length > 5 ? ', …' : ''}`;
    return {
      source: 'METRICS',
      ...frame(wanted, counted.edges),
      clusters: [...counted.outcomes],
      complete: counted.complete,
      notes: without.length === 0 ? [] : [`No series ${wanted.metric}_total in ${listed}.`],
    };
  }

  async function fromTraces(wanted: GraphQuery, notes: string[]): Promise<ServiceGraphAnswer> {
    const { asked } = signalClusters(wanted, TRACES);
    const filter = wanted.service === undefined ? {} : { serviceName: wanted.service };
    const perCluster = Math.max(1, Math.floor(SAMPLE / Math.max(1, asked.length)));
    const found = await search({ ...wanted, query: undefined, filter, limit: perCluster, total: SAMPLE });
    const ids = found.traces.slice(0, SAMPLE).map(({ trace_id }) => trace_id);
    // Who failed the search has nothing to read; who answered it in part stays so.
    const searched = new Map(found.clusters.map((outcome) => [outcome.cluster_id, outcome]));
    const reachable = asked.filter(({ id }) => ['SUCCESS', 'PARTIAL'].includes(searched.get(id)?.status ?? ''));
    // A search by service finds a trace where that service is; the rest of it may be in other clusters.
    const everywhere = wanted.service !== undefined && reachable.length <= EVERYWHERE;
    const answer = await fanout.ask<TempoTrace[]>({
      ...questionOf(wanted),
      clusters: reachable,
      kind: 'TEMPO',
      cache: { key: JSON.stringify(['tempo sample', everywhere, ids]), ...FRESHNESS.RANGE_SHORT },
      ask: async (target, cluster, limits) => {
        const own = found.traces.filter(({ clusters }) => everywhere || clusters.includes(cluster.name));
        const few = pLimit(AT_A_TIME);
        const reads = own
          .slice(0, SAMPLE)
          .map(({ trace_id }) => few(() => tempo.trace(target, { traceId: trace_id, ...limits })));
        const traces = (await Promise.all(reads)).filter((trace) => trace !== undefined);
        const partial = traces.filter((trace) => trace.partial !== undefined).length;
        return { value: traces, warnings: partial === 0 ? [] : [`${partial} of its traces are not whole.`] };
      },
    });
    const parts = asked.flatMap(({ id, name }) =>
      (answer.values.get(id) ?? []).map((trace) => ({ cluster: name, trace })),
    );
    const byId = Map.groupBy(parts, ({ trace }) => trace.spans[0]?.traceId ?? '');
    const trees = [...byId.values()].map((own) =>
      joinParts(own.map(({ cluster, trace }) => ({ cluster, spans: trace.spans }))),
    );
    const read = new Map(answer.outcomes.map((outcome) => [outcome.cluster_id, outcome]));
    const clusters = found.clusters.map((outcome) =>
      outcome.status === 'SUCCESS' ? (read.get(outcome.cluster_id) ?? outcome) : outcome,
    );
    return {
      source: 'TRACES',
      sampled_traces: trees.length,
      ...frame(wanted, graphFromTraces(trees)),
      clusters,
      complete: isComplete(clusters),
      notes: [
        ...notes,
        ...(wanted.service !== undefined && !everywhere
          ? ['Calls into clusters without this service are not in the sample.']
          : []),
      ],
    };
  }

  return graph;
}

/** Busiest first. */
function frame({ service, limit, start, end }: GraphQuery, all: readonly GraphEdge[]) {
  const edges = all
    .filter(
      ({ client, server }) =>
        service === undefined || matchesWildcard(service, client) || matchesWildcard(service, server),
    )
    .sort((a, b) => b.requests - a.requests || (a.client + a.server < b.client + b.server ? -1 : 1));
  return { start: isoTime(start), end: isoTime(end), edges: edges.slice(0, limit), total_edges: edges.length };
}
