import { z } from 'zod';
import { LabelsAnswer } from '../../backend/model/metrics.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { LOGS_RENAME, areNamed } from './logs-arg.ts';
import { coverageOfLogs } from './summarize-logs.ts';

const SHOWN = 20;

export const getLogLabels = defineTool({
  name: 'get_log_labels',
  title: 'Get log labels',
  description: 'Names of log labels, or the values of one, over many clusters; selector narrows to matching streams.',
  toolset: 'logs',
  permission: 'logs:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    label: z
      .string()
      .regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/, 'a label name: letters, digits, underscore')
      .optional(),
    selector: z.string().min(1).max(2000).optional().describe('Stream selector such as {namespace="shop"}'),
    clusters: ClustersArg,
    start: TimeInput.default('-1h'),
    end: TimeInput.default('now'),
    limit: z.int().min(1).max(10_000).default(200),
  }),
  output: LabelsAnswer,
  example: { label: 'namespace' },
  rest: [
    { method: 'GET', path: '/logs/labels', rename: LOGS_RENAME },
    { method: 'GET', path: '/logs/label/{name}/values', rename: { ...LOGS_RENAME, name: 'label' } },
  ],
  summarize: ({ values, total, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = coverageOfLogs(clusters, complete);
    if (total === 0) return `${coverage} Nothing found; widen the time range or loosen selector.`;
    const list = `${values.slice(0, SHOWN).join(', ')}${total > SHOWN ? ', …' : ''}`;
    return `${coverage} ${complete ? '' : 'At least '}${total} found: ${list}.`;
  },
  run: async (context, { label, selector, start, end, limit, clusters }) => {
    const now = context.clock.now();
    return context.services.logs.labels({
      label,
      selector,
      start: resolveTime(start, now, 'start'),
      end: resolveTime(end, now, 'end'),
      limit,
      named: areNamed(clusters),
      ...(await context.question(clusters)),
    });
  },
});
