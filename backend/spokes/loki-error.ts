import { AppError, quoteForeign } from '../model/errors.ts';
import { spokeError, unexpectedStatus } from './spoke-error.ts';
import type { SpokeResponse } from './transport.ts';

const SERVICE = 'Loki';
const NAMESPACE_HINT =
  'An account that may read some namespaces only has to name one exactly in the selector, such as {kubernetes_namespace_name="shop"}; else grant it read access to the tenant.';

/** Refusals of Loki that a smaller question cures (wire.md 3.4), and what to do. */
const LIMITS: readonly (readonly [RegExp, string, string])[] = [
  [/max entries limit/i, 'max_entries', 'Ask for fewer lines at a time and go on with the cursor.'],
  [/time range exceeds the limit/i, 'max_query_length', 'Shorten the time range.'],
  [/maximum number of series|series limit/i, 'max_series', 'Aggregate by fewer labels.'],
  [/query (?:is )?blocked|blocked by policy/i, 'blocked', 'Loki blocks this query by its own policy; ask another way.'],
  [/too many bytes|bytes limit|max_query_bytes/i, 'max_bytes', 'Add label matchers or shorten the time range.'],
];

/**
 * What an answer that is no success means. Loki speaks plain text, the gateway of a LokiStack JSON. Never returns for 3xx, which
 * the transport has refused before; {@link redirectedToLogin} puts that in words.
 */
export function lokiRefusal(response: SpokeResponse, query = ''): AppError {
  const { status, body } = response;
  const said = textOf(response);
  const quoted = quoteForeign(said);
  if (status === 400) return badRequest(said, query);
  if (status === 401 && /no org id/i.test(said)) {
    return spokeError(
      `${SERVICE} serves several tenants and was asked for none (401: ${quoted}).`,
      { reason: 'TENANT', status },
      "Set the tenant of the cluster's loki endpoint (endpoint_options.loki.tenant).",
    );
  }
  if (status === 403)
    return spokeError(
      `${SERVICE} accepts the credentials but forbids this (403): ${quoted}.`,
      { reason: 'FORBIDDEN', status },
      NAMESPACE_HINT,
    );
  if (status === 404) {
    return spokeError(
      `${SERVICE} has no such path (404): ${quoted}.`,
      { reason: 'STATUS', status },
      'Behind the gateway of a LokiStack loki_url ends with /api/logs/v1/<tenant>, such as application.',
    );
  }
  if (status === 429) return rateLimited(response, quoted);
  if (status === 499 || status === 504)
    return new AppError('QUERY_TIMEOUT', `${SERVICE} gave up (${status}): ${quoted}.`, {
      details: { status },
      hint: 'Shorten the time range or add label matchers.',
    });
  return unexpectedStatus(SERVICE, status, body);
}

/** A gateway answers 302 to whoever has no valid token (wire.md 3.5); everything else stays as it is. */
export function redirectedToLogin(thrown: unknown): unknown {
  if (!(thrown instanceof AppError) || thrown.details['reason'] !== 'REDIRECT') return thrown;
  return spokeError(
    thrown.message,
    thrown.details,
    'The gateway of a LokiStack redirects to its login when the token is missing or not valid: set the loki_token of the cluster.',
  );
}

function badRequest(said: string, query: string): AppError {
  const quoted = quoteForeign(said);
  if (/^"?400 Bad Request"?$/.test(said.trim()))
    return spokeError(
      `${SERVICE}'s gateway refuses the query (400).`,
      { reason: 'FORBIDDEN', status: 400 },
      NAMESPACE_HINT,
    );
  const limit = LIMITS.find(([pattern]) => pattern.test(said));
  if (limit) {
    const [, rule, hint] = limit;
    return new AppError('QUERY_REFUSED', `${SERVICE} refuses the query: ${quoted}.`, {
      details: { rule: `loki_${rule}`, ...limitsIn(said) },
      hint,
    });
  }
  if (
    !/parse error|queries require|not supported as an instant|invalid (?:query|regexp|aggregation|expression)|unexpected/i.test(
      said,
    )
  )
    return spokeError(`${SERVICE} refuses the request (400): ${quoted}.`, { reason: 'QUERY', status: 400 });
  const position = positionOf(said, query);
  return new AppError('INVALID_LOGQL', `${SERVICE} refuses the query: ${quoted}.`, {
    details: position === undefined ? {} : { position },
    hint: 'Correct the LogQL; the labels that exist are listed by GET /api/v1/logs/labels.',
  });
}

/** "(6000 > 5000)": what was asked and what is allowed. */
function limitsIn(said: string): { observed: number; limit: number } | undefined {
  const numbers = /\((\d{1,9}) > (\d{1,9})\)/.exec(said);
  return numbers ? { observed: Number(numbers[1]), limit: Number(numbers[2]) } : undefined;
}

/** "parse error at line 1, col 5" as an offset into the query. */
function positionOf(said: string, query: string): number | undefined {
  const at = /line (\d{1,6}), col (\d{1,6})/.exec(said);
  if (!at) return undefined;
  const before = query.split('\n').slice(0, Number(at[1]) - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + Math.max(0, Number(at[2]) - 1);
}

function rateLimited({ headers, status }: SpokeResponse, quoted: string): AppError {
  const after = headers['retry-after'];
  const seconds = after !== undefined && /^\d{1,6}$/.test(after) ? Number(after) : undefined;
  return spokeError(`${SERVICE} is asked too often (429): ${quoted}.`, {
    reason: 'RATE_LIMITED',
    status,
    ...(seconds === undefined ? {} : { retry_after_s: seconds }),
  });
}

/** Plain text, or the `error` of the gateway's JSON. */
function textOf({ headers, body }: SpokeResponse): string {
  const text = body.subarray(0, 4000).toString('utf8').trim();
  if (!(headers['content-type'] ?? '').includes('json') && !text.startsWith('{')) return text;
  try {
    const json: unknown = JSON.parse(text);
    if (json !== null && typeof json === 'object') {
      if ('error' in json && typeof json.error === 'string') return json.error;
      if ('message' in json && typeof json.message === 'string') return json.message;
    }
  } catch {
    // Not JSON after all: its text is quoted as it is.
  }
  return text;
}
