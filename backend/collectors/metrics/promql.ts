import { parser } from '@prometheus-io/lezer-promql';
import { AppError } from '../../model/errors.ts';

/** What the syntax tree of a query tells. */
export interface PromqlFacts {
  /** The outermost function or aggregation ranks its result, so the order of an instant answer carries meaning. */
  readonly ranked: boolean;
  /** Some selector matches on the label `cluster`, which series only get after they have left their cluster. */
  readonly matchesCluster: boolean;
  /** The query is one plain instant selector such as `up{job="x"}`. */
  readonly selector: boolean;
  /** Some name stands in quotes, as servers take it from Prometheus 3.0 on. */
  readonly quotedNames: boolean;
}

const RANKING = /^(?:sort|sort_desc|sort_by_label|sort_by_label_desc|topk|bottomk)\b/i;

/** Nodes of the grammar that hold a name in quotes. */
const QUOTED: ReadonlySet<string> = new Set(['QuotedLabelName', 'QuotedLabelMatcher']);

/**
 * Parses PromQL with Prometheus's own editor grammar. Throws INVALID_PROMQL with `details.position`, the 0-based offset of the
 * first thing that does not parse. Types are not checked here: `rate(up)` parses, and the spokes refuse it.
 */
export function parsePromql(query: string): PromqlFacts {
  if (query.trim() === '') throw invalid(query, 0, 'it is empty');
  const tree = parser.parse(query);
  let errorAt: number | undefined;
  let matchesCluster = false;
  let quotedNames = false;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) errorAt ??= node.from;
      quotedNames ||= QUOTED.has(node.name);
      if (/^(?:Unquoted|Quoted)LabelMatcher$/.test(node.name)) {
        matchesCluster ||= /^["']?cluster["']?\s*[=!]/.test(query.slice(node.from, node.to));
      }
    },
  });
  if (errorAt !== undefined) throw invalid(query, errorAt, 'it does not parse');
  let top = tree.topNode.firstChild;
  while (top?.name === 'LineComment') top = top.nextSibling;
  while (top?.name === 'ParenExpr') top = top.firstChild;
  return {
    ranked: top !== null && RANKING.test(query.slice(top.from, top.to)),
    matchesCluster,
    selector: top?.name === 'VectorSelector',
    quotedNames,
  };
}

function invalid(query: string, position: number, why: string): AppError {
  const near = query.slice(position, position + 20);
  const at = near === '' ? 'at its end' : `at position ${position}, near ${JSON.stringify(near)}`;
  return new AppError('INVALID_PROMQL', `The PromQL query is not valid: ${why} ${at}.`, {
    details: { position },
    hint: 'Correct the query; no cluster was asked.',
  });
}
