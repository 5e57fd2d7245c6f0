import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { UsageAnswer, UsageBy, UsageForModel } from '../../backend/model/usage.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NamespaceArg } from '../kubernetes/namespace-arg.ts';

export const getResourceUsage = defineTool({
  name: 'get_resource_usage',
  title: 'Get resource usage',
  description:
    'CPU, memory, pods, disk and network of clusters, namespaces, nodes or pods now, beside requests, limits and what there is, with percentages. Names the metrics that are missing.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    by: UsageBy.default('cluster'),
    clusters: ClustersArg,
    namespace: NamespaceArg,
    workload: z.string().max(253).optional().describe('Pods of that name'),
    node: z.string().max(253).optional(),
    order_by: z.enum(['cpu', 'memory']).default('memory'),
    limit: z.int().min(1).max(100).default(20),
  }),
  output: UsageAnswer,
  example: { by: 'namespace' },
  rest: [{ method: 'GET', path: '/metrics/usage', rename: { cluster_ids: 'clusters' } }],
  deadlineMs: () => 60_000,
  forModel: {
    output: UsageForModel,
    view: (answer) => ({ output: { ...answer, clusters: digestClusters(answer.clusters) }, whole: true }),
  },
  summarize: ({ by, rows, missing, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const lost = [...new Set(missing.map(({ metric, source }) => `${metric} (${source})`))].slice(0, 4);
    const without = lost.length === 0 ? '' : ` Not everywhere: ${lost.join(', ')}.`;
    return `${describeOutcomes(clusters)}. ${rows.length} rows by ${by}, largest first${complete ? '' : '; some clusters are missing'}.${without}`;
  },
  run: async (context, { by, namespace, workload, node, order_by, limit, clusters }) =>
    context.services.usage.usage({
      by,
      namespaces: namespace === undefined ? [] : [namespace],
      workloads: workload === undefined ? [] : [workload],
      node,
      orderBy: order_by,
      limit,
      ...(await context.question(clusters)),
    }),
});
