import type { TraceAnalysis } from '../../model/trace.ts';
import type { SpanNode, SpanTree } from './span-tree.ts';

/** Clocks in one cluster are kept closer than this. */
const TOLERANCE_MS = 1;

/**
 * Clusters whose clocks differ, seen at calls between them: the served part of a call lies inside the call, so one that begins before it or
 * ends after it shows by how much the clocks differ. What is told is the middle of what each call allows (as Jaeger adjusts it), the
 * median over the calls. Nothing is moved.
 */
export function clockSkews(tree: SpanTree): TraceAnalysis['clock_skews'] {
  const offsets = new Map<string, { server: string; client: string; ms: number[] }>();
  for (const node of tree.nodes) {
    const { parent } = node;
    if (!parent || parent.cluster === node.cluster || !isCall(parent, node)) continue;
    const early = parent.startMs - node.startMs;
    const late = node.endMs - parent.endMs;
    if (early <= TOLERANCE_MS && late <= TOLERANCE_MS) continue;
    const key = JSON.stringify([node.cluster, parent.cluster]);
    const pair = offsets.get(key) ?? { server: node.cluster, client: parent.cluster, ms: [] };
    pair.ms.push((late - early) / 2);
    offsets.set(key, pair);
  }
  return [...offsets.values()].map(({ server, client, ms }) => ({
    cluster_name: server,
    caller_cluster: client,
    offset_ms: round(median(ms)),
    calls: ms.length,
  }));
}

/** Work that a message starts may well go on after the sender is done. */
function isCall(parent: SpanNode, node: SpanNode): boolean {
  return (
    parent.span.kind === 'CLIENT' &&
    node.span.kind === 'SERVER' &&
    node.endMs - node.startMs <= parent.endMs - parent.startMs + TOLERANCE_MS
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Milliseconds to the microsecond. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
