import type { LogDirection, LogEntry, LogLevel } from '../../../backend/model/logs.ts';
import { clustersArgument, readShared, type SharedView, tabUrl } from '../view-url.ts';

export const LIMITS = [100, 500, 1000] as const;
export const LEVELS = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'UNKNOWN'] as const satisfies readonly LogLevel[];

/** What the Logs page is asked for in the URL. */
export interface LogsView extends SharedView {
  /** Lines of a time range, lines as they come, or what error lines say. */
  readonly show: 'lines' | 'live' | 'errors';
  readonly query: string;
  readonly limit: (typeof LIMITS)[number];
  readonly direction: LogDirection;
  /** Long lines go on below instead of being cut. */
  readonly wrap: boolean;
  /** Only these are shown of the lines that were read; none = all. */
  readonly levels: readonly LogLevel[];
  /** The line that is open. */
  readonly line: string;
  /** Of the error patterns. */
  readonly namespace: string;
  readonly workload: string;
  readonly contains: string;
}

export function readLogsView(query: Readonly<Record<string, string>>): LogsView {
  const levels = new Set((query.level ?? '').toUpperCase().split(','));
  return {
    ...readShared(query),
    show: query.show === 'live' || query.show === 'errors' ? query.show : 'lines',
    query: query.q ?? '',
    limit: LIMITS.find((limit) => String(limit) === query.limit) ?? 100,
    direction: query.dir === 'forward' ? 'FORWARD' : 'BACKWARD',
    wrap: query.wrap === 'true',
    levels: LEVELS.filter((level) => levels.has(level)),
    line: query.line ?? '',
    namespace: query.namespace ?? '',
    workload: query.workload ?? '',
    contains: query.contains ?? '',
  };
}

export function logsViewUrl(view: LogsView): string {
  return tabUrl('logs', view, {
    show: view.show === 'lines' ? '' : view.show,
    q: view.query,
    limit: view.limit === 100 ? '' : String(view.limit),
    dir: view.direction === 'FORWARD' ? 'forward' : '',
    wrap: view.wrap ? 'true' : '',
    level: view.levels.join(',').toLowerCase(),
    line: view.line,
    namespace: view.namespace,
    workload: view.workload,
    contains: view.contains,
  });
}

/** The body of the call that answers a view. Times go as they are written, so that `now` is the server's. */
export function logsBody(view: LogsView, cursor?: string): Readonly<Record<string, unknown>> {
  const clusters = clustersArgument(view.clusters);
  return {
    query: view.query,
    ...(clusters === undefined ? {} : { clusters }),
    start: view.range.from,
    end: view.range.to,
    limit: view.limit,
    direction: view.direction,
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** Parameters of the call that tells what error lines say. */
export function errorsQuery(view: LogsView): URLSearchParams {
  const query = new URLSearchParams({ start: view.range.from, end: view.range.to, limit: '50' });
  const clusters = clustersArgument(view.clusters);
  for (const name of typeof clusters === 'string' ? [clusters] : (clusters ?? [])) query.append('clusters', name);
  for (const key of ['namespace', 'workload', 'contains'] as const) if (view[key] !== '') query.set(key, view[key]);
  return query;
}

/** Parameters of a live tail. */
export function tailQuery(view: LogsView): Readonly<Record<string, unknown>> {
  const clusters = clustersArgument(view.clusters);
  return { query: view.query, ...(clusters === undefined ? {} : { clusters }), start: 'now' };
}

/** One line as it is listed; the key tells it from every other line of the list. */
export interface LogRow {
  readonly key: string;
  readonly entry: LogEntry;
}

/** Lines of one cluster may share a nanosecond: the how-manieth it is tells them apart, and stays as more pages come. */
export function rowsOf(entries: readonly LogEntry[]): LogRow[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const place = `${entry.cluster_name}.${entry.timestamp_ns}`;
    const n = (seen.get(place) ?? 0) + 1;
    seen.set(place, n);
    return { key: n === 1 ? place : `${place}.${n}`, entry };
  });
}

/** What a line came from, short: its pod, else whatever its stream is named by. */
export function sourceOf({ stream }: LogEntry): string {
  for (const name of [
    'pod',
    'k8s_pod_name',
    'kubernetes_pod_name',
    'container',
    'service_name',
    'app',
    'job',
    'unit',
  ]) {
    const value = stream[name];
    if (value !== undefined && value !== '') return value;
  }
  return Object.values(stream)[0] ?? '';
}

const TRACE_LABELS = ['trace_id', 'traceid', 'traceID', 'trace', 'otelTraceID'];

/** The trace that a line names, as 32 hex digits (16 are filled up); undefined where it names none. */
export function traceIdOf({ structured_metadata, parsed, stream, message }: LogEntry): string | undefined {
  for (const name of TRACE_LABELS) {
    const value = structured_metadata?.[name] ?? parsed?.[name] ?? stream[name];
    if (value !== undefined && isTraceId(value)) return value.toLowerCase().padStart(32, '0');
  }
  const [, found] = /\btrace(?:[_-]?id)?\W{1,4}([0-9a-f]{32}|[0-9a-f]{16})\b/i.exec(message) ?? [];
  return found === undefined || !isTraceId(found) ? undefined : found.toLowerCase().padStart(32, '0');
}

function isTraceId(text: string): boolean {
  return /^(?:[0-9a-f]{32}|[0-9a-f]{16})$/i.test(text) && !/^0+$/.test(text);
}

/** The query narrowed to one value of a label: of the stream inside its braces, of anything else behind it. */
export function narrowed(query: string, name: string, value: string, ofStream: boolean): string {
  const matcher = `${name}=${JSON.stringify(value)}`;
  const close = ofStream ? closingBrace(query) : undefined;
  if (close === undefined) return ofStream ? `{${matcher}}` : `${query.trimEnd()} | ${matcher}`;
  const before = query.slice(0, close).trimEnd();
  return `${before}${before.endsWith('{') || before.endsWith(',') ? '' : ', '}${matcher}${query.slice(close)}`;
}

/** The offset of the `}` that ends the first selector; braces in strings do not count. */
function closingBrace(text: string): number | undefined {
  let quote = '';
  let open = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i] ?? '';
    if (quote !== '') {
      if (char === '\\' && quote === '"') i += 1;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === '`') quote = char;
    else if (char === '{') open = true;
    else if (char === '}' && open) return i;
  }
  return undefined;
}

/** A query for the lines of an error pattern: where its sample is from, and the longest text that does not differ and stands in it so. */
export function patternQuery(template: string, sample: LogEntry): string {
  const labels = ['namespace', 'container', 'app', 'service_name', 'job', 'unit']
    .flatMap((name) => (sample.stream[name] === undefined ? [] : [[name, sample.stream[name]] as const]))
    .slice(0, 2);
  const chosen = labels.length > 0 ? labels : Object.entries(sample.stream).slice(0, 2);
  const selector = `{${chosen.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
  // A template may be made of several fields of the line, with a colon between them.
  const literal = [...template.split('<_>'), ...template.split(/<_>|: /)]
    .map((part) => part.trim())
    .filter((part) => sample.message.includes(part))
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '');
  return literal.length < 3 ? selector : `${selector} |= ${JSON.stringify(literal)}`;
}
