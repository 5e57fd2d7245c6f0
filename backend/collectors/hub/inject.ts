import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** A piece of text that is put into a query at an offset. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** The query with all insertions, each at its offset in the query as it was. */
export function withInsertions(query: string, insertions: readonly Insertion[]): string {
  let out = '';
  let from = 0;
  for (const { at, text } of insertions.toSorted((a, b) => a.at - b.at)) {
    out += query.slice(from, at) + text;
    from = at;
  }
  return out + query.slice(from);
}

/** Puts a matcher such as `cluster="a"` into a selector, beside those that it has. */
export function intoSelector(selector: SyntaxNode, matcher: string): Insertion {
  const braces = selector.getChild('LabelMatchers');
  if (!braces) return { at: selector.to, text: `{${matcher}}` };
  // Behind the brace and not before its end, where a comment may stand.
  return { at: braces.from + 1, text: braces.firstChild ? `${matcher}, ` : matcher };
}

/** The query with a matcher in every selector. It must parse. */
export function injectMatcher(query: string, matcher: string): string {
  const insertions: Insertion[] = [];
  parser.parse(query).iterate({
    enter: ({ node }) => {
      if (node.name === 'VectorSelector') insertions.push(intoSelector(node, matcher));
    },
  });
  return withInsertions(query, insertions);
}

/** A matcher for one of several values. */
export function matcherFor(label: string, values: readonly string[]): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return `${label}=${JSON.stringify(only)}`;
  return `${label}=~${JSON.stringify(values.map(quoteRegex).join('|'))}`;
}

/** The text as an RE2 expression that matches just it. */
function quoteRegex(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
