import { CLUSTER_LABEL } from '../metrics/cluster-series.ts';
import { type Expr, METRIC_NAME, type Matcher, type Selector, childrenOf, mapNodes } from './ast.ts';
import { safePattern } from './safe-pattern.ts';

/** Contradicts itself, so no series of any server matches both. */
const IMPOSSIBLE: readonly Matcher[] = [
  { label: 'aiops_none', op: '=', value: 'none' },
  { label: 'aiops_none', op: '=', value: '' },
];

/** A selector needs one matcher that refuses the empty text; this one every series passes. */
const ANY_NAME: Matcher = { label: METRIC_NAME, op: '!=', value: '' };

/**
 * An expression as one cluster has to be asked it: matchers on `cluster` are decided here, for the label does not exist there.
 * Undefined = nothing of that cluster can match. Throws QUERY_REFUSED for a regular expression that may not run here.
 */
export function scopeTo(expr: Expr, cluster: string): Expr | undefined {
  const selectors = selectorsOf(expr);
  if (selectors.length > 0 && !selectors.some((one) => admits(one, cluster))) return undefined;
  return mapNodes(expr, (node) => {
    if (node.kind !== 'selector') return node;
    const own = node.matchers.filter(({ label }) => label !== CLUSTER_LABEL);
    if (!admits(node, cluster)) return { ...node, matchers: [...own, ...IMPOSSIBLE] };
    const enough = own.length === node.matchers.length || own.some(({ op, value }) => op === '=' && value !== '');
    return { ...node, matchers: enough ? own : [...own, ANY_NAME] };
  });
}

function admits({ matchers, at }: Selector, cluster: string): boolean {
  return matchers.every(({ label, op, value }) => {
    if (label !== CLUSTER_LABEL) return true;
    if (op === '=' || op === '!=') return (value === cluster) === (op === '=');
    return (safePattern(value, at).exec(cluster) !== null) === (op === '=~');
  });
}

function selectorsOf(expr: Expr): Selector[] {
  return expr.kind === 'selector' ? [expr] : childrenOf(expr).flatMap(selectorsOf);
}
