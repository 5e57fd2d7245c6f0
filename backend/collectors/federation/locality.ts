import { CLUSTER_LABEL } from '../cluster-series.ts';
import { type Aggregate, type Binary, type Call, type Expr, anyNode } from './ast.ts';
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

function isPerClusterBinary({ lhs, rhs, matching }: Binary): boolean {
  const scalars = [lhs, rhs].filter((side) => typeOf(side) === 'scalar');
  if (scalars.length === 2) return false;
  if (scalars.length === 1)
    return [lhs, rhs].every((side) => (typeOf(side) === 'scalar' ? isPureScalar(side) : isPerCluster(side)));
  if (matching.labels.includes(CLUSTER_LABEL) !== matching.on || matching.include.includes(CLUSTER_LABEL)) return false;
  return isPerCluster(lhs) && isPerCluster(rhs);
}
