import { z } from 'zod';
import { TraceSpansAnswer } from '../../backend/model/trace.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { TRACES_RENAME, TraceIdArg } from './trace-arg.ts';

export const getTraceSpans = defineTool({
  name: 'get_trace_spans',
  title: 'Get the spans of a trace',
  description:
    'The spans of one trace with tags and logs, joined over clusters, page by page in the order of the tree.',
  toolset: 'traces',
  permission: 'traces:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    trace_id: TraceIdArg,
    clusters: ClustersArg,
    page: z.int().min(1).max(100_000).default(1),
    page_size: z.int().min(1).max(1000).default(100),
  }),
  output: TraceSpansAnswer,
  example: { trace_id: '0af7651916cd43dd8448eb211c80319c' },
  rest: [{ method: 'GET', path: '/traces/{trace_id}/spans', rename: TRACES_RENAME }],
  summarize: ({ items, total, page, total_pages }) =>
    `Page ${page} of ${total_pages}: ${items.length} of ${total} spans.`,
  run: async (context, { trace_id, clusters, page, page_size }) =>
    context.services.traces.spans({
      traceId: trace_id,
      page,
      pageSize: page_size,
      named: areNamed(clusters),
      ...(await context.question(clusters)),
    }),
});
