import { z } from 'zod';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { SilenceState, SilencesAnswer } from '../../backend/model/silence.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const listSilences = defineTool({
  name: 'list_silences',
  title: 'List silences',
  description:
    'Silences of the Alertmanagers of many clusters, those that end last first; without a state, expired ones too.',
  toolset: 'alerts',
  permission: 'alerts:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    state: SilenceState.optional(),
    limit: z.int().min(1).max(1000).default(200),
  }),
  output: SilencesAnswer,
  example: { state: 'ACTIVE' },
  rest: [{ method: 'GET', path: '/alerts/silences', rename: { cluster_ids: 'clusters', cluster: 'clusters' } }],
  summarize: ({ total, clusters }) => `${describeOutcomes(clusters)}. ${total} silences.`,
  run: async (context, { clusters, ...query }) =>
    context.services.silences.list({ ...(await context.question(clusters)), ...query }),
});
