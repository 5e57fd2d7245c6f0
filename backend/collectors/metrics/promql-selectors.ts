import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { readDuration, readString } from '../federation/literals.ts';

export interface Matcher {
  /** `__name__` for the name of the metric. */
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** One selector of a query, as it stands in its text. */
export interface QuerySelector {
  /** Offsets in the query; the selector alone, without range, offset and `@`. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly matchers: readonly Matcher[];
  /** Seconds of a range selector; 0 for an instant one. */
  readonly windowSeconds: number;
  /** The subqueries around it, innermost first. `stepSeconds` is undefined where the server's own interval holds. */
  readonly subqueries: readonly { readonly rangeSeconds: number; readonly stepSeconds: number | undefined }[];
  /** Whether what comes of it is aggregated, so that the answer has fewer series than it reads. */
  readonly aggregated: boolean;
}

/** The selectors of a query that parses, in the order of its text. */
export function readSelectors(query: string): QuerySelector[] {
  const selectors: QuerySelector[] = [];
  parser.parse(query).iterate({
    enter: ({ node }) => {
      if (node.name === 'VectorSelector') selectors.push(readSelector(node, query));
    },
  });
  return selectors;
}

function readSelector(node: SyntaxNode, query: string): QuerySelector {
  const { from, to } = node;
  let windowSeconds = 0;
  let aggregated = false;
  const subqueries: { rangeSeconds: number; stepSeconds: number | undefined }[] = [];
  for (let outer = node.parent; outer; outer = outer.parent) {
    if (outer.name === 'MatrixSelector') windowSeconds = durationsOf(outer, query)[0] ?? 0;
    if (outer.name === 'AggregateExpr') aggregated ||= !KEEPS_SERIES.test(query.slice(outer.from, outer.to));
    if (outer.name === 'SubqueryExpr') {
      const [rangeSeconds = 0, stepSeconds] = durationsOf(outer, query);
      subqueries.push({ rangeSeconds, stepSeconds });
    }
  }
  return {
    from,
    to,
    text: query.slice(from, to),
    matchers: matchersOf(node, query),
    windowSeconds,
    subqueries,
    aggregated,
  };
}

/** `count_values` may answer with as many series as it reads. */
const KEEPS_SERIES = /^count_values\b/i;

function durationsOf(node: SyntaxNode, query: string): number[] {
  return node.getChildren('DurationExpr').length > 0
    ? node.getChildren('DurationExpr').map((one) => secondsOf(one, query))
    : node.getChildren('NumberDurationLiteralInDurationContext').map((one) => secondsOf(one, query));
}

/** An expression such as `5m * 2` (Prometheus 3) counts as the longest duration in it. */
function secondsOf(node: SyntaxNode, query: string): number {
  const parts = query.slice(node.from, node.to).match(/[\d.]+(?:ms|[smhdwy])?(?:\d+(?:ms|[smhdwy]))*/g) ?? [];
  return Math.max(0, ...parts.map((part) => (readDuration(part) ?? 0) / 1000));
}

function matchersOf(selector: SyntaxNode, query: string): Matcher[] {
  const textOf = (node: SyntaxNode | null) => (node ? query.slice(node.from, node.to) : '');
  const name = selector.getChild('Identifier');
  const matchers: Matcher[] = name ? [{ label: '__name__', op: '=', value: textOf(name) }] : [];
  for (let node = selector.getChild('LabelMatchers')?.firstChild ?? null; node; node = node.nextSibling) {
    if (node.name === 'QuotedLabelName') matchers.push({ label: '__name__', op: '=', value: unquoted(textOf(node)) });
    const quoted = node.name === 'QuotedLabelMatcher';
    if (!quoted && node.name !== 'UnquotedLabelMatcher') continue;
    const label = quoted ? unquoted(textOf(node.getChild('QuotedLabelName'))) : textOf(node.getChild('LabelName'));
    const value = unquoted(textOf(node.getChild('StringLiteral')));
    matchers.push({ label, op: OPS[textOf(node.getChild('MatchOp'))] ?? '=', value });
  }
  return matchers;
}

const OPS: Readonly<Record<string, Matcher['op']>> = { '=': '=', '!=': '!=', '=~': '=~', '!~': '!~' };

/** An escape that no server takes stays as it is written; the server says so. */
function unquoted(literal: string): string {
  return readString(literal) ?? literal.slice(1, -1);
}
