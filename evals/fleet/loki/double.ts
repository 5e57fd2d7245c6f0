/**
 * A Loki that holds what the containers of one simulated cluster write (`lines.ts`) and speaks the API of wire.md 3. It evaluates the
 * LogQL described in `logql.ts` and refuses the rest; it never makes an empty success of what it did not understand.
 */
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { type SignalAnswer, type SignalFaults, createSignalFaults, jsonAnswer, textAnswer } from '../signal-faults.ts';
import { evaluate, matrixOf, numberText, patternsOf, select, streamsOf } from './answers.ts';
import type { WindowNs } from './answers.ts';
import type { LogLine, LogLines } from './lines.ts';
import { type LogPipeline, LogqlError, type MetricExpression, compileLogql, keyOf } from './logql.ts';
import { type TailModes, createTail } from './tail.ts';

/** How this Loki is set up; may be changed while it runs. */
export interface LokiModes extends TailModes {
  /** Answers below `/api/logs/v1/<tenant>` only, as the gateway of a LokiStack does. */
  gatewayTenant?: string;
  /** With a gateway: the bearer token it wants. */
  token?: string;
  /** With a gateway: an account that may read this namespace only, and has to name it. */
  onlyNamespace?: string;
  /** Multi-tenancy: every request needs X-Scope-OrgID. */
  needsTenant?: boolean;
  /** Says so on every success. */
  warnings?: readonly string[];
  /** Keeps patterns; without, it answers 404 as a Loki without pattern ingester. */
  patterns?: boolean;
  /** Most lines an answer may hold. */
  maxEntries?: number;
}

export interface LokiDoubleOptions {
  readonly lines: LogLines;
  /** Unix milliseconds; later lines are not there yet. */
  readonly now: () => number;
  /** Older lines are forgotten. */
  readonly keptHours: number;
}

export interface LokiDouble {
  readonly modes: LokiModes;
  readonly faults: SignalFaults;
  createServer(): Server;
}

const DEFAULT_LIMIT = 100;
const MAX_ENTRIES = 5000;
const MAX_POINTS = 11_000;
/** 30 days and an hour. */
const MAX_RANGE_NS = 2_595_600n * 1_000_000_000n;
const HOUR_NS = 3600n * 1_000_000_000n;
const MAX_SERIES = 500;

class Refused extends Error {
  readonly answer: SignalAnswer;
  constructor(status: number, text: string) {
    super(text);
    this.answer = textAnswer(status, text);
  }
}

export function createLokiDouble({ lines, now, keptHours }: LokiDoubleOptions): LokiDouble {
  const modes: LokiModes = { patterns: true };
  const faults = createSignalFaults();
  const nowNs = () => BigInt(Math.floor(now())) * 1_000_000n;

  /** What there is of a window by now. */
  function held({ fromNs, toNs }: WindowNs): WindowNs {
    const oldest = nowNs() - BigInt(Math.round(keptHours * 3600)) * 1_000_000_000n;
    const newest = nowNs() + 1n;
    return { fromNs: fromNs > oldest ? fromNs : oldest, toNs: toNs < newest ? toNs : newest };
  }

  function success(data: unknown): SignalAnswer {
    const empty = data === undefined || (Array.isArray(data) && data.length === 0);
    // The key is left out, not empty (wire.md 3.1).
    return jsonAnswer({
      status: 'success',
      ...(empty ? {} : { data }),
      ...(modes.warnings ? { warnings: modes.warnings } : {}),
    });
  }

  function range(params: URLSearchParams, categorized: boolean): SignalAnswer {
    const query = queryOf(params);
    const window = windowOf(params, nowNs());
    if (query.kind === 'METRIC') return matrix(query, window, params);
    const found = select(lines, query, held(window), {
      limit: limitOf(params, modes.maxEntries ?? MAX_ENTRIES),
      backward: isBackward(params),
    });
    const flags = categorized ? { encodingFlags: ['categorize-labels'] } : {};
    return success({ resultType: 'streams', ...flags, result: streamsOf(found, categorized), stats: {} });
  }

  function matrix(query: MetricExpression, window: WindowNs, params: URLSearchParams): SignalAnswer {
    const seconds = Number(
      params.get('step') ?? Math.max(1, Math.floor(Number((window.toNs - window.fromNs) / 250n) / 1e9)),
    );
    if (!(seconds > 0)) throw new Refused(400, `invalid step: ${params.get('step')}`);
    const step = BigInt(Math.round(seconds * 1000)) * 1_000_000n;
    if ((window.toNs - window.fromNs) / step > BigInt(MAX_POINTS))
      throw new Refused(
        400,
        'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
      );
    const moments: bigint[] = [];
    // A grid of whole steps since 1970, as the frontend of Loki aligns it.
    for (let at = (window.fromNs / step) * step; at <= window.toNs; at += step) moments.push(at);
    const result = matrixOf(evaluate(known(), query, moments), moments);
    if (result.length > MAX_SERIES)
      throw new Refused(
        400,
        `maximum number of series (${MAX_SERIES}) reached for a single query; consider reducing query cardinality`,
      );
    return success({ resultType: 'matrix', result, stats: {} });
  }

  /** The lines of what is held, whatever window an expression reaches back to. */
  function known(): LogLines {
    const cut = (fromNs: bigint, toNs: bigint) => held({ fromNs, toNs });
    return {
      *between(fromNs, toNs) {
        const window = cut(fromNs, toNs);
        yield* lines.between(window.fromNs, window.toNs);
      },
      *backwards(fromNs, toNs) {
        const window = cut(fromNs, toNs);
        yield* lines.backwards(window.fromNs, window.toNs);
      },
    };
  }

  function instant(params: URLSearchParams): SignalAnswer {
    const query = queryOf(params);
    if (query.kind === 'LOG')
      throw new Refused(
        400,
        'log queries are not supported as an instant query type, please change your query to a range query type',
      );
    const at = params.has('time') ? nanosOf(params.get('time') ?? '') : nowNs();
    const [points = []] = evaluate(known(), query, [at]);
    const time = Number(at / 1_000_000n) / 1000;
    const result = points.map(({ labels, value }) => ({ metric: labels, value: [time, numberText(value)] }));
    return success({ resultType: 'vector', result, stats: {} });
  }

  function queryOf(params: URLSearchParams): LogPipeline | MetricExpression {
    const text = params.get('query') ?? '';
    if (
      modes.onlyNamespace !== undefined &&
      !new RegExp(`[{,]\\s*(?:kubernetes_|k8s_)?namespace(?:_name)?="${modes.onlyNamespace}"`).test(text)
    )
      throw new GatewayRefused(400, '400 Bad Request');
    return compiled(text);
  }

  function compiled(text: string): LogPipeline | MetricExpression {
    try {
      return compileLogql(text);
    } catch (error) {
      if (error instanceof LogqlError) throw new Refused(400, error.message);
      throw error;
    }
  }

  /** Streams of a window that a selector selects; without one all. */
  function streams(params: URLSearchParams, selectors: readonly string[]): Readonly<Record<string, string>>[] {
    const window = held(windowOf(params, nowNs()));
    const pipelines = selectors.map((text) => {
      const query = compiled(text);
      if (query.kind === 'METRIC') throw new Refused(400, 'only label matchers are supported');
      return query;
    });
    const found = new Set<Readonly<Record<string, string>>>();
    for (const { labels } of lines.between(window.fromNs, window.toNs)) {
      if (!found.has(labels) && (pipelines.length === 0 || pipelines.some(({ matches }) => matches(labels))))
        found.add(labels);
    }
    return distinct([...found]);
  }

  function patterns(params: URLSearchParams): SignalAnswer {
    if (modes.patterns !== true) return textAnswer(404, '404 page not found\n');
    const query = queryOf(params);
    if (query.kind === 'METRIC') throw new Refused(400, 'only label matchers are supported');
    const step = Number(params.get('step') ?? 10);
    const found: LogLine[] = [];
    const window = held(windowOf(params, nowNs()));
    for (const line of lines.between(window.fromNs, window.toNs)) if (query.matches(line.labels)) found.push(line);
    return success(patternsOf(found, step));
  }

  function answerApi(path: string, params: URLSearchParams, categorized: boolean): SignalAnswer {
    const [, label] = /^\/label\/([^/]+)\/values$/.exec(path) ?? [];
    const selected = () => streams(params, params.has('query') ? [params.get('query') ?? ''] : []);
    if (path === '/query_range') return range(params, categorized);
    if (path === '/query') return instant(params);
    if (path === '/labels' || path === '/label')
      return success([...new Set(selected().flatMap((labels) => Object.keys(labels)))].sort());
    if (label !== undefined) {
      const name = decodeURIComponent(label);
      return success([...new Set(selected().flatMap((labels) => labels[name] ?? []))].sort());
    }
    if (path === '/series') return success(streams(params, params.getAll('match[]')));
    if (path === '/patterns') return patterns(params);
    if (path === '/detected_labels') {
      const all = selected();
      const names = [...new Set(all.flatMap((labels) => Object.keys(labels)))].sort();
      const count = (name: string) => new Set(all.flatMap((labels) => labels[name] ?? [])).size;
      return jsonAnswer({ detectedLabels: names.map((name) => ({ label: name, cardinality: count(name) })) });
    }
    return textAnswer(404, '404 page not found\n');
  }

  /** What stands in front of the API: the gateway, or the tenant's header. Undefined = let through. */
  function turnedAway(request: IncomingMessage, path: string): SignalAnswer | undefined {
    const { gatewayTenant, token } = modes;
    if (gatewayTenant !== undefined) {
      if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
        return {
          ...gatewayAnswer(302, 'failed to find token'),
          headers: { location: `/openshift/${gatewayTenant}/login?route=%2F` },
        };
      // Not routed (wire.md 3.5).
      if (!path.startsWith('/loki/api/v1/') || /\/(?:index\/stats|format_query|status\/buildinfo)$/.test(path))
        return textAnswer(404, '404 page not found\n');
      return undefined;
    }
    if (modes.needsTenant === true && path !== '/ready' && request.headers['x-scope-orgid'] === undefined)
      return textAnswer(401, 'no org id');
    return undefined;
  }

  function pathOf(request: IncomingMessage): { path: string; params: URLSearchParams } | undefined {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://loki.invalid');
    const base = modes.gatewayTenant === undefined ? '' : `/api/logs/v1/${modes.gatewayTenant}`;
    return pathname.startsWith(base) ? { path: pathname.slice(base.length), params: searchParams } : undefined;
  }

  function answer(request: IncomingMessage, form: URLSearchParams | undefined): SignalAnswer {
    const at = pathOf(request);
    if (!at) return textAnswer(404, '404 page not found\n');
    const away = turnedAway(request, at.path);
    if (away) return away;
    if (at.path === '/ready') return textAnswer(200, 'ready\n');
    const categorized = (request.headers['x-loki-response-encoding-flags'] ?? '').includes('categorize-labels');
    try {
      return answerApi(at.path.replace(/^\/loki\/api\/v1/, ''), form ?? at.params, categorized);
    } catch (error) {
      if (error instanceof Refused || error instanceof GatewayRefused) return error.answer;
      throw error;
    }
  }

  const tail = createTail({ lines, now, modes });

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const at = pathOf(request);
    const refuse = ({ status, body, headers = {} }: SignalAnswer) => {
      const extra = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(
        `HTTP/1.1 ${status} Refused\r\ncontent-type: text/plain; charset=utf-8\r\n${extra.join('')}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    };
    try {
      const away = at ? turnedAway(request, at.path) : textAnswer(404, '404 page not found\n');
      if (away || !at) return refuse(away ?? textAnswer(404, '404 page not found\n'));
      if (at.path !== '/loki/api/v1/tail') return refuse(textAnswer(404, '404 page not found\n'));
      const query = queryOf(at.params);
      if (query.kind === 'METRIC') return refuse(textAnswer(400, 'tail: only log queries are supported'));
      tail.accept(
        request,
        socket,
        head,
        query,
        at.params.has('start') ? nanosOf(at.params.get('start') ?? '') : nowNs() - HOUR_NS,
        limitOf(at.params, MAX_ENTRIES),
      );
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof GatewayRefused)) throw error;
      refuse(error.answer);
    }
  }

  return {
    modes,
    faults,
    createServer: () => {
      const server = createServer((request, response) => {
        void readForm(request).then((form) => faults.respond(request, response, () => answer(request, form)));
      });
      // Upgraded connections are not among those that a server closes by itself.
      const closeOthers = server.closeAllConnections.bind(server);
      server.closeAllConnections = () => {
        tail.close();
        closeOthers();
      };
      return server.on('upgrade', upgrade);
    },
  };
}

/** The gateway of a LokiStack refuses with JSON. */
class GatewayRefused extends Error {
  readonly answer: SignalAnswer;
  constructor(status: number, text: string) {
    super(text);
    this.answer = gatewayAnswer(status, text);
  }
}

function gatewayAnswer(status: number, error: string): SignalAnswer {
  return { ...jsonAnswer({ error, errorType: 'observatorium-api', status: 'error' }), status };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (request.method !== 'POST') return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Buffer)); // proof: no encoding is set
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function distinct(sets: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>>[] {
  return [...new Map(sets.map((labels) => [keyOf(labels), labels])).values()];
}

function limitOf(params: URLSearchParams, most: number): number {
  const limit = Number(params.get('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1) throw new Refused(400, 'limit must be a positive value');
  if (limit > most)
    throw new Refused(
      400,
      `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${most})`,
    );
  return limit;
}

function isBackward(params: URLSearchParams): boolean {
  const direction = (params.get('direction') ?? 'backward').toLowerCase();
  if (direction !== 'backward' && direction !== 'forward') throw new Refused(400, `invalid direction '${direction}'`);
  return direction === 'backward';
}

/** Up to ten digits are seconds, more are nanoseconds, with a point seconds, else RFC 3339 (wire.md 3.1). */
function nanosOf(text: string): bigint {
  if (/^\d{1,10}$/.test(text)) return BigInt(text) * 1_000_000_000n;
  if (/^\d{11,19}$/.test(text)) return BigInt(text);
  if (/^\d+\.\d+$/.test(text)) return BigInt(Math.round(Number(text) * 1000)) * 1_000_000n;
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed)) throw new Refused(400, `could not parse '${text}' as a time`);
  return BigInt(parsed) * 1_000_000n;
}

function windowOf(params: URLSearchParams, now: bigint): WindowNs {
  const toNs = params.has('end') ? nanosOf(params.get('end') ?? '') : now;
  const since = /^(\d+)([smh])$/.exec(params.get('since') ?? '');
  const back = since
    ? BigInt(since[1] ?? '0') * ({ s: 1n, m: 60n, h: 3600n }[since[2] ?? 's'] ?? 1n) * 1_000_000_000n
    : HOUR_NS;
  const fromNs = params.has('start') ? nanosOf(params.get('start') ?? '') : toNs - back;
  if (fromNs > toNs) throw new Refused(400, 'end timestamp must not be before or equal to start time');
  if (toNs - fromNs > MAX_RANGE_NS)
    throw new Refused(400, 'the query time range exceeds the limit (query length: more, limit: 30d1h)');
  return { fromNs, toNs };
}
