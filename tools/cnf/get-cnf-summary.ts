import { z } from 'zod';
import { CnfSummary } from '../../backend/model/cnf.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NO_CLUSTER, findingsText } from './cnf-for-model.ts';

export const getCnfSummary = defineTool({
  name: 'get_cnf_summary',
  title: 'Get the CNF summary',
  description:
    'Counts of network functions, clocks and virtual functions over many clusters, with what is wrong with them.',
  toolset: 'cnf',
  permission: 'metrics:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ clusters: ClustersArg }),
  output: CnfSummary,
  example: {},
  rest: [{ method: 'GET', path: '/cnf/summary', rename: { cluster_ids: 'clusters' } }],
  deadlineMs: () => 60_000,
  summarize: ({ workloads, ptp, sriov, findings, total_findings, clusters }) =>
    clusters.length === 0
      ? NO_CLUSTER
      : `${describeOutcomes(clusters)}. ${workloads.total} network functions, ${ptp.total} nodes with PTP, ${sriov.total} nodes with SR-IOV. ${findingsText(findings, total_findings)}`,
  run: async (context, { clusters }) => context.services.cnf.summary(await context.question(clusters)),
});
