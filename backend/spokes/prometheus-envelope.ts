import { z } from 'zod';
import { AppError, quoteForeign } from '../model/errors.ts';
import { parseJson, spokeError, statusError, unexpectedStatus } from './spoke-error.ts';
import type { SpokeResponse } from './transport.ts';

/** An answer and what its server said about it. Annotations of the query language begin with `PromQL warning:` or `PromQL info:`. */
export interface Warned<T> {
  readonly value: T;
  readonly warnings: string[];
}

const Envelope = z.object({
  status: z.enum(['success', 'error']),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).nullish(),
  infos: z.array(z.string()).nullish(),
});

/** The `data` of an answer of `/api/v1`. Throws as {@link PrometheusClient} says. */
export function readEnvelope(response: SpokeResponse): Warned<unknown> {
  const service = 'Prometheus';
  const denied = tenantError(response) ?? statusError(service, response.status, response.body, response.headers);
  if (denied) throw denied;
  // Prometheus 2.42 answers so when there is nothing to tell, as for exemplars of a query without a selector.
  if (response.status === 204) return { value: undefined, warnings: [] };
  const type = response.headers['content-type'] ?? '';
  if (response.status !== 200 && !type.includes('json'))
    throw unexpectedStatus(service, response.status, response.body, response.headers);
  const parsed = Envelope.safeParse(parseJson(service, response));
  if (!parsed.success) throw shapeError('the answer has no status', response.status);
  const { status, data, error = '', errorType = '', warnings, infos } = parsed.data;
  if (status === 'success' && response.status === 200)
    return { value: data, warnings: annotationsOf(warnings ?? [], infos ?? []) };
  throw queryError(errorType, error, response.status);
}

/** Where in the query an annotation is about; servers and versions differ in it. */
const POSITION = / \(\d+:\d+\)$/;
/** What stands after the tenth annotation (wire.md 1.2). */
const OMITTED = /^\d+ more .*annotations omitted$/i;

/** Warnings first, then infos, each once, without positions, so that equal ones of many servers are equal texts. */
function annotationsOf(warnings: readonly string[], infos: readonly string[]): string[] {
  const plain = (text: string) => text.replace(POSITION, '');
  return [
    ...new Set([
      ...warnings.map((text) => (OMITTED.test(text) ? `PromQL warning: ${text}` : plain(text))),
      ...infos.map((text) => (text.startsWith('PromQL ') ? plain(text) : `PromQL info: ${plain(text)}`)),
    ]),
  ];
}

/** Mimir and Cortex with several tenants answer so when none was named (wire.md 1.9); new credentials would not help. */
function tenantError({ status, body }: SpokeResponse): AppError | undefined {
  if (status !== 401 || !/\bno org id\b/i.test(body.subarray(0, 500).toString('utf8'))) return undefined;
  return spokeError(
    'Prometheus wants to know the tenant (401: "no org id").',
    { reason: 'NO_TENANT', status },
    "Set the tenant in the cluster's endpoint_options.",
  );
}

/** wire.md 1.3 and 1.9: what servers say with each error type. VictoriaMetrics uses the status as the type of a parse error. */
function queryError(errorType: string, text: string, status: number): AppError {
  const quoted = quoteForeign(text);
  const parseFailure = /parse error|cannot parse|invalid expression type|invalid parameter "query"/i.test(text);
  // VictoriaMetrics quotes the query first, which may hold any words.
  const said = text.replace(/^error when executing query="(?:[^"\\]|\\.)*"/, '');
  const victoria = errorType === '422' && (parseFailure || /unparsed data|unexpected token|unknown func\b/.test(said));
  if (((errorType === 'bad_data' || status === 400) && parseFailure) || victoria) {
    const position = /"query": (\d+):(\d+): /.exec(text);
    return new AppError('INVALID_PROMQL', `Prometheus refuses the query: ${quoted}.`, {
      // Only on the first line is the column an offset into the query.
      details: position?.[1] === '1' ? { position: Math.max(0, Number(position[2]) - 1) } : {},
      hint: 'Correct the PromQL; get_metric_labels lists what exists.',
    });
  }
  if (errorType === 'timeout') {
    return new AppError('QUERY_TIMEOUT', `Prometheus gave up: ${quoted}.`, {
      details: { status },
      hint: 'Narrow the query or its range.',
    });
  }
  const limit = /\berr-mimir-[a-z0-9-]+/.exec(text)?.[0];
  const tooMuch = limit !== undefined || status === 413 || /too many samples/i.test(text);
  return spokeError(
    `Prometheus could not answer (${status} ${quoteForeign(errorType, 40)}): ${quoted}.`,
    { reason: 'QUERY', status, ...(limit === undefined ? {} : { limit }) },
    tooMuch ? 'The server has a limit for that; narrow the matchers or the range, or raise the step.' : undefined,
  );
}

/** Runs a parser of `data`; what is not as promised becomes SPOKE_ERROR. */
export function shaped<T>(parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof TypeError) throw shapeError(thrown.message);
    throw thrown;
  }
}

export function shapeError(what: string, status = 200): AppError {
  return spokeError(`Prometheus answered ${status} with JSON that its API does not promise: ${what}.`, {
    reason: 'SHAPE',
    status,
  });
}
