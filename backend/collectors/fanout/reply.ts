import type { Cluster } from '../../model/cluster.ts';
import { type AppError, type ErrorCode, quoteForeign } from '../../model/errors.ts';
import type { ClusterOutcome, OutcomeStatus } from '../../model/outcome.ts';

/** What became of one cluster, before it is put in words. */
export type Reply<T> =
  | {
      readonly kind: 'value';
      readonly value: T;
      readonly warnings: readonly string[];
      /** Milliseconds; only of an answer that was kept from before. */
      readonly ageMs?: number;
    }
  | { readonly kind: 'error'; readonly error: AppError }
  /** It has no such endpoint. */
  | { readonly kind: 'skipped' };

/** Warnings that the query language itself gives about an answer that is nevertheless whole (wire.md 1.2). */
const ABOUT_THE_QUERY = /^PromQL (?:warning|info):/;
const MAX_WARNINGS = 10;

/** False when the spoke itself warned that something is missing. */
export function isWhole(warnings: readonly string[]): boolean {
  return warnings.every((warning) => ABOUT_THE_QUERY.test(warning));
}

const STATUS_OF: Readonly<Partial<Record<ErrorCode, OutcomeStatus>>> = {
  QUERY_TIMEOUT: 'TIMEOUT',
  BREAKER_OPEN: 'SKIPPED',
  COLLECTION_PAUSED: 'SKIPPED',
};

export function toOutcome<T>(cluster: Cluster, reply: Reply<T>, elapsedMs: number): ClusterOutcome {
  const cached = reply.kind === 'value' && reply.ageMs !== undefined;
  const base = {
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    query_time_ms: Math.round(elapsedMs * 10) / 10,
    cached,
    ...(cached ? { age_ms: Math.round(reply.ageMs ?? 0) } : {}),
  };
  if (reply.kind === 'skipped') return { ...base, status: 'SKIPPED' };
  if (reply.kind === 'error') {
    const { code, sentence: message, details } = reply.error;
    // What was refused here is data of ours: what to change, and into what.
    const refusal = code === 'QUERY_REFUSED' ? { details } : {};
    return { ...base, status: STATUS_OF[code] ?? 'ERROR', error: { code, message, ...refusal } };
  }
  if (reply.warnings.length === 0) return { ...base, status: 'SUCCESS' };
  const warnings = reply.warnings.slice(0, MAX_WARNINGS).map((warning) => quoteForeign(warning));
  return { ...base, status: isWhole(reply.warnings) ? 'SUCCESS' : 'PARTIAL', warnings };
}
