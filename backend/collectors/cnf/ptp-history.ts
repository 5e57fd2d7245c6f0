import { sampleNumber } from '../../model/sample-value.ts';
import type { PrometheusResult } from '../../spokes/prometheus.ts';
import { own } from './metric-rows.ts';
import { PTP_STATE_METRIC } from './ptp-metrics.ts';

/** Seconds between two looks at the past, and how far back they go. */
export const HISTORY_STEP = 15;
export const HISTORY_SECONDS = 3600;

/** Only clocks that are not locked have points, so that a fleet that is well costs nothing. */
export const HISTORY_QUERY = `${PTP_STATE_METRIC} != 1`;

/**
 * How long each clock has now been in its state without a break, in seconds and at least: a change between two steps is not seen, and
 * nothing before the window. Null for what has no points at its end, which is locked or gone.
 */
export function unlockedSince(
  { series }: Pick<PrometheusResult, 'series'>,
  end: number,
): (node: string, process: string, iface: string) => number | null {
  const since = new Map<string, number>();
  for (const { metric, values } of series) {
    const [lastAt, lastValue] = values.at(-1) ?? [];
    if (lastAt === undefined || lastValue === undefined || end - lastAt > HISTORY_STEP) continue;
    let first = lastAt;
    for (const [at, value] of values.toReversed()) {
      if (first - at > HISTORY_STEP || sampleNumber(value) !== sampleNumber(lastValue)) break;
      first = at;
    }
    since.set(keyOf(own(metric, 'node'), own(metric, 'process'), own(metric, 'iface')), first);
  }
  return (node, process, iface) => {
    const first = since.get(keyOf(node, process, iface));
    return first === undefined ? null : Math.max(0, end - first);
  };
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
