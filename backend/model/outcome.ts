import { z } from 'zod';

/**
 * How one cluster fared in a question that was put to many. ERROR, TIMEOUT and PARTIAL (data came, but the spoke itself warned
 * that some is missing) make an answer incomplete. SKIPPED without an error = the cluster has no such endpoint, which does not;
 * SKIPPED with one = it was not asked on purpose (breaker open, collection paused), which does.
 */
export const OutcomeStatus = z.enum(['SUCCESS', 'ERROR', 'TIMEOUT', 'PARTIAL', 'SKIPPED']);
export type OutcomeStatus = z.infer<typeof OutcomeStatus>;

export const ClusterOutcome = z.strictObject({
  cluster_id: z.uuid(),
  cluster_name: z.string(),
  status: OutcomeStatus,
  error: z
    .strictObject({
      code: z.string(),
      message: z.string(),
      /** Of QUERY_REFUSED: rule, limit, observed, rewrite, next_tool. */
      details: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  warnings: z.array(z.string()).optional(),
  query_time_ms: z.number(),
  cached: z.boolean(),
  /** Only of what was served from the cache: milliseconds since the cluster gave it. */
  age_ms: z.int().min(0).optional(),
});
export type ClusterOutcome = z.infer<typeof ClusterOutcome>;

/** True of a cluster that has nothing to answer with, so that its silence is no gap. */
export function hasNoEndpoint({ status, error }: Pick<ClusterOutcome, 'status' | 'error'>): boolean {
  return status === 'SKIPPED' && error === undefined;
}

/** True when every cluster that could have answered did, in full. */
export function isComplete(outcomes: readonly ClusterOutcome[]): boolean {
  return outcomes.every((o) => o.status === 'SUCCESS' || hasNoEndpoint(o));
}

/** "3 of 4 clusters answered, 1 in part", and the clusters that did not answer whole. */
export function coverageOf(outcomes: readonly ClusterOutcome[]): { coverage: string; wrong: ClusterOutcome[] } {
  const asked = outcomes.filter((o) => !hasNoEndpoint(o));
  const wrong = asked.filter((o) => o.status !== 'SUCCESS');
  const inPart = wrong.filter((o) => o.status === 'PARTIAL').length;
  const answered = asked.length - wrong.length + inPart;
  const part = inPart === 0 ? '' : `, ${inPart} in part`;
  return { coverage: `${answered} of ${asked.length} clusters answered${part}`, wrong };
}

/** "2 of 4 clusters answered, not whole: edge-1, hub-1": the shortest sentence that hides no gap, for where the reasons stand beside it. */
export function coverageByName(outcomes: readonly ClusterOutcome[]): string {
  const { coverage, wrong } = coverageOf(outcomes);
  if (wrong.length === 0) return coverage;
  const more = wrong.length > NAMED ? ` and ${wrong.length - NAMED} more` : '';
  const names = wrong.slice(0, NAMED).map(({ cluster_name: name }) => name);
  return `${coverage}, not whole: ${names.join(', ')}${more}`;
}

const NAMED = 3;

/** Why a cluster did not answer whole. */
export function reasonOf({ error, warnings, status }: ClusterOutcome): string {
  return error?.message ?? warnings?.[0] ?? status;
}

/**
 * "3 of 4 clusters answered; edge-1: connection refused", the sentence that goes on top of a partial answer. It ends
 * without a period, whatever the reasons end with.
 */
export function describeOutcomes(outcomes: readonly ClusterOutcome[]): string {
  const { coverage, wrong } = coverageOf(outcomes);
  const reasons = wrong.slice(0, 5).map((o) => `${o.cluster_name}: ${reasonOf(o).replace(/[.\s]{1,20}$/, '')}`);
  const more = wrong.length > 5 ? [`and ${wrong.length - 5} more`] : [];
  return [coverage, ...reasons, ...more].join('; ');
}
