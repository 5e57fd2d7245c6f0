/**
 * A Tempo that holds the sampled requests of one simulated cluster (`requests.ts`) and speaks the API of wire.md 4. It answers what
 * it understands and refuses the rest; it never makes an empty success of what it did not understand.
 */
import { type IncomingMessage, type Server, createServer } from 'node:http';
import { isIn, LONGEST_REQUEST_NS } from '../requests.ts';
import type { RequestStream, SimulatedRequest } from '../requests.ts';
import { type SignalAnswer, type SignalFaults, createSignalFaults, jsonAnswer, textAnswer } from '../signal-faults.ts';
import { resourceOf } from './attributes.ts';
import { type Held, boundsOf, candidatesOf, foundTrace, resourceSpans } from './bodies.ts';
import { type Query, TraceqlError, fieldOf, parseTraceql } from './traceql.ts';

/** How this Tempo is set up; may be changed while it runs. */
export interface TempoModes {
  /** Answers below `/api/traces/v1/<tenant>/tempo` only, as the gateway of a TempoStack does. */
  gatewayTenant?: string;
  /** With a gateway: the bearer token it wants. */
  token?: string;
  /** RBAC on queries: 403 with an empty body for all but searches, traces and two tags. */
  queryRbac?: boolean;
  /** Multi-tenancy: every request needs X-Scope-OrgID. */
  needsTenant?: boolean;
  /** A Tempo before 2.3: no v2 paths, no hint `most_recent`, no statistics by service. */
  old?: boolean;
  /** Traces come PARTIAL, without their last span. */
  partial?: boolean;
  /** Traces are over max_bytes_per_trace. */
  tooLarge?: boolean;
  /** The clock of the cluster's nodes is off by so much. */
  skewMs?: number;
}

export interface TempoDoubleOptions {
  readonly cluster: string;
  readonly requests: RequestStream;
  /** Unix milliseconds; spans that have not ended by now are not there yet. */
  readonly now: () => number;
  /** Older requests are forgotten. */
  readonly keptHours: number;
}

export interface TempoDouble {
  readonly modes: TempoModes;
  readonly faults: SignalFaults;
  createServer(): Server;
}

const DEFAULT_LIMIT = 20;
/** Half a minute. */
const PIECE_NS = 30_000_000_000n;
const MAX_LIMIT = 262_144;
const MAX_WINDOW_SECONDS = 168 * 3600;
/** Where no window is given only recent data is searched. */
const RECENT_SECONDS = 1800;
const RBAC_PATHS =
  /^\/api\/(?:search|(?:v2\/)?traces\/[^/]+|v2\/search\/tag\/resource\.(?:service\.name|k8s\.namespace\.name)\/values)$/;

class Refused extends Error {
  readonly answer: SignalAnswer;
  constructor(status: number, text: string) {
    super(text);
    this.answer = textAnswer(status, text);
  }
}

export function createTempoDouble({ cluster, requests, now, keptHours }: TempoDoubleOptions): TempoDouble {
  const modes: TempoModes = {};
  const faults = createSignalFaults();
  const nanos = (ms: number) => BigInt(Math.floor(ms)) * 1_000_000n;

  /** As this cluster has it by now: its own spans, as far as they have ended. */
  function held({ traceId, spans }: SimulatedRequest): Held | undefined {
    const nowNs = nanos(now());
    const skewNs = BigInt(modes.skewMs ?? 0) * 1_000_000n;
    const own = spans
      .filter(isIn(cluster))
      .filter(
        ({ startNs, durationNs }) => startNs + durationNs <= nowNs && startNs >= nowNs - nanos(keptHours * 3_600_000),
      )
      .map((span) => (skewNs === 0n ? span : { ...span, startNs: span.startNs + skewNs }));
    return own.length === 0 ? undefined : { traceId, spans: own };
  }

  /** Oldest first, or newest first; read piece by piece, so that a search which has enough costs no more than it found. */
  function* tracesIn(start: number, end: number, newestFirst = false): Generator<Held> {
    const oldest = now() / 1000 - keptHours * 3600;
    const fromNs = nanos(Math.max(start, oldest) * 1000) - LONGEST_REQUEST_NS;
    const toNs = nanos(Math.min(end * 1000, now())) + 1n;
    const pieces = toNs <= fromNs ? 0 : Number((toNs - fromNs + PIECE_NS - 1n) / PIECE_NS);
    for (let index = 0; index < pieces; index++) {
      const from = fromNs + BigInt(newestFirst ? pieces - 1 - index : index) * PIECE_NS;
      const until = from + PIECE_NS < toNs ? from + PIECE_NS : toNs;
      const piece = [...requests.between(cluster, from, until)];
      for (const request of newestFirst ? piece.toReversed() : piece) {
        const trace = held(request);
        if (!trace) continue;
        const bounds = boundsOf(trace.spans);
        if (bounds.endNs >= nanos(start * 1000) && bounds.startNs <= nanos(end * 1000)) yield trace;
      }
    }
  }

  function search(params: URLSearchParams): SignalAnswer {
    if (params.has('q') && params.has('tags'))
      throw new Refused(400, "invalid request: can't specify tags and q in the same query");
    const limit = numberOf(params, 'limit', DEFAULT_LIMIT);
    if (limit > MAX_LIMIT) throw new Refused(400, `limit ${limit} exceeds max limit ${MAX_LIMIT}`);
    const spansPerTrace = numberOf(params, 'spss', 3);
    if (spansPerTrace > 100) throw new Refused(400, `spans per span set exceeds 100. received ${spansPerTrace}`);
    const { start, end } = windowOf(params, now() / 1000);
    const query = queryOf(params.get('q') ?? tagsQuery(params));
    const traces: Record<string, unknown>[] = [];
    let inspected = 0;
    let stoppedEarly = false;
    for (const trace of tracesIn(start, end, query.mostRecent)) {
      stoppedEarly = traces.length === limit;
      if (stoppedEarly) break;
      inspected += 1;
      const found = foundTrace(trace, query, spansPerTrace);
      if (found && modes.old) delete found['serviceStats'];
      if (found) traces.push(found);
    }
    const metrics = { inspectedTraces: inspected, inspectedBytes: String(inspected * 2048) };
    return jsonAnswer({ traces, metrics: { ...metrics, completedJobs: stoppedEarly ? 4 : 10, totalJobs: 10 } });
  }

  function queryOf(text: string): Query {
    if (modes.old === true && text.includes('most_recent'))
      throw new Refused(
        400,
        `invalid TraceQL query: parse error at line 1, col ${text.indexOf('with') + 1}: syntax error: unexpected with`,
      );
    try {
      return parseTraceql(text);
    } catch (error) {
      if (error instanceof TraceqlError) throw new Refused(400, error.message);
      throw error;
    }
  }

  function trace(id: string, v2: boolean): SignalAnswer {
    const wrong = /[^0-9a-f]/i.exec(id);
    if (wrong)
      throw new Refused(
        400,
        `trace IDs can only contain hex characters: invalid character '${wrong[0]}' at position ${wrong.index + 1}`,
      );
    const request = requests.byTraceId(id);
    const found = request && held(request);
    if (!found) return v2 ? jsonAnswer({ trace: {}, metrics: {} }) : textAnswer(404, '');
    const reason = 'Trace exceeds maximum size of 5000000 bytes, a partial trace is returned';
    if (modes.tooLarge === true && !v2) throw new Refused(422, 'trace exceeds max size (max bytes: 5000000)');
    const cut = modes.partial === true || modes.tooLarge === true;
    const shown = cut && found.spans.length > 1 ? { ...found, spans: found.spans.slice(0, -1) } : found;
    if (!v2) return jsonAnswer({ batches: resourceSpans(shown) });
    return jsonAnswer({
      trace: { resourceSpans: resourceSpans(shown) },
      metrics: {},
      ...(cut ? { status: 'PARTIAL', message: reason } : {}),
    });
  }

  function tagNames(params: URLSearchParams): Map<string, Set<string>> {
    const { start, end } = windowOf(params, now() / 1000);
    const names = new Map([
      ['resource', new Set<string>()],
      ['span', new Set<string>()],
      [
        'intrinsic',
        new Set([
          'duration',
          'kind',
          'name',
          'rootName',
          'rootServiceName',
          'status',
          'statusMessage',
          'traceDuration',
        ]),
      ],
    ]);
    for (const { spans } of tracesIn(start, end)) {
      for (const span of spans) {
        for (const key of Object.keys(resourceOf(span))) names.get('resource')?.add(key);
        for (const key of Object.keys(span.attributes)) names.get('span')?.add(key);
      }
    }
    const scope = params.get('scope');
    return scope === null ? names : new Map([...names].filter(([name]) => name === scope));
  }

  function tagValues(tag: string, params: URLSearchParams): { readonly type: string; readonly value: string }[] {
    const field = fieldOf(tag);
    if (!field) throw new Refused(400, `invalid tag ${tag}`);
    const { start, end } = windowOf(params, now() / 1000);
    let matches: Query['matches'] = () => true;
    try {
      if (params.has('q')) matches = parseTraceql(params.get('q') ?? '').matches;
    } catch (error) {
      // Tempo ignores a filter here that it cannot use.
      if (!(error instanceof TraceqlError)) throw error;
    }
    const values = new Map<string, string>();
    for (const held of tracesIn(start, end)) {
      for (const candidate of candidatesOf(held)) {
        const value = matches(candidate) ? field(candidate) : undefined;
        if (value === undefined) continue;
        const type = /^(?:span:)?(?:status|kind)$/.test(tag)
          ? 'keyword'
          : typeof value === 'number'
            ? 'int'
            : typeof value;
        values.set(String(value), type);
      }
    }
    return [...values].map(([value, type]) => ({ type, value }));
  }

  function answerApi(path: string, params: URLSearchParams): SignalAnswer {
    const [, v2, id] = /^\/api\/(v2\/)?traces\/([^/]+)$/.exec(path) ?? [];
    const [, tagV2, tag] = /^\/api\/(v2\/)?search\/tag\/([^/]+)\/values$/.exec(path) ?? [];
    if (modes.old === true && path.startsWith('/api/v2/')) return textAnswer(404, '404 page not found\n');
    if (path === '/api/echo') return textAnswer(200, 'echo');
    if (path === '/api/search') return search(params);
    if (path === '/api/status/buildinfo')
      return jsonAnswer({ version: modes.old === true ? '2.1.1' : '3.0.2', goVersion: 'go1.26' });
    if (id !== undefined) return trace(decodeURIComponent(id), v2 !== undefined);
    if (path === '/api/v2/search/tags')
      return jsonAnswer({
        scopes: [...tagNames(params)].map(([name, tags]) => ({ name, tags: [...tags].sort() })),
        metrics: {},
      });
    if (path === '/api/search/tags')
      return jsonAnswer({ tagNames: [...new Set([...tagNames(params).values()].flatMap((tags) => [...tags]))].sort() });
    if (tag !== undefined && tagV2 !== undefined)
      return jsonAnswer({ tagValues: tagValues(decodeURIComponent(tag), params), metrics: {} });
    if (tag !== undefined) {
      const name = decodeURIComponent(tag);
      const known = fieldOf(name) ? name : `.${name}`;
      return jsonAnswer({ tagValues: tagValues(known, params).map(({ value }) => value) });
    }
    if (path.startsWith('/api/metrics/'))
      throw new Refused(400, 'invalid TraceQL query: this double evaluates no metrics');
    return textAnswer(404, '404 page not found\n');
  }

  function answer(request: IncomingMessage): SignalAnswer {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://tempo.invalid');
    const { gatewayTenant, token } = modes;
    if (request.method !== 'GET') return textAnswer(405, 'Method Not Allowed');
    const base = gatewayTenant === undefined ? '' : `/api/traces/v1/${gatewayTenant}/tempo`;
    if (!pathname.startsWith(base)) return textAnswer(404, '404 page not found\n');
    const path = pathname.slice(base.length);
    if (gatewayTenant !== undefined) {
      if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
        return { ...textAnswer(302, 'Found'), headers: { location: 'https://login.invalid/' } };
      if (!path.startsWith('/api')) return textAnswer(404, '404 page not found\n');
    }
    if (modes.queryRbac === true && !RBAC_PATHS.test(path)) return textAnswer(403, '');
    if (path === '/ready') return textAnswer(200, 'ready\n');
    if (modes.needsTenant === true && request.headers['x-scope-orgid'] === undefined)
      return textAnswer(401, 'no org id');
    try {
      return answerApi(path, searchParams);
    } catch (error) {
      if (error instanceof Refused) return error.answer;
      throw error;
    }
  }

  return {
    modes,
    faults,
    createServer: () =>
      createServer((request, response) => void faults.respond(request, response, () => answer(request))),
  };
}

function numberOf(params: URLSearchParams, name: string, otherwise: number): number {
  const text = params.get(name);
  if (text === null) return otherwise;
  if (!/^\d{1,12}$/.test(text)) throw new Refused(400, `invalid ${name}: ${text}`);
  return Number(text);
}

function windowOf(params: URLSearchParams, nowSeconds: number): { readonly start: number; readonly end: number } {
  const start = numberOf(params, 'start', 0);
  const end = numberOf(params, 'end', 0);
  if (start === 0 && end === 0) return { start: nowSeconds - RECENT_SECONDS, end: nowSeconds };
  if (start >= end)
    throw new Refused(400, `http parameter start must be before end. received start=${start} end=${end}`);
  if (end - start > MAX_WINDOW_SECONDS)
    throw new Refused(400, `range specified by start and end exceeds 168h0m0s. received start=${start} end=${end}`);
  return { start, end };
}

/** The form before TraceQL: logfmt, every pair has to match, and the duration of the whole trace. */
function tagsQuery(params: URLSearchParams): string {
  const pairs = [...(params.get('tags') ?? '').matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|\S*)/g)].map(
    ([, key = '', value = '']) => {
      const text = value.startsWith('"') ? value : JSON.stringify(value);
      return fieldOf(key) && key !== 'status'
        ? `${key} = ${text}`
        : key === 'status'
          ? `status = ${value}`
          : `.${key} = ${text}`;
    },
  );
  const bounds = [
    ...(params.has('minDuration') ? [`traceDuration >= ${params.get('minDuration')}`] : []),
    ...(params.has('maxDuration') ? [`traceDuration <= ${params.get('maxDuration')}`] : []),
  ];
  return `{ ${[...pairs, ...bounds].join(' && ')} }`;
}
