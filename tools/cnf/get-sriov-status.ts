import { z } from 'zod';
import { SriovStatusAnswer, SriovStatusForModel } from '../../backend/model/cnf.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NO_CLUSTER, findingsText, sriovView } from './cnf-for-model.ts';

export const getSriovStatus = defineTool({
  name: 'get_sriov_status',
  title: 'Get SR-IOV status',
  description:
    'SR-IOV of nodes: operator sync, virtual functions (VFs) allocatable, requested and free, which pod has which, their drops, findings.',
  toolset: 'cnf',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    node: z.string().min(1).max(253).optional(),
    limit: z.int().min(1).max(500).default(100),
  }),
  output: SriovStatusAnswer,
  example: {},
  rest: [{ method: 'GET', path: '/cnf/sriov/status', rename: { cluster_ids: 'clusters' } }],
  deadlineMs: () => 60_000,
  forModel: { output: SriovStatusForModel, view: sriovView },
  summarize: ({ total, by_sync_status, vfs, findings, total_findings, clusters, complete }) => {
    if (clusters.length === 0) return NO_CLUSTER;
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0)
      return `${coverage} No node with SR-IOV is known${complete ? '' : ' in what could be read'}: no node state, no resource of a policy, no exporter.`;
    const states = Object.entries(by_sync_status).map(([status, count]) => `${count} ${status}`);
    const used = vfs.requested === null ? 'requests could not be read' : `${vfs.requested} requested by pods`;
    return `${coverage} ${complete ? '' : 'At least '}${total} nodes with SR-IOV (${states.join(', ')}); ${vfs.allocatable} virtual functions allocatable, ${used}. ${findingsText(findings, total_findings)}`;
  },
  run: async (context, { clusters, ...query }) =>
    context.services.cnf.sriov({ ...query, ...(await context.question(clusters)) }),
});
