import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { AlertDetail, AlertDetailForModel } from '../../backend/model/alert.ts';
import { nameForeign } from '../../backend/model/errors.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getAlert = defineTool({
  name: 'get_alert',
  title: 'Get an alert',
  description:
    'One alert by its fingerprint: state, how often and how long it has fired, its rule, silences, inhibitions, runbook.',
  toolset: 'alerts',
  permission: 'alerts:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    fingerprint: z.string().regex(/^[0-9a-f]{16}$/, '16 hex digits, from list_alerts'),
    clusters: ClustersArg,
    starts_at: z.iso.datetime().optional().describe('Of one episode'),
  }),
  output: AlertDetail,
  // The Watchdog of every cluster of the demo.
  example: { fingerprint: 'e1749c6acab64267' },
  rest: [{ method: 'GET', path: '/alerts/{fingerprint}', rename: { cluster_ids: 'clusters', cluster: 'clusters' } }],
  forModel: {
    output: AlertDetailForModel,
    view: (answer) => ({ output: { ...answer, clusters: digestClusters(answer.clusters) }, whole: true }),
  },
  summarize: ({ alert, active, history, silences, other_clusters }) => {
    const now =
      active === true ? alert.state : active === false ? 'not firing now' : 'unknown, its cluster does not answer';
    const quiet = silences.length > 0 ? ` Silenced until ${silences[0]?.ends_at} by ${silences[0]?.created_by}.` : '';
    const mean = history.mean_seconds === null ? '' : `, on average for ${history.mean_seconds} s`;
    const elsewhere = other_clusters.length > 0 ? ` Also in ${other_clusters.length} other clusters.` : '';
    return `${nameForeign(alert.alertname)} on ${alert.cluster_name} (${alert.severity}): ${now}, since ${alert.starts_at}. It fired ${history.episodes} times${mean}${history.flapping ? '; it flaps' : ''}.${quiet}${elsewhere}`;
  },
  run: async (context, { fingerprint, clusters, starts_at }) =>
    context.services.alertDetails.get({
      ...(await context.question(clusters)),
      fingerprint,
      startsAt: starts_at === undefined ? undefined : new Date(starts_at),
    }),
});
