import { z } from 'zod';
import { AppError } from '../../../model/errors.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { AlertRecorder } from './record.ts';
import type { Sighting } from './sighting.ts';
import type { WebhookCluster } from './webhook-secrets.ts';

const Time = z.iso.datetime({ offset: true });

const WebhookAlert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: Time,
  endsAt: Time,
  generatorURL: z.string().optional(),
  fingerprint: z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hex digits'),
});

/** What Alertmanager sends (wire.md 2.3). A custom `payload` template may replace all of it, so version and alerts are checked; keys that came later are ignored. */
export const WebhookPayload = z.object({
  version: z.literal('4', { error: 'must be "4": the payload of Alertmanager, not a template of your own' }),
  alerts: z.array(WebhookAlert).max(20_000),
  truncatedAlerts: z.int().min(0).default(0),
});
export type WebhookPayload = z.infer<typeof WebhookPayload>;

/** What is told to the sender, once everything is stored. `truncated`: alerts that it left out (`max_alerts`); the cluster is polled for them at once. */
export const Taken = z.strictObject({
  cluster: z.string(),
  received: z.int(),
  opened: z.int(),
  resolved: z.int(),
  truncated: z.int(),
});
export type Taken = z.infer<typeof Taken>;

export interface AlertIntake {
  /**
   * Stores a notification; repeats, late and out-of-order ones included. Throws INTAKE_BUSY when too many are being stored, which
   * makes Alertmanager send it again; VALIDATION_FAILED; STORE_UNAVAILABLE.
   */
  take(cluster: WebhookCluster, body: unknown): Promise<Taken>;
  /** The cluster that a payload names in the label `cluster` of every alert. Throws VALIDATION_FAILED when it names none, or several. */
  clusterNamedBy(body: unknown): string;
}

/** Notifications that are being stored at a time; each waits for its cluster's turn in the database. */
const MAX_STORING = 64;

export function createAlertIntake(parts: {
  recorder: Pick<AlertRecorder, 'notification'>;
  logger: Logger;
  maxStoring?: number;
}): AlertIntake {
  const { recorder, logger, maxStoring = MAX_STORING } = parts;
  let storing = 0;

  return {
    take: async (cluster, body) => {
      const { alerts, truncatedAlerts } = parse(body);
      if (storing >= maxStoring)
        throw new AppError('INTAKE_BUSY', 'Too many alert notifications are being stored.', {
          hint: 'Alertmanager sends it again by itself.',
        });
      storing += 1;
      try {
        const firing = alerts.filter(({ status }) => status === 'firing').map(sightingOf);
        const resolved = alerts
          .filter(({ status }) => status === 'resolved')
          .map((alert) => ({ sighting: sightingOf(alert), endsAt: new Date(alert.endsAt) }));
        const recorded = await recorder.notification(cluster.id, { firing, resolved }, truncatedAlerts > 0);
        if (truncatedAlerts > 0)
          logger.warn(
            { cluster_id: cluster.id, truncated: truncatedAlerts },
            'Alertmanager left alerts out of a notification (max_alerts); polling for them',
          );
        const { opened = 0, resolved: ended = 0 } = recorded ?? {};
        return { cluster: cluster.name, received: alerts.length, opened, resolved: ended, truncated: truncatedAlerts };
      } finally {
        storing -= 1;
      }
    },

    clusterNamedBy: (body) => {
      const names = new Set(parse(body).alerts.map(({ labels }) => labels['cluster']));
      const [name] = names;
      if (names.size === 1 && name !== undefined) return name;
      const message =
        names.size > 1
          ? 'the alerts of one notification must carry the same label "cluster"; group_by it, or send to /alerts/webhook/{cluster_id}'
          : 'every alert needs the label "cluster"; set it as an external label, or send to /alerts/webhook/{cluster_id}';
      throw invalid('alerts', message);
    },
  };
}

function parse(body: unknown): WebhookPayload {
  const parsed = WebhookPayload.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 10).map(({ path, message }) => ({ field: path.join('.'), message }));
  throw new AppError('VALIDATION_FAILED', `${issues[0]?.field}: ${issues[0]?.message}.`, { details: { issues } });
}

function invalid(field: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', `${field}: ${message}.`, { details: { issues: [{ field, message }] } });
}

function sightingOf(alert: WebhookPayload['alerts'][number]): Sighting {
  return {
    fingerprint: alert.fingerprint,
    startsAt: new Date(alert.startsAt),
    labels: alert.labels,
    annotations: alert.annotations,
    generatorUrl: alert.generatorURL === undefined || alert.generatorURL === '' ? null : alert.generatorURL,
    sources: ['WEBHOOK'],
  };
}
