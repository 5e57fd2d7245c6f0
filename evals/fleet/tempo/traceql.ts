/**
 * The TraceQL that the double understands; everything else is refused as Tempo refuses what does not parse:
 *
 *     { <condition> } [ | select(<field>, …) ] [ with (most_recent=true|false) ]
 *
 * A condition joins comparisons by `&&`, `||` and parentheses; none matches every span. Fields: `name`, `status`, `kind`,
 * `duration`, `statusMessage`, `traceDuration`, `rootServiceName`, `rootName`, `trace:id` (also as `span:…`, `trace:…`), `resource.x`, `span.x`,
 * `.x`, with quotes where a name has other characters. Operators: `= != > >= < <=`, and `=~ !~` on text (anchored). Values: text in "" or
 * ``, numbers, durations, true, false, and the words of status and kind.
 */
import type { RequestSpan } from '../request-spans.ts';
import { resourceOf } from './attributes.ts';

export type Value = string | number | boolean;

/** A span with what TraceQL knows of its trace; durations in nanoseconds. */
export interface Candidate {
  readonly span: RequestSpan;
  readonly traceNs: number;
  readonly root: RequestSpan | undefined;
  /** 32 hex digits. */
  readonly traceId: string;
}

export interface Query {
  matches(candidate: Candidate): boolean;
  /** Field texts, as they come back as attribute keys. */
  readonly selected: readonly string[];
  readonly mostRecent: boolean;
}

export class TraceqlError extends Error {}

interface Token {
  readonly kind: 'WORD' | 'TEXT' | 'NUMBER' | 'DURATION' | 'SIGN' | 'END';
  readonly text: string;
  readonly at: number;
}

const WORD = String.raw`(?:[A-Za-z_]+:)?(?:[A-Za-z_]|\.(?=["A-Za-z_]))(?:[A-Za-z0-9_./-]|"(?:[^"\\]|\\.)*")*`;
const TOKEN = new RegExp(
  String.raw`\s*(?:(?<TEXT>"(?:[^"\\]|\\.)*"|${'`'}[^${'`'}]*${'`'})|(?<DURATION>(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)|(?<NUMBER>-?\d+(?:\.\d+)?)|(?<WORD>${WORD})|(?<SIGN>&&|\|\||=~|!~|!=|>=|<=|[{}()|,=<>])|(?<END>$))`,
  'uy',
);

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (;;) {
    const from = TOKEN.lastIndex;
    const found = TOKEN.exec(query);
    if (!found) throw refusal(query, from, 'unknown token');
    const [kind, text] = Object.entries(found.groups ?? {}).find(([, value]) => value !== undefined) ?? ['END', ''];
    const at = from + found[0].length - (text ?? '').length;
    // Proof of the cast: the names of the groups are the kinds.
    tokens.push({ kind: kind as Token['kind'], text: text ?? '', at });
    if (kind === 'END') return tokens;
  }
}

/** In the words of Tempo, which counts lines and columns from 1. */
function refusal(query: string, at: number, why: string): TraceqlError {
  const lines = query.slice(0, at).split('\n');
  const column = Buffer.byteLength(lines.at(-1) ?? '') + 1;
  return new TraceqlError(
    `invalid TraceQL query: parse error at line ${lines.length}, col ${column}: syntax error: ${why}`,
  );
}

type Condition = (candidate: Candidate) => boolean;
type Field = (candidate: Candidate) => Value | undefined;

/** Throws {@link TraceqlError} for everything that is not in the subset. */
export function parseTraceql(query: string): Query {
  const tokens = tokensOf(query);
  let next = 0;
  const peek = (): Token => tokens[next] ?? { kind: 'END', text: '', at: query.length };
  const take = (): Token => {
    const token = peek();
    next += 1;
    return token;
  };
  const fail = (token: Token, why = `unexpected ${token.text === '' ? '$end' : token.text}`) =>
    refusal(query, token.at, why);
  const expect = (text: string): void => {
    const token = take();
    if (token.text !== text) throw fail(token);
  };

  const either = (): Condition => {
    const parts = [both()];
    while (peek().text === '||') {
      take();
      parts.push(both());
    }
    return (candidate) => parts.some((part) => part(candidate));
  };
  const both = (): Condition => {
    const parts = [single()];
    while (peek().text === '&&') {
      take();
      parts.push(single());
    }
    return (candidate) => parts.every((part) => part(candidate));
  };
  const single = (): Condition => {
    if (peek().text !== '(') return comparison();
    take();
    const inner = either();
    expect(')');
    return inner;
  };
  const comparison = (): Condition => {
    const name = take();
    const field = fieldOf(name.kind === 'WORD' ? name.text : '');
    if (!field) throw fail(name);
    const operator = take();
    const compare = COMPARISONS[operator.text];
    if (!compare) throw fail(operator);
    const token = take();
    const value = valueOf(token);
    if (value === undefined) throw fail(token);
    if (operator.text.endsWith('~')) {
      if (token.kind !== 'TEXT') throw fail(token, 'a regular expression has to be text');
      const pattern = regexOf(String(value));
      if (!pattern) throw fail(token, 'error parsing regexp');
      return (candidate) => {
        const own = field(candidate);
        return typeof own === 'string' && pattern.test(own) === (operator.text === '=~');
      };
    }
    return (candidate) => {
      const own = field(candidate);
      return own !== undefined && typeof own === typeof value && compare(own, value);
    };
  };

  expect('{');
  const condition: Condition = peek().text === '}' ? () => true : either();
  expect('}');
  const selected: string[] = [];
  if (peek().text === '|') {
    take();
    expect('select');
    expect('(');
    do {
      const name = take();
      if (name.kind !== 'WORD' || !fieldOf(name.text)) throw fail(name);
      selected.push(name.text);
    } while (peek().text === ',' && take());
    expect(')');
  }
  let mostRecent = false;
  if (peek().text === 'with') {
    take();
    expect('(');
    expect('most_recent');
    expect('=');
    const value = take();
    if (value.text !== 'true' && value.text !== 'false') throw fail(value);
    mostRecent = value.text === 'true';
    expect(')');
  }
  if (peek().kind !== 'END') throw fail(peek());
  return { matches: condition, selected, mostRecent };
}

const COMPARISONS: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=~': () => false,
  '!~': () => false,
};

const INTRINSICS: Readonly<Record<string, Field>> = {
  name: ({ span }) => span.name,
  status: ({ span }) => (span.error === undefined ? 'unset' : 'error'),
  statusMessage: ({ span }) => span.error,
  kind: ({ span }) => span.kind.toLowerCase(),
  duration: ({ span }) => Number(span.durationNs),
  traceDuration: ({ traceNs }) => traceNs,
  rootServiceName: ({ root }) => root?.service,
  rootName: ({ root }) => root?.name,
  'trace:id': ({ traceId }) => traceId,
};
const SCOPED: Readonly<Record<string, string>> = {
  'trace:duration': 'traceDuration',
  'trace:rootService': 'rootServiceName',
  'trace:rootName': 'rootName',
  'span:name': 'name',
  'span:status': 'status',
  'span:statusMessage': 'statusMessage',
  'span:kind': 'kind',
  'span:duration': 'duration',
};

/** Undefined = the double knows no such field. */
export function fieldOf(text: string): Field | undefined {
  const intrinsic = INTRINSICS[SCOPED[text] ?? text];
  if (intrinsic) return intrinsic;
  const [, scope, quoted = ''] = /^(resource|span)?\.(.+)$/.exec(text) ?? [];
  const name = quoted.startsWith('"') ? unquoted(quoted) : quoted;
  if (name === undefined || name === '') return undefined;
  if (scope === 'resource') return ({ span }) => resourceOf(span)[name];
  if (scope === 'span') return ({ span }) => span.attributes[name];
  return ({ span }) => span.attributes[name] ?? resourceOf(span)[name];
}

function valueOf({ kind, text }: Token): Value | undefined {
  if (kind === 'TEXT') return text.startsWith('`') ? text.slice(1, -1) : unquoted(text);
  if (kind === 'NUMBER') return Number(text);
  if (kind === 'DURATION') return nanoseconds(text);
  if (text === 'true' || text === 'false') return text === 'true';
  const words = ['error', 'ok', 'unset', 'server', 'client', 'internal', 'producer', 'consumer', 'unspecified'];
  return words.includes(text) ? text : undefined;
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined; // an escape that is none
  }
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

function nanoseconds(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gu)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN),
    0,
  );
}

function regexOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return undefined;
  }
}
