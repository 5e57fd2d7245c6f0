import { AppError } from '../../model/errors.ts';
import type { LogDirection } from '../../model/logs.ts';
import type { LokiEntry } from '../../spokes/loki.ts';
import type { LogCursor } from './log-cursor.ts';
import { type PlacedEntry, comparePlaced, digest, mergeSorted, place } from './log-order.ts';

/** Most lines that Loki gives at once (wire.md 3.4). */
export const MAX_LINES = 5000;

export interface Fetched {
  readonly entries: readonly LokiEntry[];
  readonly warnings: readonly string[];
}

/** Lines of one cluster in `startNs` ≤ t < `endNs`: the first `limit` of them in the direction. */
export type Fetch = (window: { startNs: bigint; endNs: bigint; limit: number }) => Promise<Fetched>;

export interface PageRequest {
  readonly cluster: string;
  readonly direction: LogDirection;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Lines wanted of this cluster; may be fewer than the page's, never more than {@link MAX_LINES}. */
  readonly limit: number;
  readonly cursor: LogCursor | undefined;
}

/** What one cluster has for a page. */
export interface ClusterPage {
  readonly cluster: string;
  /** In order, without what earlier pages gave. */
  readonly entries: readonly PlacedEntry[];
  /** Where this cluster's list ends although it goes on: nothing behind this time may be given yet. */
  readonly horizon: bigint | undefined;
  /** Lines left out at the cursor's time, because they were given. */
  readonly skipped: number;
  readonly warnings: readonly string[];
}

/**
 * Reads one cluster's part of a page. Where Loki cuts a list in the middle of lines that share a time, which of them it keeps is
 * its own choice; that time is then read again by itself, whole.
 */
export async function readClusterPage(request: PageRequest, fetch: Fetch): Promise<ClusterPage> {
  const { cursor, direction } = request;
  const from = cursor === undefined ? undefined : BigInt(cursor.t);
  const [given, last] = cursor?.g[request.cluster] ?? [0, ''];
  const window = behind(request, direction, from, 0n);
  const page = await readWhole(request, window, request.limit + given + 1, fetch);
  const { rest, skipped, changed } = skipGiven(page.entries, from, given, last);
  const warnings = [
    ...page.warnings,
    ...(changed ? [`lines at ${request.cursor?.t ?? ''} ns changed between two pages`] : []),
  ];
  if (rest.length > 0 || page.horizon === undefined || from === undefined || page.horizon !== from)
    return { cluster: request.cluster, entries: rest, horizon: page.horizon, skipped, warnings };
  // Everything that Loki gives of this one time has been given: go on behind it.
  const beyond = behind(request, direction, from, 1n);
  const next = await readWhole(request, beyond, request.limit + 1, fetch);
  return {
    cluster: request.cluster,
    entries: next.entries,
    horizon: next.horizon,
    skipped: 0,
    warnings: [...warnings, ...next.warnings],
  };
}

/** The part of the window from `from` on, in the direction; `by` 1 leaves that time itself out. */
function behind(
  { startNs, endNs }: PageRequest,
  direction: LogDirection,
  from: bigint | undefined,
  by: bigint,
): { startNs: bigint; endNs: bigint } {
  if (from === undefined) return { startNs, endNs };
  return direction === 'FORWARD' ? { startNs: from + by, endNs } : { startNs, endNs: from + 1n - by };
}

interface WholeTimes {
  readonly entries: readonly PlacedEntry[];
  readonly horizon: bigint | undefined;
  readonly warnings: readonly string[];
}

/** Lines in order, where no time is there by halves; at least `wanted` of them unless there are fewer or Loki gives no more. */
async function readWhole(
  { cluster, direction }: PageRequest,
  window: { startNs: bigint; endNs: bigint },
  wanted: number,
  fetch: Fetch,
): Promise<WholeTimes> {
  if (window.startNs >= window.endNs) return { entries: [], horizon: undefined, warnings: [] };
  const compare = comparePlaced(direction);
  const read = async (part: { startNs: bigint; endNs: bigint }, limit: number) => {
    const fetched = await fetchWithin({ ...part, limit: Math.min(MAX_LINES, limit) }, fetch);
    const entries = fetched.entries.map((entry) => place(cluster, entry)).sort(compare);
    return { entries, limit: fetched.limit, warnings: fetched.warnings };
  };
  const first = await read(window, wanted);
  const boundary = first.entries.at(-1)?.entry.ns;
  if (boundary === undefined || first.entries.length < first.limit)
    return { entries: first.entries, horizon: undefined, warnings: first.warnings };
  const inside = first.entries.filter(({ entry }) => entry.ns !== boundary);
  const before = inside.at(-1)?.entry.ns;
  if (before !== undefined && inside.length >= wanted - 1)
    return { entries: inside, horizon: before, warnings: first.warnings };
  const at = await read({ startNs: boundary, endNs: boundary + 1n }, MAX_LINES);
  const cut =
    at.entries.length < at.limit
      ? []
      : [`${at.limit} or more lines share the time ${boundary} ns; Loki does not give more of one time than that`];
  return {
    entries: [...inside, ...at.entries],
    horizon: boundary,
    warnings: [...first.warnings, ...at.warnings, ...cut],
  };
}

/** A server with a lower limit than ours names it when it refuses; it is then asked for as many as it gives. */
async function fetchWithin(
  part: { startNs: bigint; endNs: bigint; limit: number },
  fetch: Fetch,
): Promise<Fetched & { limit: number }> {
  try {
    return { ...(await fetch(part)), limit: part.limit };
  } catch (thrown) {
    const allowed =
      thrown instanceof AppError && thrown.details['rule'] === 'loki_max_entries' ? thrown.details['limit'] : undefined;
    if (typeof allowed !== 'number' || allowed < 1 || allowed >= part.limit) throw thrown;
    return { ...(await fetch({ ...part, limit: allowed })), limit: allowed };
  }
}

function skipGiven(
  entries: readonly PlacedEntry[],
  from: bigint | undefined,
  given: number,
  last: string,
): { rest: readonly PlacedEntry[]; skipped: number; changed: boolean } {
  if (from === undefined || given === 0) return { rest: entries, skipped: 0, changed: false };
  const shared = entries.findIndex(({ entry }) => entry.ns !== from);
  const atTime = shared === -1 ? entries.length : shared;
  const isLast = (index: number) => {
    const one = entries[index];
    return one !== undefined && index < atTime && digest(one.key) === last;
  };
  if (isLast(given - 1)) return { rest: entries.slice(given), skipped: given, changed: false };
  // Lines of that very time came or went meanwhile: go on behind the last one that was given, wherever it stands now.
  for (let index = atTime - 1; index >= 0; index -= 1) {
    if (isLast(index)) return { rest: entries.slice(index + 1), skipped: index + 1, changed: true };
  }
  const skipped = Math.min(given, atTime);
  return { rest: entries.slice(skipped), skipped, changed: true };
}

export interface MergedPage {
  readonly entries: PlacedEntry[];
  /** Whether lines are left behind the last one. */
  readonly more: boolean;
  /** `t` and `g` of the cursor behind the page; undefined for a page without lines. */
  readonly place: Pick<LogCursor, 't' | 'g'> | undefined;
}

/** The next lines over all clusters: in order, at most `limit`, and none behind a time that some cluster has not been read to. */
export function mergePages(
  pages: readonly ClusterPage[],
  direction: LogDirection,
  limit: number,
  cursor: LogCursor | undefined,
): MergedPage {
  const horizons = pages.flatMap(({ horizon }) => horizon ?? []);
  const sooner = (a: bigint, b: bigint) => ((direction === 'FORWARD' ? a < b : a > b) ? a : b);
  const end = horizons.length === 0 ? undefined : horizons.reduce(sooner);
  const within = ({ entry }: PlacedEntry) =>
    end === undefined || entry.ns === end || sooner(entry.ns, end) === entry.ns;
  const lists = pages.map(({ entries }) => entries.filter(within));
  const entries = mergeSorted(lists, comparePlaced(direction), limit);
  const all = pages.reduce((sum, page) => sum + page.entries.length, 0);
  const more = horizons.length > 0 || entries.length < all;
  const last = entries.at(-1)?.entry.ns;
  if (last === undefined) return { entries, more, place: cursor && { t: cursor.t, g: cursor.g } };
  // A cluster that did not answer this time has still given what it gave before.
  const g: LogCursor['g'] = cursor !== undefined && BigInt(cursor.t) === last ? { ...cursor.g } : {};
  for (const page of pages) {
    const given = entries.filter(({ cluster, entry }) => cluster === page.cluster && entry.ns === last);
    const newest = given.at(-1);
    const before = cursor !== undefined && BigInt(cursor.t) === last ? page.skipped : 0;
    if (newest) g[page.cluster] = [before + given.length, digest(newest.key)];
  }
  return { entries, more, place: { t: String(last), g } };
}
