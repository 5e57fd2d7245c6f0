import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { EventType, EventsAnswer, EventsForModel } from '../../backend/model/workload.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NamespaceArg } from './namespace-arg.ts';

export const listEvents = defineTool({
  name: 'list_events',
  title: 'List events',
  description:
    'Kubernetes events of many clusters, newest first, repeats joined: scheduling, probes, mounts, restarts, kills. Clusters keep about an hour.',
  toolset: 'kubernetes',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    namespace: NamespaceArg,
    type: EventType.optional(),
    reason: z.string().max(100).optional().describe('Such as BackOff'),
    object: z.string().max(253).optional().describe('Part of its name'),
    kind: z.string().max(100).optional().describe('Such as Pod'),
    since: TimeInput.optional().describe('Such as -30m'),
    limit: z.int().min(1).max(500).default(50),
    cursor: z.string().max(4000).optional().describe('next_cursor'),
  }),
  output: EventsAnswer,
  example: { namespace: 'shop', type: 'WARNING' },
  rest: [{ method: 'GET', path: '/kubernetes/events', rename: { cluster_ids: 'clusters', start_time: 'since' } }],
  forModel: {
    output: EventsForModel,
    view: (answer) => ({ output: { ...answer, clusters: digestClusters(answer.clusters) }, whole: true }),
  },
  summarize: ({ events, total, by_reason, clusters, complete, next_cursor }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0)
      return `${coverage} No event matches. Clusters forget events after about an hour; loosen the filters or look at diagnose_workloads.`;
    const reasons = by_reason.slice(0, 5).map(({ reason, count }) => `${reason} ${count}`);
    const more = next_cursor === null ? '' : ` ${events.length} shown; more with cursor.`;
    return `${coverage} ${complete ? '' : 'At least '}${total} events, newest first; how often: ${reasons.join(', ')}.${more}`;
  },
  run: async (context, { clusters, since, ...filter }) => {
    const sinceMs = since === undefined ? undefined : resolveTime(since, context.clock.now(), 'since') * 1000;
    return context.services.workloads.events({ ...filter, sinceMs, ...(await context.question(clusters)) });
  },
});
