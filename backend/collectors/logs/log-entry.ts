import type { LogEntry } from '../../model/logs.ts';
import { levelOf } from './log-level.ts';
import type { PlacedEntry } from './log-order.ts';

/** Nanoseconds of Unix seconds, which are exact to the millisecond. */
export function nanoseconds(unixSeconds: number): bigint {
  return BigInt(Math.round(unixSeconds * 1000)) * 1_000_000n;
}

/** ISO 8601 UTC, cut to milliseconds. */
export function isoOfNs(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString();
}

export function toLogEntry({ cluster, entry }: PlacedEntry, clusterId: string, lineLength: number): LogEntry {
  const { line, structuredMetadata, parsed } = entry;
  const cut = line.length > lineLength;
  return {
    cluster_id: clusterId,
    cluster_name: cluster,
    timestamp: isoOfNs(entry.ns),
    timestamp_ns: String(entry.ns),
    level: levelOf(entry),
    stream: { ...entry.stream },
    message: cut ? startOf(line, lineLength) : line,
    ...(cut ? { message_length: line.length } : {}),
    ...(Object.keys(structuredMetadata).length > 0 ? { structured_metadata: { ...structuredMetadata } } : {}),
    ...(Object.keys(parsed).length > 0 ? { parsed: { ...parsed } } : {}),
  };
}

/** Never half of a surrogate pair. */
function startOf(text: string, length: number): string {
  const start = text.slice(0, length);
  return /[\uD800-\uDBFF]$/.test(start) ? start.slice(0, -1) : start;
}
