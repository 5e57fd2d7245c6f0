import { z } from 'zod';
import { ErrorLogsAnswer } from '../../backend/model/logs.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { errorLogsForModel } from './error-logs-for-model.ts';
import { areNamed } from './logs-arg.ts';
import { summarizeErrorLogs } from './summarize-error-logs.ts';

const SAMPLE_LENGTH = 400;
const DEADLINE_MS = 60_000;

export const searchErrorLogs = defineTool({
  name: 'search_error_logs',
  title: 'Search error logs',
  description:
    'Error lines of many clusters grouped by what they say: counts, where, since when, a sample, and whether new or increased against the window before.',
  toolset: 'logs',
  permission: 'logs:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    namespace: z.string().min(1).max(253).optional(),
    workload: z.string().min(1).max(253).optional().describe('Matches its pods'),
    contains: z.string().min(1).max(1000).optional().describe('Text'),
    start: TimeInput.default('-1h'),
    end: TimeInput.default('now'),
    limit: z.int().min(1).max(200).default(20).describe('Groups'),
  }),
  output: ErrorLogsAnswer,
  example: { namespace: 'shop', limit: 5 },
  rest: [
    {
      method: 'GET',
      path: '/logs/errors',
      rename: { cluster_ids: 'clusters', start_time: 'start', end_time: 'end' },
    },
  ],
  deadlineMs: () => DEADLINE_MS,
  forModel: errorLogsForModel,
  summarize: summarizeErrorLogs,
  run: async (context, { clusters, namespace, workload, contains, start, end, limit }) => {
    const now = context.clock.now();
    return context.services.errorLogs.search({
      namespace,
      workload,
      contains,
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      lineLength: SAMPLE_LENGTH,
      named: areNamed(clusters),
      ...(await context.question(clusters)),
    });
  },
});
