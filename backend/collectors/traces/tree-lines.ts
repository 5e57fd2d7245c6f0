import { type AnalysedTrace, errorMessage, isError } from './analyse-trace.ts';
import { round } from './clock-skew.ts';
import type { SpanNode } from './span-tree.ts';

const MAX_TEXT = 160;
const MAX_INDENT = 24;

export interface TreeLines {
  readonly lines: string[];
  readonly shown: number;
  readonly total: number;
}

/**
 * A part of the tree that fits: what is on the critical path, what erred, then the longest, each with its ancestors; depth first, and
 * a line tells what is left out where it is left out.
 */
export function treeLines(
  nodes: readonly SpanNode[],
  { onCriticalPath, selfMs }: AnalysedTrace,
  limit: number,
): TreeLines {
  const shown = chosen(nodes, onCriticalPath, limit);
  /** The nearest ancestor that is shown; parents come first, so each is known before it is asked for. */
  const nearest = new Map<SpanNode, SpanNode | undefined>();
  const hidden = new Map<SpanNode | undefined, number>();
  for (const node of nodes) {
    const { parent } = node;
    const above = parent && (shown.has(parent) ? parent : nearest.get(parent));
    nearest.set(node, above);
    if (!shown.has(node)) hidden.set(above, (hidden.get(above) ?? 0) + 1);
  }
  const least = nodes.reduce((depth, node) => Math.min(depth, node.depth), Number.POSITIVE_INFINITY);
  const lines: string[] = [];
  for (const node of nodes) {
    if (!shown.has(node)) continue;
    const indent = ' '.repeat(Math.min(MAX_INDENT, node.depth - least));
    lines.push(indent + lineOf(node, selfMs.get(node) ?? 0, onCriticalPath.has(node)));
    const left = hidden.get(node);
    if (left !== undefined) lines.push(`${indent} … ${left} more below`);
  }
  const apart = hidden.get(undefined);
  if (apart !== undefined) lines.push(`… ${apart} more beside`);
  return { lines, shown: shown.size, total: nodes.length };
}

/** Ancestors of what is shown are shown too, as long as there is room; the deep end of a long chain is left out first. */
function chosen(nodes: readonly SpanNode[], critical: ReadonlySet<SpanNode>, limit: number): Set<SpanNode> {
  if (nodes.length <= limit) return new Set(nodes);
  const within = new Set(nodes);
  const shown = new Set<SpanNode>();
  const rank = (node: SpanNode) => (isError(node) ? 2 : 0) + (critical.has(node) ? 1 : 0);
  const wanted = nodes.toSorted((a, b) => rank(b) - rank(a) || b.endMs - b.startMs - (a.endMs - a.startMs));
  for (const node of wanted) {
    if (shown.size >= limit) break;
    const chain: SpanNode[] = [];
    for (let one: SpanNode | undefined = node; one && within.has(one) && !shown.has(one); one = one.parent)
      chain.push(one);
    for (const one of chain.toReversed()) if (shown.size < limit) shown.add(one);
  }
  return shown;
}

/** `prod-eu-1 checkout "POST /orders" CLIENT +1.2ms 220ms self 10ms ERROR "connection refused" *`; `*` = on the critical path. */
function lineOf(node: SpanNode, self: number, critical: boolean): string {
  const { span, cluster, startMs, endMs } = node;
  const kind = span.kind === 'UNSPECIFIED' || span.kind === 'INTERNAL' ? '' : ` ${span.kind}`;
  const message = isError(node) ? errorMessage(node) : undefined;
  const error = isError(node) ? ` ERROR${message === undefined ? '' : ` ${text(message)}`}` : '';
  const lost = node.orphan ? ' (parent missing)' : '';
  return `${cluster} ${text(span.service)} ${text(span.name)}${kind} +${round(startMs)}ms ${round(endMs - startMs)}ms self ${round(self)}ms${error}${critical ? ' *' : ''}${lost}`;
}

/** Foreign text on one line: plain words as they are, everything else quoted. */
function text(foreign: string): string {
  const cut = foreign.length > MAX_TEXT ? `${foreign.slice(0, MAX_TEXT - 1)}…` : foreign;
  return /^[\w.:/-]+$/.test(cut) ? cut : JSON.stringify(cut);
}
