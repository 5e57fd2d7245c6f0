import { AppError } from '../../model/errors.ts';

/** A query that one Prometheus would refuse before it runs. `at` is the 0-based offset in the query. */
export function invalidPromql(why: string, at: number): AppError {
  return new AppError('INVALID_PROMQL', `The PromQL query is not valid: ${why}, at position ${at}.`, {
    details: { position: at },
    hint: 'Correct the query; no cluster was asked.',
  });
}

/** A query whose fleet-wide answer cannot be had exactly. `rewrite` is a query, or a way, that can. */
export function notDecomposable(reason: string, at: number, rewrite?: string): AppError {
  return new AppError('QUERY_REFUSED', `This has no exact fleet-wide answer here: ${reason}.`, {
    details: { rule: 'not_decomposable', reason, at, ...(rewrite === undefined ? {} : { rewrite }) },
    hint: rewrite === undefined ? 'Ask per cluster (aggregation MERGE), or change the query.' : `Instead: ${rewrite}.`,
  });
}

/** What one Prometheus that holds all the data would answer with an evaluation error. */
export function evaluationError(reason: string, at: number, rewrite?: string): AppError {
  return new AppError('QUERY_REFUSED', `The query cannot be evaluated over the fleet: ${reason}.`, {
    details: { rule: 'evaluation', reason, at, ...(rewrite === undefined ? {} : { rewrite }) },
    ...(rewrite === undefined ? {} : { hint: `Instead: ${rewrite}.` }),
  });
}
