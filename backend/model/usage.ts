import { z } from 'zod';
import { ClusterOutcome } from './outcome.ts';
import { ClustersDigest, SeriesDigest } from './series-digest.ts';

const Outcomes = { clusters: z.array(ClusterOutcome), complete: z.boolean() };
const ForModel = { clusters: ClustersDigest };

export const FoundMetric = z.strictObject({
  metric: z.string(),
  /** One of Prometheus's, such as `counter`; empty = its targets do not say. */
  type: z.string(),
  unit: z.string(),
  help: z.string(),
  /** How many clusters describe it; null = it is known by name only. */
  cluster_count: z.int().nullable(),
  /** Labels of its series in one of the clusters; null = they were not looked up. */
  labels: z.array(z.string()).nullable(),
  /** A query to start with. */
  example: z.string(),
});
export type FoundMetric = z.infer<typeof FoundMetric>;

export const FoundMetrics = z.strictObject({
  /** Best match first. */
  metrics: z.array(FoundMetric),
  total: z.int(),
  /** Metrics that were searched. */
  searched: z.int(),
  ...Outcomes,
});
export type FoundMetrics = z.infer<typeof FoundMetrics>;
export const FoundMetricsForModel = FoundMetrics.extend({
  ...ForModel,
  metrics: z.array(FoundMetric.partial({ type: true, unit: true, help: true, labels: true })),
});

/** A series of the window, set against the window before. */
export const TrendSeries = SeriesDigest.extend({
  /** From the first to the last sample of the window, in percent of the first. */
  change_percent: z.number().optional(),
  /** Average of the window before; absent = the series was not there. */
  previous_avg: z.number().optional(),
  previous_max: z.string().optional(),
  /** From the average before to the average now, in percent of the one before. */
  vs_previous_percent: z.number().optional(),
});
export type TrendSeries = z.infer<typeof TrendSeries>;

export const TrendsAnswer = z.strictObject({
  query: z.string(),
  window: z.strictObject({ start: z.string(), end: z.string(), step_seconds: z.number() }),
  previous: z.strictObject({ start: z.string(), end: z.string() }),
  /** The most changed first. */
  series: z.array(TrendSeries),
  total: z.int(),
  /** Series that were there in the window before only. */
  gone: z.int(),
  notes: z.array(z.string()),
  ...Outcomes,
});
export type TrendsAnswer = z.infer<typeof TrendsAnswer>;
export const TrendsForModel = TrendsAnswer.extend(ForModel);

export const UsageBy = z.enum(['cluster', 'namespace', 'node', 'pod']);
export type UsageBy = z.infer<typeof UsageBy>;

/** What of a measure is not there, and which metric would have to be scraped. */
export const MissingMeasure = z.strictObject({
  measure: z.string(),
  metric: z.string(),
  source: z.string(),
  cluster_count: z.int(),
  /** The first 10 by name. */
  clusters: z.array(z.string()),
});
export type MissingMeasure = z.infer<typeof MissingMeasure>;

export const UsageAnswer = z.strictObject({
  by: UsageBy,
  /** Largest use of the ordering measure first. */
  rows: z.array(
    z.strictObject({
      cluster: z.string(),
      labels: z.record(z.string(), z.string()),
      /** Cores, bytes, bytes per second, pods; by the name of the measure. */
      values: z.record(z.string(), z.number()),
      /** Use as a share of requests, limits or what there is. */
      percent: z.record(z.string(), z.number()),
    }),
  ),
  missing: z.array(MissingMeasure),
  time: z.iso.datetime(),
  ...Outcomes,
});
export type UsageAnswer = z.infer<typeof UsageAnswer>;
export const UsageForModel = UsageAnswer.extend(ForModel);

export const ConsumerResource = z.enum(['cpu', 'memory', 'network', 'disk_io', 'restarts', 'gpu', 'gpu_memory']);
export type ConsumerResource = z.infer<typeof ConsumerResource>;

export const TopAnswer = z.strictObject({
  resource: ConsumerResource,
  by: UsageBy,
  unit: z.string(),
  /** What the numbers are, in words. */
  meaning: z.string(),
  query: z.string(),
  items: z.array(z.strictObject({ cluster: z.string(), labels: z.record(z.string(), z.string()), value: z.number() })),
  missing: z.array(MissingMeasure),
  ...Outcomes,
});
export type TopAnswer = z.infer<typeof TopAnswer>;
export const TopForModel = TopAnswer.omit({ query: true }).extend({
  ...ForModel,
  missing: z.array(MissingMeasure).optional(),
});
