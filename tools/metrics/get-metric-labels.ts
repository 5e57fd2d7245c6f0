import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { LabelsAnswer } from '../../backend/model/metrics.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClustersDigest } from '../../backend/model/series-digest.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

const SHOWN = 20;

export const getMetricLabels = defineTool({
  name: 'get_metric_labels',
  title: 'Get metric labels',
  description:
    'Label names, or the values of one label, over many clusters. label=__name__ lists metric names. Use before guessing PromQL.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    label: z.string().min(1).max(200).optional().describe('Left out: names'),
    match: z.array(z.string().min(1).max(2000)).max(10).default([]).describe('Series selectors such as up{job="x"}'),
    clusters: ClustersArg,
    start: TimeInput.default('-1h'),
    end: TimeInput.default('now'),
    limit: z.int().min(1).max(10_000).default(200),
  }),
  output: LabelsAnswer,
  forModel: {
    output: LabelsAnswer.extend({ clusters: ClustersDigest }),
    view: (answer) => ({ output: { ...answer, clusters: digestClusters(answer.clusters) }, whole: true }),
  },
  example: { label: '__name__', match: ['{__name__=~"node_.*"}'] },
  rest: [
    {
      method: 'GET',
      path: '/metrics/labels',
      rename: { 'match[]': 'match', cluster_ids: 'clusters', start_time: 'start', end_time: 'end' },
    },
    {
      method: 'GET',
      path: '/metrics/label/{name}/values',
      rename: { name: 'label', 'match[]': 'match', cluster_ids: 'clusters', start_time: 'start', end_time: 'end' },
    },
  ],
  summarize: ({ values, total, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0) return `${coverage} Nothing found; widen the time range or loosen match.`;
    const list = `${values.slice(0, SHOWN).join(', ')}${total > SHOWN ? ', …' : ''}`;
    return `${coverage} ${complete ? '' : 'At least '}${total} found: ${list}.`;
  },
  run: async (context, { label, match, start, end, limit, clusters }) => {
    const now = context.clock.now();
    return context.services.metrics.labels({
      label,
      matchers: match,
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      ...(await context.question(clusters)),
    });
  },
});
