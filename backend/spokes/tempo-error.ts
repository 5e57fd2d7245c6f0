import { AppError, quoteForeign } from '../model/errors.ts';
import { spokeError, unexpectedStatus } from './spoke-error.ts';
import type { SpokeResponse } from './transport.ts';

export const SERVICE = 'Tempo';
const BAD_REQUEST = 400;
const FORBIDDEN = 403;
const TOO_LARGE = 422;
const SERVER_ERROR = 500;
const GATEWAY_TIMEOUT = 504;

/**
 * What Tempo means by an answer that is no success: plain text (wire.md 4.5). INVALID_TRACEQL carries `details.position`, the
 * 0-based offset into `query`, where Tempo tells line and column.
 */
export function tempoError({ status, body }: Pick<SpokeResponse, 'status' | 'body'>, query?: string): AppError {
  const text = body.subarray(0, 2000).toString('utf8');
  const quoted = quoteForeign(text, 200);
  // Some refusals of the storage come as 500 with their text unchanged.
  if ((status === BAD_REQUEST || status === SERVER_ERROR) && /invalid TraceQL|parse error at line \d+/i.test(text)) {
    const position = query === undefined ? undefined : positionIn(query, text);
    return new AppError('INVALID_TRACEQL', `Tempo refuses the query: ${quoted}.`, {
      details: position === undefined ? {} : { position },
      hint: 'Correct the TraceQL, such as { resource.service.name = "x" && status = error }.',
    });
  }
  if (status === BAD_REQUEST)
    return spokeError(`Tempo refuses the question (400): ${quoted}.`, { reason: 'QUERY', status });
  if (status === TOO_LARGE)
    return spokeError(
      `Tempo does not hand out a trace of this size (422): ${quoted}.`,
      { reason: 'TRACE_TOO_LARGE', status },
      'Raise max_bytes_per_trace there, or search for its spans.',
    );
  if (status === GATEWAY_TIMEOUT)
    return new AppError('QUERY_TIMEOUT', `Tempo gave up (504): ${quoted}.`, {
      details: { status },
      hint: 'Narrow the query or its time range.',
    });
  // A TempoStack gateway with query RBAC answers so whatever it does not list (wire.md 4.6).
  if (status === FORBIDDEN && body.length === 0)
    return spokeError(
      'Tempo forbids this (403) and says nothing more; a TempoStack gateway with RBAC on queries allows searches, traces by id and the values of service and namespace only.',
      { reason: 'FORBIDDEN', status },
      'Grant the account read access to the tenant, or turn RBAC on queries off.',
    );
  return unexpectedStatus(SERVICE, status, body);
}

/** JSON of the right encoding that does not say what the API promises. */
export function shapeError(what: string): AppError {
  return spokeError(`Tempo answered 200 with JSON that its API does not promise: ${what}.`, {
    reason: 'SHAPE',
    status: 200,
  });
}

/** Lines and columns count from 1, columns in bytes as Go's scanner does; ours is an offset in characters, as JavaScript counts. */
function positionIn(query: string, text: string): number | undefined {
  const [, line, column] = /line (\d{1,6}), col(?:umn)? (\d{1,6})/.exec(text) ?? [];
  if (line === undefined || column === undefined) return undefined;
  const lines = query.split('\n');
  const before = lines.slice(0, Number(line) - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const within = Buffer.from(lines[Number(line) - 1] ?? '')
    .subarray(0, Number(column) - 1)
    .toString('utf8').length;
  return Math.min(query.length, before + within);
}
