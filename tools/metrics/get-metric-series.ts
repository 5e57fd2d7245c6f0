import { z } from 'zod';
import { SeriesAnswer } from '../../backend/model/metrics.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getMetricSeries = defineTool({
  name: 'get_metric_series',
  title: 'Get metric series',
  description: 'Label sets of the series that match a selector, over many clusters, without their samples.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    match: z.array(z.string().min(1).max(2000)).min(1).max(10).describe('Series selectors such as up{job="x"}'),
    clusters: ClustersArg,
    start: TimeInput.default('-1h'),
    end: TimeInput.default('now'),
    limit: z.int().min(1).max(10_000).default(1000).describe('Also the most that one cluster is asked for'),
  }),
  output: SeriesAnswer,
  example: { match: ['up'], limit: 20 },
  rest: [
    {
      method: 'GET',
      path: '/metrics/series',
      rename: { 'match[]': 'match', cluster_ids: 'clusters', start_time: 'start', end_time: 'end' },
    },
  ],
  summarize: ({ total, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    return `${describeOutcomes(clusters)}. ${complete ? '' : 'At least '}${total} series match.`;
  },
  run: async (context, { match, start, end, limit, clusters }) => {
    const now = context.clock.now();
    return context.services.metrics.series({
      matchers: match,
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      ...(await context.question(clusters)),
    });
  },
});
