import { z } from 'zod';
import { ClusterOutcome } from './outcome.ts';
import { ClustersDigest } from './series-digest.ts';

/** 32 hex digits, lower case, leading zeros kept. */
export const TraceId = z.string().regex(/^[0-9a-f]{32}$/);
/** ISO 8601 UTC with nine digits of a second. */
export const NanoTime = z.string();

export const SpanStatus = z.enum(['OK', 'ERROR', 'UNSET']);
export const SpanKind = z.enum(['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']);

export const Span = z.strictObject({
  span_id: z.string(),
  parent_span_id: z.string().optional(),
  operation_name: z.string(),
  service_name: z.string(),
  kind: SpanKind,
  cluster_name: z.string(),
  start_time: NanoTime,
  duration_ms: z.number(),
  /** Without the time that children take. */
  self_ms: z.number(),
  status: SpanStatus,
  status_message: z.string().optional(),
  /** Attributes of the span, and of its resource where pod, node, namespace and version are concerned. */
  tags: z.record(z.string(), z.string()),
  logs: z.array(z.strictObject({ timestamp: NanoTime, message: z.string() })),
});
export type Span = z.infer<typeof Span>;

/** What is not told, by an old Tempo or because the root span is missing, is null. */
export const Trace = z.strictObject({
  trace_id: TraceId,
  /** Where the root span is; else where the earliest part is. */
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  /** Every cluster that holds a part, by name. */
  clusters: z.array(z.string()),
  root_service: z.string().nullable(),
  root_operation: z.string().nullable(),
  start_time: NanoTime,
  duration_ms: z.number(),
  span_count: z.int().nullable(),
  service_count: z.int().nullable(),
  has_errors: z.boolean().nullable(),
});
export type Trace = z.infer<typeof Trace>;

/** A trace that a search found, with the first of its spans that match. */
export const FoundTrace = Trace.extend({
  matched_spans: z.int(),
  spans: z.array(
    z.strictObject({
      span_id: z.string(),
      cluster_name: z.string(),
      operation_name: z.string().optional(),
      start_time: NanoTime,
      duration_ms: z.number(),
      tags: z.record(z.string(), z.string()),
    }),
  ),
});
export type FoundTrace = z.infer<typeof FoundTrace>;

/** Newest first. `more` = there are, or may be, others that match. */
export const TraceSearchAnswer = z.strictObject({
  query: z.string(),
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  traces: z.array(FoundTrace),
  more: z.boolean(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
  notes: z.array(z.string()),
});
export type TraceSearchAnswer = z.infer<typeof TraceSearchAnswer>;

/** Traces as a model reads them; `get_trace` has the spans. */
export const TracesForModel = TraceSearchAnswer.omit({ traces: true, clusters: true }).extend({
  traces: z.array(
    Trace.omit({ cluster_id: true, cluster_name: true }).extend({
      matched_spans: z.int(),
      /** The first of them: `<service> <operation> <ms> ms <status>`. */
      spans: z.array(z.string()),
    }),
  ),
  clusters: ClustersDigest,
});

const SpanRef = z.strictObject({
  span_id: z.string(),
  service_name: z.string(),
  operation_name: z.string(),
  cluster_name: z.string(),
});
const SelfTime = z.strictObject({ service_name: z.string(), spans: z.int(), errors: z.int(), self_ms: z.number() });

export const TraceAnalysis = z.strictObject({
  /** What the duration of the root is made of, in order of time; `share` of it, 0 to 1. Steps past the limit are left out. */
  critical_path: z.array(SpanRef.extend({ at_ms: z.number(), ms: z.number(), share: z.number() })),
  critical_path_steps: z.int(),
  /** Erring spans below which nothing erred, deepest first; where an error came from. */
  error_origins: z.array(
    SpanRef.extend({ depth: z.int(), message: z.string().optional(), calls: z.string().optional() }),
  ),
  error_origin_count: z.int(),
  error_span_count: z.int(),
  /** By self time, most first. */
  services: z.array(SelfTime),
  operations: z.array(SelfTime.extend({ operation_name: z.string() })),
  slowest_spans: z.array(SpanRef.extend({ duration_ms: z.number(), self_ms: z.number() })),
  /** Spans whose parent no cluster holds. */
  orphan_count: z.int(),
  missing_parents: z.array(z.string()),
  /** Same span from several places. */
  duplicate_count: z.int(),
  /** Clocks that cannot both be right: a call served before it was made, or after it ended. `offset_ms` = ahead of the caller's clock. */
  clock_skews: z.array(
    z.strictObject({ cluster_name: z.string(), caller_cluster: z.string(), offset_ms: z.number(), calls: z.int() }),
  ),
});
export type TraceAnalysis = z.infer<typeof TraceAnalysis>;

export const TraceAnswer = z.strictObject({
  trace: Trace,
  analysis: TraceAnalysis,
  /** One line a span, indented by depth. */
  tree: z.array(z.string()),
  tree_of: z.strictObject({ shown: z.int(), total: z.int() }),
  /** In order of the tree, up to a limit. */
  spans: z.array(Span),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
  notes: z.array(z.string()),
});
export type TraceAnswer = z.infer<typeof TraceAnswer>;

export const TraceSpansAnswer = z.strictObject({
  trace_id: TraceId,
  items: z.array(Span),
  total: z.int(),
  page: z.int(),
  page_size: z.int(),
  total_pages: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type TraceSpansAnswer = z.infer<typeof TraceSpansAnswer>;

/** Services, or operations of them, by name, with the clusters that know each. */
export const TraceNamesAnswer = z.strictObject({
  names: z.array(z.strictObject({ name: z.string(), clusters: z.array(z.string()) })),
  total: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type TraceNamesAnswer = z.infer<typeof TraceNamesAnswer>;

/** Who calls whom. Of sampled traces the numbers are those of the sample, never rates. */
export const ServiceGraphAnswer = z.strictObject({
  /** METRICS: counted by Tempo or a collector for every request. TRACES: seen in `sampled_traces` of the newest traces. */
  source: z.enum(['METRICS', 'TRACES']),
  sampled_traces: z.int().optional(),
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  edges: z.array(
    z.strictObject({
      client: z.string(),
      server: z.string(),
      /** Of the client; of the server where that is another. */
      cluster_name: z.string(),
      server_cluster: z.string().optional(),
      connection_type: z.string().optional(),
      requests: z.number(),
      failed: z.number(),
      p95_ms: z.number().nullable(),
    }),
  ),
  total_edges: z.int(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
  notes: z.array(z.string()),
});
export type ServiceGraphAnswer = z.infer<typeof ServiceGraphAnswer>;

export const ServiceGraphForModel = ServiceGraphAnswer.extend({ clusters: ClustersDigest });

/** Payload of TRACE_RECEIVED: a trace with an error that was not seen before, at most one for each service and minute. */
export const TraceReceived = z.strictObject({
  trace_id: TraceId,
  /** Whose span failed. */
  service_name: z.string(),
  operation_name: z.string().optional(),
  root_service: z.string().nullable(),
  root_operation: z.string().nullable(),
  start_time: NanoTime,
  duration_ms: z.number(),
});
export type TraceReceived = z.infer<typeof TraceReceived>;

/** What has been told of a cluster's traces: ids of traces, the latest last, and when each service was told of last. */
export interface ToldTraces {
  readonly trace_ids: readonly string[];
  /** ISO 8601 UTC. */
  readonly services: Readonly<Record<string, string>>;
}
