import { z } from 'zod';
import { GpuNodeAnswer } from '../../backend/model/gpu-answers.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { cardLine } from './gpu-for-model.ts';

export const getGpuNode = defineTool({
  name: 'get_gpu_node',
  title: 'Get a GPU node',
  description: 'One node with all its GPUs, from the best source that knows it.',
  toolset: 'gpu',
  permission: 'metrics:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ cluster: ClusterArg, node: z.string().min(1).max(253) }),
  output: GpuNodeAnswer,
  example: { cluster: 'prod-us-1', node: 'prod-us-1-gpu-0' },
  rest: [
    {
      method: 'GET',
      path: '/gpu/nodes/{cluster_id}/{node_name}',
      rename: { cluster_id: 'cluster', node_name: 'node' },
    },
  ],
  summarize: ({ node, clusters }) =>
    `${describeOutcomes(clusters)}. ${node.node_name}: ${node.gpu_count ?? 'an unknown number of'} GPUs by ${node.source}, ${node.age_seconds} s old. ${node.gpus.slice(0, 8).map(cardLine).join('; ')}`,
  run: async (context, { cluster, node }) => {
    const { id } = await context.resolveCluster(cluster);
    return context.services.gpus.node({ node, ...(await context.question([id])) });
  },
});
