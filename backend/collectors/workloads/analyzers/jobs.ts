import type { Analyzer, Draft } from '../analyzer.ts';
import { ageSeconds, conditionOf, refOf, span } from '../analyzer.ts';

/** A schedule that has not run with success for this long is worth a look, whatever its period. */
const STALE_SECONDS = 26 * 3600;

export const jobsAnalyzer: Analyzer = {
  name: 'jobs',
  checks: [
    {
      id: 'job-failed',
      needs: ['jobs'],
      run: ({ objects }) =>
        (objects.jobs ?? []).flatMap((job): Draft[] => {
          const condition = conditionOf(job.status.conditions, 'Failed', 'True');
          if (!condition) return [];
          return [
            {
              severity: 'WARNING',
              reason: 'JOB_FAILED',
              object: refOf('Job', job),
              message: `It has failed for good (${condition.reason})${condition.message ? `: ${condition.message}` : '.'}`,
              evidence: [
                { path: 'status.conditions[Failed].reason', value: condition.reason },
                { path: 'status.failed', value: String(job.status.failed) },
              ],
              next_step:
                condition.reason === 'DeadlineExceeded'
                  ? 'It took longer than activeDeadlineSeconds: see what it waited for.'
                  : 'Read the log of its last pod.',
            },
          ];
        }),
    },
    {
      id: 'cron-job-stale',
      needs: ['cronjobs'],
      run: ({ objects, nowMs }) =>
        (objects.cronjobs ?? []).flatMap((job): Draft[] => {
          if (job.spec.suspend === true)
            return [
              {
                severity: 'INFO',
                reason: 'CRON_JOB_SUSPENDED',
                object: refOf('CronJob', job),
                message: `It is suspended, so its schedule ${job.spec.schedule} does not run.`,
                evidence: [{ path: 'spec.suspend', value: 'true' }],
                next_step: 'Resume it when that is not on purpose.',
              },
            ];
          const { lastScheduleTime, lastSuccessfulTime } = job.status;
          const since = ageSeconds(lastSuccessfulTime ?? job.metadata.creationTimestamp, nowMs);
          if (!lastScheduleTime || since < STALE_SECONDS || ageSeconds(lastScheduleTime, nowMs) >= since) return [];
          return [
            {
              severity: 'WARNING',
              reason: 'CRON_JOB_NOT_SUCCEEDING',
              object: refOf('CronJob', job),
              message: `It runs on schedule, but not once with success for ${span(since)}.`,
              evidence: [
                { path: 'status.lastScheduleTime', value: lastScheduleTime },
                { path: 'status.lastSuccessfulTime', value: lastSuccessfulTime ?? '(never)' },
              ],
              next_step: 'Read the log of its newest pod.',
            },
          ];
        }),
    },
  ],
};
