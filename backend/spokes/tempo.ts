import { parseJson, unexpectedStatus } from './spoke-error.ts';
import { SERVICE, tempoError } from './tempo-error.ts';
import { type SearchResult, decodeSearch, decodeTagValues, decodeTags } from './tempo-search.ts';
import { type TempoTrace, decodeTrace } from './tempo-trace.ts';
import type { CallLimits, SpokeResponse, SpokeTarget, Transport } from './transport.ts';

export interface Window {
  /** Unix seconds; Tempo takes whole ones, so the window is widened to them. */
  readonly start: number;
  readonly end: number;
}

export interface TraceSearch extends CallLimits, Window {
  /** TraceQL. */
  readonly query: string;
  readonly limit: number;
  /** Most matching spans told of each trace, 1 to 100. */
  readonly spansPerTrace: number;
}

export interface TagQuery extends CallLimits, Window {
  /** TraceQL that narrows it to spans that match; Tempo ignores what it cannot use. */
  readonly query?: string;
}

/**
 * The HTTP API of Tempo 2.x and 3.x, alone or behind the gateway of a TempoStack; GET only. Throws INVALID_TRACEQL (with
 * `details.position` when Tempo tells it), QUERY_TIMEOUT when Tempo gave up, SPOKE_ERROR for everything else it says, and the
 * transport's errors.
 */
export interface TempoClient {
  search(target: SpokeTarget, query: TraceSearch): Promise<SearchResult>;
  /** The part of a trace that this Tempo holds; undefined = none. `window` tells where to look, left out = everywhere. */
  trace(
    target: SpokeTarget,
    query: CallLimits & { readonly traceId: string; readonly window?: Window },
  ): Promise<TempoTrace | undefined>;
  /** Names that TraceQL can use, scope included. */
  tags(target: SpokeTarget, query: TagQuery): Promise<string[]>;
  /** `tag` is a TraceQL name: `resource.service.name`, `.http.route`, `name`. */
  tagValues(target: SpokeTarget, query: TagQuery & { readonly tag: string }): Promise<string[]>;
  /** Resolves when it answers queries; throws an AppError that says why not. */
  ready(target: SpokeTarget, limits: CallLimits): Promise<void>;
  /** Resolves when it answers a question that takes permission; throws an AppError that says why not. */
  authorized(target: SpokeTarget, limits: CallLimits): Promise<void>;
}

const FORBIDDEN = 403;
const NOT_FOUND = 404;
/** A trace of 5 MB in Tempo's own encoding, its default limit, is about four times that as JSON. */
const TRACE_BYTES = 32 * 1024 * 1024;

export function createTempoClient(transport: Transport): TempoClient {
  const get = (
    target: SpokeTarget,
    path: string,
    query: URLSearchParams,
    { timeoutMs, signal }: CallLimits,
    maxBytes?: number,
  ) =>
    transport.request(target, {
      path,
      query,
      timeoutMs,
      ...(signal ? { signal } : {}),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });

  /** v1 where v2 is unknown: a Tempo before 2.3 (tags) or 2.7 (traces). */
  async function tagCall(target: SpokeTarget, v2: string, v1: string, query: TagQuery): Promise<unknown> {
    const params = windowOf(query);
    if (query.query !== undefined) params.set('q', query.query);
    const answer = await get(target, v2, params, query);
    if (answer.status !== NOT_FOUND) return bodyOf(answer, query.query);
    return bodyOf(await get(target, v1, windowOf(query), query), query.query);
  }

  return {
    search: async (target, query) => {
      const params = windowOf(query);
      params.set('q', query.query);
      params.set('limit', String(query.limit));
      params.set('spss', String(query.spansPerTrace));
      return decodeSearch(bodyOf(await get(target, '/api/search', params, query), query.query));
    },
    trace: async (target, query) => {
      const { traceId } = query;
      const params = query.window ? windowOf(query.window) : new URLSearchParams();
      const v2 = await get(target, `/api/v2/traces/${traceId}`, params, query, TRACE_BYTES);
      if (v2.status !== NOT_FOUND) return decodeTrace(bodyOf(v2), traceId);
      const v1 = await get(target, `/api/traces/${traceId}`, params, query, TRACE_BYTES);
      return v1.status === NOT_FOUND ? undefined : decodeTrace(bodyOf(v1), traceId);
    },
    tags: async (target, query) => decodeTags(await tagCall(target, '/api/v2/search/tags', '/api/search/tags', query)),
    tagValues: async (target, query) => {
      const tag = encodeURIComponent(query.tag);
      const plain = encodeURIComponent(query.tag.replace(/^(?:resource|span)?\./, ''));
      return decodeTagValues(
        await tagCall(target, `/api/v2/search/tag/${tag}/values`, `/api/search/tag/${plain}/values`, query),
      );
    },
    authorized: async (target, limits) => {
      const answer = await get(target, '/api/search', new URLSearchParams({ limit: '1' }), limits);
      if (answer.status !== 200) throw unexpectedStatus(SERVICE, answer.status, answer.body);
    },
    ready: async (target, limits) => {
      const ask = (path: string, query = new URLSearchParams()): Promise<SpokeResponse> =>
        get(target, path, query, limits);
      if ((await ask('/ready')).status === 200) return;
      // A gateway passes /api only; one with RBAC on queries forbids even /api/echo and lets searches through (wire.md 4.6).
      const echo = await ask('/api/echo');
      if (echo.status === 200) return;
      const answer = echo.status === FORBIDDEN ? await ask('/api/search', new URLSearchParams({ limit: '1' })) : echo;
      if (answer.status !== 200) throw unexpectedStatus(SERVICE, answer.status, answer.body);
    },
  };
}

function windowOf({ start, end }: Window): URLSearchParams {
  return new URLSearchParams({ start: String(Math.floor(start)), end: String(Math.ceil(end)) });
}

function bodyOf(answer: SpokeResponse, query?: string): unknown {
  if (answer.status !== 200) throw tempoError(answer, query);
  return parseJson(SERVICE, answer);
}
