import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { Duration, durationSeconds } from '../../backend/model/time.ts';
import { TrendsAnswer, TrendsForModel } from '../../backend/model/usage.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { nameOf } from './summarize-series.ts';

const DAY = 86_400;
const COMPARE = { PREVIOUS: 0, DAY, WEEK: 7 * DAY } as const;

export const getMetricTrends = defineTool({
  name: 'get_metric_trends',
  title: 'Get metric trends',
  description:
    'How a metric or PromQL moved over a window: slope, change, extremes, and against the window before (or a day, a week ago); most changed first. Counters become rates.',
  toolset: 'metrics',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    query: z.string().min(1).max(10_000).describe('Metric or PromQL'),
    clusters: ClustersArg,
    window: Duration.default('1h'),
    compare: z.enum(['PREVIOUS', 'DAY', 'WEEK']).default('PREVIOUS'),
    limit: z.int().min(1).max(100).default(20),
  }),
  output: TrendsAnswer,
  example: { query: 'container_memory_working_set_bytes{namespace="shop"}', window: '30m' },
  rest: [{ method: 'POST', path: '/metrics/trends', rename: { cluster_ids: 'clusters' } }],
  deadlineMs: () => 60_000,
  forModel: {
    output: TrendsForModel,
    view: (answer) => ({ output: { ...answer, clusters: digestClusters(answer.clusters) }, whole: true }),
  },
  summarize: ({ series, total, gone, notes, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const coverage = `${describeOutcomes(clusters)}.${complete ? '' : ' Every total is a lower bound.'}`;
    if (total === 0) return [coverage, 'No series match. find_metrics looks for names by words.', ...notes].join(' ');
    const moved = series.slice(0, 3).map((one) => {
      const against =
        one.vs_previous_percent === undefined
          ? 'not there before'
          : `${signed(one.vs_previous_percent)} % against before`;
      return `${nameOf(one.labels)} ${one.trend ?? ''} (${against})`;
    });
    const lost = gone === 0 ? '' : ` ${gone} series of before are gone.`;
    return [coverage, `${total} series; most changed: ${moved.join('; ')}.${lost}`, ...notes].join(' ');
  },
  run: async (context, { query, window, compare, limit, clusters }) => {
    const windowSeconds = durationSeconds(window, 'window');
    // A window longer than what it is set against would overlap itself.
    const offsetSeconds = Math.max(COMPARE[compare], windowSeconds);
    return context.services.usage.trends({
      query,
      windowSeconds,
      offsetSeconds,
      limit,
      ...(await context.question(clusters)),
    });
  },
});

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}
