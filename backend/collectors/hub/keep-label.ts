import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { readString } from '../federation/literals.ts';
import { type Insertion, intoSelector, withInsertions } from './inject.ts';

/**
 * One query for many clusters. `split`: every series of its answer carries the label, and those of one value are what the original
 * query answers over the series of that value alone. `shared`: it reads no series, so its answer is everybody's. `alone`: there is
 * no such query, for the reason given.
 */
export type HubQuery =
  | { readonly kind: 'split'; readonly query: string }
  | { readonly kind: 'shared' }
  | { readonly kind: 'alone'; readonly reason: string };

class Alone extends Error {}

type Kind = 'vector' | 'scalar' | 'string';

/**
 * Rewrites a query so that it keeps the label through all it does: the matcher goes into every selector, the label into what
 * aggregations group by and what operators match on. It must parse; its types are the server's to check.
 */
export function keepLabel(query: string, label: string, matcher: string): HubQuery {
  try {
    const writer = new Writer(query, label, matcher);
    let top = parser.parse(query).topNode.firstChild;
    while (top?.name === 'LineComment') top = top.nextSibling;
    if (!top) throw new Alone('it is empty');
    const kind = writer.visit(top);
    return kind === 'vector' ? { kind: 'split', query: withInsertions(query, writer.insertions) } : { kind: 'shared' };
  } catch (thrown) {
    if (thrown instanceof Alone) return { kind: 'alone', reason: thrown.message };
    throw thrown;
  }
}

/** Functions whose series are those of their vector argument, one by one, with their labels but the name. */
const PER_SERIES: ReadonlySet<string> = new Set(
  (
    'abs acos acosh asin asinh atan atanh ceil changes clamp clamp_max clamp_min cos cosh day_of_month day_of_week day_of_year ' +
    'days_in_month deg delta deriv double_exponential_smoothing exp floor histogram_avg histogram_count histogram_fraction ' +
    'histogram_quantile histogram_stddev histogram_stdvar histogram_sum holt_winters hour idelta increase irate label_join ' +
    'label_replace ln log10 log2 mad_over_time minute month predict_linear rad rate resets round sgn sin sinh sort sort_by_label ' +
    'sort_by_label_desc sort_desc sqrt tan tanh timestamp year avg_over_time count_over_time last_over_time first_over_time ' +
    'max_over_time min_over_time present_over_time quantile_over_time stddev_over_time stdvar_over_time sum_over_time'
  ).split(' '),
);
const SCALARS: ReadonlySet<string> = new Set(['time', 'pi']);
/** Which series these pick among equals is not said, so a part of a whole may be another than the whole of a part. */
const ARBITRARY: ReadonlySet<string> = new Set(['limitk', 'limit_ratio']);
/** Nodes that stand around an expression and leave its series what they are. */
const AROUND: ReadonlySet<string> = new Set([
  'ParenExpr',
  'UnaryExpr',
  'StepInvariantExpr',
  'OffsetExpr',
  'SubqueryExpr',
  'MatrixSelector',
]);
/** What may stand beside the expression in such a node. */
const BESIDE =
  /^(?:LineComment|UnaryOp|At|Offset|OffsetDurationExpr|DurationExpr|AtModifierPreprocessors|NumberDurationLiteral(?:InDurationContext)?|[⚠(),[\]])$/;

class Writer {
  readonly insertions: Insertion[] = [];
  readonly #query: string;
  readonly #label: string;
  readonly #matcher: string;

  constructor(query: string, label: string, matcher: string) {
    this.#query = query;
    this.#label = label;
    this.#matcher = matcher;
  }

  visit(node: SyntaxNode): Kind {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return 'scalar';
      case 'StringLiteral':
        return 'string';
      case 'VectorSelector':
        this.insertions.push(intoSelector(node, this.#matcher));
        return 'vector';
      case 'FunctionCall':
        return this.#call(node);
      case 'AggregateExpr':
        return this.#aggregation(node);
      case 'BinaryExpr':
        return this.#binary(node);
      default:
        return this.#around(node);
    }
  }

  #around(node: SyntaxNode): Kind {
    // The expression comes first, but for the sign of a unary one.
    const inner = childrenOf(node).find(({ name }) => name !== 'UnaryOp');
    const beside = childrenOf(node).filter((child) => child.from !== inner?.from);
    if (!AROUND.has(node.name) || !inner || !beside.every(({ name }) => BESIDE.test(name)))
      throw new Alone(`${node.name} is not known to keep labels`);
    return this.visit(inner);
  }

  #call(node: SyntaxNode): Kind {
    const name = this.#text(node.getChild('FunctionIdentifier'));
    if (SCALARS.has(name)) return 'scalar';
    if (!PER_SERIES.has(name)) throw new Alone(`${name}() does not keep labels`);
    const args = childrenOf(node.getChild('FunctionCallBody'));
    // dst of label_replace and label_join
    if (name.startsWith('label_') && this.#string(args[1]) === this.#label)
      throw new Alone(`${name}() writes the label ${this.#label}`);
    const kinds = args.map((arg) => this.visit(arg));
    if (!kinds.includes('vector')) throw new Alone(`${name}() of no series has no labels`);
    return 'vector';
  }

  #aggregation(node: SyntaxNode): Kind {
    const operator = node.getChild('AggregateOp');
    const name = this.#text(operator).toLowerCase();
    if (ARBITRARY.has(name)) throw new Alone(`${name} may pick other series of a part than of the whole`);
    const args = childrenOf(node.getChild('FunctionCallBody'));
    if (name === 'count_values' && this.#string(args[0]) === this.#label)
      throw new Alone(`count_values writes the label ${this.#label}`);
    const modifier = node.getChild('AggregateModifier');
    if (!modifier) this.insertions.push({ at: operator?.to ?? node.from, text: ` by (${this.#label}) ` });
    else if (modifier.getChild('By')) this.#extend(modifier.getChild('GroupingLabels'));
    else if (this.#labels(modifier.getChild('GroupingLabels')).includes(this.#label))
      throw new Alone(`${name} drops the label ${this.#label}`);
    const kinds = args.map((arg) => this.visit(arg));
    if (kinds.at(-1) !== 'vector' || kinds.slice(0, -1).includes('vector'))
      throw new Alone(`${name} is not of one vector`);
    return 'vector';
  }

  #binary(node: SyntaxNode): Kind {
    const children = childrenOf(node);
    const [left] = children;
    const right = children.at(-1);
    if (!left || !right || left === right) throw new Alone('an operand is missing');
    const kinds = [this.visit(left), this.visit(right)];
    if (!kinds.includes('vector')) return 'scalar';
    const clause = node.getChild('MatchingModifierClause');
    if (!clause) return 'vector';
    const [matched, ...included] = clause.getChildren('GroupingLabels');
    if (clause.getChild('On')) this.#extend(matched ?? null);
    else if (this.#labels(matched ?? null).includes(this.#label))
      throw new Alone(`an operator ignores the label ${this.#label}`);
    if (included.some((list) => this.#labels(list).includes(this.#label)))
      throw new Alone(`an operator copies the label ${this.#label}`);
    return 'vector';
  }

  /** Adds the label to a list in parentheses. */
  #extend(list: SyntaxNode | null): void {
    if (!list) throw new Alone('a list of labels is missing');
    const labels = this.#labels(list);
    if (labels.includes(this.#label)) return;
    this.insertions.push({ at: list.from + 1, text: labels.length === 0 ? this.#label : `${this.#label}, ` });
  }

  #labels(list: SyntaxNode | null): string[] {
    return childrenOf(list).map((one) =>
      one.name === 'QuotedLabelName' ? (readString(this.#text(one)) ?? '') : this.#text(one),
    );
  }

  /** The value of a string literal, also in parentheses; undefined for anything else. */
  #string(node: SyntaxNode | undefined): string | undefined {
    let literal = node;
    while (literal?.name === 'ParenExpr') [literal] = childrenOf(literal);
    return literal?.name === 'StringLiteral' ? readString(this.#text(literal)) : undefined;
  }

  #text(node: SyntaxNode | null): string {
    return node ? this.#query.slice(node.from, node.to) : '';
  }
}

function childrenOf(node: SyntaxNode | null): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child; child = child.nextSibling)
    if (child.name !== 'LineComment') children.push(child);
  return children;
}
