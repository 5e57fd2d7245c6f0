import { z } from 'zod';
import type { LogDirection } from '../model/logs.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { lokiRefusal, redirectedToLogin } from './loki-error.ts';
import { type LokiResult, parseLokiResult, parseNames, parseSeries } from './loki-result.ts';
import { type LokiTail, type TailRequest, createLokiTail } from './loki-tail.ts';
import { parseJson, spokeError } from './spoke-error.ts';
import type { CallLimits, SpokeRequest, SpokeTarget, Transport } from './transport.ts';

export type { LokiEntry, LokiResult } from './loki-result.ts';

export interface Warned<T> {
  readonly value: T;
  readonly warnings: string[];
}

/** A window of time in nanoseconds since 1970: `startNs` ≤ t < `endNs`. */
export interface Window {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface LogRangeQuery extends CallLimits, Window {
  readonly query: string;
  /** Most lines over all streams, 1–5,000; of log queries. */
  readonly limit?: number;
  readonly direction?: LogDirection;
  /** Seconds; of metric queries. */
  readonly step?: number;
}

export interface LogLabelsQuery extends CallLimits, Window {
  /** A stream selector that narrows the answer. */
  readonly selector?: string;
}

/** How often lines of one pattern came. */
export interface LokiPattern {
  /** Loki's own notation: `<_>` stands for what differs. */
  readonly pattern: string;
  /** Absent on servers before 3.6. */
  readonly level: string | undefined;
  /** Unix seconds and the lines that came in the step that begins there. */
  readonly samples: readonly (readonly [number, number])[];
}

/**
 * The HTTP API of Loki 3.x, alone or behind the gateway of a LokiStack. Throws INVALID_LOGQL (with `details.position` where Loki
 * tells it), QUERY_REFUSED for its limits, QUERY_TIMEOUT, SPOKE_ERROR for everything else it says, and the transport's errors.
 */
export interface LokiClient {
  /** A log query gives STREAMS, a metric query a MATRIX. */
  range(target: SpokeTarget, query: LogRangeQuery): Promise<Warned<LokiResult>>;
  /** A metric query at one moment. */
  instant(
    target: SpokeTarget,
    query: CallLimits & { readonly query: string; readonly timeNs: bigint },
  ): Promise<Warned<LokiResult>>;
  labels(target: SpokeTarget, query: LogLabelsQuery): Promise<Warned<string[]>>;
  labelValues(target: SpokeTarget, query: LogLabelsQuery & { readonly label: string }): Promise<Warned<string[]>>;
  series(
    target: SpokeTarget,
    query: CallLimits & Window & { readonly selectors: readonly string[] },
  ): Promise<Warned<Record<string, string>[]>>;
  /** Undefined where the server keeps no patterns: that is a setting, and not known before asking. */
  patterns(
    target: SpokeTarget,
    query: CallLimits & Window & { readonly selector: string; readonly step: number },
  ): Promise<LokiPattern[] | undefined>;
  /** Lines as they come. */
  tail(target: SpokeTarget, request: TailRequest): Promise<LokiTail>;
  /** Resolves when it answers queries; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
  /** Resolves when it answers a question that takes permission; throws an AppError that says why not. */
  authorized(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const SERVICE = 'Loki';
/** Longest query string sent by GET; proxies commonly cut at 8 KiB of request line. */
const MAX_GET_QUERY = 4000;
/** Loki reads up to ten digits as seconds. */
const LEAST_NS = 10_000_000_000n;
/** Loki keeps stored labels, structured metadata and parsed labels apart only when asked to (wire.md 3.2). */
export const CATEGORIZE = { 'x-loki-response-encoding-flags': 'categorize-labels' } as const;

const Envelope = z.object({
  status: z.literal('success'),
  data: z.unknown().optional(),
  warnings: z.array(z.string()).nullish(),
});

const Patterns = z.array(
  z.object({
    pattern: z.string(),
    level: z.string().optional(),
    samples: z.array(z.tuple([z.number(), z.number()])).nullish(),
  }),
);

export function createLokiClient(transport: Transport, clock: Clock = systemClock): LokiClient {
  async function call(
    target: SpokeTarget,
    path: string,
    params: URLSearchParams,
    limits: CallLimits,
  ): Promise<Warned<unknown>> {
    const long = params.toString().length > MAX_GET_QUERY;
    const request: SpokeRequest = {
      path: `/loki/api/v1${path}`,
      timeoutMs: limits.timeoutMs,
      ...(limits.signal ? { signal: limits.signal } : {}),
      headers: CATEGORIZE,
      ...(long ? { method: 'POST', form: params } : { query: params }),
    };
    const response = await transport.request(target, request).catch((thrown: unknown) => {
      throw redirectedToLogin(thrown);
    });
    if (response.status !== 200) throw lokiRefusal(response, params.get('query') ?? '');
    const parsed = Envelope.safeParse(parseJson(SERVICE, response));
    if (!parsed.success) throw shapeError('the answer has no status of success');
    return { value: parsed.data.data, warnings: parsed.data.warnings ?? [] };
  }

  async function parsedCall<T>(
    [target, path, params, limits]: Parameters<typeof call>,
    parse: (data: unknown) => T,
  ): Promise<Warned<T>> {
    const { value, warnings } = await call(target, path, params, limits);
    try {
      return { value: parse(value), warnings };
    } catch (thrown) {
      if (thrown instanceof TypeError) throw shapeError(thrown.message);
      throw thrown;
    }
  }

  async function authorized(target: SpokeTarget, limits: CallLimits): Promise<void> {
    await call(target, '/labels', new URLSearchParams({ since: '5m' }), limits);
  }

  return {
    range: (target, q) => {
      const params = windowParams(q, { query: q.query });
      if (q.limit !== undefined) params.set('limit', String(q.limit));
      if (q.direction !== undefined) params.set('direction', q.direction.toLowerCase());
      if (q.step !== undefined) params.set('step', String(q.step));
      return parsedCall([target, '/query_range', params, q], parseLokiResult);
    },
    instant: (target, q) => {
      const params = new URLSearchParams({ query: q.query, time: nsText(q.timeNs) });
      return parsedCall([target, '/query', params, q], parseLokiResult);
    },
    labels: (target, q) => parsedCall([target, '/labels', labelParams(q), q], parseNames),
    labelValues: (target, q) =>
      parsedCall([target, `/label/${encodeURIComponent(q.label)}/values`, labelParams(q), q], parseNames),
    series: (target, q) => {
      const params = windowParams(q, {});
      for (const selector of q.selectors) params.append('match[]', selector);
      return parsedCall([target, '/series', params, q], parseSeries);
    },
    patterns: async (target, q) => {
      const params = windowParams(q, { query: q.selector, step: String(q.step) });
      let data: unknown;
      try {
        ({ value: data } = await call(target, '/patterns', params, q));
      } catch (thrown) {
        if (lacksPatterns(thrown)) return undefined;
        throw thrown;
      }
      const parsed = Patterns.safeParse(data ?? []);
      if (!parsed.success) throw shapeError('patterns are not as its API promises');
      return parsed.data.map(({ pattern, level, samples }) => ({ pattern, level, samples: samples ?? [] }));
    },
    tail: createLokiTail({ transport, clock }),
    authorized,
    ready: async (target, limits) => {
      const { status } = await transport.request(target, { ...limits, path: '/ready', maxBytes: 65_536 });
      // A gateway does not route /ready (wire.md 3.5), so a cheap question has the last word.
      if (status !== 200) await authorized(target, limits);
    },
  };
}

/** Without its pattern ingester Loki has no such path, or says that the module is not there. */
function lacksPatterns(thrown: unknown): boolean {
  if (thrown === null || typeof thrown !== 'object' || !('details' in thrown)) return false;
  const { details } = thrown;
  const status = details !== null && typeof details === 'object' && 'status' in details ? details.status : undefined;
  return status === 404 || status === 500 || status === 501;
}

function windowParams({ startNs, endNs }: Window, others: Record<string, string>): URLSearchParams {
  return new URLSearchParams({ ...others, start: nsText(startNs), end: nsText(endNs) });
}

function labelParams({ selector, ...window }: LogLabelsQuery): URLSearchParams {
  return windowParams(window, selector === undefined ? {} : { query: selector });
}

export function nsText(ns: bigint): string {
  return String(ns < LEAST_NS ? LEAST_NS : ns);
}

function shapeError(what: string) {
  return spokeError(`${SERVICE} answered 200 with JSON that its API does not promise: ${what}.`, {
    reason: 'SHAPE',
    status: 200,
  });
}
