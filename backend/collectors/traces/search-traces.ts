import { LRUCache } from 'lru-cache';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { isComplete } from '../../model/outcome.ts';
import { isoTime } from '../../model/time.ts';
import type { TraceSearchAnswer } from '../../model/trace.ts';
import type { SearchResult } from '../../spokes/tempo-search.ts';
import type { TempoClient } from '../../spokes/tempo.ts';
import { type Fanout, questionOf } from '../fanout/fanout.ts';
import { requireOrder } from '../metrics/range-grid.ts';
import { throwWhenRefusedByAll } from '../fanout/refused-by-all.ts';
import { type Signal, type SignalQuestion, joinByName, signalClusters } from '../fanout/signal-clusters.ts';
import { joinFound } from './trace-model.ts';
import { type TraceFilter, buildTraceql, doubtfulAt, hasHints, newestFirst } from './traceql.ts';

export const TRACES: Signal = {
  what: 'traces',
  server: 'Tempo',
  endpoint: 'tempo_url',
  missing: 'TEMPO_NOT_AVAILABLE',
};

export interface TraceSearch extends SignalQuestion {
  /** TraceQL in place of a filter. */
  readonly query?: string | undefined;
  readonly filter: TraceFilter;
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Most traces that each cluster is asked for. */
  readonly limit: number;
  /** Most traces in the answer; left out = `limit`. */
  readonly total?: number;
}

interface Found {
  readonly result: SearchResult;
  /** Whether its traces are the newest, rather than those that were found first. */
  readonly newest: boolean;
}

const SPANS_PER_TRACE = 3;
/** How long a Tempo that knows no hints is not asked with one again, and how many are remembered. */
const OLD_FOR_MS = 600_000;
const OLD_KEPT = 5000;

/** Asks for traces by filter or TraceQL; see {@link createTracesCollector}. */
export function createTraceSearch({ fanout, tempo }: { readonly fanout: Fanout; readonly tempo: TempoClient }) {
  const withoutHints = new LRUCache<string, true>({ max: OLD_KEPT, ttl: OLD_FOR_MS });

  async function search(wanted: TraceSearch): Promise<TraceSearchAnswer> {
    const { start, end, limit, total = limit } = wanted;
    requireOrder(start, end);
    const query = wanted.query ?? buildTraceql(wanted.filter);
    if (query.trim() === '') throw emptyQuery();
    const ownHints = hasHints(query);
    const { asked, skipped } = signalClusters(wanted, TRACES);
    const answer = await fanout.ask<Found>({
      ...questionOf(wanted),
      clusters: asked,
      kind: 'TEMPO',
      ask: async (target, cluster, limits) => {
        const ask = (text: string) =>
          tempo.search(target, { query: text, start, end, limit, spansPerTrace: SPANS_PER_TRACE, ...limits });
        const found = await askNewest(cluster, query, ownHints, ask);
        const short = found.result.traces.length < limit && !found.result.finished;
        const warnings = short
          ? ['The search stopped before it had looked at everything; there may be more traces.']
          : [];
        return { value: found, warnings };
      },
    });
    throwWhenRefusedByAll(answer);

    const byId = new Map<string, { cluster: Cluster; found: SearchResult['traces'][number] }[]>();
    for (const cluster of asked) {
      for (const found of answer.values.get(cluster.id)?.result.traces ?? []) {
        const parts = byId.get(found.traceId) ?? [];
        parts.push({ cluster, found });
        byId.set(found.traceId, parts);
      }
    }
    const traces = [...byId.values()]
      .flatMap((parts) => joinFound(parts) ?? [])
      .sort((a, b) => (a.start_time < b.start_time ? 1 : -1));
    const full = asked.filter(({ id }) => (answer.values.get(id)?.result.traces.length ?? 0) >= limit);
    const firstOnly = full.filter(({ id }) => answer.values.get(id)?.newest === false).map(({ name }) => name);
    const clusters = joinByName(answer.outcomes, skipped);
    return {
      query,
      start: isoTime(start),
      end: isoTime(end),
      traces: traces.slice(0, total),
      more: full.length > 0 || traces.length > total,
      clusters,
      complete: isComplete(clusters),
      notes: [...doubts(wanted.query, answer.errors), ...firstFound(firstOnly, limit)],
    };
  }

  /** A Tempo before 2.8 does not parse the hint; it is asked again without, and not with it for a while. */
  async function askNewest(
    cluster: Cluster,
    query: string,
    ownHints: boolean,
    ask: (query: string) => Promise<SearchResult>,
  ): Promise<Found> {
    if (ownHints) return { result: await ask(query), newest: /most_recent\s*=\s*true/.test(query) };
    if (withoutHints.has(cluster.id)) return { result: await ask(query), newest: false };
    try {
      return { result: await ask(newestFirst(query)), newest: true };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'INVALID_TRACEQL') throw error;
      const result = await ask(query);
      withoutHints.set(cluster.id, true);
      return { result, newest: false };
    }
  }

  return search;
}

/** Only when somebody refused the query: the grammar of editors lags behind Tempo, so it never speaks up alone. */
function doubts(query: string | undefined, errors: ReadonlyMap<string, AppError>): string[] {
  const refused = [...errors.values()].some(({ code }) => code === 'INVALID_TRACEQL');
  const at = query !== undefined && refused ? doubtfulAt(query) : undefined;
  return at === undefined ? [] : [`The query looks wrong at position ${at}.`];
}

function firstFound(clusters: readonly string[], limit: number): string[] {
  if (clusters.length === 0) return [];
  const names = `${clusters.slice(0, 5).join(', ')}${clusters.length > 5 ? ', …' : ''}`;
  return [`${names}: the first ${limit} found, not the newest ${limit}; narrow the window or the filter for others.`];
}

function emptyQuery(): AppError {
  return new AppError('INVALID_TRACEQL', 'The TraceQL query is empty.', {
    details: { position: 0 },
    hint: 'Leave query out to search by the other arguments; {} matches every span.',
  });
}
