import type {
  ServiceGraphAnswer,
  TraceAnswer,
  TraceNamesAnswer,
  TraceSearchAnswer,
  TraceSpansAnswer,
} from '../../model/trace.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { Fanout } from '../fanout/fanout.ts';
import type { MetricsCollector } from '../metrics/metrics.ts';
import { type TraceQuestion, type TraceRequest, createTraceReader } from './read-trace.ts';
import { type TraceSearch, createTraceSearch } from './search-traces.ts';
import { type GraphQuery, createServiceGraph } from './service-graph.ts';
import { type NamesQuery, createTraceNames } from './trace-names.ts';

/** Traces of many clusters. Every call throws TEMPO_NOT_AVAILABLE when clusters were named and none of them has a Tempo. */
export interface TracesCollector {
  /**
   * Traces that match, newest first; what several clusters hold of one is one. Where a Tempo is too old to be asked for the newest it
   * gives those it finds first, which is said. Throws INVALID_TRACEQL when every Tempo refuses the query.
   */
  search(query: TraceSearch): Promise<TraceSearchAnswer>;
  /** One trace, joined over all clusters asked. Throws TRACE_NOT_FOUND, and TEMPO_NOT_AVAILABLE when nobody answered. */
  get(request: TraceRequest): Promise<TraceAnswer>;
  /** Its spans, page by page in the order of the tree. Throws as `get`. */
  spans(request: TraceQuestion & { readonly page: number; readonly pageSize: number }): Promise<TraceSpansAnswer>;
  names(query: NamesQuery): Promise<TraceNamesAnswer>;
  /** Who calls whom: from metrics where there are any, else from a sample of the newest traces. */
  graph(query: GraphQuery): Promise<ServiceGraphAnswer>;
}

export interface TracesCollectorOptions {
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'tempo'>;
  readonly metrics: Pick<MetricsCollector, 'query'>;
}

export function createTracesCollector({ fanout, spokes, metrics }: TracesCollectorOptions): TracesCollector {
  const parts = { fanout, tempo: spokes.tempo };
  const search = createTraceSearch(parts);
  return {
    search,
    ...createTraceReader(parts),
    names: createTraceNames(parts),
    graph: createServiceGraph({ ...parts, metrics, search }),
  };
}
