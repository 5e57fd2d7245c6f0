import type { MetricSeries } from '../../model/metrics.ts';
import type { TrendSeries, TrendsAnswer } from '../../model/usage.ts';
import type { Clock } from '../../platform/clock.ts';
import { labelKey } from '../metrics/cluster-series.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import type { MetricsCollector } from '../metrics/metrics.ts';
import { parsePromql } from '../metrics/promql.ts';
import { digestSeries, rounded, timeOf } from '../metrics/series-digest.ts';
import { statisticsOf } from '../metrics/series-statistics.ts';

export interface TrendsQuery extends Question {
  /** PromQL, or the name of a metric. */
  readonly query: string;
  readonly windowSeconds: number;
  /** How far before the window the one lies that it is set against. */
  readonly offsetSeconds: number;
  readonly limit: number;
}

export interface TrendsCollector {
  /** How series moved over a window, and against the window before; the most changed first. Throws as `metrics.query` does. */
  trends(query: TrendsQuery): Promise<TrendsAnswer>;
}

const POINTS = 120;
/** Counters by the naming of OpenMetrics and Prometheus ("Metric and label naming"). */
const COUNTER = /(?:_total|_count|_sum|_bucket)$/;

export function createTrendsCollector({
  metrics,
  clock,
}: {
  readonly metrics: Pick<MetricsCollector, 'query'>;
  readonly clock: Clock;
}): TrendsCollector {
  return {
    trends: async (wanted) => {
      const { windowSeconds, offsetSeconds, limit } = wanted;
      const { query, notes } = trendQuery(wanted.query, windowSeconds);
      const step = Math.max(1, Math.ceil(windowSeconds / POINTS));
      // On the step's own grid, so that equal questions within a step are one.
      const end = Math.floor(clock.now().getTime() / 1000 / step) * step;
      const range = { start: end - windowSeconds, end, step };
      const before = { start: range.start - offsetSeconds, end: end - offsetSeconds, step };
      const [now, then] = await Promise.all([
        metrics.query({ query, range, ...questionOf(wanted) }),
        metrics.query({ query, range: before, ...questionOf(wanted) }),
      ]);
      const previous = new Map(then.results.flatMap(({ data }) => data.map((one) => [labelKey(one.metric), one])));
      const current = now.results.flatMap(({ data }) => data);
      const grid = now.range ?? range;
      const compared = current
        .map((one) => ({ one, ...comparison(one, previous.get(labelKey(one.metric))) }))
        .sort((a, b) => b.moved - a.moved)
        .slice(0, limit);
      const { digests } = digestSeries(
        compared.map(({ one }) => one),
        { grid, keepOrder: true, most: limit },
      );
      const keys = new Set(current.map(({ metric }) => labelKey(metric)));
      return {
        query,
        window: { start: timeOf(grid.start), end: timeOf(grid.end), step_seconds: grid.step },
        previous: { start: timeOf(before.start), end: timeOf(before.end) },
        series: digests.items.map((item, index): TrendSeries => ({
          ...item,
          labels: { ...digests.common_labels, ...item.labels },
          ...compared[index]?.fields,
        })),
        total: current.length,
        gone: [...previous.keys()].filter((key) => !keys.has(key)).length,
        notes: [...new Set([...notes, ...now.notes])],
        clusters: now.results.map(({ data: _data, result_type: _type, ...outcome }) => outcome),
        complete: now.complete && then.complete,
      };
    },
  };
}

/** A counter only ever rises: what trends is its rate. */
export function trendQuery(text: string, windowSeconds: number): { query: string; notes: string[] } {
  const { selector } = parsePromql(text);
  const name = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)/.exec(text)?.[1] ?? '';
  if (!selector || !COUNTER.test(name)) return { query: text, notes: [] };
  const rate = windowSeconds > 6 * 3600 ? '30m' : '5m';
  return {
    query: `rate(${text.trim()}[${rate}])`,
    notes: [`${name} is a counter, so its rate over ${rate} is shown.`],
  };
}

interface Compared {
  readonly fields: Pick<TrendSeries, 'change_percent' | 'previous_avg' | 'previous_max' | 'vs_previous_percent'>;
  /** Size of the change for the order; new series come first. */
  readonly moved: number;
}

function comparison(now: MetricSeries, then: MetricSeries | undefined): Compared {
  const current = statisticsOf(now.values);
  const before = then && statisticsOf(then.values);
  const change = percent(Number(current?.first[1]), Number(current?.last[1]));
  const against = percent(before?.avg, current?.avg);
  return {
    fields: {
      ...(change === undefined ? {} : { change_percent: change }),
      ...(before?.avg === undefined ? {} : { previous_avg: rounded(before.avg, 6) }),
      ...(before?.max === undefined ? {} : { previous_max: before.max[1] }),
      ...(against === undefined ? {} : { vs_previous_percent: against }),
    },
    moved: before ? Math.max(Math.abs(against ?? 0), Math.abs(change ?? 0)) : Infinity,
  };
}

/** From one to the other, in percent of the first; undefined when there is none or the first is zero. */
function percent(from: number | undefined, to: number | undefined): number | undefined {
  if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to) || from === 0)
    return undefined;
  return rounded((100 * (to - from)) / Math.abs(from), 4);
}
