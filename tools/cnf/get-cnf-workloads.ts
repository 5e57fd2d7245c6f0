import { z } from 'zod';
import { CnfType } from '../../backend/model/cluster.ts';
import { CnfStatus, CnfWorkloadsAnswer, CnfWorkloadsForModel } from '../../backend/model/cnf.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NamespaceArg } from '../kubernetes/namespace-arg.ts';
import { NO_CLUSTER, workloadsView } from './cnf-for-model.ts';

export const getCnfWorkloads = defineTool({
  name: 'get_cnf_workloads',
  title: 'Get CNF workloads',
  description:
    'Telecom network functions (DU, CU, UPF, AMF, SMF, NRF): ready pods, restarts, secondary networks, SR-IOV requests. Found by namespace, labels, custom resources.',
  toolset: 'cnf',
  permission: 'metrics:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    namespace: NamespaceArg,
    type: CnfType.optional(),
    status: CnfStatus.optional(),
    limit: z.int().min(1).max(1000).default(100),
  }),
  output: CnfWorkloadsAnswer,
  example: { type: 'VDU' },
  rest: [{ method: 'GET', path: '/cnf/workloads', rename: { cluster_ids: 'clusters' } }],
  deadlineMs: () => 60_000,
  forModel: { output: CnfWorkloadsForModel, view: workloadsView },
  summarize: ({ workloads, total, by_status, by_type, clusters, complete }) => {
    if (clusters.length === 0) return NO_CLUSTER;
    const coverage = `${describeOutcomes(clusters)}.`;
    if (total === 0)
      return `${coverage} No network function matches${complete ? '' : ' in what could be read'}; prefixes of their namespaces are set by AIOPS_CNF_NAMESPACES.`;
    const types = Object.entries(by_type).map(([type, count]) => `${type} ${count}`);
    const wrong = workloads
      .filter(({ status }) => status !== 'READY')
      .slice(0, 5)
      .map(
        (one) =>
          `${one.namespace}/${one.name} on ${one.cluster} ${one.ready_pods}/${one.desired_pods ?? one.pods} ready`,
      );
    const lower = complete ? '' : 'At least ';
    return `${coverage} ${lower}${total} network functions (${types.join(', ')}): ${by_status.READY} ready, ${by_status.DEGRADED} degraded, ${by_status.DOWN} down${wrong.length > 0 ? `: ${wrong.join('; ')}` : ''}.`;
  },
  run: async (context, { clusters, ...query }) =>
    context.services.cnf.workloads({ ...query, ...(await context.question(clusters)) }),
});
