import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { GpuSummary, GpuSummaryForModel } from '../../backend/model/gpu-answers.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { coverageText } from './gpu-for-model.ts';

const CLUSTERS_SHOWN = 15;

export const getGpuSummary = defineTool({
  name: 'get_gpu_summary',
  title: 'Get GPU summary',
  description:
    'GPUs of the fleet in totals: by model, allocated against used, idle though allocated, hot, throttled, failing, and the worst findings. Start here for GPUs.',
  toolset: 'gpu',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ clusters: ClustersArg }),
  output: GpuSummary,
  example: {},
  rest: [{ method: 'GET', path: '/gpu/summary', rename: { cluster_ids: 'clusters' } }],
  forModel: {
    output: GpuSummaryForModel,
    view: ({ coverage, clusters, ...answer }) => ({
      output: {
        ...answer,
        ...(coverage.length > 0 ? { coverage: coverage.slice(0, CLUSTERS_SHOWN) } : {}),
        clusters: digestClusters(clusters),
      },
      whole: coverage.length <= CLUSTERS_SHOWN,
    }),
  },
  summarize: (answer) => {
    const coverage = coverageText(answer);
    if (answer.clusters.length === 0) return coverage;
    if (answer.gpus === 0 && answer.nodes === 0)
      return `${coverage} No GPUs in the ${answer.clusters_without_gpus} clusters that could be looked at.`;
    const busy =
      answer.avg_utilization_percent === null
        ? 'load not known'
        : `on average ${answer.avg_utilization_percent} % busy`;
    return `${coverage} ${answer.gpus} GPUs on ${answer.nodes} nodes of ${answer.clusters_with_gpus} clusters; ${answer.measured_gpus} measured, ${busy}. ${answer.idle_allocated} idle though allocated, ${answer.hot} hot, ${answer.throttled} throttled, ${answer.failing} failing.`;
  },
  run: async (context, { clusters }) =>
    context.services.gpus.summary({ named: areNamed(clusters), ...(await context.question(clusters)) }),
});
