import type { CnfType } from '../../model/cluster.ts';
import type { CnfSource, CnfStatus, CnfWorkload, CnfWorkloadsAnswer } from '../../model/cnf.ts';
import { isComplete } from '../../model/outcome.ts';
import { createBulkhead } from '../fanout/bulkhead.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import { sourceOf } from './join.ts';
import type { CnfOptions } from './options.ts';
import { type Kind, itemsOf, readKinds } from './read-kinds.ts';
import { workloadsOf } from './workloads-of.ts';

export interface CnfWorkloadsQuery extends Question {
  readonly namespace?: string | undefined;
  readonly type?: CnfType | undefined;
  readonly status?: CnfStatus | undefined;
  /** Most workloads of the answer; counts are of all that match. */
  readonly limit: number;
}

interface Told {
  readonly workloads: readonly CnfWorkload[];
  readonly sources: readonly CnfSource[];
}

const KINDS = ['pods', 'deployments', 'statefulsets', 'daemonsets', 'nfdeployments'] as const;
/** Clusters whose pods are in memory at a time, over all callers. */
const CLUSTERS_AT_A_TIME = 32;
const RANK: Readonly<Record<CnfStatus, number>> = { DOWN: 0, DEGRADED: 1, READY: 2 };

/** Network functions of many clusters, from their Kubernetes objects. */
export function createCnfWorkloads({ clock, fanout, spokes, prefixes }: CnfOptions) {
  const memory = createBulkhead(CLUSTERS_AT_A_TIME);

  return async (query: CnfWorkloadsQuery): Promise<CnfWorkloadsAnswer> => {
    const answer = await fanout.ask<Told>({
      ...questionOf(query),
      kind: 'API',
      ask: async (target, { name: cluster }, limits) => {
        const leave = await memory.enter(limits.signal);
        try {
          const { kinds, warnings } = await readKinds(spokes.kubernetes, target, KINDS, limits);
          const items = <T>(kind: Kind<T>) => itemsOf(kind) ?? [];
          const at = clock.now().toISOString();
          return {
            value: {
              workloads: workloadsOf({
                cluster,
                prefixes,
                pods: items(kinds.pods),
                deployments: items(kinds.deployments),
                statefulsets: items(kinds.statefulsets),
                daemonsets: items(kinds.daemonsets),
                nfdeployments: items(kinds.nfdeployments),
              }),
              sources: KINDS.map((name) => sourceOf(cluster, name, kinds[name], undefined, at)),
            },
            // Without pods nothing could be said of any workload, so that is no mere source.
            warnings:
              kinds.pods.status === 'UNREADABLE' && kinds.pods.isForbidden ? [...warnings, kinds.pods.why] : warnings,
          };
        } finally {
          leave();
        }
      },
    });
    const told = [...answer.values.values()];
    const all = told
      .flatMap(({ workloads }) => workloads)
      .filter(
        ({ namespace, type, status }) =>
          (query.namespace === undefined || namespace === query.namespace) &&
          (query.type === undefined || type === query.type) &&
          (query.status === undefined || status === query.status),
      )
      .sort(byUrgency);
    const count = (status: CnfStatus) => all.filter((one) => one.status === status).length;
    return {
      workloads: all.slice(0, query.limit),
      total: all.length,
      by_status: { READY: count('READY'), DEGRADED: count('DEGRADED'), DOWN: count('DOWN') },
      by_type: Object.fromEntries(
        [...Map.groupBy(all, ({ type }) => type)].map(([type, workloads]) => [type, workloads.length]),
      ),
      sources: told.flatMap(({ sources }) => sources),
      clusters: answer.outcomes,
      complete: isComplete(answer.outcomes),
    };
  };
}

function byUrgency(a: CnfWorkload, b: CnfWorkload): number {
  const place = ({ cluster, namespace, kind, name }: CnfWorkload) => JSON.stringify([cluster, namespace, name, kind]);
  return RANK[a.status] - RANK[b.status] || (place(a) < place(b) ? -1 : 1);
}
