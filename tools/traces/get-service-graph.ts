import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { nameForeign } from '../../backend/model/errors.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ServiceGraphAnswer, ServiceGraphForModel } from '../../backend/model/trace.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { TRACES_RENAME } from './trace-arg.ts';

const SHOWN = 10;

export const getServiceGraph = defineTool({
  name: 'get_service_graph',
  title: 'Get the service graph',
  description:
    'Who calls whom, with requests, failures and p95: from service-graph metrics, else from sampled traces (source says which).',
  toolset: 'traces',
  permission: 'traces:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    service_name: z.string().min(1).max(500).optional().describe('Only its edges; takes *'),
    clusters: ClustersArg,
    start: TimeInput.default('-1h'),
    end: TimeInput.default('now'),
    source: z.enum(['AUTO', 'METRICS', 'TRACES']).default('AUTO'),
    metric: z
      .string()
      .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/, 'a metric name')
      .default('traces_service_graph_request')
      .describe('Counter without _total'),
    limit: z.int().min(1).max(500).default(50),
  }),
  output: ServiceGraphAnswer,
  example: { service_name: 'checkout' },
  rest: [{ method: 'GET', path: '/traces/dependencies', rename: TRACES_RENAME }],
  forModel: {
    output: ServiceGraphForModel,
    view: (answer) => ({ output: { ...answer, clusters: digestClusters(answer.clusters) }, whole: true }),
  },
  summarize: ({ source, sampled_traces, edges, total_edges, clusters, notes }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const from = source === 'METRICS' ? 'Counted by metrics' : `Seen in ${sampled_traces ?? 0} sampled traces`;
    const listed = edges.slice(0, SHOWN).map((edge) => {
      const there = edge.server_cluster === undefined ? '' : `→${edge.server_cluster}`;
      const slow = edge.p95_ms === null ? '' : `, p95 ${edge.p95_ms} ms`;
      return `${nameForeign(edge.client)}→${nameForeign(edge.server)} on ${edge.cluster_name}${there}: ${edge.requests} requests, ${edge.failed} failed${slow}`;
    });
    const found =
      total_edges === 0
        ? 'No call between services is known.'
        : `${listed.join('; ')}${total_edges > SHOWN ? '; …' : ''}.`;
    return [`${describeOutcomes(clusters)}.`, `${from}: ${found}`, ...notes].join(' ');
  },
  run: async (context, { service_name, clusters, start, end, source, metric, limit }) => {
    const now = context.clock.now();
    return context.services.traces.graph({
      service: service_name,
      source,
      metric,
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      named: areNamed(clusters),
      ...(await context.question(clusters)),
    });
  },
});
