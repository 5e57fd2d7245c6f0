import { z } from 'zod';
import { ClusterOutcome } from './outcome.ts';

export const AlertState = z.enum(['FIRING', 'PENDING', 'RESOLVED']);
export const Severity = z.enum(['CRITICAL', 'WARNING', 'INFO']);
export type Severity = z.infer<typeof Severity>;

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
  sources: z.array(z.enum(['PROMETHEUS', 'ALERTMANAGER'])),
});
export type Alert = z.infer<typeof Alert>;

/** Alerts ordered by severity, then newest first. Totals count all matching alerts, also those past `limit`. */
export const AlertsAnswer = z.strictObject({
  alerts: z.array(Alert),
  total: z.int(),
  by_severity: z.strictObject({ CRITICAL: z.int(), WARNING: z.int(), INFO: z.int() }),
  clusters: z.array(ClusterOutcome),
  complete: z.boolean(),
});
export type AlertsAnswer = z.infer<typeof AlertsAnswer>;
