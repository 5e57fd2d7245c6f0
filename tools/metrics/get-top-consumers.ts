import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { coverageByName, describeOutcomes } from '../../backend/model/outcome.ts';
import { shortNumber } from '../../backend/model/sample-value.ts';
import { Duration } from '../../backend/model/time.ts';
import { ConsumerResource, TopAnswer, TopForModel, UsageBy } from '../../backend/model/usage.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getTopConsumers = defineTool({
  name: 'get_top_consumers',
  title: 'Get top consumers',
  description: 'The pods, namespaces, nodes or clusters of the whole fleet that use the most (or least) of a resource.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    resource: ConsumerResource,
    by: UsageBy.default('pod'),
    clusters: ClustersArg,
    namespaces: z.array(z.string().max(63)).max(20).default([]),
    workloads: z.array(z.string().max(253)).max(20).default([]).describe('Pods of these names'),
    window: Duration.optional().describe('Left out: now'),
    least: z.boolean().default(false),
    limit: z.int().min(1).max(100).default(10),
  }),
  output: TopAnswer,
  example: { resource: 'memory', by: 'namespace', limit: 5 },
  rest: [{ method: 'GET', path: '/metrics/top', rename: { cluster_ids: 'clusters' } }],
  forModel: {
    output: TopForModel,
    view: ({ query: _query, missing, ...answer }) => ({
      output: {
        ...answer,
        ...(missing.length > 0 ? { missing } : {}),
        clusters: digestClusters(answer.clusters),
      },
      whole: true,
      text: `${coverageByName(answer.clusters)}. ${answer.items.length} items.`,
    }),
  },
  summarize: ({ resource, unit, meaning, items, missing, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}.${complete ? '' : ' The ranking is of those that answered.'}`;
    if (items.length === 0)
      return `${coverage} Nothing found${missing[0] ? `; ${missing[0].metric} of ${missing[0].source} is not there` : ''}.`;
    const first = items
      .slice(0, 3)
      .map(({ cluster, labels, value }) => `${[...Object.values(labels), cluster].join('/')} ${shortNumber(value)}`);
    return `${coverage} ${resource} in ${unit}, ${meaning}: ${first.join('; ')}${items.length > 3 ? '; …' : ''}.`;
  },
  run: async (context, { clusters, ...query }) =>
    context.services.usage.top({ ...query, ...(await context.question(clusters)) }),
});
