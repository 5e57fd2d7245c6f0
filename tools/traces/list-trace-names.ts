import { z } from 'zod';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { TraceNamesAnswer } from '../../backend/model/trace.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { TRACES_RENAME } from './trace-arg.ts';

const SHOWN = 20;
const Common = {
  clusters: ClustersArg,
  start: TimeInput.default('-1h'),
  end: TimeInput.default('now'),
  limit: z.int().min(1).max(10_000).default(1000),
};
const shared = {
  toolset: 'traces',
  permission: 'traces:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  output: TraceNamesAnswer,
} as const;

function summarize({ names, total, clusters, complete }: TraceNamesAnswer): string {
  const list = `${names
    .slice(0, SHOWN)
    .map(({ name }) => name)
    .join(', ')}${total > SHOWN ? ', …' : ''}`;
  return `${describeOutcomes(clusters)}. ${complete ? '' : 'At least '}${total} found${total === 0 ? '' : `: ${list}`}.`;
}

export const listTraceServices = defineTool({
  ...shared,
  name: 'list_trace_services',
  title: 'List traced services',
  description: 'Services that traces of the time range come from, with the clusters that know each.',
  input: z.strictObject(Common),
  example: {},
  rest: [{ method: 'GET', path: '/traces/services', rename: TRACES_RENAME }],
  summarize,
  run: async (context, { clusters, start, end, limit }) => {
    const now = context.clock.now();
    return context.services.traces.names({
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      named: areNamed(clusters),
      ...(await context.question(clusters)),
    });
  },
});

export const listTraceOperations = defineTool({
  ...shared,
  name: 'list_trace_operations',
  title: 'List operations of a service',
  description: 'Names of the spans of one service (takes *) in the time range, with the clusters that know each.',
  input: z.strictObject({ service_name: z.string().min(1).max(500), ...Common }),
  example: { service_name: 'storefront' },
  rest: [{ method: 'GET', path: '/traces/operations', rename: TRACES_RENAME }],
  summarize,
  run: async (context, { service_name, clusters, start, end, limit }) => {
    const now = context.clock.now();
    return context.services.traces.names({
      operationsOf: service_name,
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      named: areNamed(clusters),
      ...(await context.question(clusters)),
    });
  },
});
