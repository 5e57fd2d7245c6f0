import { z } from 'zod';
import { GpuFindingsAnswer } from '../../backend/model/gpu-answers.ts';
import { FindingSeverity } from '../../backend/model/workload.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { coverageText, findingLine } from './gpu-for-model.ts';

export const getGpuFindings = defineTool({
  name: 'get_gpu_findings',
  title: 'Get GPU findings',
  description: 'What is wrong with GPUs by fixed rules, most severe first, each with evidence and a next step.',
  toolset: 'gpu',
  permission: 'metrics:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    node: z.string().min(1).max(253).optional(),
    severity: FindingSeverity.optional().describe('The least'),
    limit: z.int().min(1).max(5000).default(200),
  }),
  output: GpuFindingsAnswer,
  example: {},
  rest: [{ method: 'GET', path: '/gpu/findings', rename: { cluster_ids: 'clusters' } }],
  summarize: (answer) =>
    `${coverageText(answer)} ${answer.total} findings by ${answer.rules.length} rules.${answer.findings[0] ? ` Worst: ${findingLine(answer.findings[0])}` : ''}`,
  run: async (context, { clusters, ...query }) =>
    context.services.gpus.findings({ ...query, named: areNamed(clusters), ...(await context.question(clusters)) }),
});
