import { sampleNumber } from '../../model/sample-value.ts';
import type { PrometheusResult } from '../../spokes/prometheus.ts';
import type { Evaluate } from '../metrics/metrics-source.ts';

/** One series at one instant. What is NaN or infinite has no row: it is no measurement. */
export interface Row {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function rowsOf({ series }: Pick<PrometheusResult, 'series'>): Row[] {
  return series.flatMap(({ metric: { __name__: metric = '', ...labels }, values }) => {
    const value = sampleNumber(values.at(-1)?.[1] ?? '');
    return Number.isFinite(value) ? [{ metric, labels, value }] : [];
  });
}

/**
 * A label as the exporter gave it: where its scrape is labelled by discovery with the same name and `honor_labels` is off, Prometheus
 * keeps it as `exported_<name>`.
 */
export function own(labels: Readonly<Record<string, string>>, name: string): string {
  return labels[`exported_${name}`] ?? labels[name] ?? '';
}

/** How long ago a metric may have been measured last and still be known of, and from when on it is old. */
const LOOKED_BACK = '1h';
export const STALE_AFTER_SECONDS = 180;

/**
 * When each group of series of a metric was measured last, Unix seconds, within the last hour. An instant query would show up to five
 * minutes old values as if they were of now, and nothing of an exporter that went away.
 */
export async function lastSeen(evaluate: Evaluate, metric: string, by: string, time: number): Promise<Row[]> {
  const current = `max by (${by}) (timestamp(${metric}))`;
  const query = `${current} or max by (${by}) (max_over_time(timestamp(${metric})[${LOOKED_BACK}:1m]))`;
  return rowsOf(await evaluate({ query, time }));
}
