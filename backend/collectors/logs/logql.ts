import { parser } from '@grafana/lezer-logql';
import type { SyntaxNode } from '@lezer/common';
import { AppError } from '../../model/errors.ts';

export interface LogMatcher {
  readonly name: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface LineFilter {
  readonly op: '|=' | '!=' | '|~' | '!~' | '|>' | '!>';
  readonly value: string;
}

/** What the syntax tree of a query tells. */
export interface LogqlFacts {
  /** LOG gives lines, METRIC numbers. */
  readonly kind: 'LOG' | 'METRIC';
  /** One per stream selector, in the order of the text. */
  readonly selectors: readonly (readonly LogMatcher[])[];
  /** All line filters, in the order of the text. */
  readonly lineFilters: readonly LineFilter[];
  /** The query is a plain stream selector. */
  readonly selector: boolean;
  /** Some selector matches on the label `cluster`, which entries only get after they have left their cluster. */
  readonly matchesCluster: boolean;
}

const OPERATORS: Readonly<Record<string, LogMatcher['op']>> = { Eq: '=', Neq: '!=', Re: '=~', Nre: '!~' };
const FILTERS: Readonly<Record<string, LineFilter['op']>> = {
  PipeExact: '|=',
  PipeMatch: '|~',
  PipePattern: '|>',
  Neq: '!=',
  Nre: '!~',
  Npa: '!>',
};

/**
 * Parses LogQL with the editor grammar of Grafana. Throws INVALID_LOGQL with `details.position`, the 0-based offset of the first
 * thing that does not parse. Types and regular expressions are not checked here: Loki does that.
 */
export function parseLogql(query: string): LogqlFacts {
  const top = topOf(query);
  const selectors = selectorsOf(query, top);
  const lineFilters: LineFilter[] = [];
  visit(top, 'LineFilter', (node) => {
    const filter = node.getChild('Filter')?.firstChild ?? node.firstChild;
    const op = FILTERS[filter?.name ?? ''];
    const value = node.getChild('String');
    if (op && value) lineFilters.push({ op, value: unquote(textOf(query, value)) });
  });
  const expression = expressionOf(top);
  const log = expression?.name === 'LogExpr';
  return {
    kind: log ? 'LOG' : 'METRIC',
    selectors: selectors.map(({ matchers }) => matchers),
    lineFilters,
    selector: log && expression.getChild('PipelineExpr') === null,
    matchesCluster: selectors.some(({ matchers }) => matchers.some(({ name }) => name === 'cluster')),
  };
}

/**
 * The query with more matchers in every stream selector, put there by the syntax tree, so that no text of the query (a string, a
 * comment, a nested expression) can keep one selector out of them. Throws INVALID_LOGQL.
 */
export function injectMatchers(query: string, matchers: readonly LogMatcher[]): string {
  const added = matchers.map(formatMatcher).join(', ');
  if (added === '') return query;
  let out = query;
  for (const { node } of selectorsOf(query, topOf(query)).toReversed()) {
    const open = node.from + 1;
    out = `${out.slice(0, open)}${added}, ${out.slice(open)}`;
  }
  return out;
}

/** `{a="b", c=~"d"}`. */
export function formatSelector(matchers: readonly LogMatcher[]): string {
  return `{${matchers.map(formatMatcher).join(', ')}}`;
}

function formatMatcher({ name, op, value }: LogMatcher): string {
  return `${name}${op}${quoteLogql(value)}`;
}

/** A string literal of LogQL, which are those of Go: JSON's escapes mean the same there. */
export function quoteLogql(text: string): string {
  return JSON.stringify(text);
}

/** Text as a pattern that matches nothing but it, in the regular expressions of Go (RE2). */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|-]/g, String.raw`\$&`);
}

function topOf(query: string): SyntaxNode {
  if (query.trim() === '') throw invalid(query, 0, 'it is empty');
  const tree = parser.parse(query);
  let errorAt: number | undefined;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) errorAt ??= node.from;
    },
  });
  if (errorAt !== undefined) {
    const bare = /^\s*\{\s*\}/.test(query);
    throw invalid(
      query,
      errorAt,
      bare ? 'a selector needs at least one matcher, and it does not parse' : 'it does not parse',
    );
  }
  return tree.topNode;
}

function expressionOf(top: SyntaxNode): SyntaxNode | null {
  let node: SyntaxNode | null = top.getChild('Expr')?.firstChild ?? null;
  while (node && node.name !== 'LogExpr' && node.name !== 'MetricExpr')
    node = node.getChild('Expr')?.firstChild ?? null;
  // `({a="b"})` stands as a log expression in parentheses.
  while (node?.name === 'LogExpr' && node.getChild('LogExpr')) node = node.getChild('LogExpr');
  return node;
}

function selectorsOf(query: string, top: SyntaxNode): { node: SyntaxNode; matchers: LogMatcher[] }[] {
  const found: { node: SyntaxNode; matchers: LogMatcher[] }[] = [];
  visit(top, 'Selector', (node) => {
    const matchers: LogMatcher[] = [];
    visit(node, 'Matcher', (matcher) => {
      const name = matcher.getChild('Identifier');
      const value = matcher.getChild('String');
      const op = [...childrenOf(matcher)].flatMap((child) => OPERATORS[child.name] ?? [])[0];
      if (name && value && op) matchers.push({ name: textOf(query, name), op, value: unquote(textOf(query, value)) });
    });
    found.push({ node, matchers });
  });
  return found;
}

function visit(top: SyntaxNode, name: string, each: (node: SyntaxNode) => void): void {
  const cursor = top.cursor();
  cursor.iterate((node) => {
    if (node.name === name) each(node.node);
  });
}

function* childrenOf(node: SyntaxNode): Generator<SyntaxNode> {
  for (let child = node.firstChild; child; child = child.nextSibling) yield child;
}

function textOf(query: string, { from, to }: { readonly from: number; readonly to: number }): string {
  return query.slice(from, to);
}

function unquote(literal: string): string {
  if (literal.startsWith('`')) return literal.slice(1, -1);
  try {
    const value: unknown = JSON.parse(literal);
    if (typeof value === 'string') return value;
  } catch {
    // Go knows escapes that JSON does not (\x, \a, \'); the text between the quotes is near enough to show.
  }
  return literal.slice(1, -1);
}

function invalid(query: string, position: number, why: string): AppError {
  const near = query.slice(position, position + 20);
  const at = near === '' ? 'at its end' : `at position ${position}, near ${JSON.stringify(near)}`;
  return new AppError('INVALID_LOGQL', `The LogQL query is not valid: ${why} ${at}.`, {
    details: { position },
    hint: 'Correct the query, such as {namespace="shop"} |= "error"; no cluster was asked.',
  });
}
