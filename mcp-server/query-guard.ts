import type { MetricsSource } from '../backend/collectors/metrics/metrics-source.ts';
import { createSeriesCounter } from '../backend/collectors/query-guard/count-series.ts';
import { type QueryGuard, createQueryGuard } from '../backend/collectors/query-guard/query-guard.ts';
import type { Clock } from '../backend/platform/clock.ts';
import type { Metrics } from '../backend/platform/metrics.ts';
import type { EffectiveConfig } from './config.ts';

/** The query guard as it is configured. */
export function queryGuardOf(
  config: EffectiveConfig,
  { source, clock, metrics }: { readonly source: MetricsSource; readonly clock: Clock; readonly metrics: Metrics },
): QueryGuard {
  return createQueryGuard({
    clock,
    mode: config.query_guard,
    limits: {
      clusterSamples: config.query_max_samples,
      fleetSamples: config.query_fleet_max_samples,
      clusterAnswer: config.query_max_answer,
      fleetAnswer: config.query_fleet_max_answer,
    },
    count: createSeriesCounter(source),
    onBlocked: (rule, mode) => metrics.guardBlocked.inc({ rule, mode }),
  });
}
