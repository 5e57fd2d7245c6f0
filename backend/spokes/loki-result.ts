import { parseLabelSets, parseResult, parseStrings } from './prometheus-result.ts';
import type { MetricSeries } from '../model/metrics.ts';

/* Checked by hand for the same reason as query results of Prometheus: an answer holds up to 5,000 lines of up to 256 KB. */

export type Labels = Readonly<Record<string, string>>;

export interface LokiEntry {
  /** Nanoseconds since 1970. */
  readonly ns: bigint;
  readonly line: string;
  /** Labels of the stream; shared by its entries. A server that does not categorise labels mixes all three kinds in here. */
  readonly stream: Labels;
  readonly structuredMetadata: Labels;
  readonly parsed: Labels;
}

/** Of /query and /query_range. Streams are sorted each, not among themselves. */
export type LokiResult =
  | { readonly type: 'STREAMS'; readonly entries: LokiEntry[] }
  | { readonly type: 'MATRIX' | 'VECTOR' | 'SCALAR'; readonly series: MetricSeries[] };

const NONE: Labels = {};
const NANOSECONDS = /^\d{1,19}$/;

/** Throws a TypeError that names what is not as the API promises. */
export function parseLokiResult(data: unknown): LokiResult {
  if (isRecord(data) && data['resultType'] === 'streams')
    return { type: 'STREAMS', entries: parseStreams(data['result']) };
  const { resultType, series } = parseResult(data);
  if (resultType === 'STRING') throw new TypeError('resultType is not streams, matrix, vector or scalar');
  return { type: resultType, series };
}

/** A list of streams with their values, as in results and in frames of a tail; absent or null when there are none. */
export function parseStreams(streams: unknown): LokiEntry[] {
  if (streams === null || streams === undefined) return [];
  if (!Array.isArray(streams)) throw new TypeError('the streams are not a list');
  const entries: LokiEntry[] = [];
  for (const item of streams) {
    if (!isRecord(item) || !Array.isArray(item['values'])) throw new TypeError('a stream has no values');
    const stream = labelsOf(item['stream']);
    for (const value of item['values']) entries.push(entryOf(stream, value));
  }
  return entries;
}

/** `data` of label calls. It is absent, not empty, when nothing was found (wire.md 3.1). */
export function parseNames(data: unknown): string[] {
  return data === undefined || data === null ? [] : parseStrings(data);
}

export function parseSeries(data: unknown): Record<string, string>[] {
  return data === undefined || data === null ? [] : parseLabelSets(data);
}

function entryOf(stream: Labels, value: unknown): LokiEntry {
  if (!Array.isArray(value)) throw new TypeError('an entry is not a list');
  const [ns, line, meta] = value as unknown[];
  // A number would have lost its last digits already.
  if (typeof ns !== 'string' || !NANOSECONDS.test(ns)) throw new TypeError('a timestamp is not text of nanoseconds');
  if (typeof line !== 'string') throw new TypeError('a line is not text');
  const categories = meta === undefined ? undefined : metaOf(meta);
  return { ns: BigInt(ns), line, stream, structuredMetadata: NONE, parsed: NONE, ...categories };
}

/** The third element under `categorize-labels`; older servers send the structured metadata itself. */
function metaOf(meta: unknown): Pick<LokiEntry, 'structuredMetadata' | 'parsed'> {
  if (!isRecord(meta)) throw new TypeError('the third part of an entry is not an object');
  const { structuredMetadata, parsed, ...rest } = meta;
  const flat = Object.keys(rest).length > 0;
  return {
    structuredMetadata: flat ? labelsOf(rest) : structuredMetadata === undefined ? NONE : labelsOf(structuredMetadata),
    parsed: parsed === undefined ? NONE : labelsOf(parsed),
  };
}

function labelsOf(item: unknown): Labels {
  const [labels = {}] = parseLabelSets([item]);
  return labels;
}

function isRecord(item: unknown): item is Record<string, unknown> {
  return item !== null && typeof item === 'object' && !Array.isArray(item);
}
