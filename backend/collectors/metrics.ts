import type { Cluster } from '../model/cluster.ts';
import { AppError, quoteForeign } from '../model/errors.ts';
import type { LabelsAnswer, MetricResult, MetricSeries, MetricsAnswer } from '../model/metrics.ts';
import type { Clock } from '../platform/clock.ts';
import type { PrometheusResult } from '../spokes/prometheus.ts';
import type { Spokes } from '../spokes/spokes.ts';
import { FRESHNESS, rangeFreshness } from './cache-ttl.ts';
import { foreignClusterLabel, sortByLabels, withClusterLabel } from './cluster-series.ts';
import { type Fanout, type FanoutAnswer, type Question, questionOf } from './fanout.ts';
import { parsePromql } from './promql.ts';
import { type RangeRequest, planRange, requireOrder } from './range-grid.ts';

export interface MetricsQuery extends Question {
  readonly query: string;
  /**
   * Unix seconds of an instant query; left out = now, or up to a minute before where a cluster's answer is kept from then (its
   * outcome says so). Queries whose answers are to be put together give the same time.
   */
  readonly time?: number | undefined;
  readonly range?: RangeRequest | undefined;
}

export interface LabelsQuery extends Question {
  /** Left out = label names; given = the values of that label. */
  readonly label?: string | undefined;
  /** Series selectors; a label counts when a series that matches one of them carries it. Empty = every series. */
  readonly matchers: readonly string[];
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Most values in the answer; `total` counts all. */
  readonly limit: number;
}

export interface MetricsCollector {
  /**
   * One PromQL query over many clusters. Values are exactly what each spoke says; every series gets the label `cluster`. Throws
   * INVALID_PROMQL (also when every spoke refuses the query), QUERY_REFUSED and VALIDATION_FAILED before a spoke is asked.
   */
  query(query: MetricsQuery): Promise<MetricsAnswer>;
  /** Label names or values over many clusters. Throws as `query` does. */
  labels(query: LabelsQuery): Promise<LabelsAnswer>;
}

export interface MetricsCollectorOptions {
  readonly clock: Clock;
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'prometheus'>;
}

export function createMetricsCollector({ clock, fanout, spokes }: MetricsCollectorOptions): MetricsCollector {
  const { prometheus } = spokes;

  async function query(wanted: MetricsQuery): Promise<MetricsAnswer> {
    const { query: text } = wanted;
    const startedMs = clock.monotonicMs();
    const facts = parsePromql(text);
    const grid = wanted.range && planRange(wanted.range);
    const time = wanted.time ?? clock.now().getTime() / 1000;
    const keepOrder = facts.ranked && !grid;

    const answer = await fanout.ask<Answered>({
      ...questionOf(wanted),
      kind: 'PROMETHEUS',
      cache: grid
        ? { key: `range ${grid.start} ${grid.end} ${grid.step} ${text}`, ...rangeFreshness(grid.end - grid.start) }
        : { key: `instant ${wanted.time ?? 'now'} ${text}`, ...FRESHNESS.INSTANT },
      ask: async (target, cluster, limits) => {
        const result = grid
          ? await prometheus.range(target, {
              query: text,
              start: grid.start,
              end: grid.end,
              step: grid.step,
              ...limits,
            })
          : await prometheus.instant(target, { query: text, time, ...limits });
        return {
          value: { type: result.resultType, series: labelled(result, cluster, keepOrder) },
          warnings: result.warnings,
        };
      },
    });
    throwWhenRefusedByAll(answer);

    return {
      query: text,
      results: answer.outcomes.map((outcome): MetricResult => {
        const value = answer.values.get(outcome.cluster_id);
        return value ? { ...outcome, result_type: value.type, data: value.series } : { ...outcome, data: [] };
      }),
      complete: answer.complete,
      clusters_queried: answer.outcomes.filter((outcome) => outcome.status !== 'SKIPPED').length,
      clusters_succeeded: answer.values.size,
      total_query_time_ms: Math.round((clock.monotonicMs() - startedMs) * 10) / 10,
      ...(grid ? { range: { start: grid.start, end: grid.end, step: grid.step } } : {}),
      notes: [...(grid?.notes ?? []), ...(facts.matchesCluster ? [CLUSTER_MATCHER_NOTE] : [])],
    };
  }

  async function labels(wanted: LabelsQuery): Promise<LabelsAnswer> {
    const { label, matchers, start, end } = wanted;
    for (const matcher of matchers) requireSelector(matcher);
    requireOrder(start, end);
    const answer = await fanout.ask<string[]>({
      ...questionOf(wanted),
      kind: 'PROMETHEUS',
      cache: { key: JSON.stringify(['labels', label, matchers, slot(start), slot(end)]), ...FRESHNESS.LABELS },
      ask: (target, _cluster, limits) => {
        const asked = { matchers, start, end, ...limits };
        return label === undefined
          ? prometheus.labels(target, asked)
          : prometheus.labelValues(target, { ...asked, label });
      },
    });
    throwWhenRefusedByAll(answer);
    const union = [...new Set([...answer.values.values()].flat())].sort();
    return {
      values: union.slice(0, wanted.limit),
      total: union.length,
      clusters: answer.outcomes,
      complete: answer.complete,
    };
  }

  return { query, labels };
}

/** Windows that begin and end within the same five minutes hold the same labels, as far as an answer kept so long can tell. */
function slot(time: number): number {
  return Math.floor((time * 1000) / FRESHNESS.LABELS.ttlMs);
}

interface Answered {
  readonly type: PrometheusResult['resultType'];
  readonly series: MetricSeries[];
}

const CLUSTER_MATCHER_NOTE =
  'The query matches on the label cluster, which series only get after they have left their cluster; choose clusters by the clusters argument.';

function labelled(result: PrometheusResult, cluster: Cluster, keepOrder: boolean): MetricSeries[] {
  const series = withClusterLabel(result.series, cluster.name);
  if (series) return keepOrder ? series : sortByLabels(series);
  const other = quoteForeign(foreignClusterLabel(result.series, cluster.name) ?? '', 100);
  throw new AppError(
    'SPOKE_ERROR',
    `Its data carries the label cluster=${other} already, so it cannot be labelled ${cluster.name}.`,
    {
      details: { reason: 'CLUSTER_LABEL' },
      hint: 'Aggregate that label away (without (cluster)), or register the cluster under the name its data carries.',
    },
  );
}

/** A query that is wrong is the caller's error and not the fleet's, so it is not dressed up as failed clusters. */
function throwWhenRefusedByAll<T>({ errors, values }: FanoutAnswer<T>): void {
  const all = [...errors.values()];
  const [first] = all;
  if (first && values.size === 0 && all.every((error) => error.code === 'INVALID_PROMQL')) throw first;
}

function requireSelector(matcher: string): void {
  if (parsePromql(matcher).selector) return;
  throw new AppError('INVALID_PROMQL', `${JSON.stringify(matcher)} is not a series selector.`, {
    details: { position: 0 },
    hint: 'Write a plain selector such as up or {job="node"}.',
  });
}
