import { z } from 'zod';
import { GpuHistoryAnswer, GpuHistoryMeasure } from '../../backend/model/gpu-answers.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { Duration, durationSeconds } from '../../backend/model/time.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const getGpuHistory = defineTool({
  name: 'get_gpu_history',
  title: 'Get GPU history',
  description: "The last while of one node's GPUs by DCGM, at most 240 points a series.",
  toolset: 'gpu',
  permission: 'metrics:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    cluster: ClusterArg,
    node: z.string().min(1).max(253),
    gpu: z.int().min(0).max(9999).optional().describe('Index; left out = all'),
    measures: z
      .array(GpuHistoryMeasure)
      .min(1)
      .max(GpuHistoryMeasure.options.length)
      .default(['utilization_gpu_percent', 'memory_used_mb', 'temperature_celsius', 'power_draw_watts']),
    window: Duration.default('1h'),
  }),
  output: GpuHistoryAnswer,
  example: { cluster: 'prod-us-1', node: 'prod-us-1-gpu-0', window: '1h' },
  rest: [
    {
      method: 'GET',
      path: '/gpu/nodes/{cluster_id}/{node_name}/history',
      rename: { cluster_id: 'cluster', node_name: 'node' },
    },
  ],
  summarize: ({ series, clusters, node_name }) =>
    `${describeOutcomes(clusters)}. ${series.length === 0 ? `DCGM has no history of ${node_name}.` : `${series.length} series of ${node_name}.`}`,
  run: async (context, { cluster, window, ...query }) => {
    const { id } = await context.resolveCluster(cluster);
    return context.services.gpus.history({
      ...query,
      windowSeconds: durationSeconds(window, 'window'),
      ...(await context.question([id])),
    });
  },
});
