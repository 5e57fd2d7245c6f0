import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { type GpuProcessRow, GpuProcessesAnswer, GpuProcessesForModel } from '../../backend/model/gpu-answers.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NamespaceArg } from '../kubernetes/namespace-arg.ts';
import { coverageText } from './gpu-for-model.ts';

const SHOWN = 40;

export const getGpuProcesses = defineTool({
  name: 'get_gpu_processes',
  title: 'Get GPU processes',
  description:
    'Who uses GPUs: processes where nvidia-smi may be run, else the pods that hold each card; most memory first.',
  toolset: 'gpu',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    node: z.string().min(1).max(253).optional(),
    namespace: NamespaceArg,
    limit: z.int().min(1).max(1000).default(100),
  }),
  output: GpuProcessesAnswer,
  example: { limit: 10 },
  rest: [{ method: 'GET', path: '/gpu/processes', rename: { cluster_ids: 'clusters' } }],
  forModel: {
    output: GpuProcessesForModel,
    view: ({ processes, total, not_seen, clusters, complete }) => ({
      output: {
        processes: processes.slice(0, SHOWN).map(lineOf),
        total,
        ...(total > SHOWN ? { left_out: total - SHOWN } : {}),
        ...(not_seen.length > 0 ? { not_seen: not_seen.slice(0, 10) } : {}),
        clusters: digestClusters(clusters),
        complete,
      },
      whole: processes.length === 0,
    }),
  },
  summarize: (answer) => {
    const coverage = coverageText(answer);
    if (answer.clusters.length === 0) return coverage;
    const unseen = answer.not_seen.length === 0 ? '' : ` On ${answer.not_seen.length} nodes they cannot be seen.`;
    if (answer.total === 0) return `${coverage} Nothing uses a GPU, as far as can be seen.${unseen}`;
    return `${coverage} ${answer.total} processes or pods. Most memory: ${answer.processes.slice(0, 3).map(lineOf).join('; ')}.${unseen}`;
  },
  run: async (context, { clusters, ...query }) =>
    context.services.gpus.processes({ ...query, named: areNamed(clusters), ...(await context.question(clusters)) }),
});

function lineOf({
  cluster,
  node,
  gpu,
  mig_profile,
  pod,
  process,
  used_memory_mb,
  utilization_gpu_percent,
}: GpuProcessRow) {
  const who = [
    ...(pod ? [`${pod.namespace}/${pod.pod}`] : []),
    ...(process ? [`${process.process_name ?? 'unnamed'} (pid ${process.pid})`] : []),
  ].join(' ');
  const card = gpu === null ? '' : ` GPU ${gpu}`;
  const memory = used_memory_mb === null ? 'memory not known' : `${used_memory_mb} MiB`;
  return `${who} on ${cluster}/${node}${card}${mig_profile === null ? '' : ` ${mig_profile}`}: ${memory}${utilization_gpu_percent === null ? '' : `, card ${utilization_gpu_percent} % busy`}`;
}
