import { z } from 'zod';
import { ANALYZERS } from '../../backend/collectors/workloads/analyze.ts';
import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { describeOutcomes } from '../../backend/model/outcome.ts';
import { DiagnosisAnswer, DiagnosisForModel, FindingSeverity } from '../../backend/model/workload.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { NamespaceArg } from './namespace-arg.ts';

const NAMES = ANALYZERS.map(({ name }) => name);

export const diagnoseWorkloads = defineTool({
  name: 'diagnose_workloads',
  title: 'Diagnose workloads',
  description:
    'Finds what is wrong with workloads, services, storage and nodes of many clusters by fixed checks over Kubernetes objects: each finding with its fields and a next step. Start here for "why does X not run".',
  toolset: 'kubernetes',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({
    clusters: ClustersArg,
    namespace: NamespaceArg,
    name: z.string().min(1).max(253).optional().describe('Workload or object; its pods count too'),
    analyzers: z.array(z.enum(NAMES)).min(1).max(NAMES.length).optional().describe('Default: all'),
    severity: FindingSeverity.optional().describe('The least'),
    limit: z.int().min(1).max(500).default(50),
  }),
  output: DiagnosisAnswer,
  example: { namespace: 'shop' },
  rest: [{ method: 'POST', path: '/kubernetes/diagnose', rename: { cluster_ids: 'clusters' } }],
  deadlineMs: () => 60_000,
  forModel: {
    output: DiagnosisForModel,
    view: ({ looked_at: _objects, not_checked, ...answer }) => ({
      output: {
        ...answer,
        ...(not_checked.length > 0 ? { not_checked } : {}),
        clusters: digestClusters(answer.clusters),
      },
      whole: true,
    }),
  },
  summarize: ({ findings, total, by_severity, checks, not_checked, looked_at, clusters, complete }) => {
    if (clusters.length === 0)
      return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
    const objects = Object.values(looked_at).reduce((sum, count) => sum + count, 0);
    const coverage = `${describeOutcomes(clusters)}. ${checks} checks over ${objects} objects.`;
    const skipped = new Set(not_checked.map(({ check }) => check)).size;
    const unknown = skipped === 0 ? '' : ` ${skipped} checks could not be made everywhere (not_checked says why).`;
    if (total === 0)
      return `${coverage} ${complete ? 'Nothing found.' : 'Nothing found in what could be read.'}${unknown}`;
    const counts = `${by_severity.CRITICAL} critical, ${by_severity.WARNING} warnings, ${by_severity.INFO} for information`;
    const worst = findings
      .slice(0, 3)
      .map(
        ({ reason, object, cluster }) =>
          `${reason} ${object.kind} ${object.namespace === null ? '' : `${object.namespace}/`}${object.name} on ${cluster}`,
      );
    return `${coverage} ${complete ? '' : 'At least '}${total} findings: ${counts}. Worst: ${worst.join('; ')}.${unknown}`;
  },
  run: async (context, { clusters, ...query }) =>
    context.services.workloads.diagnose({ ...query, ...(await context.question(clusters)) }),
});
