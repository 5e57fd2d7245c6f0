import { z } from 'zod';
import { ClusterOutcome, describeOutcomes } from '../../backend/model/outcome.ts';
import { parseMatcher, requireNarrow } from '../../backend/model/silence.ts';
import { AppError } from '../../backend/model/errors.ts';
import { Duration, durationSeconds } from '../../backend/model/time.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

const MINUTE = 60;
const MAX_DAYS = 30;

export const silenceAlert = defineTool({
  name: 'silence_alert',
  title: 'Silence alerts',
  description:
    'Keeps the Alertmanagers of the clusters named from notifying of alerts that meet all matchers, for a while. Nothing is resolved by it.',
  toolset: 'alerts',
  permission: 'alerts:write',
  exposure: 'model',
  annotations: { readOnly: false, destructive: true, idempotent: false, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg.unwrap().describe('Names or one label selector'),
    matchers: z
      .array(z.string().min(1).max(1000))
      .min(1)
      .max(20)
      .describe('alertname="X", namespace=~"a|b"; one at least with ='),
    duration: Duration.describe('2h; 1m to 30d'),
    comment: z.string().trim().min(3).max(1000).describe('Why'),
  }),
  output: z.strictObject({
    silences: z.array(
      z.strictObject({
        cluster_id: z.uuid(),
        cluster_name: z.string(),
        silence_id: z.string(),
        matching_alerts: z.int(),
      }),
    ),
    ends_at: z.iso.datetime(),
    clusters: z.array(ClusterOutcome),
    complete: z.boolean(),
  }),
  example: {
    clusters: ['hub-1'],
    matchers: ['alertname="GpuTemperatureHigh"'],
    duration: '15m',
    comment: 'Fans are being replaced',
  },
  rest: [{ method: 'POST', path: '/alerts/silences', status: 201, rename: { cluster_ids: 'clusters' } }],
  confirm: ({ clusters, matchers, duration, comment }) =>
    `Silence alerts with ${matchers.join(' and ')} in ${[clusters].flat().join(', ')} for ${duration} ("${comment}")?`,
  summarize: ({ silences, ends_at, clusters }) => {
    const made = silences.map((one) => `${one.cluster_name} (${one.matching_alerts} alerts now)`).join(', ');
    return `${describeOutcomes(clusters)}. ${silences.length === 0 ? 'No silence was made.' : `Silenced until ${ends_at} in ${made}.`}`;
  },
  run: async (context, { clusters, matchers, duration, comment }) => {
    const parsed = matchers.map((text, at) => parseMatcher(text, `matchers.${at}`));
    requireNarrow(parsed);
    const seconds = durationSeconds(duration, 'duration');
    if (seconds < MINUTE || seconds > MAX_DAYS * 24 * 60 * MINUTE) {
      const message = `must be 1m to ${MAX_DAYS}d`;
      throw new AppError('VALIDATION_FAILED', `duration: ${message}.`, {
        details: { issues: [{ field: 'duration', message }] },
      });
    }
    return context.services.silences.create({
      ...(await context.question(clusters)),
      matchers: parsed,
      durationMs: seconds * 1000,
      comment,
      createdBy: `${context.principal.display_name} (AIOps)`,
    });
  },
});
