import { z } from 'zod';
import { HealthHistory } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { TimeInput, resolveTime } from '../../backend/model/time.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

const KEPT_MS = 7 * 86_400_000;

export const getClusterHealthHistory = defineTool({
  name: 'get_cluster_health_history',
  title: 'Get the health history of a cluster',
  description:
    'Changes of state of one cluster and how it fared in every five minutes, oldest first. Kept 7 days. Five minutes without a check are left out.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({
    cluster: ClusterArg,
    start: TimeInput.default('-24h').describe('Default a day ago'),
    end: TimeInput.default('now').describe('Default now'),
  }),
  output: z.strictObject({
    cluster_id: z.uuid(),
    cluster_name: z.string(),
    start: z.iso.datetime(),
    end: z.iso.datetime(),
    ...HealthHistory.shape,
  }),
  example: { cluster: 'hub-1', start: '-1h' },
  rest: [
    {
      method: 'GET',
      path: '/clusters/{id}/health',
      rename: { id: 'cluster', start_time: 'start', end_time: 'end' },
    },
  ],
  summarize: ({ cluster_name, transitions, rollups }) => {
    const checks = rollups.reduce((sum, rollup) => sum + rollup.checks, 0);
    const healthy = rollups.reduce((sum, rollup) => sum + rollup.healthy_checks, 0);
    if (checks === 0) return `${cluster_name} was not checked in this time.`;
    return `${cluster_name}: everything answered in ${healthy} of ${checks} checks; ${transitions.length} changes of state.`;
  },
  run: async ({ clock, services, resolveCluster }, input) => {
    const now = clock.now();
    const [start, end] = [resolveTime(input.start, now, 'start'), resolveTime(input.end, now, 'end')];
    if (start > end) {
      const message = 'start must not be after end';
      throw new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'start', message }] } });
    }
    const [from, to] = [within(start, now), within(end, now)];
    const cluster = await resolveCluster(input.cluster);
    const history = await services.healthHistories.read(cluster.id, { from, to });
    return {
      cluster_id: cluster.id,
      cluster_name: cluster.name,
      start: from.toISOString(),
      end: to.toISOString(),
      ...history,
    };
  },
});

/** Times beyond what is kept are drawn to its ends, so that the answer says which time it is about. */
function within(seconds: number, now: Date): Date {
  return new Date(Math.min(Math.max(seconds * 1000, now.getTime() - KEPT_MS), now.getTime()));
}
