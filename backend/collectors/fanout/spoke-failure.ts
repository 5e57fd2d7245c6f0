import type { AppError } from '../../model/errors.ts';

/* What an error says about the spoke that it came from. */

/** Reasons of CLUSTER_UNREACHABLE that may be over in a moment; TLS failures are not among them and are never retried. */
const PASSING: ReadonlySet<unknown> = new Set(['REFUSED', 'RESET', 'CONNECT_TIMEOUT', 'NO_ROUTE', 'DNS', 'OTHER']);
/** Answers that no working service gives, whatever it was asked. */
const BROKEN: ReadonlySet<unknown> = new Set(['TRUNCATED', 'INVALID_JSON', 'NOT_HTTP', 'SILENT']);

/** True when the same request may well succeed in a moment: it did not arrive, was not answered whole, or not for now (429, 5xx). */
export function isTransient({ code, details }: AppError): boolean {
  if (code === 'CLUSTER_UNREACHABLE') return PASSING.has(details['reason']);
  if (code !== 'SPOKE_ERROR') return false;
  return details['reason'] === 'TRUNCATED' || isOverload(details['status']);
}

/**
 * True when the spoke failed, and not what it was asked: it could not be reached, broke, or kept us waiting for `waitedMs`. What it
 * says of the query or of credentials (other 4xx) shows that it works, and so does a caller's little patience: a wait counts
 * from five seconds on.
 */
export function isSpokeFault({ code, details }: AppError, waitedMs: number): boolean {
  // A status means that the spoke itself gave up on the query, which was too much.
  if (code === 'QUERY_TIMEOUT') return details['status'] === undefined && waitedMs >= LONG_WAIT_MS;
  if (code === 'CLUSTER_UNREACHABLE') return true;
  return code === 'SPOKE_ERROR' && (BROKEN.has(details['reason']) || isOverload(details['status']));
}

const LONG_WAIT_MS = 5_000;

function isOverload(status: unknown): boolean {
  return typeof status === 'number' && (status === 429 || status >= 500);
}
