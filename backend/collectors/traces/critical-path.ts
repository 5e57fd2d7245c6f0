import type { SpanNode } from './span-tree.ts';

/** A time in which the trace waited for nothing but the own work of this span. Milliseconds since the start of the trace. */
export interface PathSegment {
  readonly node: SpanNode;
  readonly fromMs: number;
  readonly toMs: number;
}

interface Frame {
  readonly node: SpanNode;
  readonly fromMs: number;
  /** By end, last first; clipped to their parent. */
  readonly children: readonly { readonly node: SpanNode; readonly fromMs: number; readonly toMs: number }[];
  next: number;
  /** Everything from here on is told. */
  untilMs: number;
}

/**
 * What the duration of a span is made of, in order of time: shortening anything else does not shorten it. From its end backwards,
 * the child that ended last is what was waited for, and from that child's start on the same again (the method of CRISP, Zhang et
 * al., USENIX ATC 2022). Children are clipped to their parent, so that clocks that disagree and work that goes on after the answer add
 * nothing. The segments cover the span from start to end without a gap. Time is n log n.
 */
export function criticalPath(root: SpanNode): PathSegment[] {
  const segments: PathSegment[] = [];
  const stack: Frame[] = [frameOf(root, root.startMs, root.endMs)];
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const child = frame.children[frame.next];
    if (!child) {
      add(segments, frame.node, frame.fromMs, frame.untilMs);
      stack.pop();
      continue;
    }
    frame.next += 1;
    if (child.toMs > frame.untilMs) continue;
    add(segments, frame.node, child.toMs, frame.untilMs);
    frame.untilMs = child.fromMs;
    stack.push(frameOf(child.node, child.fromMs, child.toMs));
  }
  return segments.toReversed();
}

function frameOf(node: SpanNode, fromMs: number, toMs: number): Frame {
  const children = node.children
    .map((child) => ({ node: child, fromMs: Math.max(child.startMs, fromMs), toMs: Math.min(child.endMs, toMs) }))
    .filter((child) => child.toMs > child.fromMs)
    .sort((a, b) => b.toMs - a.toMs);
  return { node, fromMs, children, next: 0, untilMs: toMs };
}

function add(segments: PathSegment[], node: SpanNode, fromMs: number, toMs: number): void {
  if (toMs > fromMs) segments.push({ node, fromMs, toMs });
}

/** Milliseconds in which none of its children was at work. */
export function selfMs(node: SpanNode): number {
  let covered = 0;
  let until = node.startMs;
  for (const child of node.children) {
    const from = Math.max(child.startMs, until);
    const to = Math.min(child.endMs, node.endMs);
    if (to <= from) continue;
    covered += to - from;
    until = to;
  }
  return Math.max(0, node.endMs - node.startMs - covered);
}
