import { z } from 'zod';
import { AppError } from '../../backend/model/errors.ts';
import { Aggregation, MetricsAnswer } from '../../backend/model/metrics.ts';
import { Duration, TimeInput, durationSeconds, resolveTime, steadyNow } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { metricsForModel } from './metrics-for-model.ts';
import { summarizeMetrics } from './summarize-series.ts';

const Input = z.strictObject({
  query: z.string().min(1).max(10_000).describe('PromQL'),
  clusters: ClustersArg,
  time: TimeInput.optional().describe('Instant: ISO 8601 or -5m; default now'),
  start: TimeInput.optional().describe('Range start'),
  end: TimeInput.optional().describe('Range end; default now'),
  step: Duration.optional().describe('Range step; default about 250 points'),
  limit: z.int().min(1).max(100_000).optional().describe('Most series per cluster'),
  aggregation: Aggregation.default('MERGE').describe('SUM… combine what clusters answer'),
  timeout: z.int().min(1).max(300).default(30).describe('Seconds'),
});

const rename = { cluster_ids: 'clusters', start_time: 'start', end_time: 'end' };

export const queryMetrics = defineTool({
  name: 'query_metrics',
  title: 'Query metrics',
  description:
    'Runs PromQL on many clusters at once, instant or over a range (start); each series gets a cluster label. aggregation=FLEET answers as one Prometheus of all clusters; otherwise aggregation happens within a cluster.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: Input,
  output: MetricsAnswer,
  example: { query: 'sum by (namespace) (container_memory_working_set_bytes)' },
  rest: [
    { method: 'POST', path: '/metrics/query', rename },
    { method: 'POST', path: '/metrics/query_range', rename },
  ],
  deadlineMs: ({ timeout }) => timeout * 1000,
  forModel: metricsForModel,
  summarize: summarizeMetrics,
  run: async (context, input) => {
    const { query, limit, aggregation } = input;
    const when = resolveWhen(input, context.clock.now());
    const question = await context.question(input.clusters);
    return context.services.metrics.query({ query, limit, aggregation, ...when, ...question });
  },
});

type When = { time?: number } | { range: { start: number; end: number; step?: number } };

/** Instant and range arguments exclude each other; a mixture is refused rather than half of it ignored. */
function resolveWhen({ time, start, end, step }: z.output<typeof Input>, now: Date): When {
  if (start === undefined) {
    if (end !== undefined) throw invalid('end', 'end needs start; for one instant use time');
    if (step !== undefined) throw invalid('step', 'step needs start; an instant query has no step');
    return time === undefined ? {} : { time: resolveTime(time, now, 'time') };
  }
  if (time !== undefined) throw invalid('time', 'time is for an instant and start for a range; give one of them');
  const bounds = (at: Date) => ({ start: resolveTime(start, at, 'start'), end: resolveTime(end ?? 'now', at, 'end') });
  const { start: from, end: to } = bounds(now);
  return {
    range: {
      ...bounds(steadyNow(now, to - from)),
      ...(step === undefined ? {} : { step: durationSeconds(step, 'step') }),
    },
  };
}

function invalid(field: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field, message }] } });
}
