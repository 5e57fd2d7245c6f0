import { z } from 'zod';
import { AlertsAnswer, Severity } from '../../backend/model/alert.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

const SHOWN = 5;

export const listAlerts = defineTool({
  name: 'list_alerts',
  title: 'List alerts',
  description:
    'Alerts that are firing or pending now, from Prometheus and Alertmanager of many clusters, most severe first. Silenced ones are marked.',
  toolset: 'alerts',
  permission: 'alerts:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    state: z.enum(['FIRING', 'PENDING']).optional(),
    severity: Severity.optional(),
    alertname: z.string().min(1).max(500).optional(),
    limit: z.int().min(1).max(1000).default(50),
  }),
  output: AlertsAnswer,
  example: { state: 'FIRING' },
  rest: [{ method: 'GET', path: '/alerts', rename: { cluster_ids: 'clusters' } }],
  summarize: ({ alerts, total, by_severity, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0) return `${coverage} No alert matches${complete ? '' : ' among those that answered'}.`;
    const counts = `${by_severity.CRITICAL} critical, ${by_severity.WARNING} warning, ${by_severity.INFO} info`;
    const shown = alerts.slice(0, SHOWN).map((alert) => {
      const marks = [
        alert.severity,
        alert.state,
        ...(alert.silenced ? ['silenced'] : []),
        ...(alert.inhibited ? ['inhibited'] : []),
      ];
      return `${alert.alertname} on ${alert.cluster_name} (${marks.join(', ')}, since ${alert.starts_at})`;
    });
    return `${coverage} ${complete ? '' : 'At least '}${total} alerts: ${counts}. ${shown.join('; ')}${total > SHOWN ? '; …' : ''}.`;
  },
  run: async (context, { clusters, state, severity, alertname, limit }) =>
    context.services.alerts.list({
      ...(await context.question(clusters)),
      state,
      severity,
      alertname,
      limit,
    }),
});
