import { z } from 'zod';
import { AppError, nameForeign } from '../../backend/model/errors.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { TraceSearchAnswer } from '../../backend/model/trace.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { TRACES_RENAME, TraceIdArg } from './trace-arg.ts';
import { tracesForModel } from './traces-for-model.ts';

const SHOWN = 5;
const FILTERS = [
  'trace_id',
  'service_name',
  'operation_name',
  'min_duration_ms',
  'max_duration_ms',
  'tags',
  'has_errors',
] as const;
const Milliseconds = z.number().min(0).max(86_400_000);

export const searchTraces = defineTool({
  name: 'search_traces',
  title: 'Search traces',
  description:
    'Traces of many clusters by service, operation, duration, tags or errors, or by TraceQL, newest first. Durations are of the whole trace.',
  toolset: 'traces',
  permission: 'traces:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    service_name: z.string().min(1).max(500).optional().describe('Takes *'),
    operation_name: z.string().min(1).max(500).optional().describe('Takes *'),
    min_duration_ms: Milliseconds.optional(),
    max_duration_ms: Milliseconds.optional(),
    tags: z.record(z.string().min(1).max(200), z.string().max(1000)).optional().describe('Attributes'),
    has_errors: z.boolean().optional(),
    trace_id: TraceIdArg.optional(),
    query: z.string().max(10_000).optional().describe('TraceQL, instead of the filters'),
    clusters: ClustersArg,
    start: TimeInput.default('-1h'),
    end: TimeInput.default('now'),
    limit: z.int().min(1).max(100).default(20),
  }),
  output: TraceSearchAnswer,
  example: { service_name: 'storefront', has_errors: true, limit: 5 },
  rest: [{ method: 'POST', path: '/traces/search', rename: TRACES_RENAME }],
  forModel: tracesForModel,
  summarize: ({ traces, more, clusters, complete, notes }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    if (clusters.every(({ status }) => status === 'SKIPPED'))
      return 'None of these clusters has a Tempo that can be asked, so nothing is known of their traces.';
    const coverage = `${describeOutcomes(clusters)}.`;
    if (traces.length === 0)
      return `${coverage} No trace matches${complete ? '' : ' among those that answered'}. Widen the time range or loosen the filter; traces may be sampled.`;
    const listed = traces.slice(0, SHOWN).map((trace) => {
      const service = trace.root_service === null ? 'root missing' : nameForeign(trace.root_service);
      const what = trace.root_operation === null ? service : `${service} ${nameForeign(trace.root_operation)}`;
      return `${trace.trace_id} ${what} ${trace.duration_ms} ms${trace.has_errors === true ? ' with errors' : ''} on ${trace.clusters.join('+')} at ${trace.start_time.slice(0, 19)}Z`;
    });
    const counted = `${traces.length} traces${more ? ', and more match' : ''}`;
    return [coverage, `${counted}: ${listed.join('; ')}${traces.length > SHOWN ? '; …' : ''}.`, ...notes].join(' ');
  },
  run: async (context, input) => {
    const given = FILTERS.filter((name) => input[name] !== undefined);
    if (input.query !== undefined && given.length > 0) throw mixed(given);
    const now = context.clock.now();
    return context.services.traces.search({
      query: input.query,
      filter: {
        traceId: input.trace_id,
        serviceName: input.service_name,
        operationName: input.operation_name,
        minDurationMs: input.min_duration_ms,
        maxDurationMs: input.max_duration_ms,
        tags: input.tags,
        hasErrors: input.has_errors,
      },
      start: resolveTime(input.start, now, 'start'),
      end: resolveTime(input.end, now, 'end'),
      limit: input.limit,
      named: areNamed(input.clusters),
      ...(await context.question(input.clusters)),
    });
  },
});

/** A mixture is refused rather than half of it ignored. */
function mixed(given: readonly string[]): AppError {
  const message = `query is TraceQL instead of ${given.join(', ')}; give one or the other`;
  return new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'query', message }] } });
}
