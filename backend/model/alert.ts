import { z } from 'zod';
import { ClusterOutcome } from './outcome.ts';
import { ClustersDigest } from './series-digest.ts';
import { Silence } from './silence.ts';

export const AlertState = z.enum(['FIRING', 'PENDING', 'RESOLVED']);
export const Severity = z.enum(['CRITICAL', 'WARNING', 'INFO']);
export type Severity = z.infer<typeof Severity>;
export type AlertState = z.infer<typeof AlertState>;

/** Where an alert is known from. PLATFORM are our own about a cluster's alerting. */
export const AlertSource = z.enum(['PROMETHEUS', 'ALERTMANAGER', 'WEBHOOK', 'PLATFORM']);
export type AlertSource = z.infer<typeof AlertSource>;

/**
 * One episode of an alert. Its identity over time is `fingerprint` + `starts_at` within a cluster; the fingerprint alone is
 * reused when the alert fires again. `id` is that identity as one string.
 */
export const Alert = z.strictObject({
  id: z.string(),
  fingerprint: z.string(),
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  alertname: z.string(),
  severity: Severity,
  state: AlertState,
  silenced: z.boolean(),
  inhibited: z.boolean(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  starts_at: z.iso.datetime(),
  ends_at: z.iso.datetime().optional(),
  generator_url: z.string().optional(),
  /** Where the alert was read: Prometheus knows pending alerts, Alertmanager knows silences and inhibition. */
  sources: z.array(AlertSource),
});
export type Alert = z.infer<typeof Alert>;

/**
 * One time that an alert fired, as the history keeps it. `episode_id` stays when Alertmanager's fingerprint and start take the
 * place of Prometheus's. `announced`: ALERT_FIRED was sent (not in maintenance, and damped while it flaps).
 */
export const AlertEpisode = Alert.extend({
  episode_id: z.uuid(),
  first_seen_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  flapping: z.boolean(),
  announced: z.boolean(),
});
export type AlertEpisode = z.infer<typeof AlertEpisode>;

/** One alert with everything that is known of it. */
export const AlertDetail = z.strictObject({
  alert: Alert,
  /** It fires or is pending now; null when its cluster does not say. */
  active: z.boolean().nullable(),
  history: z.strictObject({
    /** Times it fired, as far as the history goes back. */
    episodes: z.int(),
    first_seen_at: z.iso.datetime().nullable(),
    mean_seconds: z.int().nullable(),
    max_seconds: z.int().nullable(),
    flapping: z.boolean(),
    /** The last ten, newest first. */
    last: z.array(
      z.strictObject({
        state: AlertState,
        starts_at: z.iso.datetime(),
        ends_at: z.iso.datetime().optional(),
        announced: z.boolean(),
      }),
    ),
  }),
  /** Null when the cluster does not tell. */
  rule: z
    .strictObject({
      query: z.string(),
      group: z.string().optional(),
      for_seconds: z.number().optional(),
      health: z.string().optional(),
      last_error: z.string().optional(),
    })
    .nullable(),
  runbook_url: z.string().nullable(),
  silences: z.array(Silence),
  inhibited_by: z.array(z.strictObject({ fingerprint: z.string(), alertname: z.string().nullable() })),
  /** Where else the same fingerprint has fired; at most twenty. */
  other_clusters: z.array(z.strictObject({ cluster_name: z.string(), state: AlertState, starts_at: z.iso.datetime() })),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type AlertDetail = z.infer<typeof AlertDetail>;

/** Whether one part of a cluster's alerting is known to have worked, and since when it does not. ISO 8601. */
const Switch = z.strictObject({ seen_at: z.iso.datetime().optional(), missing_since: z.iso.datetime().optional() });
export type Switch = z.infer<typeof Switch>;

/** The dead-man's switches of one cluster (`collectors/alerts/history/switches.ts`). */
export const Switches = z.strictObject({
  watchdog: Switch.optional(),
  targets: Switch.optional(),
  delivery: Switch.optional(),
  /** The last poll that every endpoint answered, to the minute: until then the history is whole. */
  answered_at: z.iso.datetime().optional(),
});
export type Switches = z.infer<typeof Switches>;

/** Payload of ALERT_FIRED and ALERT_RESOLVED. */
export const AlertEventPayload = z.strictObject({
  episode_id: z.uuid(),
  fingerprint: z.string(),
  alertname: z.string(),
  severity: Severity,
  namespace: z.string().optional(),
  summary: z.string().optional(),
  starts_at: z.iso.datetime(),
  ends_at: z.iso.datetime().optional(),
  silenced: z.boolean(),
  inhibited: z.boolean(),
  /** It fires again and again; what follows of it soon is not told. */
  flapping: z.boolean(),
  sources: z.array(AlertSource),
});
export type AlertEventPayload = z.infer<typeof AlertEventPayload>;

/** Alerts ordered by severity, then newest first. Totals count all matching alerts, also those past `limit`. */
export const AlertsAnswer = z.strictObject({
  alerts: z.array(Alert),
  total: z.int(),
  by_severity: z.strictObject({ CRITICAL: z.int(), WARNING: z.int(), INFO: z.int() }),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
  /** There when more match than are listed; the same question with it as `cursor` goes on. */
  next_cursor: z.string().optional(),
});
export type AlertsAnswer = z.infer<typeof AlertsAnswer>;

/** Alerts as a model reads them: `get_alert` has the rest of each. */
export const AlertsForModel = AlertsAnswer.omit({ alerts: true, clusters: true }).extend({
  alerts: z.array(
    z.strictObject({
      fingerprint: z.string(),
      cluster: z.string(),
      alertname: z.string(),
      severity: Severity,
      state: AlertState,
      silenced: z.literal(true).optional(),
      inhibited: z.literal(true).optional(),
      since: z.iso.datetime(),
      ends_at: z.iso.datetime().optional(),
      /** Without the name and the severity. */
      labels: z.record(z.string(), z.string()).optional(),
      /** The annotations `description` or `message`, else `summary`. */
      says: z.string().optional(),
    }),
  ),
  clusters: ClustersDigest,
});

export const AlertDetailForModel = AlertDetail.extend({ clusters: ClustersDigest });
