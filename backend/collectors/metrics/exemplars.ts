import type { Cluster } from '../../model/cluster.ts';
import type { Exemplar, ExemplarsAnswer } from '../../model/metrics.ts';
import { TraceId } from '../../model/trace.ts';
import type { SeriesExemplars } from '../../spokes/prometheus.ts';
import { rangeFreshness } from '../fanout/cache-ttl.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import { throwWhenRefusedByAll } from '../fanout/refused-by-all.ts';
import { labelledSets } from './foreign-cluster.ts';
import type { MetricsSource } from './metrics-source.ts';
import { parsePromql } from './promql.ts';
import { requireOrder } from './range-grid.ts';

export interface ExemplarsQuery extends Question {
  readonly query: string;
  /** Unix seconds, both ends included. */
  readonly start: number;
  readonly end: number;
  /** Most exemplars in the answer, and most kept of one cluster; `total` counts all that came. */
  readonly limit: number;
}

/** Labels under which programs put the id of the trace (OpenMetrics and OpenTelemetry, Cortex, .NET, Java agents). */
const TRACE_LABELS = ['trace_id', 'traceID', 'traceId', 'TraceID', 'trace.id'];
/** OpenMetrics lets an exemplar's labels have 128 characters together; a server that sends more is cut here. */
const MOST_LABELS = 32;
const MOST_CHARACTERS = 256;

/**
 * Exemplars of the series that a query's selectors match, over many clusters. They are a small buffer in each server's memory, so no
 * guard stands before it. Throws as {@link MetricsCollector.query} does.
 */
export function createExemplars(source: MetricsSource): (wanted: ExemplarsQuery) => Promise<ExemplarsAnswer> {
  return async (wanted) => {
    const { query, start, end, limit } = wanted;
    parsePromql(query);
    requireOrder(start, end);
    const answer = await source.exemplars<{ readonly newest: Exemplar[]; readonly total: number }>(
      { query, start, end },
      {
        ...questionOf(wanted),
        cache: { key: JSON.stringify(['exemplars', start, end, limit, query]), ...rangeFreshness(end - start) },
        shape: ({ value, warnings }, cluster) => {
          const all = newestFirst(exemplarsOf(value, cluster));
          return { value: { newest: all.slice(0, limit), total: all.length }, warnings };
        },
      },
    );
    throwWhenRefusedByAll(answer);
    const found = answer.outcomes.flatMap(({ cluster_id }) => answer.values.get(cluster_id) ?? []);
    return {
      exemplars: newestFirst(found.flatMap(({ newest }) => newest)).slice(0, limit),
      total: found.reduce((sum, { total }) => sum + total, 0),
      clusters: answer.outcomes,
      complete: answer.complete,
    };
  };
}

function exemplarsOf(found: readonly SeriesExemplars[], cluster: Cluster): Exemplar[] {
  const metrics = labelledSets(
    found.map(({ metric }) => metric),
    cluster.name,
  );
  return found.flatMap(({ exemplars }, n) =>
    exemplars.map(({ labels, value, at }) => {
      const id = traceIdOf(labels);
      return {
        metric: metrics[n] ?? {},
        labels: bounded(labels),
        value,
        at,
        ...(id === undefined ? {} : { trace_id: id }),
      };
    }),
  );
}

/** The id of a trace among labels, as 32 hex digits: some programs send 16, or leave zeros out. */
export function traceIdOf(labels: Readonly<Record<string, string>>): string | undefined {
  for (const name of TRACE_LABELS) {
    const id = TraceId.safeParse(labels[name]?.trim().toLowerCase().replaceAll('-', '').padStart(32, '0'));
    if (id.success && !/^0+$/.test(id.data)) return id.data;
  }
  return undefined;
}

function bounded(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels)
      .slice(0, MOST_LABELS)
      .map(([key, value]) => [key, value.slice(0, MOST_CHARACTERS)]),
  );
}

function newestFirst(all: readonly Exemplar[]): Exemplar[] {
  return all.toSorted((a, b) => b.at - a.at);
}
