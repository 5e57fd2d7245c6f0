import { z } from 'zod';
import { type AppError, quoteForeign } from '../model/errors.ts';
import { spokeError, statusError, unexpectedStatus } from './spoke-error.ts';
import type { SpokeResponse } from './transport.ts';

export const SERVICE = 'The Kubernetes API server';

const Status = z.object({ kind: z.literal('Status'), message: z.string().optional(), reason: z.string().optional() });

/** Reasons of a Status (apimachinery's StatusReason) that callers tell apart. */
const REASONS: Readonly<Record<string, string>> = {
  NotFound: 'NOT_FOUND',
  AlreadyExists: 'ALREADY_EXISTS',
  Conflict: 'CONFLICT',
  Invalid: 'INVALID',
  BadRequest: 'INVALID',
  Expired: 'EXPIRED',
  Gone: 'EXPIRED',
};
/** The same for answers without a Status: the API server's own 404 of an unknown group is plain text, proxies know nothing else. */
const STATUSES: Readonly<Record<number, string>> = {
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  410: 'EXPIRED',
  422: 'INVALID',
};

/** What the API server refuses, with the message of its Status object where there is one. */
export function refusal(response: SpokeResponse): AppError {
  const { status, body } = response;
  const said = statusOf(response);
  const reason = REASONS[said?.reason ?? ''] ?? STATUSES[status];
  const denied = statusError(SERVICE, status, said?.message === undefined ? body : Buffer.from(said.message));
  if (denied) return withRetry(denied, response);
  if (!said && reason === undefined) return withRetry(unexpectedStatus(SERVICE, status, body), response);
  const text = quoteForeign(said?.message ?? said?.reason ?? body.subarray(0, 2000).toString('utf8'), 200);
  return withRetry(
    spokeError(`${SERVICE} answered with status ${status}: ${text}.`, { reason: reason ?? 'STATUS', status }),
    response,
  );
}

function statusOf(response: SpokeResponse): z.infer<typeof Status> | undefined {
  if (!(response.headers['content-type'] ?? '').includes('json')) return undefined;
  try {
    return Status.safeParse(JSON.parse(response.body.toString('utf8'))).data;
  } catch {
    return undefined; // a cut body: the status code still says enough
  }
}

/** `Retry-After` in seconds; the form with a date is not used by API servers. */
function withRetry(error: AppError, { headers }: SpokeResponse): AppError {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) error.details['retry_after_s'] = seconds;
  return error;
}

/** An answer that is JSON, but not what the API promises; `at` is the first wrong place. */
export function shapeError(at: string): AppError {
  return spokeError(`${SERVICE} answered 200 with JSON that its API does not promise (at ${quoteForeign(at, 80)}).`, {
    reason: 'SHAPE',
    status: 200,
  });
}

/** Parses what came from outside. Throws SPOKE_ERROR with reason SHAPE. */
export function shaped<T>(schema: z.ZodType<T>, value: unknown, at = ''): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw shapeError([at, ...(parsed.error.issues[0]?.path ?? [])].filter((part) => part !== '').join('.'));
}

/** Whether it is SPOKE_ERROR with this `details.reason`. */
export function hasReason(thrown: unknown, reason: string): boolean {
  if (!(thrown instanceof Error) || !('details' in thrown)) return false;
  const { details } = thrown;
  return typeof details === 'object' && details !== null && 'reason' in details && details.reason === reason;
}
