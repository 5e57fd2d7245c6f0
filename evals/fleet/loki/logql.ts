/**
 * The LogQL that the double of Loki understands; anything else is a 400, never an empty success.
 *
 * - selectors with `=`, `!=`, `=~`, `!~`, of which one must not match the empty value
 * - line filters `|=`, `!=`, `|~`, `!~`, with `or`
 * - the parsers `| json` and `| logfmt` without arguments
 * - label filters with the four matchers, and `==`, `!=`, `>`, `>=`, `<`, `<=` against a number, joined by `and`, `or`, comma
 * - `count_over_time`, `rate`, `bytes_over_time`, `bytes_rate` over a range
 * - `sum`, `min`, `max`, `avg`, `count`, `topk`, `bottomk`, with `by` or `without`
 * - one of `+ - * / > >= < <= == !=` between a metric expression and a number
 */
import { parser } from '@grafana/lezer-logql';
import type { SyntaxNode } from '@lezer/common';
import type { LogLine } from './lines.ts';

export type Labels = Readonly<Record<string, string>>;

/** A line with what has been parsed out of it. */
export interface Found {
  readonly line: LogLine;
  readonly parsed: Labels;
}

export type Stage = (found: Found) => Found | undefined;

export interface LogPipeline {
  readonly kind: 'LOG';
  readonly matches: (labels: Labels) => boolean;
  /** Passes the line on, or drops it. */
  readonly run: Stage;
}

export interface Point {
  readonly labels: Labels;
  readonly value: number;
}

export interface MetricExpression {
  readonly kind: 'METRIC';
  readonly log: LogPipeline;
  /** Longest range, in nanoseconds. */
  readonly rangeNs: bigint;
  /** `window` gives the lines of the range before a moment, passed through the pipeline. */
  readonly at: (window: readonly Found[]) => Point[];
}

export class LogqlError extends Error {}

export function compileLogql(query: string): LogPipeline | MetricExpression {
  const tree = parser.parse(query);
  let errorAt: number | undefined;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) errorAt ??= node.from;
    },
  });
  if (errorAt !== undefined) throw syntaxError(query, errorAt);
  const top = tree.topNode.getChild('Expr')?.firstChild;
  if (top?.name === 'LogExpr') return pipelineOf(query, top);
  if (top?.name === 'MetricExpr') return metricOf(query, top);
  throw syntaxError(query, 0);
}

function syntaxError(query: string, at: number): LogqlError {
  const before = query.slice(0, at).split('\n');
  const found = query.slice(at).trim() === '' ? '$end' : 'IDENTIFIER';
  return new LogqlError(
    `parse error at line ${before.length}, col ${(before.at(-1)?.length ?? 0) + 1}: syntax error: unexpected ${found}`,
  );
}

function unsupported(query: string, node: SyntaxNode): LogqlError {
  return new LogqlError(
    `this double does not evaluate ${JSON.stringify(query.slice(node.from, node.to).slice(0, 80))}`,
  );
}

function pipelineOf(query: string, node: SyntaxNode): LogPipeline {
  const selector = node.getChild('Selector');
  if (!selector) throw unsupported(query, node);
  const matchers = all(selector, 'Matcher').map((matcher) => matcherOf(query, matcher));
  if (matchers.every(({ test }) => test('')))
    throw new LogqlError(
      'queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will',
    );
  const stages = all(node, 'PipelineStage').map((stage) => stageOf(query, stage));
  return {
    kind: 'LOG',
    matches: (labels) => matchers.every(({ name, test }) => test(labels[name] ?? '')),
    run: (found) => stages.reduce<Found | undefined>((one, stage) => one && stage(one), found),
  };
}

function matcherOf(query: string, node: SyntaxNode): { name: string; test: (value: string) => boolean } {
  const name = textOf(query, node.getChild('Identifier'));
  const value = stringOf(query, node.getChild('String'));
  if (node.getChild('Eq')) return { name, test: (actual) => actual === value };
  if (node.getChild('Neq')) return { name, test: (actual) => actual !== value };
  const pattern = regexOf(value, true);
  if (node.getChild('Re')) return { name, test: (actual) => pattern.test(actual) };
  if (node.getChild('Nre')) return { name, test: (actual) => !pattern.test(actual) };
  throw unsupported(query, node);
}

function stageOf(query: string, stage: SyntaxNode): Stage {
  const filters = all(stage, 'LineFilter');
  if (filters.length > 0) {
    const tests = filters.map((filter) => lineFilterOf(query, filter));
    return (found) => (tests.every((test) => test(found.line.line)) ? found : undefined);
  }
  const parserNode = stage.getChild('LabelParser') ?? stage.getChild('LogfmtParser');
  if (parserNode?.firstChild && !parserNode.firstChild.nextSibling) {
    if (parserNode.getChild('Json')) return parsing(jsonLabels);
    if (parserNode.getChild('Logfmt')) return parsing(logfmtLabels);
  }
  const filter = stage.getChild('LabelFilter');
  if (!filter) throw unsupported(query, stage);
  const test = labelFilterOf(query, filter);
  return (found) => (test(labelsOf(found)) ? found : undefined);
}

/** Stored labels, structured metadata and parsed labels together, as filters and metrics see them. */
export function labelsOf({ line, parsed }: Found): Labels {
  return { ...line.labels, ...line.metadata, ...parsed };
}

function lineFilterOf(query: string, node: SyntaxNode): (line: string) => boolean {
  const kind = node.getChild('Filter')?.firstChild?.name;
  const values = all(node, 'String').map((text) => stringOf(query, text));
  const any = (test: (value: string) => (line: string) => boolean) => {
    const tests = values.map(test);
    return (line: string) => tests.some((one) => one(line));
  };
  const contains = any((value) => (line) => line.includes(value));
  if (kind === 'PipeExact') return contains;
  if (kind === 'Neq') return (line) => !contains(line);
  if (kind !== 'PipeMatch' && kind !== 'Nre') throw unsupported(query, node);
  const matches = any((value) => {
    const pattern = regexOf(value, false);
    return (line) => pattern.test(line);
  });
  return kind === 'PipeMatch' ? matches : (line) => !matches(line);
}

function labelFilterOf(query: string, node: SyntaxNode): (labels: Labels) => boolean {
  const parts = node.getChildren('LabelFilter');
  const [left, right] = parts;
  if (left && right) {
    const [a, b] = [labelFilterOf(query, left), labelFilterOf(query, right)];
    return node.getChild('Or') ? (labels) => a(labels) || b(labels) : (labels) => a(labels) && b(labels);
  }
  if (left) return labelFilterOf(query, left);
  const matcher = node.getChild('Matcher');
  if (matcher) {
    const { name, test } = matcherOf(query, matcher);
    return (labels) => test(labels[name] ?? '');
  }
  const number = node.getChild('NumberFilter');
  const literal = number?.getChild('LiteralExpr');
  if (!number || !literal) throw unsupported(query, node);
  const name = textOf(query, number.getChild('Identifier'));
  const compare = comparison(number);
  const value = Number(textOf(query, literal));
  if (!compare || Number.isNaN(value)) throw unsupported(query, node);
  return (labels) => labels[name] !== undefined && compare(Number(labels[name]), value);
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Gtr: (a, b) => a > b,
  Gte: (a, b) => a >= b,
  Lss: (a, b) => a < b,
  Lte: (a, b) => a <= b,
  Eql: (a, b) => a === b,
  Eq: (a, b) => a === b,
  Neq: (a, b) => a !== b,
};
const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

function comparison(node: SyntaxNode): ((a: number, b: number) => boolean) | undefined {
  for (let child = node.firstChild; child; child = child.nextSibling) {
    const found = COMPARISONS[child.name];
    if (found) return found;
  }
  return undefined;
}

function metricOf(query: string, node: SyntaxNode): MetricExpression {
  const inner = node.firstChild;
  if (inner?.name === 'RangeAggregationExpr') return rangeOf(query, inner);
  if (inner?.name === 'VectorAggregationExpr') return aggregationOf(query, inner);
  if (inner?.name === 'BinOpExpr') return againstNumber(query, inner);
  if (inner?.name === '(' || inner?.name === 'MetricExpr') {
    const nested = node.getChild('MetricExpr');
    if (nested) return metricOf(query, nested);
  }
  throw unsupported(query, node);
}

const RANGE_OPERATIONS: Readonly<Record<string, (found: readonly Found[], seconds: number) => number>> = {
  CountOverTime: (found) => found.length,
  Rate: (found, seconds) => found.length / seconds,
  BytesOverTime: (found) => bytes(found),
  BytesRate: (found, seconds) => bytes(found) / seconds,
};

function bytes(found: readonly Found[]): number {
  return found.reduce((sum, { line }) => sum + Buffer.byteLength(line.line), 0);
}

function rangeOf(query: string, node: SyntaxNode): MetricExpression {
  const operation = RANGE_OPERATIONS[node.getChild('RangeOp')?.firstChild?.name ?? ''];
  const range = node.getChild('LogRangeExpr');
  if (!operation || !range || node.getChild('Grouping') || range.getChild('OffsetExpr') || range.getChild('UnwrapExpr'))
    throw unsupported(query, node);
  const log = pipelineOf(query, range);
  const seconds = durationOf(textOf(query, range.getChild('Range')), query, node);
  return {
    kind: 'METRIC',
    log,
    rangeNs: BigInt(Math.round(seconds * 1000)) * 1_000_000n,
    at: (window) =>
      [...Map.groupBy(window, (found) => keyOf(labelsOf(found))).values()].flatMap((group) => {
        const [first] = group;
        return first ? [{ labels: labelsOf(first), value: operation(group, seconds) }] : [];
      }),
  };
}

const AGGREGATIONS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Min: (values) => Math.min(...values),
  Max: (values) => Math.max(...values),
  Avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  Count: (values) => values.length,
};

function aggregationOf(query: string, node: SyntaxNode): MetricExpression {
  const name = node.getChild('VectorOp')?.firstChild?.name ?? '';
  const inner = node.getChild('MetricExpr');
  if (!inner) throw unsupported(query, node);
  const expression = metricOf(query, inner);
  const grouping = node.getChild('Grouping');
  const names = grouping ? all(grouping, 'Identifier').map((label) => textOf(query, label)) : [];
  const without = grouping?.getChild('Without') !== null && grouping?.getChild('Without') !== undefined;
  const groupOf = (labels: Labels): Labels =>
    Object.fromEntries(Object.entries(labels).filter(([label]) => names.includes(label) !== without));
  const groups = (window: readonly Found[]) => [
    ...Map.groupBy(expression.at(window), ({ labels }) => keyOf(groupOf(labels))).values(),
  ];
  if (name === 'Topk' || name === 'Bottomk') {
    const k = Number(textOf(query, node.getChild('Number')));
    const sign = name === 'Topk' ? -1 : 1;
    const ranked = (group: Point[]) => group.toSorted((a, b) => sign * (a.value - b.value)).slice(0, k);
    return { ...expression, at: (window) => groups(window).flatMap(ranked) };
  }
  const aggregate = AGGREGATIONS[name];
  if (!aggregate) throw unsupported(query, node);
  return {
    ...expression,
    at: (window) =>
      groups(window).map((group) => ({
        labels: groupOf(group[0]?.labels ?? {}),
        value: aggregate(group.map(({ value }) => value)),
      })),
  };
}

function againstNumber(query: string, node: SyntaxNode): MetricExpression {
  const [left, right] = node.getChildren('Expr').map((expr) => expr.getChild('MetricExpr'));
  const literal = right?.getChild('LiteralExpr');
  if (!left || !literal || node.getChild('BinOpModifier')?.firstChild) throw unsupported(query, node);
  const expression = metricOf(query, left);
  const value = Number(textOf(query, literal).replaceAll(' ', ''));
  const compare = comparison(node);
  if (compare)
    return { ...expression, at: (window) => expression.at(window).filter((point) => compare(point.value, value)) };
  const operate = Object.entries(ARITHMETIC).find(([name]) => node.getChild(name))?.[1];
  if (!operate) throw unsupported(query, node);
  return {
    ...expression,
    at: (window) => expression.at(window).map(({ labels, value: one }) => ({ labels, value: operate(one, value) })),
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

function durationOf(text: string, query: string, node: SyntaxNode): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  if (parts.length === 0) throw unsupported(query, node);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? Number.NaN), 0);
}

function parsing(parse: (line: string) => Labels | undefined): Stage {
  return ({ line, parsed }) => {
    const labels = parse(line.line);
    if (!labels) return { line, parsed: { ...parsed, __error__: 'JSONParserErr' } };
    const taken = new Set([...Object.keys(line.labels), ...Object.keys(line.metadata)]);
    const named = Object.entries(labels).map(([name, value]) => [taken.has(name) ? `${name}_extracted` : name, value]);
    return { line, parsed: { ...parsed, ...Object.fromEntries(named) } };
  };
}

function jsonLabels(line: string): Labels | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const labels: Record<string, string> = {};
  const walk = (value: object, prefix: string) => {
    for (const [key, item] of Object.entries(value)) {
      const name = `${prefix}${key.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;
      if (item !== null && typeof item === 'object' && !Array.isArray(item)) walk(item as object, `${name}_`); // proof: tested
      else if (!Array.isArray(item) && item !== null) labels[name] = String(item);
    }
  };
  walk(json, '');
  return labels;
}

function logfmtLabels(line: string): Labels {
  const pairs = [...line.matchAll(/([a-zA-Z_][\w.]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)];
  return Object.fromEntries(
    pairs.map(([, name = '', quoted, bare]) => [name.replaceAll('.', '_'), quoted ?? bare ?? '']),
  );
}

/** RE2 as a JavaScript expression: flags at the front become flags. */
function regexOf(pattern: string, whole: boolean): RegExp {
  const [prefix = '', flags = ''] = /^\(\?([a-zA-Z]+)\)/.exec(pattern) ?? [];
  const body = pattern.slice(prefix.length);
  try {
    return new RegExp(
      whole ? `^(?:${body})$` : body,
      flags.replaceAll('U', '') + (flags.includes('s') || !whole ? '' : 's'),
    );
  } catch {
    throw new LogqlError(`parse error at line 1, col 1: error parsing regexp: ${pattern.slice(0, 80)}`);
  }
}

export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Descendants of a name, in the order of the text; not below one another. */
function all(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    const nested = all(child, name);
    if (child.name !== name) found.push(...nested);
    else if (nested.length > 0 && (name === 'Matcher' || name === 'PipelineStage' || name === 'LineFilter'))
      found.push(...nested);
    else found.push(child);
  }
  return found;
}

function textOf(query: string, node: SyntaxNode | null): string {
  return node ? query.slice(node.from, node.to) : '';
}

function stringOf(query: string, node: SyntaxNode | null): string {
  const text = textOf(query, node);
  if (text.startsWith('`')) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    throw new LogqlError(`this double does not read the string ${text.slice(0, 80)}`);
  }
}
