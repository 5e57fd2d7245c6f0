import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { coverageByName, describeOutcomes } from '../../backend/model/outcome.ts';
import { FoundMetrics, FoundMetricsForModel } from '../../backend/model/usage.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const findMetrics = defineTool({
  name: 'find_metrics',
  title: 'Find metrics',
  description:
    'Finds metrics by words over names, help and units of many clusters, best first: type, labels and a query to start with. Use before writing PromQL for what you do not know the name of.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    words: z.string().min(2).max(200).describe('Such as "container memory limit"'),
    clusters: ClustersArg,
    limit: z.int().min(1).max(50).default(10),
  }),
  output: FoundMetrics,
  example: { words: 'container memory' },
  rest: [{ method: 'GET', path: '/metrics/find', rename: { cluster_ids: 'clusters', q: 'words' } }],
  forModel: {
    output: FoundMetricsForModel,
    view: (answer) => ({
      output: {
        ...answer,
        metrics: answer.metrics.map(({ type, unit, help, labels, ...metric }) => ({
          ...metric,
          ...(type === '' ? {} : { type }),
          ...(unit === '' ? {} : { unit }),
          ...(help === '' ? {} : { help }),
          ...(labels === null ? {} : { labels }),
        })),
        clusters: digestClusters(answer.clusters),
      },
      whole: true,
      text: `${coverageByName(answer.clusters)}. ${answer.total} metrics fit.`,
    }),
  },
  summarize: ({ metrics, total, searched, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}; ${searched} metrics searched.`;
    if (total === 0) return `${coverage} None fits. Try other words, or get_metric_labels with label=__name__.`;
    const names = metrics.slice(0, 5).map(({ metric }) => metric);
    return `${coverage} ${complete ? '' : 'At least '}${total} fit, best: ${names.join(', ')}.`;
  },
  run: async (context, { words, limit, clusters }) =>
    context.services.usage.find({ words, limit, ...(await context.question(clusters)) }),
});
