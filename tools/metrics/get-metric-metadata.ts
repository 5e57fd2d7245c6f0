import { z } from 'zod';
import { MetadataAnswer } from '../../backend/model/metrics.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getMetricMetadata = defineTool({
  name: 'get_metric_metadata',
  title: 'Get metric metadata',
  description: 'Type, help and unit of metrics as their targets describe them, over many clusters.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    metric: z.string().min(1).max(500).optional().describe('Left out: all'),
    clusters: ClustersArg,
    limit: z.int().min(1).max(10_000).default(1000),
  }),
  output: MetadataAnswer,
  example: { metric: 'up' },
  rest: [{ method: 'GET', path: '/metrics/metadata', rename: { cluster_ids: 'clusters' } }],
  summarize: ({ total, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0) return `${coverage} No metadata; servers know it only of what they scrape right now.`;
    return `${coverage} ${complete ? '' : 'At least '}${total} descriptions.`;
  },
  run: async (context, { metric, limit, clusters }) =>
    context.services.metrics.metadata({ metric, limit, ...(await context.question(clusters)) }),
});
