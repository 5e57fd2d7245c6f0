import { z } from 'zod';
import { AlertState, AlertsAnswer, Severity } from '../../backend/model/alert.ts';
import { nameForeign } from '../../backend/model/errors.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TimeInput } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { alertsForModel } from './alerts-for-model.ts';
import { Cursor, window } from './history-window.ts';
import { defineTool } from '../define.ts';

const SHOWN = 5;

export const listAlerts = defineTool({
  name: 'list_alerts',
  title: 'List alerts',
  description:
    'Alerts that fire or are pending now, most severe first. With start, or RESOLVED (last 24 h), what fired in that time, newest first.',
  toolset: 'alerts',
  permission: 'alerts:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    state: AlertState.optional(),
    severity: Severity.optional(),
    alertname: z.string().min(1).max(500).optional(),
    namespace: z.string().min(1).max(253).optional(),
    start: TimeInput.optional(),
    end: TimeInput.optional(),
    limit: z.int().min(1).max(1000).default(50),
    cursor: Cursor.optional(),
  }),
  output: AlertsAnswer,
  example: { state: 'FIRING' },
  rest: [{ method: 'GET', path: '/alerts', rename: { cluster_ids: 'clusters', start_time: 'start', end_time: 'end' } }],
  forModel: alertsForModel,
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
      const when = alert.ends_at === undefined ? `since ${alert.starts_at}` : `${alert.starts_at} to ${alert.ends_at}`;
      return `${nameForeign(alert.alertname)} on ${alert.cluster_name} (${marks.join(', ')}, ${when})`;
    });
    return `${coverage} ${complete ? '' : 'At least '}${total} alerts: ${counts}. ${shown.join('; ')}${total > SHOWN ? '; …' : ''}.`;
  },
  run: async (context, { clusters, start, end, ...query }) =>
    context.services.alerts.list({
      ...(await context.question(clusters)),
      ...query,
      ...(query.state === 'RESOLVED' || start !== undefined || end !== undefined
        ? window(start, end, context.clock.now())
        : {}),
    }),
});
