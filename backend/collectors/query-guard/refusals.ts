import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';

export type GuardRule = 'catch_all' | 'cluster_samples' | 'cluster_answer' | 'fleet_samples' | 'fleet_answer';

/** Why a query may not run at one cluster. */
export interface Excess {
  readonly rule: Exclude<GuardRule, 'catch_all'>;
  readonly limit: number;
  readonly observed: number;
}

/** A refusal is data: what was broken, by how much, and what to try instead. */
interface RefusalDetails extends Record<string, unknown> {
  readonly rule: GuardRule;
  readonly limit: number;
  readonly observed: number | string;
  /** Arguments to call again with; null where only the caller knows what to leave out. */
  readonly rewrite: { readonly query?: string; readonly step?: string; readonly clusters?: number } | null;
  /** The tool that helps to narrow the query. */
  readonly next_tool: string;
}

export function catchAllError(selector: string): AppError {
  const details: RefusalDetails = {
    rule: 'catch_all',
    limit: 1,
    observed: selector.slice(0, 200),
    rewrite: null,
    next_tool: 'get_metric_labels',
  };
  return new AppError('QUERY_REFUSED', `The selector ${selector.slice(0, 200)} takes every series of a cluster.`, {
    details,
    hint: 'Name a metric, or give a matcher that leaves something out; get_metric_labels with label __name__ lists the metrics.',
  });
}

const WORDS: Readonly<Record<Excess['rule'], (observed: string, limit: string) => string>> = {
  cluster_samples: (observed, limit) =>
    `It would read about ${observed} samples here; ${limit} are allowed per cluster.`,
  cluster_answer: (observed, limit) =>
    `It would answer with about ${observed} samples; ${limit} are allowed per cluster.`,
  fleet_samples: (observed, limit) =>
    `With this cluster it would read about ${observed} samples over all clusters; ${limit} are allowed.`,
  fleet_answer: (observed, limit) =>
    `With this cluster it would answer with about ${observed} samples over all clusters; ${limit} are allowed.`,
};

/** The refusal of one cluster. `clusters` = how many of those asked fit into the budget; `step` would do for a range, where there is one. */
export function excessError(
  cluster: Cluster,
  { rule, limit, observed }: Excess,
  { query, step, clusters }: { readonly query: string; readonly step: number | undefined; readonly clusters: number },
): AppError {
  const fleet = rule === 'fleet_samples' || rule === 'fleet_answer';
  const answer = rule === 'cluster_answer' || rule === 'fleet_answer';
  const rewrite =
    step !== undefined
      ? { step: `${step}s` }
      : fleet && clusters > 0
        ? { clusters }
        : answer
          ? { query: `topk(20, ${query})` }
          : null;
  const details: RefusalDetails = { rule, limit, observed, rewrite, next_tool: 'get_metric_labels' };
  const number = (value: number) => value.toLocaleString('en-US');
  return new AppError(
    'QUERY_REFUSED',
    `${cluster.name} was not asked. ${WORDS[rule](number(observed), number(limit))}`,
    {
      details,
      hint: hintOf(fleet, step),
    },
  );
}

function hintOf(fleet: boolean, step: number | undefined): string {
  const options = [
    ...(step === undefined ? [] : [`a step of ${step}s`]),
    ...(fleet ? ['fewer clusters'] : []),
    'narrower matchers',
    'an aggregation',
    'a shorter time',
  ];
  return `Try ${options.join(', ')}.`;
}
