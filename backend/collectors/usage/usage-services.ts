import type { Clock } from '../../platform/clock.ts';
import type { MetricsCollector } from '../metrics/metrics.ts';
import { type MetricFinder, createMetricFinder } from './find-metrics.ts';
import { type TrendsCollector, createTrendsCollector } from './trends.ts';
import { type UsageCollector, createUsageCollector } from './usage.ts';

/** Questions about metrics that are more than one query. */
export interface MetricUsage extends UsageCollector, TrendsCollector, MetricFinder {}

export function createMetricUsage(options: {
  readonly metrics: Pick<MetricsCollector, 'query' | 'labels' | 'metadata'>;
  readonly clock: Clock;
}): MetricUsage {
  return { ...createUsageCollector(options), ...createTrendsCollector(options), ...createMetricFinder(options) };
}
