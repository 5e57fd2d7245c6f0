import type { TempoSpan } from '../../spokes/tempo-trace.ts';

/** The spans of one trace that one cluster holds. */
export interface TracePart {
  readonly cluster: string;
  readonly spans: readonly TempoSpan[];
}

export interface SpanNode {
  readonly span: TempoSpan;
  readonly cluster: string;
  /** Usually the span's own; another where client and server share one. */
  readonly id: string;
  /** Milliseconds since the start of the trace. */
  readonly startMs: number;
  readonly endMs: number;
  readonly depth: number;
  readonly parent: SpanNode | undefined;
  /** By start. */
  readonly children: readonly SpanNode[];
  /** Whether it names a parent that is nowhere. */
  readonly orphan: boolean;
}

export interface SpanTree {
  /** Depth first, children by start: parents stand before their children. */
  readonly nodes: readonly SpanNode[];
  /** The true root first where there is one, then by start. */
  readonly roots: readonly SpanNode[];
  readonly startNs: bigint;
  readonly durationMs: number;
  /** Same span from several places; kept once. */
  readonly duplicates: number;
  /** Ids that spans name as their parent and that nobody holds. */
  readonly missingParents: readonly string[];
}

interface Draft extends SpanNode {
  depth: number;
  parent: SpanNode | undefined;
  readonly children: Draft[];
  orphan: boolean;
}

/**
 * Joins what several clusters hold of one trace. A span that two of them hold counts once; a client's and a server's span that share
 * an id (as Zipkin's do) stay two, the server below the client. Spans that are each other's ancestors, which only a broken
 * sender makes, hang below the earliest of them. Time is linear but for sorting siblings; no recursion, so depth does not matter.
 */
export function joinParts(parts: readonly TracePart[]): SpanTree {
  const byId = new Map<string, Draft>();
  const drafts: Draft[] = [];
  let duplicates = 0;
  let [startNs, endNs] = boundsOf(parts);
  startNs ??= 0n;
  endNs ??= 0n;
  for (const { cluster, spans } of parts) {
    for (const span of spans) {
      const known = byId.get(span.spanId);
      const shared = known !== undefined && arePair(known.span, span);
      const id = shared ? `${span.spanId}:${span.kind.toLowerCase()}` : span.spanId;
      if ((known && !shared) || byId.has(id)) {
        duplicates += 1;
        continue;
      }
      const draft: Draft = {
        span,
        cluster,
        id,
        startMs: msBetween(startNs, span.startNs),
        endMs: msBetween(startNs, span.endNs),
        depth: 0,
        parent: undefined,
        children: [],
        orphan: false,
      };
      byId.set(id, draft);
      drafts.push(draft);
    }
  }
  const missing = new Set<string>();
  const roots: Draft[] = [];
  for (const draft of drafts) {
    const parent = parentOf(draft, byId);
    if (parent) {
      draft.parent = parent;
      parent.children.push(draft);
      continue;
    }
    draft.orphan = draft.span.parentSpanId !== undefined;
    if (draft.span.parentSpanId !== undefined) missing.add(draft.span.parentSpanId);
    roots.push(draft);
  }
  roots.sort((a, b) => Number(a.orphan) - Number(b.orphan) || a.startMs - b.startMs);
  const reached = new Set<Draft>();
  const nodes: Draft[] = [];
  descend(roots, reached, nodes);
  if (nodes.length < drafts.length) roots.push(...breakCircles(drafts, reached, nodes));
  return {
    nodes,
    roots,
    startNs,
    durationMs: msBetween(startNs, endNs),
    duplicates,
    missingParents: [...missing],
  };
}

function boundsOf(parts: readonly TracePart[]): [bigint | undefined, bigint | undefined] {
  let first: bigint | undefined;
  let last: bigint | undefined;
  for (const { spans } of parts) {
    for (const { startNs, endNs } of spans) {
      if (first === undefined || startNs < first) first = startNs;
      if (last === undefined || endNs > last) last = endNs;
    }
  }
  return [first, last];
}

function msBetween(fromNs: bigint, toNs: bigint): number {
  return Number(toNs - fromNs) / 1e6;
}

function arePair(a: TempoSpan, b: TempoSpan): boolean {
  const kinds = [a.kind, b.kind].sort().join();
  return kinds === 'CLIENT,SERVER' || kinds === 'CONSUMER,PRODUCER';
}

/** Where client and server share an id, the server's own parent is the client, and children of that id are the server's. */
function parentOf({ span, id }: Draft, byId: ReadonlyMap<string, Draft>): Draft | undefined {
  const { spanId, parentSpanId, kind } = span;
  const served = kind === 'SERVER' || kind === 'CONSUMER';
  if (served) {
    const sender =
      id === spanId ? byId.get(`${spanId}:${kind === 'SERVER' ? 'client' : 'producer'}`) : byId.get(spanId);
    if (sender) return sender;
  }
  if (parentSpanId === undefined || parentSpanId === spanId) return undefined;
  const named = byId.get(parentSpanId);
  const other = byId.get(`${parentSpanId}:server`) ?? byId.get(`${parentSpanId}:consumer`);
  return other ?? named;
}

/** Appends everything below `from` to `nodes`, parents first, and sets depths. */
function descend(from: readonly Draft[], reached: Set<Draft>, nodes: Draft[]): void {
  const stack = from.toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    node.depth = node.parent ? node.parent.depth + 1 : 0;
    nodes.push(node);
    node.children.sort((a, b) => a.startMs - b.startMs);
    for (const child of node.children.toReversed()) stack.push(child);
  }
}

function breakCircles(drafts: readonly Draft[], reached: Set<Draft>, nodes: Draft[]): Draft[] {
  const heads: Draft[] = [];
  for (const draft of drafts.toSorted((a, b) => a.startMs - b.startMs)) {
    if (reached.has(draft)) continue;
    const { parent } = draft;
    if (parent) (parent.children as SpanNode[]).splice(parent.children.indexOf(draft), 1); // proof: every node is a Draft
    draft.parent = undefined;
    draft.orphan = true;
    heads.push(draft);
    descend([draft], reached, nodes);
  }
  return heads;
}
