import { z } from 'zod';
import { ClustersDigest } from './series-digest.ts';
import { ClusterOutcome } from './outcome.ts';

export const FindingSeverity = z.enum(['CRITICAL', 'WARNING', 'INFO']);
export type FindingSeverity = z.infer<typeof FindingSeverity>;

export const ObjectRef = z.strictObject({
  kind: z.string(),
  /** Null = cluster-scoped. */
  namespace: z.string().nullable(),
  name: z.string(),
});
export type ObjectRef = z.infer<typeof ObjectRef>;

/** One thing that is wrong with one object, and the fields that say so. */
export const Finding = z.strictObject({
  severity: FindingSeverity,
  /** Which analyzer, such as `containers`. */
  analyzer: z.string(),
  /** UPPER_SNAKE, such as `CRASH_LOOP_BACK_OFF`. */
  reason: z.string(),
  cluster: z.string(),
  object: ObjectRef,
  message: z.string(),
  /** Fields of the object, or of the one named in the path, as they were read. */
  evidence: z.array(z.strictObject({ path: z.string(), value: z.string() })),
  next_step: z.string(),
});
export type Finding = z.infer<typeof Finding>;

/** A check that could not be made in some clusters; whether what it looks for is there is not known. */
export const NotChecked = z.strictObject({
  check: z.string(),
  why: z.string(),
  /** The first 20 by name. */
  clusters: z.array(z.string()),
  cluster_count: z.int(),
});
export type NotChecked = z.infer<typeof NotChecked>;

export const DiagnosisAnswer = z.strictObject({
  /** Most severe first, then by cluster, namespace, object. */
  findings: z.array(Finding),
  total: z.int(),
  by_severity: z.strictObject({ CRITICAL: z.int(), WARNING: z.int(), INFO: z.int() }),
  /** Objects that were looked at, by kind. */
  looked_at: z.record(z.string(), z.int()),
  checks: z.int(),
  not_checked: z.array(NotChecked),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type DiagnosisAnswer = z.infer<typeof DiagnosisAnswer>;

export const DiagnosisForModel = DiagnosisAnswer.omit({ looked_at: true }).extend({
  not_checked: z.array(NotChecked).optional(),
  clusters: ClustersDigest,
});

export const EventType = z.enum(['NORMAL', 'WARNING', 'OTHER']);
export type EventType = z.infer<typeof EventType>;

/** One event, or what several objects say alike of the same thing. Times are UTC. */
export const KubernetesEvent = z.strictObject({
  cluster: z.string(),
  type: EventType,
  reason: z.string(),
  message: z.string(),
  object: ObjectRef,
  /** How often it happened. */
  count: z.int(),
  first_at: z.iso.datetime(),
  last_at: z.iso.datetime(),
  /** What reported it, such as `kubelet`; empty = it does not say. */
  source: z.string(),
});
export type KubernetesEvent = z.infer<typeof KubernetesEvent>;

export const EventsAnswer = z.strictObject({
  /** Newest first. */
  events: z.array(KubernetesEvent),
  /** Of all that match; a lower bound when not complete. */
  total: z.int(),
  /** The most frequent reasons among all that match. */
  by_reason: z.array(z.strictObject({ reason: z.string(), type: EventType, count: z.int() })),
  /** Give it back for the next page; null = that was the last. */
  next_cursor: z.string().nullable(),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type EventsAnswer = z.infer<typeof EventsAnswer>;

export const EventsForModel = EventsAnswer.extend({ clusters: ClustersDigest });
