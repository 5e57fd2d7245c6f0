import { z } from 'zod';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { GpuNodesAnswer, GpuNodesForModel } from '../../backend/model/gpu-answers.ts';
import { GpuSource } from '../../backend/model/gpu.ts';
import { FindingSeverity } from '../../backend/model/workload.ts';
import { ClustersArg, areNamed } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { FINDINGS_SHOWN, coverageText, findingLine, nodeForModel } from './gpu-for-model.ts';

const NODES_SHOWN = 15;
const CLUSTERS_SHOWN = 10;

export const getGpuNodes = defineTool({
  name: 'get_gpu_nodes',
  title: 'Get GPU nodes',
  description:
    'Nodes with GPUs, worst first: each card with load, memory, temperature, throttling, XIDs, who holds it, and findings. Names its source (DCGM, nvidia-smi, or only what is allocatable) and age.',
  toolset: 'gpu',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    node: z.string().min(1).max(253).optional(),
    model: z.string().min(1).max(100).optional().describe('Part of its name: H200'),
    severity: FindingSeverity.optional().describe('Only with findings, at least these'),
    source: GpuSource.optional(),
    limit: z.int().min(1).max(2000).default(100),
  }),
  output: GpuNodesAnswer,
  example: { limit: 10 },
  rest: [{ method: 'GET', path: '/gpu/nodes', rename: { cluster_ids: 'clusters' } }],
  forModel: {
    output: GpuNodesForModel,
    view: ({ nodes, coverage, clusters, ...answer }) => {
      const shown = nodes.slice(0, NODES_SHOWN);
      const findings = nodes.flatMap((node) => node.findings);
      const left = answer.total - shown.length;
      return {
        output: {
          ...answer,
          nodes: shown.map(nodeForModel),
          findings: findings.slice(0, FINDINGS_SHOWN).map(findingLine),
          ...(findings.length > FINDINGS_SHOWN ? { findings_left_out: findings.length - FINDINGS_SHOWN } : {}),
          ...(left > 0 ? { nodes_left_out: left } : {}),
          coverage: coverage.slice(0, CLUSTERS_SHOWN),
          ...(coverage.length > CLUSTERS_SHOWN ? { coverage_left_out: coverage.length - CLUSTERS_SHOWN } : {}),
          clusters: digestClusters(clusters),
        },
        whole: nodes.length === 0,
      };
    },
  },
  summarize: (answer) => {
    const { nodes, total, total_gpus } = answer;
    const coverage = coverageText(answer);
    if (answer.clusters.length === 0) return coverage;
    if (total === 0) return `${coverage} No node with a GPU fits.`;
    const findings = nodes.flatMap((node) => node.findings);
    const worst = findings
      .slice(0, 3)
      .map(({ code, cluster, node, gpu }) => `${code} on ${cluster}/${node}${gpu === null ? '' : ` GPU ${gpu}`}`);
    return `${coverage} ${total} nodes with ${total_gpus} GPUs${nodes.length < total ? `, ${nodes.length} shown, worst first` : ''}. ${findings.length === 0 ? 'No findings.' : `${findings.length} findings; worst: ${worst.join('; ')}.`}`;
  },
  run: async (context, { clusters, ...query }) =>
    context.services.gpus.nodes({ ...query, named: areNamed(clusters), ...(await context.question(clusters)) }),
});
