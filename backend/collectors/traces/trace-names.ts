import { isComplete } from '../../model/outcome.ts';
import type { TraceNamesAnswer } from '../../model/trace.ts';
import type { TempoClient } from '../../spokes/tempo.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { type Fanout, questionOf } from '../fanout/fanout.ts';
import { requireOrder } from '../metrics/range-grid.ts';
import { type SignalQuestion, joinByName, signalClusters } from '../fanout/signal-clusters.ts';
import { TRACES } from './search-traces.ts';
import { buildTraceql } from './traceql.ts';

export interface NamesQuery extends SignalQuestion {
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  readonly limit: number;
  /** Given = operations of the service (`*` as wildcard); left out = services. */
  readonly operationsOf?: string | undefined;
}

/** Lists services or operations; see {@link createTracesCollector}. */
export function createTraceNames({ fanout, tempo }: { readonly fanout: Fanout; readonly tempo: TempoClient }) {
  return async (wanted: NamesQuery): Promise<TraceNamesAnswer> => {
    const { start, end, operationsOf, limit } = wanted;
    requireOrder(start, end);
    const { asked, skipped } = signalClusters(wanted, TRACES);
    const query = operationsOf === undefined ? undefined : buildTraceql({ serviceName: operationsOf }).split(' | ')[0];
    const tag = operationsOf === undefined ? 'resource.service.name' : 'name';
    const answer = await fanout.ask<string[]>({
      ...questionOf(wanted),
      clusters: asked,
      kind: 'TEMPO',
      cache: {
        key: JSON.stringify(['tempo names', tag, query, Math.floor(start / 60), Math.floor(end / 60)]),
        ...FRESHNESS.LABELS,
      },
      ask: async (target, _cluster, limits) => ({
        value: await tempo.tagValues(target, { tag, start, end, ...(query === undefined ? {} : { query }), ...limits }),
      }),
    });
    const byName = new Map<string, string[]>();
    for (const { id, name: cluster } of asked) {
      for (const name of new Set(answer.values.get(id) ?? [])) {
        const known = byName.get(name) ?? [];
        known.push(cluster);
        byName.set(name, known);
      }
    }
    const names = [...byName].map(([name, clusters]) => ({ name, clusters: clusters.sort() }));
    names.sort((a, b) => (a.name < b.name ? -1 : 1));
    const clusters = joinByName(answer.outcomes, skipped);
    return { names: names.slice(0, limit), total: names.length, clusters, complete: isComplete(clusters) };
  };
}
