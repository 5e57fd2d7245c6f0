import { z } from 'zod';
import { MetricSeries } from './metrics.ts';
import { ClusterOutcome } from './outcome.ts';
import { ClustersDigest, SeriesDigests } from './series-digest.ts';

const Labels = z.record(z.string(), z.string());

/** Nanoseconds since 1970 as text: they exceed what a JavaScript number holds exactly. */
export const Nanoseconds = z.string().regex(/^\d{1,19}$/);

export const LogDirection = z.enum(['FORWARD', 'BACKWARD']);
export type LogDirection = z.infer<typeof LogDirection>;

export const LogLevel = z.enum(['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'UNKNOWN']);
export type LogLevel = z.infer<typeof LogLevel>;

/** One line of one cluster's logs. */
export const LogEntry = z.strictObject({
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  /** ISO 8601 UTC, cut to milliseconds. */
  timestamp: z.iso.datetime(),
  /** The same, exact. */
  timestamp_ns: Nanoseconds,
  level: LogLevel,
  /** Labels that the line was stored under. */
  stream: Labels,
  message: z.string(),
  /** Characters of the whole line, when `message` is only its start. */
  message_length: z.int().optional(),
  /** What was stored beside the line, such as `trace_id`. */
  structured_metadata: Labels.optional(),
  /** What the query itself parsed out of the line. */
  parsed: Labels.optional(),
});
export type LogEntry = z.infer<typeof LogEntry>;

/**
 * Entries of all clusters in one order: by nanosecond, cluster, stream and line; BACKWARD is exactly the reverse of FORWARD.
 * A metric query has `series` (each with its `cluster` label) and no entries.
 */
export const LogsAnswer = z.strictObject({
  query: z.string(),
  result_type: z.enum(['STREAMS', 'MATRIX', 'VECTOR', 'SCALAR']),
  entries: z.array(LogEntry),
  series: z.array(MetricSeries),
  direction: LogDirection,
  /** The window that was asked, the end excluded. */
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  /** Of a metric query over a range; seconds. */
  step: z.number().optional(),
  /** Lines in the whole window, when this answer holds all of them; null = not known, there are more. */
  total: z.int().nullable(),
  /** Lines in this answer, by level. */
  by_level: z.partialRecord(LogLevel, z.int()),
  /** Present when there are more lines; the same call with it goes on behind the last one, without loss or repeat. */
  next_cursor: z.string().optional(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
  notes: z.array(z.string()),
});
export type LogsAnswer = z.infer<typeof LogsAnswer>;

/** Against the window of equal length before. UNKNOWN: that one could not be read whole. */
export const Novelty = z.enum(['NEW', 'INCREASED', 'STEADY', 'DECREASED', 'GONE', 'UNKNOWN']);
export type Novelty = z.infer<typeof Novelty>;

/** Lines that say the same but for numbers, ids and names: `<_>` stands for what differs. */
export const LogTemplate = z.strictObject({
  template: z.string(),
  /** Lines in the window; a lower bound where `counts_are_exact` of the answer is false. */
  count: z.int(),
  /** Lines in the window before. */
  previous_count: z.int(),
  novelty: Novelty,
  /** `count / previous_count`, two digits; absent when there were none before. */
  change: z.number().optional(),
  clusters: z.array(z.strictObject({ name: z.string(), count: z.int() })),
  /** Names seen in the lines that were read; at most ten of each, `*_total` counts all. */
  namespaces: z.array(z.string()),
  namespaces_total: z.int(),
  pods: z.array(z.string()),
  pods_total: z.int(),
  /** Of the lines that were read in the window; absent when none was (GONE, or counted by Loki alone). */
  first_seen: z.iso.datetime().optional(),
  last_seen: z.iso.datetime().optional(),
  sample: LogEntry.optional(),
  /** Who grouped the lines: Loki's own patterns, or our template miner. */
  source: z.enum(['LOKI', 'MINED']),
});
export type LogTemplate = z.infer<typeof LogTemplate>;

/** Error lines over many clusters by what they say; new first, then most frequent. */
export const ErrorLogsAnswer = z.strictObject({
  templates: z.array(LogTemplate),
  templates_total: z.int(),
  /** Error lines in the window, and in the one before. Lower bounds where `counts_are_exact` is false. */
  lines: z.int(),
  previous_lines: z.int(),
  counts_are_exact: z.boolean(),
  by_novelty: z.partialRecord(Novelty, z.int()),
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  previous_start: z.iso.datetime(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
  notes: z.array(z.string()),
});
export type ErrorLogsAnswer = z.infer<typeof ErrorLogsAnswer>;

/** What error logs say as a model reads it: of the clusters and pods of a group the first few, of its sample the message. */
export const ErrorLogsForModel = ErrorLogsAnswer.omit({ templates: true, clusters: true }).extend({
  templates: z.array(
    LogTemplate.pick({ template: true, count: true, previous_count: true, novelty: true, change: true }).extend({
      clusters: z.array(z.string()).describe('<name> <count>, most first'),
      clusters_total: z.int(),
      namespaces: z.array(z.string()).optional(),
      pods: z.array(z.string()).optional(),
      pods_total: z.int(),
      first_seen: z.iso.datetime().optional(),
      last_seen: z.iso.datetime().optional(),
      sample: z.string().optional(),
    }),
  ),
  clusters: ClustersDigest,
});

/** A logs answer as a model reads it: a line of text for each line, without the labels that only programs need. */
export const LogsDigest = z.strictObject({
  query: z.string(),
  clusters: ClustersDigest,
  complete: z.boolean(),
  start: z.string(),
  end: z.string(),
  /** `<time> <cluster>/<pod or the like> <level> <message>`, in the order of the answer; `…(+n)` = n characters more. */
  lines: z.array(z.string()).optional(),
  lines_left_out: z.int().optional(),
  /** Lines in the whole window; null = not known, there are more. */
  total: z.int().nullable().optional(),
  by_level: z.partialRecord(LogLevel, z.int()).optional(),
  next_cursor: z.string().optional(),
  series: SeriesDigests.optional(),
  notes: z.array(z.string()),
});
export type LogsDigest = z.infer<typeof LogsDigest>;
