import { parser } from '@grafana/lezer-traceql';

export interface TraceFilter {
  /** 32 hex digits. */
  readonly traceId?: string | undefined;
  /** `*` stands for any characters. */
  readonly serviceName?: string | undefined;
  readonly operationName?: string | undefined;
  /** Of the whole trace. */
  readonly minDurationMs?: number | undefined;
  readonly maxDurationMs?: number | undefined;
  /** Attributes of a span or of its resource; values take `*`. A name may come with its scope (`resource.`, `span.`). */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly hasErrors?: boolean | undefined;
}

/** What a search brings along of each matching span. */
const SELECTED = '| select(status, name, resource.service.name)';

/**
 * TraceQL for traces with a span that fits everything in the filter. `has_errors: false` means a trace with a fitting span that is not
 * an error: TraceQL cannot say that no span of a trace is one.
 */
export function buildTraceql(filter: TraceFilter): string {
  const { traceId, serviceName, operationName, minDurationMs, maxDurationMs, tags = {}, hasErrors } = filter;
  const conditions = [
    ...(traceId === undefined ? [] : [`trace:id = ${quoted(traceId)}`]),
    ...(serviceName === undefined ? [] : [textCondition('resource.service.name', serviceName)]),
    ...(operationName === undefined ? [] : [textCondition('name', operationName)]),
    ...(minDurationMs === undefined ? [] : [`traceDuration >= ${duration(minDurationMs)}`]),
    ...(maxDurationMs === undefined ? [] : [`traceDuration <= ${duration(maxDurationMs)}`]),
    ...Object.entries(tags).map(([key, value]) => tagCondition(attribute(key), value)),
    ...(hasErrors === undefined ? [] : [hasErrors ? 'status = error' : 'status != error']),
  ];
  return conditions.length === 0 ? `{} ${SELECTED}` : `{ ${conditions.join(' && ')} } ${SELECTED}`;
}

/** The same query, asking for the newest traces instead of the first that are found (Tempo 2.8 and later). */
export function newestFirst(query: string): string {
  return `${query} with (most_recent=true)`;
}

/** Whether a query says itself how it wants to be run. */
export function hasHints(query: string): boolean {
  let found = false;
  parser.parse(query).iterate({
    enter: ({ name }) => {
      found ||= name === 'WithHint';
    },
  });
  return found;
}

/**
 * Where the editor grammar of TraceQL first stumbles, as a 0-based offset; undefined when it does not. Advice only: the grammar is
 * not Tempo's own and lags behind it, so a query is never refused for it.
 */
export function doubtfulAt(query: string): number | undefined {
  let at: number | undefined;
  parser.parse(query).iterate({
    enter: ({ type, from }) => {
      if (type.isError) at ??= from;
    },
  });
  return at;
}

function textCondition(field: string, wanted: string): string {
  return wanted.includes('*') ? `${field} =~ ${quoted(wildcardRegex(wanted))}` : `${field} = ${quoted(wanted)}`;
}

/** TraceQL compares types strictly, and a tag's text does not tell whether the attribute is a number. */
function tagCondition(field: string, value: string): string {
  const text = textCondition(field, value);
  const plain = /^-?\d{1,15}(?:\.\d{1,9})?$/.test(value) || value === 'true' || value === 'false';
  return plain ? `(${text} || ${field} = ${value})` : text;
}

/** What {@link wildcardRegex} says, in linear time whatever the wildcard. */
export function matchesWildcard(wildcard: string, text: string): boolean {
  const [first = '', ...rest] = wildcard.split('*');
  const last = rest.pop();
  if (last === undefined) return text === wildcard;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return from <= text.length - last.length;
}

/** Anchored, because before Tempo 2.7 a regular expression may match any part. */
function wildcardRegex(wildcard: string): string {
  return `^${wildcard.split('*').map(escapeRegex).join('.*')}$`;
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`);
}

/** Go's escapes in double quotes and JSON's are the same but for characters past U+FFFF, which stand as themselves here. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function attribute(key: string): string {
  const [, scope = '', name = key] = /^(resource|span)\.(.+)$/.exec(key) ?? [];
  return `${scope}.${/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) ? name : quoted(name)}`;
}

function duration(ms: number): string {
  return `${Math.round(ms * 1000)}us`;
}
