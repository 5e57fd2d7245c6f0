import { z } from 'zod';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TraceAnswer } from '../../backend/model/trace.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { TRACES_RENAME, TraceIdArg } from './trace-arg.ts';
import { traceForModel } from './trace-for-model.ts';

const LINES = 60;
const SPANS = 5000;

export const getTrace = defineTool({
  name: 'get_trace',
  title: 'Get a trace',
  description:
    'One trace, joined over clusters and analysed: critical path (*), where its error came from, self time by service, span tree.',
  toolset: 'traces',
  permission: 'traces:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    trace_id: TraceIdArg,
    clusters: ClustersArg,
    span_id: z.string().max(40).optional().describe('Only the tree below it'),
  }),
  output: TraceAnswer,
  example: { trace_id: '0af7651916cd43dd8448eb211c80319c' },
  rest: [{ method: 'GET', path: '/traces/{trace_id}', rename: TRACES_RENAME }],
  forModel: traceForModel,
  summarize: ({ trace, analysis, clusters, notes }) => {
    const { error_origins: origins, critical_path: path } = analysis;
    const root = `${trace.root_service ?? 'Root missing'} ${trace.root_operation ?? ''}`.trim();
    const size = `${root}, ${trace.duration_ms} ms, ${trace.span_count ?? 0} spans of ${trace.service_count ?? 0} services on ${trace.clusters.join(', ')}, started ${trace.start_time}.`;
    const [origin] = origins;
    const error =
      origin === undefined
        ? 'No span failed.'
        : `${analysis.error_span_count} spans failed; the error comes from ${origin.service_name} ${origin.operation_name}${origin.calls === undefined ? '' : ` (calling ${origin.calls})`} on ${origin.cluster_name}${origin.message === undefined ? '' : `: ${JSON.stringify(origin.message.slice(0, 200))}`}.`;
    const most = path.toSorted((a, b) => b.ms - a.ms).slice(0, 3);
    const slow = most.map(
      (step) => `${step.service_name} ${step.operation_name} ${step.ms} ms (${Math.round(step.share * 100)} %)`,
    );
    return [
      `${describeOutcomes(clusters)}.`,
      size,
      error,
      ...(slow.length === 0 ? [] : [`Most of the time: ${slow.join(', ')}.`]),
      ...notes,
    ].join(' ');
  },
  run: async (context, { trace_id, clusters, span_id }) =>
    context.services.traces.get({
      traceId: trace_id,
      below: span_id,
      lines: LINES,
      spans: SPANS,
      named: areNamed(clusters),
      ...(await context.question(clusters)),
    }),
});
