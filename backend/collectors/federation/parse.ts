import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode } from '@lezer/common';
import {
  ARITHMETIC,
  type Binary,
  COMPARISONS,
  DEFAULT_MATCHING,
  type Expr,
  type Grouping,
  type MatchOp,
  METRIC_NAME,
  type Matcher,
  type Matching,
  SET_OPERATORS,
  type TimeShift,
} from './ast.ts';
import { checkTypes } from './check.ts';
import { readDuration, readNumber, readString } from './literals.ts';
import { invalidPromql, notDecomposable } from './refusals.ts';

const OPERATORS = [...ARITHMETIC, ...COMPARISONS, ...SET_OPERATORS];
const MATCH_OPS: readonly MatchOp[] = ['=', '!=', '=~', '!~'];
const NOT_SHIFTED = { offsetMs: 0, atMs: undefined } as const;
/** Deeper trees than people write; the walks over them recurse. */
const MAX_DEPTH = 100;

/**
 * PromQL as a typed tree. Throws INVALID_PROMQL with `details.position` for what does not parse or has the wrong type (a range where
 * an instant vector belongs), and QUERY_REFUSED for syntax of Prometheus that the federation does not know.
 */
export function parseExpr(query: string): Expr {
  const tree = parser.parse(query);
  let errorAt: number | undefined;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) errorAt ??= node.from;
    },
  });
  if (errorAt !== undefined) throw invalidPromql('it does not parse', errorAt);
  const [top] = children(tree.topNode);
  if (!top) throw invalidPromql('it is empty', 0);
  const expr = read(top, query, 0);
  checkTypes(expr);
  return expr;
}

function children(node: SyntaxNode): SyntaxNode[] {
  const list: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== 'LineComment') list.push(child);
  return list;
}

function read(node: SyntaxNode, query: string, depth: number): Expr {
  const at = node.from;
  if (depth > MAX_DEPTH) throw invalidPromql(`it is nested deeper than ${MAX_DEPTH}`, at);
  const text = (one: SyntaxNode): string => query.slice(one.from, one.to);
  const inner = (one: SyntaxNode | undefined): Expr => {
    if (!one) throw invalidPromql('a part is missing', at);
    return read(one, query, depth + 1);
  };
  const parts = children(node);
  const [first] = parts;

  switch (node.name) {
    case 'ParenExpr':
      return inner(first);
    case 'NumberDurationLiteral':
      return { kind: 'number', value: numberOf(node, text), at };
    case 'StringLiteral':
      return { kind: 'string', value: stringOf(node, text), at };
    case 'VectorSelector':
      return { kind: 'selector', matchers: matchersOf(node, text), rangeMs: undefined, ...NOT_SHIFTED, at };
    case 'MatrixSelector': {
      const selector = inner(first);
      if (selector.kind !== 'selector' || parts.length !== 2 || selector.rangeMs !== undefined || isShifted(selector))
        throw invalidPromql('a range must follow a plain selector', at);
      return { ...selector, rangeMs: durationOf(parts[1], text, at) };
    }
    case 'SubqueryExpr': {
      const stepMs = parts[2] && durationOf(parts[2], text, at);
      return {
        kind: 'subquery',
        expr: inner(first),
        rangeMs: durationOf(parts[1], text, at),
        stepMs,
        ...NOT_SHIFTED,
        at,
      };
    }
    case 'OffsetExpr': {
      const shifted = shiftable(inner(first), at);
      if (shifted.offsetMs !== 0) throw invalidPromql('offset may not be set twice', at);
      return { ...shifted, offsetMs: offsetOf(parts[2], text, at) };
    }
    case 'StepInvariantExpr': {
      const shifted = shiftable(inner(first), at);
      if (shifted.atMs !== undefined) throw invalidPromql('@ may not be set twice', at);
      return { ...shifted, atMs: instantOf(parts[2], text, at) };
    }
    case 'UnaryExpr': {
      const op = first && text(first) === '-' ? '-' : '+';
      const expr = inner(parts[1]);
      // As in Prometheus, a sign before a number is a part of it.
      if (expr.kind === 'number') return { ...expr, value: op === '-' ? -expr.value : expr.value, at };
      return { kind: 'unary', op, expr, at };
    }
    case 'FunctionCall': {
      const body = parts.find((one) => one.name === 'FunctionCallBody');
      const func = first ? text(first) : '';
      return { kind: 'call', func, args: body ? children(body).map(inner) : [], at };
    }
    case 'AggregateExpr': {
      const args = parts.filter((one) => one.name === 'FunctionCallBody').flatMap(children);
      if (args.length < 1 || args.length > 2) throw invalidPromql('an aggregation takes one or two arguments', at);
      const modifier = parts.find((one) => one.name === 'AggregateModifier');
      const op = first ? text(first).toLowerCase() : '';
      const param = args.length === 2 ? inner(args[0]) : undefined;
      return { kind: 'aggregate', op, grouping: groupingOf(modifier, text), param, expr: inner(args.at(-1)), at };
    }
    case 'BinaryExpr':
      return readBinary(node, parts, text, inner);
    default:
      throw notDecomposable(`the syntax ${JSON.stringify(text(node).slice(0, 40))} is not known here`, at);
  }
}

type TextOf = (node: SyntaxNode) => string;

function readBinary(node: SyntaxNode, parts: SyntaxNode[], text: TextOf, inner: (one?: SyntaxNode) => Expr): Expr {
  const at = node.from;
  const [left, operator] = parts;
  const op = OPERATORS.find((one) => operator && one === text(operator).toLowerCase());
  const fill = parts.find((one) => one.name === 'FillModifier');
  if (fill) throw notDecomposable('fill modifiers are not known here', fill.from);
  if (!op) throw invalidPromql('an operator is not known', at);
  const modifier = parts.find((one) => one.name === 'MatchingModifierClause');
  const bool = parts.some((one) => one.name === 'BoolModifier');
  const matching = modifier ? matchingOf(modifier, text) : DEFAULT_MATCHING;
  const whole: Omit<Binary, 'lhs' | 'rhs'> = { kind: 'binary', op, bool, matching, at };
  const lhs = inner(left);
  const rhs = inner(parts.at(-1));
  // The editor grammar reads the sign of -1 ^ 2 into the number; the power binds tighter.
  if (op === '^' && left && lhs.kind === 'number' && /^[-+]/.test(text(left))) {
    const positive = { ...lhs, value: Math.abs(lhs.value) };
    const sign = text(left).startsWith('-') ? '-' : '+';
    return { kind: 'unary', op: sign, expr: { ...whole, lhs: positive, rhs }, at };
  }
  return { ...whole, lhs, rhs };
}

function shiftable(expr: Expr, at: number): Extract<Expr, TimeShift> {
  if (expr.kind === 'selector' || expr.kind === 'subquery') return expr;
  throw invalidPromql('offset and @ must follow a selector or a subquery', at);
}

function isShifted({ offsetMs, atMs }: TimeShift): boolean {
  return offsetMs !== 0 || atMs !== undefined;
}

function numberOf(node: SyntaxNode, text: TextOf): number {
  const value = readNumber(text(node));
  if (value === undefined) throw invalidPromql(`${JSON.stringify(text(node))} is not a number`, node.from);
  return value;
}

function stringOf(node: SyntaxNode, text: TextOf): string {
  const value = readString(text(node));
  if (value === undefined) throw invalidPromql('a string holds an unknown escape', node.from);
  return value;
}

function durationOf(node: SyntaxNode | undefined, text: TextOf, at: number): number {
  const ms = node && readDuration(text(node));
  if (ms === undefined) throw notDecomposable('a duration that is an expression is not known here', node?.from ?? at);
  if (ms <= 0) throw invalidPromql('a duration must be greater than 0', node?.from ?? at);
  return ms;
}

function offsetOf(node: SyntaxNode | undefined, text: TextOf, at: number): number {
  const written = node ? text(node).replaceAll(/\s/g, '') : '';
  const ms = readDuration(written.replace(/^[+-]/, ''));
  if (ms === undefined) throw notDecomposable('an offset that is an expression is not known here', node?.from ?? at);
  return written.startsWith('-') ? -ms : ms;
}

function instantOf(node: SyntaxNode | undefined, text: TextOf, at: number): number | 'start' | 'end' {
  if (node?.name === 'AtModifierPreprocessors') return text(node).startsWith('start') ? 'start' : 'end';
  const seconds = node && readNumber(text(node));
  if (seconds === undefined || !Number.isFinite(seconds)) throw invalidPromql('@ needs a time in Unix seconds', at);
  return Math.round(seconds * 1000);
}

function matchersOf(node: SyntaxNode, text: TextOf): Matcher[] {
  const matchers: Matcher[] = [];
  for (const part of children(node)) {
    if (part.name === 'Identifier') matchers.push({ label: METRIC_NAME, op: '=', value: text(part) });
    if (part.name !== 'LabelMatchers') continue;
    for (const one of children(part)) matchers.push(matcherOf(one, text));
  }
  const names = matchers.filter(({ label, op }) => label === METRIC_NAME && op === '=');
  if (names.length > 1) throw invalidPromql('the metric name must not be set twice', node.from);
  return matchers;
}

function matcherOf(node: SyntaxNode, text: TextOf): Matcher {
  const [name, operator, value] = children(node);
  // A quoted name alone is the metric's, as in {"my.metric"}.
  if (node.name === 'QuotedLabelName') return { label: METRIC_NAME, op: '=', value: labelName(node, text) };
  const op = MATCH_OPS.find((one) => operator && one === text(operator));
  if (!name || !op || !value) throw invalidPromql('a label matcher is not complete', node.from);
  return { label: labelName(name, text), op, value: stringOf(value, text) };
}

function labelName(node: SyntaxNode, text: TextOf): string {
  const literal = node.name === 'QuotedLabelName' ? node.firstChild : undefined;
  return literal ? stringOf(literal, text) : text(node);
}

function labelsOf(node: SyntaxNode | undefined, text: TextOf): string[] {
  const names = node ? children(node).filter((one) => one.name.endsWith('LabelName')) : [];
  return [...new Set(names.map((one) => labelName(one, text)))];
}

function groupingOf(node: SyntaxNode | undefined, text: TextOf): Grouping {
  const parts = node ? children(node) : [];
  return { without: parts[0]?.name === 'Without', labels: labelsOf(parts[1], text) };
}

function matchingOf(node: SyntaxNode, text: TextOf): Matching {
  const parts = children(node);
  const lists = parts.filter((one) => one.name === 'GroupingLabels');
  const side = parts.find((one) => one.name === 'GroupLeft' || one.name === 'GroupRight');
  const card = side === undefined ? 'one_to_one' : side.name === 'GroupLeft' ? 'group_left' : 'group_right';
  const [own, included] = [lists[0], lists[1]];
  return { on: parts[0]?.name === 'On', labels: labelsOf(own, text), card, include: labelsOf(included, text) };
}
