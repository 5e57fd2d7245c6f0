import { z } from 'zod';
import { AppError, quoteForeign } from '../model/errors.ts';
import type { MetricSeries, ResultType } from '../model/metrics.ts';
import { parseLabelSets, parseResult, parseStrings } from './prometheus-result.ts';
import { parseJson, spokeError, statusError, unexpectedStatus } from './spoke-error.ts';
import type { CallLimits, SpokeRequest, SpokeResponse, SpokeTarget, Transport } from './transport.ts';

export interface PrometheusResult {
  readonly resultType: ResultType;
  /** In the order of the spoke; timestamps are Unix seconds, values the spoke's own text. */
  readonly series: MetricSeries[];
  readonly warnings: string[];
}

export interface PrometheusAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly state: 'pending' | 'firing';
  /** ISO 8601; when the rule's expression became true, so before the `for` time of the rule. */
  readonly activeAt: string;
}

export interface InstantQuery extends CallLimits {
  readonly query: string;
  /** Unix seconds. */
  readonly time: number;
}

export interface RangeQuery extends CallLimits {
  readonly query: string;
  /** Unix seconds, both ends included. */
  readonly start: number;
  readonly end: number;
  /** Seconds. */
  readonly step: number;
}

export interface LabelsQuery extends CallLimits {
  /** Series selectors, of which one must match. */
  readonly matchers?: readonly string[];
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Most entries wanted; servers before 2.51 ignore it and answer with all. */
  readonly limit?: number;
}

export interface Warned<T> {
  readonly value: T;
  readonly warnings: string[];
}

/**
 * The HTTP API of Prometheus 2.x and 3.x, Thanos, Mimir and VictoriaMetrics. Throws INVALID_PROMQL (with `details.position` when
 * the server tells it), QUERY_TIMEOUT when the server gave up, SPOKE_ERROR for everything else it says, and the transport's errors.
 */
export interface PrometheusClient {
  instant(target: SpokeTarget, query: InstantQuery): Promise<PrometheusResult>;
  range(target: SpokeTarget, query: RangeQuery): Promise<PrometheusResult>;
  labels(target: SpokeTarget, query: LabelsQuery): Promise<Warned<string[]>>;
  /** `label` must be a classic label name: letters, digits, underscore. */
  labelValues(target: SpokeTarget, query: LabelsQuery & { readonly label: string }): Promise<Warned<string[]>>;
  series(
    target: SpokeTarget,
    query: LabelsQuery & { readonly matchers: readonly string[] },
  ): Promise<Warned<Record<string, string>[]>>;
  alerts(target: SpokeTarget, limits: CallLimits): Promise<Warned<PrometheusAlert[]>>;
  /** Resolves when it answers queries; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const Envelope = z.object({
  status: z.enum(['success', 'error']),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).nullish(),
});

const Alerts = z.object({
  alerts: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()).default({}),
      state: z.enum(['pending', 'firing']),
      activeAt: z.iso.datetime({ offset: true }),
    }),
  ),
});

/** Longest query string sent by GET; proxies commonly cut at 8 KiB of request line. */
const MAX_GET_QUERY = 4000;

export function createPrometheusClient(transport: Transport): PrometheusClient {
  /**
   * GET where it fits, because an RBAC proxy turns POST into the verb `create`, which a reader may lack; a long query has to go
   * by POST.
   */
  async function call(
    target: SpokeTarget,
    path: string,
    params: URLSearchParams,
    limits: CallLimits,
    getOnly = false,
  ): Promise<Warned<unknown>> {
    const long = !getOnly && params.toString().length > MAX_GET_QUERY;
    const request: SpokeRequest = {
      path: `/api/v1${path}`,
      timeoutMs: limits.timeoutMs,
      ...(limits.signal ? { signal: limits.signal } : {}),
      ...(long ? { method: 'POST', form: params } : { query: params }),
    };
    return readEnvelope(await transport.request(target, request));
  }

  async function labelCall(
    target: SpokeTarget,
    path: string,
    query: LabelsQuery,
    getOnly = false,
  ): Promise<Warned<unknown>> {
    const params = new URLSearchParams({ start: String(query.start), end: String(query.end) });
    for (const matcher of query.matchers ?? []) params.append('match[]', matcher);
    if (query.limit !== undefined) params.set('limit', String(query.limit));
    return call(target, path, params, query, getOnly);
  }

  async function resultCall(
    target: SpokeTarget,
    path: string,
    params: URLSearchParams,
    limits: CallLimits,
  ): Promise<PrometheusResult> {
    // The server is told its time so that it stops working when nobody waits any more.
    params.set('timeout', `${Math.max(1, Math.ceil(limits.timeoutMs))}ms`);
    const { value, warnings } = await call(target, path, params, limits);
    return { ...shaped(() => parseResult(value)), warnings };
  }

  return {
    instant: (target, q) =>
      resultCall(target, '/query', new URLSearchParams({ query: q.query, time: String(q.time) }), q),
    range: (target, q) => {
      const params = new URLSearchParams({
        query: q.query,
        start: String(q.start),
        end: String(q.end),
        step: String(q.step),
      });
      return resultCall(target, '/query_range', params, q);
    },
    labels: async (target, q) => {
      const { value, warnings } = await labelCall(target, '/labels', q);
      return { value: shaped(() => parseStrings(value)), warnings };
    },
    labelValues: async (target, q) => {
      const { value, warnings } = await labelCall(target, `/label/${encodeURIComponent(q.label)}/values`, q, true);
      return { value: shaped(() => parseStrings(value)), warnings };
    },
    series: async (target, q) => {
      const { value, warnings } = await labelCall(target, '/series', q);
      return { value: shaped(() => parseLabelSets(value)), warnings };
    },
    alerts: async (target, limits) => {
      const { value, warnings } = await call(target, '/alerts', new URLSearchParams(), limits);
      const parsed = Alerts.safeParse(value);
      if (!parsed.success) throw shapeError('alerts are not as its API promises');
      return { value: parsed.data.alerts, warnings };
    },
    ready: async (target, limits) => {
      const { status } = await transport.request(target, { ...limits, path: '/-/ready', maxBytes: 65_536 });
      // Routes in front of Prometheus often pass /api only and answer the rest in their own way, so a query has the last word.
      if (status !== 200) await call(target, '/query', new URLSearchParams({ query: '1' }), limits);
    },
  };
}

function readEnvelope(response: SpokeResponse): Warned<unknown> {
  const service = 'Prometheus';
  const denied = statusError(service, response.status, response.body);
  if (denied) throw denied;
  const type = response.headers['content-type'] ?? '';
  if (response.status !== 200 && !type.includes('json'))
    throw unexpectedStatus(service, response.status, response.body);
  const parsed = Envelope.safeParse(parseJson(service, response));
  if (!parsed.success) throw shapeError('the answer has no status', response.status);
  const { status, data, error = '', errorType = '', warnings } = parsed.data;
  if (status === 'success' && response.status === 200) return { value: data, warnings: warnings ?? [] };
  throw queryError(errorType, error, response.status);
}

/** wire.md 1.3: what Prometheus says with each error type. VictoriaMetrics uses the status as the type of a parse error. */
function queryError(errorType: string, text: string, status: number): AppError {
  const quoted = quoteForeign(text);
  const parseFailure = /parse error|cannot parse|invalid expression type|invalid parameter "query"/i.test(text);
  if ((errorType === 'bad_data' || status === 400 || errorType === '422') && parseFailure) {
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
  return spokeError(`Prometheus could not answer (${status} ${quoteForeign(errorType, 40)}): ${quoted}.`, {
    reason: 'QUERY',
    status,
  });
}

function shaped<T>(parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof TypeError) throw shapeError(thrown.message);
    throw thrown;
  }
}

function shapeError(what: string, status = 200): AppError {
  return spokeError(`Prometheus answered ${status} with JSON that its API does not promise: ${what}.`, {
    reason: 'SHAPE',
    status,
  });
}
