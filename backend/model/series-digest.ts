import { z } from 'zod';

/** One series as a model reads it. `value` alone for an instant; the rest for a range. Every number is computed from the exact data. */
export const SeriesDigest = z.strictObject({
  labels: z.record(z.string(), z.string()),
  /** Exactly as the cluster sent it. */
  value: z.string().optional(),
  first: z.string().optional(),
  last: z.string().optional(),
  min: z.string().optional(),
  max: z.string().optional(),
  /** ISO 8601 UTC; the time of day alone where the range is shorter than a day. */
  max_at: z.string().optional(),
  avg: z.number().optional(),
  trend: z.enum(['RISING', 'FALLING', 'FLAT', 'UNCLEAR']).optional(),
  per_hour: z.number().optional().describe('Slope of the fitted line, in the unit of the query per hour'),
  /** Left out: as many as the range has steps. */
  points: z.int().optional(),
  gaps: z.int().optional().describe('Steps of the range without a sample'),
  nan: z.int().optional(),
  line: z
    .string()
    .optional()
    .describe(
      'Means of up to 16 equal parts of the range, oldest first; k M G T = 10^3 6 9 12 ("in M:" for all); . = no sample',
    ),
  histogram: z.strictObject({ samples: z.int(), count: z.string(), sum: z.string() }).optional(),
});
export type SeriesDigest = z.infer<typeof SeriesDigest>;

/** How the clusters fared, without a line for each that simply answered. */
export const ClustersDigest = z.strictObject({
  asked: z.int(),
  answered: z.int(),
  /** Clusters that have no such endpoint. */
  skipped: z.int().optional(),
  /** Those that did not answer whole, and those that warned; the first 10. */
  wrong: z.array(z.strictObject({ cluster: z.string(), status: z.string(), why: z.string() })).optional(),
  wrong_left_out: z.int().optional(),
});
export type ClustersDigest = z.infer<typeof ClustersDigest>;

/** Series of one answer as a model reads them: the most telling ones, and how many there are. */
export const SeriesDigests = z.strictObject({
  total: z.int(),
  /** Labels that all of them carry alike; not repeated below. */
  common_labels: z.record(z.string(), z.string()).optional(),
  items: z.array(SeriesDigest),
  left_out: z.int().optional(),
  /** Which ones were chosen when some are left out. */
  order: z.string().optional(),
  /** How many series of an instant have which value, when there are few different ones. */
  values: z.record(z.string(), z.int()).optional(),
});
export type SeriesDigests = z.infer<typeof SeriesDigests>;

export const MetricsDigest = z.strictObject({
  query: z.string(),
  clusters: ClustersDigest,
  complete: z.boolean(),
  range: z.strictObject({ start: z.string(), end: z.string(), step_seconds: z.number() }).optional(),
  series: SeriesDigests,
  notes: z.array(z.string()),
});
export type MetricsDigest = z.infer<typeof MetricsDigest>;
