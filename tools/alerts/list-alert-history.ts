import { z } from 'zod';
import { AlertEpisode, Severity } from '../../backend/model/alert.ts';
import { ClusterOutcome, describeOutcomes, isComplete } from '../../backend/model/outcome.ts';
import { TimeInput } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { Cursor, window } from './history-window.ts';

export const listAlertHistory = defineTool({
  name: 'list_alert_history',
  title: 'List the history of alerts',
  description: 'Every time an alert fired within start (default -24h) and end, newest first, with what was told of it.',
  toolset: 'alerts',
  permission: 'alerts:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({
    clusters: ClustersArg,
    state: z.enum(['FIRING', 'RESOLVED']).optional(),
    severity: Severity.optional(),
    alertname: z.string().min(1).max(500).optional(),
    namespace: z.string().min(1).max(253).optional(),
    fingerprint: z.string().min(1).max(64).optional(),
    start: TimeInput.optional(),
    end: TimeInput.optional(),
    limit: z.int().min(1).max(1000).default(100),
    cursor: Cursor.optional(),
  }),
  output: z.strictObject({
    episodes: z.array(AlertEpisode),
    total: z.int(),
    by_severity: z.strictObject({ CRITICAL: z.int(), WARNING: z.int(), INFO: z.int() }),
    clusters: z.array(ClusterOutcome),
    complete: z.boolean(),
    next_cursor: z.string().optional(),
  }),
  example: { start: '-12h' },
  rest: [
    {
      method: 'GET',
      path: '/alerts/history',
      rename: { cluster_ids: 'clusters', cluster: 'clusters', start_time: 'start', end_time: 'end' },
    },
  ],
  summarize: ({ episodes, total, clusters }) =>
    `${describeOutcomes(clusters)}. ${total} times an alert fired; ${episodes.length} listed.`,
  run: async ({ services, resolveClusters, clock }, { clusters: wanted, start, end, limit, cursor, ...filter }) => {
    const clusters = await resolveClusters(wanted);
    const range = window(start, end, clock.now());
    const [page, outcomes] = await Promise.all([
      services.alertHistory.list(clusters, { ...filter, ...range }, { limit, cursor }),
      services.alertHistory.outcomes(clusters),
    ]);
    return { ...page, clusters: outcomes, complete: isComplete(outcomes) };
  },
});
