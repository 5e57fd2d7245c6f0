import type { ErrorBody } from '../../backend/model/errors.ts';

/**
 * Why a call to the server failed. UNREACHABLE = no answer at all; the other codes are the server's own.
 * `status` is 0 when there was no answer.
 */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;
  readonly traceId: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: { status?: number; traceId?: string | undefined; details?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.name = 'ApiFailure';
    this.code = code;
    this.status = options.status ?? 0;
    this.traceId = options.traceId;
    this.details = options.details ?? {};
  }

  get unauthorized(): boolean {
    return this.status === 401;
  }

  get denied(): boolean {
    return this.status === 403;
  }

  /** The permission that the caller lacks, when the server named one. */
  get permission(): string | undefined {
    const { permission } = this.details;
    return typeof permission === 'string' ? permission : undefined;
  }

  /** What is wrong with which field of the input, when the server named fields; paths are dotted. */
  get issues(): readonly FieldIssue[] {
    const { issues } = this.details;
    return Array.isArray(issues) ? issues.filter(isFieldIssue) : [];
  }
}

export interface FieldIssue {
  readonly field: string;
  readonly message: string;
}

function isFieldIssue(value: unknown): value is FieldIssue {
  return (
    typeof value === 'object' &&
    value !== null &&
    'field' in value &&
    typeof value.field === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}

/** Anything thrown while calling the server, as an ApiFailure. */
export function asFailure(thrown: unknown): ApiFailure {
  if (thrown instanceof ApiFailure) return thrown;
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError') {
    return new ApiFailure('UNREACHABLE', 'The server did not answer in time.');
  }
  if (thrown instanceof TypeError || thrown instanceof DOMException) {
    return new ApiFailure('UNREACHABLE', 'The server could not be reached.');
  }
  return new ApiFailure('UI_ERROR', thrown instanceof Error ? thrown.message : String(thrown));
}

/** The failure that a non-2xx answer tells. An answer that is not our error body (a proxy's page) is told by its status. */
export async function failureOf(response: Response): Promise<ApiFailure> {
  const body: unknown = await response.json().catch(() => undefined);
  if (!isErrorBody(body)) {
    return new ApiFailure(
      `HTTP_${response.status}`,
      `The server answered ${response.status} ${response.statusText}`.trim(),
      {
        status: response.status,
      },
    );
  }
  const { code, message, trace_id, details } = body.error;
  return new ApiFailure(code, message, { status: response.status, traceId: trace_id, details });
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    'message' in error &&
    typeof error.message === 'string'
  );
}
