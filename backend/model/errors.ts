/**
 * The one error type of the platform. A code is an `UPPER_SNAKE` string that never changes meaning; every door
 * (MCP, REST, CLI, WebSocket, chat) shows the same code with the same sentence.
 */

interface ErrorDefinition {
  /** HTTP status of the REST answer. */
  readonly status: number;
  /** What the code means, for the generated error table. */
  readonly meaning: string;
}

/** Every error code, documented once. The order is the order of the table in `specs/errors.md`. */
export const ERROR_CODES = {
  INVALID_CLUSTER_NAME: { status: 400, meaning: 'A cluster name breaks the naming rule.' },
  CREDENTIALS_INVALID: { status: 400, meaning: 'Credentials are malformed or of a kind that is refused.' },
  INVALID_PROMQL: {
    status: 400,
    meaning: 'PromQL does not parse; `details.position` is the 0-based character offset.',
  },
  INVALID_LOGQL: {
    status: 400,
    meaning:
      'LogQL does not parse or asks for what Loki cannot do; `details.position` is the 0-based character offset.',
  },
  INVALID_TRACEQL: {
    status: 400,
    meaning: 'TraceQL is refused; `details.position` is the 0-based character offset where it is known.',
  },
  INVALID_JSON: { status: 400, meaning: 'The request body is not JSON.' },
  AUTH_FAILED: { status: 401, meaning: 'No credential, or one that is not valid.' },
  AUTH_EXPIRED: { status: 401, meaning: 'The credential was valid and has expired.' },
  PERMISSION_DENIED: { status: 403, meaning: 'The caller lacks the permission named in `details.permission`.' },
  CONFIRMATION_REQUIRED: {
    status: 403,
    meaning: 'A write needs a confirmation that this client did not or cannot give.',
  },
  NOT_FOUND: { status: 404, meaning: 'No such route or resource.' },
  CLUSTER_NOT_FOUND: { status: 404, meaning: "No cluster of that name or id within the caller's scope." },
  CREDENTIALS_NOT_FOUND: { status: 404, meaning: 'The cluster has no stored credentials.' },
  SESSION_NOT_FOUND: { status: 404, meaning: 'No chat session of that id belongs to the caller.' },
  PERSONA_NOT_FOUND: { status: 404, meaning: 'No persona of that id.' },
  NO_GPU_NODES: { status: 404, meaning: 'The one cluster that was asked has no GPUs, or none on that node.' },
  TRACE_NOT_FOUND: { status: 404, meaning: 'No cluster that answered holds a trace of that id.' },
  EVIDENCE_NOT_FOUND: { status: 404, meaning: 'No evidence of that id belongs to the caller, or it has expired.' },
  ALERT_NOT_FOUND: { status: 404, meaning: "No alert of that fingerprint is known in the caller's clusters." },
  SILENCE_NOT_FOUND: { status: 404, meaning: 'The Alertmanager has no silence of that id.' },
  TOKEN_NOT_FOUND: { status: 404, meaning: 'No API token of that id belongs to the caller.' },
  TOOL_NOT_FOUND: { status: 404, meaning: 'No tool of that name; `details.similar` lists near names.' },
  METHOD_NOT_ALLOWED: { status: 405, meaning: 'The route exists, but not with this method.' },
  CLUSTER_ALREADY_EXISTS: { status: 409, meaning: 'A cluster of that name is already registered.' },
  SESSION_EXPIRED: { status: 410, meaning: 'The chat session is past its life.' },
  GONE: { status: 410, meaning: 'The route was retired; the message names its successor.' },
  STALE_VERSION: {
    status: 412,
    meaning: 'The cluster has changed since the version in `If-Match`; read it again.',
  },
  BODY_TOO_LARGE: { status: 413, meaning: 'The request body is over the cap of the route.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, meaning: 'The request body is not `application/json`.' },
  VALIDATION_FAILED: {
    status: 422,
    meaning: 'Input breaks the schema; `details.issues` names each field and the fix.',
  },
  QUERY_REFUSED: {
    status: 422,
    meaning: 'A guard refused the query; `details` holds rule, limit, observed and a rewrite.',
  },
  RATE_LIMITED: { status: 429, meaning: 'Too many requests; retry after the time in `Retry-After`.' },
  CANCELLED: { status: 499, meaning: 'The caller went away or cancelled before the answer was ready.' },
  INTERNAL_ERROR: { status: 500, meaning: 'A defect of ours; the trace id finds it in the log.' },
  DISCOVERY_FAILED: {
    status: 500,
    meaning: 'Nothing could be discovered: the API server of the cluster did not answer.',
  },
  TOOL_EXECUTION_FAILED: { status: 500, meaning: 'A tool failed for a reason of its own.' },
  SPOKE_ERROR: { status: 502, meaning: 'A spoke answered, but not with what its API promises.' },
  CLUSTER_UNREACHABLE: { status: 503, meaning: 'A spoke could not be reached or refused the connection.' },
  ADDRESS_FORBIDDEN: { status: 422, meaning: 'A URL points where the outbound policy does not allow.' },
  BREAKER_OPEN: {
    status: 503,
    meaning: 'A spoke was not asked because it failed five times in a row; it is tried again every 30 s.',
  },
  COLLECTION_PAUSED: { status: 503, meaning: 'A spoke was not asked because an operator paused collection.' },
  SPOKE_BUDGET: { status: 503, meaning: 'A spoke was not asked because it is asked as often as we may.' },
  TEMPO_NOT_AVAILABLE: { status: 503, meaning: 'No cluster that was asked has a Tempo, or none of them answered.' },
  STORE_UNAVAILABLE: { status: 503, meaning: 'The database does not answer; nothing was changed.' },
  LOKI_NOT_AVAILABLE: { status: 503, meaning: 'None of the clusters that were named has logs that can be asked for.' },
  INTAKE_BUSY: { status: 503, meaning: 'Too many alert notifications are being stored; the sender tries again.' },
  MODEL_NOT_AVAILABLE: { status: 503, meaning: 'No language model answered.' },
  QUERY_TIMEOUT: { status: 504, meaning: 'The deadline passed before an answer came.' },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: Record<string, unknown>;
    readonly trace_id: string;
    readonly timestamp: string;
  };
}

export interface AppErrorOptions {
  /** Machine-readable facts. Never a secret; text from a spoke is quoted and length-capped first ({@link quoteForeign}). */
  readonly details?: Record<string, unknown>;
  /** One sentence that tells a person or a model what to try next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details ?? {};
    this.hint = options.hint;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /** Message and hint as one text, as shown where there is no separate field for the hint. */
  get sentence(): string {
    return this.hint === undefined ? this.message : `${this.message} ${this.hint}`;
  }
}

/** The REST error body. `now` is written as ISO 8601 UTC. */
export function toErrorBody(error: AppError, traceId: string, now: Date): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.sentence,
      details: error.details,
      trace_id: traceId,
      timestamp: now.toISOString(),
    },
  };
}

/** Anything thrown, as an AppError: ours stays, everything else becomes INTERNAL_ERROR without leaking its text. */
export function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('INTERNAL_ERROR', 'The server failed to handle this request.', {
    hint: 'The trace id finds the cause in the server log.',
    cause: thrown,
  });
}

/** Text that a spoke sent, made safe to stand inside one of our messages: one line, quoted, at most `max` characters. */
export function quoteForeign(text: string, max = 300): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is removed here
  const line = text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/gu, ' ').trim();
  return JSON.stringify(line.length > max ? `${line.slice(0, max - 1)}…` : line);
}

/** Names as people give them, and "GET /orders"; nothing that reads as a sentence. */
const PLAIN_NAME = /^(?:[A-Z]{1,10} )?[\w.:/{}*@-]+$/;

/** A name that a spoke sent, inside one of our messages: as it is when it is plain and short, else as {@link quoteForeign} has it. */
export function nameForeign(name: string, max = 120): string {
  return name.length <= max && PLAIN_NAME.test(name) ? name : quoteForeign(name, max);
}
