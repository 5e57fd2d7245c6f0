import { z } from 'zod';
import { ClusterOutcome } from '../../backend/model/outcome.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { LOGS_RENAME, areNamed } from './logs-arg.ts';

/** The gate of the WebSocket `/api/v1/logs/tail`: every tail passes it, and so is checked, narrowed to its caller's clusters and audited. */
export const planLogTail = defineTool({
  name: 'plan_log_tail',
  title: 'Plan a log tail',
  description: 'Whom a live tail of a log query would follow. The tail itself is the WebSocket /api/v1/logs/tail.',
  toolset: 'logs',
  permission: 'logs:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({
    query: z.string().min(1).max(10_000),
    clusters: ClustersArg,
    start: TimeInput.default('now'),
    limit: z.int().min(1).max(5000).default(100),
    line_length: z.int().min(50).max(262_144).default(1000),
  }),
  output: z.strictObject({
    query: z.string(),
    /** ISO 8601; lines from here on are given first. */
    start: z.iso.datetime(),
    limit: z.int(),
    line_length: z.int(),
    followed: z.array(z.strictObject({ cluster_id: z.uuid(), cluster_name: z.string() })),
    skipped: z.array(ClusterOutcome),
  }),
  example: { query: '{namespace="shop"}' },
  rest: [{ method: 'POST', path: '/logs/tail/plan', rename: LOGS_RENAME }],
  summarize: ({ followed, skipped }) =>
    `A tail would follow ${followed.length} clusters${skipped.length === 0 ? '' : `; ${skipped.length} have no logs`}.`,
  run: async (context, { query, clusters, start, limit, line_length }) => {
    const question = { named: areNamed(clusters), ...(await context.question(clusters)) };
    const { followed, skipped } = context.services.logTails.plan(query, question);
    return {
      query,
      start: new Date(resolveTime(start, context.clock.now(), 'start') * 1000).toISOString(),
      limit,
      line_length,
      followed: followed.map(({ id, name }) => ({ cluster_id: id, cluster_name: name })),
      skipped,
    };
  },
});
