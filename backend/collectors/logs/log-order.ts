import { createHash } from 'node:crypto';
import type { LogDirection } from '../../model/logs.ts';
import type { LokiEntry } from '../../spokes/loki.ts';
import { labelKey } from '../metrics/cluster-series.ts';

/** An entry with what decides its place. */
export interface PlacedEntry {
  readonly cluster: string;
  readonly entry: LokiEntry;
  /** Stream, line and what was stored beside it: two entries of a cluster at one time that share it are the same to a reader. */
  readonly key: string;
}

const keys = new WeakMap<object, string>();

export function place(cluster: string, entry: LokiEntry): PlacedEntry {
  const metadata = labelKey(entry.structuredMetadata) + labelKey(entry.parsed);
  return { cluster, entry, key: `${streamKey(entry.stream)}\u0001${entry.line}\u0001${metadata}` };
}

/** Streams are shared by their entries, so each is written down once. */
function streamKey(stream: Readonly<Record<string, string>>): string {
  const known = keys.get(stream);
  if (known !== undefined) return known;
  const made = labelKey(stream);
  keys.set(stream, made);
  return made;
}

/** By nanosecond, cluster, stream, line; BACKWARD is exactly the reverse of FORWARD. */
export function comparePlaced(direction: LogDirection): (a: PlacedEntry, b: PlacedEntry) => number {
  const sign = direction === 'FORWARD' ? 1 : -1;
  return (a, b) => sign * compareForward(a, b);
}

function compareForward(a: PlacedEntry, b: PlacedEntry): number {
  if (a.entry.ns !== b.entry.ns) return a.entry.ns < b.entry.ns ? -1 : 1;
  if (a.cluster !== b.cluster) return a.cluster < b.cluster ? -1 : 1;
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return 0;
}

/**
 * One list out of several that are each in `compare`'s order, at most `limit` long. Equal entries come in the order of the
 * lists. O(n log k).
 */
export function mergeSorted<T>(lists: readonly (readonly T[])[], compare: (a: T, b: T) => number, limit: number): T[] {
  const heap: { list: readonly T[]; at: number; rank: number; head: T }[] = [];
  const less = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]];
    if (!a || !b) return false;
    const order = compare(a.head, b.head);
    return order < 0 || (order === 0 && a.rank < b.rank);
  };
  const swap = (i: number, j: number) => {
    const [a, b] = [heap[i], heap[j]];
    if (a && b) [heap[i], heap[j]] = [b, a];
  };
  const down = (from: number) => {
    for (let i = from; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < heap.length && less(left, least)) least = left;
      if (right < heap.length && less(right, least)) least = right;
      if (least === i) return;
      swap(i, least);
      i = least;
    }
  };
  for (const [rank, list] of lists.entries()) {
    const [head] = list;
    if (head !== undefined) heap.push({ list, at: 0, rank, head });
  }
  for (let i = Math.floor(heap.length / 2) - 1; i >= 0; i -= 1) down(i);
  const merged: T[] = [];
  for (let [top] = heap; top !== undefined && merged.length < limit; [top] = heap) {
    merged.push(top.head);
    top.at += 1;
    const next = top.list[top.at];
    if (next === undefined) {
      const last = heap.pop();
      if (last && last !== top) heap[0] = last;
    } else top.head = next;
    down(0);
  }
  return merged;
}

/** Short and stable across processes; not for secrets. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
