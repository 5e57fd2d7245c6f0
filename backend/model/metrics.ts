import { z } from 'zod';
import { ClusterOutcome } from './outcome.ts';
import { TraceId } from './trace.ts';

/** `[unix_seconds, "value"]`. Values stay the exact text the spoke sent (`NaN`, `+Inf`, shortest round-trip decimal). */
export const Sample = z.tuple([z.number(), z.string()]);
export type Sample = z.infer<typeof Sample>;

/** Samples ascend in time. `histograms` carries native histograms exactly as the spoke sent them. */
export const MetricSeries = z.strictObject({
  metric: z.record(z.string(), z.string()),
  values: z.array(Sample),
  histograms: z.array(z.tuple([z.number(), z.unknown()])).optional(),
});
export type MetricSeries = z.infer<typeof MetricSeries>;

export const ResultType = z.enum(['MATRIX', 'VECTOR', 'SCALAR', 'STRING']);
export type ResultType = z.infer<typeof ResultType>;

export const MetricResult = ClusterOutcome.extend({
  result_type: ResultType.optional(),
  data: z.array(MetricSeries),
});
export type MetricResult = z.infer<typeof MetricResult>;

/**
 * How the answers of clusters are put together. MERGE: side by side, each series with its cluster's label. FLEET: what one Prometheus
 * that holds all their data would answer. The others: that operator `without (cluster)` over what MERGE gives.
 */
export const Aggregation = z.enum(['MERGE', 'FLEET', 'SUM', 'AVG', 'MIN', 'MAX', 'COUNT']);
export type Aggregation = z.infer<typeof Aggregation>;

/**
 * `results` has one entry per cluster asked, ordered by cluster name; series within one are ordered by labels,
 * or by rank when an instant query ranks them (`sort`, `topk`). With an aggregation other than MERGE each `data` there is empty, and
 * the answer is in `merged`.
 */
export const MetricsAnswer = z.strictObject({
  query: z.string(),
  results: z.array(MetricResult),
  /** Left out = MERGE. */
  aggregation: Aggregation.optional(),
  /** The one answer of all clusters that answered; missing when none did. */
  merged: z.strictObject({ result_type: ResultType, data: z.array(MetricSeries) }).optional(),
  complete: z.boolean(),
  clusters_queried: z.int(),
  clusters_succeeded: z.int(),
  total_query_time_ms: z.number(),
  /** Present for a range query: the grid that was asked, after any rise of the step. Unix seconds and seconds. */
  range: z.strictObject({ start: z.number(), end: z.number(), step: z.number() }).optional(),
  notes: z.array(z.string()),
});
export type MetricsAnswer = z.infer<typeof MetricsAnswer>;

/** The series of an answer, whichever way they were put together. */
export function seriesOf({ results, merged }: Pick<MetricsAnswer, 'results' | 'merged'>): MetricSeries[] {
  return merged ? merged.data : results.flatMap(({ data }) => data);
}

export const LabelsAnswer = z.strictObject({
  /** Union over the clusters that answered, sorted. Label names, or values of the label that was asked for. */
  values: z.array(z.string()),
  total: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type LabelsAnswer = z.infer<typeof LabelsAnswer>;

export const SeriesAnswer = z.strictObject({
  /** Label sets with the label `cluster`, ordered by it and then by labels; at most the `limit` of the question. */
  series: z.array(z.record(z.string(), z.string())),
  /** Of all that came; a lower bound while `complete` is false. */
  total: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type SeriesAnswer = z.infer<typeof SeriesAnswer>;

/** What a target said of a metric when it was scraped. `type` is one of Prometheus's, such as `counter`; texts may be empty. */
export const MetricMetadata = z.object({
  type: z.string(),
  help: z.string().default(''),
  unit: z.string().default(''),
});
export type MetricMetadata = z.infer<typeof MetricMetadata>;

export const MetadataAnswer = z.strictObject({
  /** Ordered by metric; a metric that targets describe in different ways has one entry for each. */
  metrics: z.array(
    z.strictObject({
      metric: z.string(),
      type: z.string(),
      help: z.string(),
      unit: z.string(),
      /** How many clusters say so, and the first of them by name. */
      cluster_count: z.int(),
      clusters: z.array(z.string()),
    }),
  ),
  /** Of all entries. */
  total: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type MetadataAnswer = z.infer<typeof MetadataAnswer>;

/** One observation that stands for the others of its series at that time, as an instrumented program kept it. */
export const Exemplar = z.strictObject({
  /** The series it belongs to, with the label `cluster`. */
  metric: z.record(z.string(), z.string()),
  /** What the program said of it beside the value, as it was sent. */
  labels: z.record(z.string(), z.string()),
  /** As it was sent. */
  value: z.string(),
  /** Unix seconds. */
  at: z.number(),
  /** Where one of the labels is one, by the names in use. */
  trace_id: TraceId.optional(),
});
export type Exemplar = z.infer<typeof Exemplar>;

export const ExemplarsAnswer = z.strictObject({
  /** Newest first; at most the `limit` of the question. */
  exemplars: z.array(Exemplar),
  /** Of all that came; a lower bound while `complete` is false. */
  total: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type ExemplarsAnswer = z.infer<typeof ExemplarsAnswer>;
