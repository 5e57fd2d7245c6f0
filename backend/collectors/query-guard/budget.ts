import type { Excess } from './refusals.ts';

/** Most samples that a query may read at servers, and have in its answer. */
export interface GuardLimits {
  readonly clusterSamples: number;
  readonly fleetSamples: number;
  readonly clusterAnswer: number;
  readonly fleetAnswer: number;
}

/** Samples that a query is estimated to read and answer with at one cluster. */
export interface ClusterCost {
  readonly clusterId: string;
  readonly read: number;
  readonly answered: number;
}

/**
 * Generous: the first is ten times what a Prometheus of default settings holds of one query at a time; an answer of the third is
 * what the transport takes (10 MiB), and one of the last fits into half a gigabyte.
 */
export const DEFAULT_LIMITS: GuardLimits = {
  clusterSamples: 500_000_000,
  fleetSamples: 20_000_000_000,
  clusterAnswer: 400_000,
  fleetAnswer: 5_000_000,
};

/**
 * Who may not be asked, by cluster id. The cheapest are let in first, so that the budget of the fleet serves as many clusters as it
 * can; among equals the order given decides.
 */
export function admit(costs: readonly ClusterCost[], limits: GuardLimits): Map<string, Excess> {
  const refused = new Map<string, Excess>();
  let read = 0;
  let answered = 0;
  for (const cost of costs.toSorted((a, b) => a.read + a.answered - (b.read + b.answered))) {
    const excess =
      over('cluster_samples', cost.read, limits.clusterSamples) ??
      over('cluster_answer', cost.answered, limits.clusterAnswer) ??
      over('fleet_samples', read + cost.read, limits.fleetSamples) ??
      over('fleet_answer', answered + cost.answered, limits.fleetAnswer);
    if (excess) {
      refused.set(cost.clusterId, excess);
      continue;
    }
    read += cost.read;
    answered += cost.answered;
  }
  return refused;
}

function over(rule: Excess['rule'], observed: number, limit: number): Excess | undefined {
  return observed > limit ? { rule, observed, limit } : undefined;
}
