import { z } from 'zod';
import { ExemplarsAnswer } from '../../backend/model/metrics.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getMetricExemplars = defineTool({
  name: 'get_metric_exemplars',
  title: 'Get metric exemplars',
  description: 'Single observations behind the series of a query, over many clusters, with the traces they are of.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    query: z.string().min(1).max(10_000).describe('PromQL; its selectors choose the series'),
    clusters: ClustersArg,
    start: TimeInput.default('-1h'),
    end: TimeInput.default('now'),
    limit: z.int().min(1).max(1000).default(200).describe('The newest; also the most of one cluster'),
  }),
  output: ExemplarsAnswer,
  example: { query: 'rate(http_request_duration_seconds_bucket[5m])', limit: 20 },
  rest: [
    {
      method: 'GET',
      path: '/metrics/exemplars',
      rename: { cluster_ids: 'clusters', start_time: 'start', end_time: 'end' },
    },
  ],
  summarize: ({ total, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0) return `${coverage} No exemplars; a Prometheus keeps them only with exemplar-storage turned on.`;
    return `${coverage} ${complete ? '' : 'At least '}${total} exemplars.`;
  },
  run: async (context, { query, start, end, limit, clusters }) => {
    const now = context.clock.now();
    return context.services.metrics.exemplars({
      query,
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      ...(await context.question(clusters)),
    });
  },
});
