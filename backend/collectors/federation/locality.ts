import { CLUSTER_LABEL } from '../metrics/cluster-series.ts';
import {
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  METRIC_NAME,
  type Matching,
  anyNode,
  isArithmetic,
  isSetOperator,
} from './ast.ts';
import { typeOf } from './check.ts';
import { functionNamed } from './functions.ts';

/** True for scalars that need no series: numbers, `time()`, `pi()` and arithmetic of them. They are the same in every cluster. */
export function isPureScalar(expr: Expr): boolean {
  if (typeOf(expr) !== 'scalar') return false;
  return !anyNode(expr, (node) => node.kind === 'selector' || (node.kind === 'call' && node.func === 'vector'));
}

/**
 * True when the expression over the whole fleet is the union of what it is in each cluster, every result still carrying its
 * cluster: series live in one cluster, and nothing in the expression looks past a series or a group that keeps the label
 * `cluster`. Such an expression is pushed whole (wire.md 8.2).
 */
export function isPerCluster(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return false;
    case 'selector':
      return true;
    case 'subquery':
    case 'unary':
      return isPerCluster(expr.expr);
    case 'call':
      return isPerClusterCall(expr);
    case 'aggregate':
      return keepsCluster(expr) && isPerCluster(expr.expr);
    case 'binary':
      return isPerClusterBinary(expr);
  }
}

function isPerClusterCall({ func, args }: Call): boolean {
  const known = functionNamed(func);
  if (!known || args.length === 0) return false;
  if (func === 'label_replace' || func === 'label_join') {
    // The label does not exist yet where this would run.
    const [inner, ...texts] = args;
    const aboutCluster = texts.some((text) => text.kind === 'string' && text.value === CLUSTER_LABEL);
    return inner !== undefined && !aboutCluster && isPerCluster(inner);
  }
  if (known.reach === 'local') return false;
  return args.every((arg) => (typeOf(arg) === 'scalar' ? isPureScalar(arg) : isPerCluster(arg)));
}

/** Groups of such an aggregation never span clusters. */
function keepsCluster({ op, grouping, param }: Aggregate): boolean {
  const { without, labels } = grouping;
  if (labels.includes(CLUSTER_LABEL) === without) return false;
  if (op === 'limit_ratio') return false;
  if (param === undefined) return true;
  return param.kind === 'string' ? param.value !== CLUSTER_LABEL : isPureScalar(param);
}

function isPerClusterBinary({ op, lhs, rhs, matching }: Binary): boolean {
  const scalars = [lhs, rhs].filter((side) => typeOf(side) === 'scalar');
  if (scalars.length === 2) return false;
  if (scalars.length === 1)
    return [lhs, rhs].every((side) => (typeOf(side) === 'scalar' ? isPureScalar(side) : isPerCluster(side)));
  if (matching.labels.includes(CLUSTER_LABEL) !== matching.on || matching.include.includes(CLUSTER_LABEL)) return false;
  if (!isPerCluster(lhs) || !isPerCluster(rhs)) return false;
  // One server errs when the "one" side is not unique anywhere, as soon as the other side has a series anywhere: a cluster that lacks
  // the other side would not notice.
  return isSetOperator(op) || isUnique(matching.card === 'group_right' ? lhs : rhs, matching);
}

/** True when the text alone tells that no two series of the vector can have one signature at one instant. */
function isUnique(expr: Expr, { on, labels }: Matching): boolean {
  const known = knownLabels(expr);
  if (known)
    return on ? known.every((label) => labels.includes(label)) : !known.some((label) => labels.includes(label));
  return !on && labels.length === 0 && hasOneName(expr);
}

/** All labels that the series of a vector can have, where the text tells. */
function knownLabels(expr: Expr): readonly string[] | undefined {
  switch (expr.kind) {
    case 'aggregate':
      return expr.param !== undefined || expr.grouping.without ? undefined : expr.grouping.labels;
    case 'unary':
      return knownLabels(expr.expr);
    case 'call': {
      const [only, ...others] = expr.args.filter((arg) => typeOf(arg) === 'vector');
      const same = functionNamed(expr.func)?.reach === 'series' && !expr.func.startsWith('histogram_');
      return only && others.length === 0 && same ? knownLabels(only) : undefined;
    }
    case 'number':
    case 'string':
    case 'selector':
    case 'subquery':
    case 'binary':
      return undefined;
  }
}

/** True when the series of a vector differ by more than the metric name. */
function hasOneName(expr: Expr): boolean {
  switch (expr.kind) {
    case 'selector':
      return expr.matchers.some(({ label, op }) => label === METRIC_NAME && op === '=');
    case 'aggregate':
      return expr.op === 'topk' || expr.op === 'bottomk' || expr.op === 'limitk' ? hasOneName(expr.expr) : true;
    case 'unary':
      return true;
    case 'subquery':
      return hasOneName(expr.expr);
    case 'binary':
      if (expr.op === 'or') return false;
      return isArithmetic(expr.op) || expr.bool || hasOneName(expr.lhs);
    case 'call': {
      // These keep the name; every other function drops it, or errs where that makes two series equal.
      const keeps = ['last_over_time', 'first_over_time', 'label_replace', 'label_join'].includes(expr.func);
      const [first] = expr.args;
      return !keeps || (first !== undefined && hasOneName(first));
    }
    case 'number':
    case 'string':
      return false;
  }
}
