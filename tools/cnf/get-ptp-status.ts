import { z } from 'zod';
import { PtpStatusAnswer, PtpStatusForModel } from '../../backend/model/cnf.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NO_CLUSTER, findingsText, ptpView } from './cnf-for-model.ts';

export const getPtpStatus = defineTool({
  name: 'get_ptp_status',
  title: 'Get PTP status',
  description:
    'Clock synchronisation (PTP) of nodes: LOCKED, HOLDOVER or FREERUN and for how long, offsets in ns, clock class, findings with next steps.',
  toolset: 'cnf',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    node: z.string().min(1).max(253).optional(),
    limit: z.int().min(1).max(1000).default(100),
  }),
  output: PtpStatusAnswer,
  example: {},
  rest: [{ method: 'GET', path: '/cnf/ptp/status', rename: { cluster_ids: 'clusters' } }],
  deadlineMs: () => 60_000,
  forModel: { output: PtpStatusForModel, view: ptpView },
  summarize: ({ total, by_state, max_abs_offset_ns, findings, total_findings, sources, clusters, complete }) => {
    if (clusters.length === 0) return NO_CLUSTER;
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0) {
      const absent = sources.filter(
        ({ source, status }) => source === 'linuxptp metrics' && status === 'ABSENT',
      ).length;
      return `${coverage} No node with PTP is known${complete ? '' : ' in what could be read'}: ${absent} clusters have no linuxptp metrics, which does not say that no clock runs there.`;
    }
    const offset = max_abs_offset_ns === null ? 'no offset is told' : `largest offset ${max_abs_offset_ns} ns`;
    return `${coverage} ${complete ? '' : 'At least '}${total} nodes with PTP: ${by_state.LOCKED} locked, ${by_state.HOLDOVER} in holdover, ${by_state.FREERUN} in freerun, ${by_state.UNKNOWN} unknown; ${offset}. ${findingsText(findings, total_findings)}`;
  },
  run: async (context, { clusters, ...query }) =>
    context.services.cnf.ptp({ ...query, ...(await context.question(clusters)) }),
});
