import { z } from 'zod';
import { LogDirection, LogsAnswer } from '../../backend/model/logs.ts';
import { TimeInput, durationSeconds, resolveTime } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { logsForModel } from './logs-for-model.ts';
import { LOGS_RENAME, areNamed } from './logs-arg.ts';
import { summarizeLogs } from './summarize-logs.ts';

export const queryLogs = defineTool({
  name: 'query_logs',
  title: 'Query logs',
  description:
    'Runs LogQL on many clusters: lines by time, newest first, or series of metric LogQL (one instant unless start is given). For errors try search_error_logs first.',
  toolset: 'logs',
  permission: 'logs:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    query: z.string().min(1).max(10_000).describe('LogQL'),
    clusters: ClustersArg,
    start: TimeInput.optional().describe('Default -1h'),
    end: TimeInput.default('now'),
    limit: z.int().min(1).max(5000).default(100).describe('Lines'),
    direction: LogDirection.default('BACKWARD'),
    cursor: z.string().max(65_536).optional().describe('next_cursor'),
    step: z.string().max(32).optional().describe('Such as 5m'),
    line_length: z.int().min(50).max(262_144).default(1000),
    timeout: z.int().min(1).max(300).default(30).describe('Seconds'),
  }),
  output: LogsAnswer,
  example: { query: '{namespace="shop"} |= "checkout"', limit: 20 },
  rest: [
    { method: 'POST', path: '/logs/query', rename: LOGS_RENAME },
    { method: 'POST', path: '/logs/query_range', rename: LOGS_RENAME },
  ],
  deadlineMs: ({ timeout }) => timeout * 1000,
  forModel: logsForModel,
  summarize: summarizeLogs,
  run: async (context, input) => {
    const now = context.clock.now();
    return context.services.logs.query({
      query: input.query,
      start: resolveTime(input.start ?? '-1h', now, 'start'),
      end: resolveTime(input.end, now, 'end'),
      instant: input.start === undefined,
      step: input.step === undefined ? undefined : durationSeconds(input.step, 'step'),
      limit: input.limit,
      direction: input.direction,
      cursor: input.cursor,
      lineLength: input.line_length,
      named: areNamed(input.clusters),
      ...(await context.question(input.clusters)),
    });
  },
});
