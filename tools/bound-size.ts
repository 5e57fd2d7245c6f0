/** One list that was shortened to make an answer fit. */
export interface Omission {
  readonly path: string;
  readonly kept: number;
  readonly total: number;
}

/** A list whose fair share of the room would leave less than this for each item keeps fewer items instead. In characters. */
const LEAST_PER_ITEM = 200;

/**
 * A JSON value cut down to about `limit` characters by shortening lists from the end, so that the result still fits the
 * same schema. The room is shared fairly: small parts stay whole, large siblings shrink alike, so that one talkative
 * cluster does not push the others out. Every cut is listed. Strings, keys and tuples are never cut, so a value without
 * long lists may stay over the limit. One pass, linear in the size of the value.
 */
export function boundSize<T extends Record<string, unknown>>(
  value: T,
  limit: number,
): { value: T; omitted: Omission[] } {
  const weights: Weights = new Map();
  // Never less than the text is long; the text itself is made only where it may fit, because it may be long.
  const { size } = weigh(value, weights);
  if (size <= limit || (size <= limit * 1.5 && JSON.stringify(value).length <= limit)) return { value, omitted: [] };
  const omitted: Omission[] = [];
  const cut = shrink(value, limit, '$', weights, omitted) as T; // proof: shrink keeps every key and only shortens lists
  return { value: cut, omitted };
}

interface Weight {
  /** Characters of the JSON text, and of the shortest text that cutting could leave. */
  readonly size: number;
  readonly least: number;
}
type Weights = Map<object, Weight>;

/** Millions of samples are weighed: nothing is made for each, and tuples are weighed again where they are needed. */
function weigh(value: unknown, weights: Weights): Weight {
  if (value === null || typeof value !== 'object') return scalar(value);
  let size = 2;
  let least = 2;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) size += 1 + sizeIn(item, weights);
    if (isTuple(value)) return { size, least: size };
  } else {
    for (const [key, item] of Object.entries(value)) {
      const overhead = JSON.stringify(key).length + 2;
      const part = weigh(item, weights);
      size += overhead + part.size;
      least += overhead + part.least;
    }
  }
  const weight = { size, least };
  weights.set(value, weight);
  return weight;
}

function sizeIn(value: unknown, weights: Weights): number {
  if (value === null || typeof value !== 'object') return scalarSize(value);
  return weigh(value, weights).size;
}

/** What JSON does not write as it is. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

function scalarSize(value: unknown): number {
  if (typeof value === 'string' && !ESCAPED.test(value)) return value.length + 2;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value).length;
  return JSON.stringify(value)?.length ?? 0;
}

function scalar(value: unknown): Weight {
  const size = scalarSize(value);
  return { size, least: size };
}

function weightOf(value: unknown, weights: Weights): Weight {
  if (value === null || typeof value !== 'object') return scalar(value);
  return weights.get(value) ?? weigh(value, weights);
}

/** A tuple such as [time, value] or [time, histogram] is a value: cutting it would break its schema. */
function isTuple(value: unknown): value is unknown[] {
  if (!Array.isArray(value) || value.length > 2 || value.length === 0) return false;
  return typeof value[0] === 'number' || value.every((item) => item === null || typeof item !== 'object');
}

function shrink(value: unknown, room: number, path: string, weights: Weights, omitted: Omission[]): unknown {
  if (value === null || typeof value !== 'object' || isTuple(value) || weightOf(value, weights).size <= room)
    return value;
  if (!Array.isArray(value)) {
    const entries = Object.entries(value);
    const keys = entries.reduce((sum, [key]) => sum + key.length + 5, 2);
    const shares = fairShares(
      entries.map(([, item]) => weightOf(item, weights)),
      room - keys,
    );
    return Object.fromEntries(
      entries.map(([key, item], i) => [key, shrink(item, shares[i] ?? 0, `${path}.${key}`, weights, omitted)]),
    );
  }
  // Samples are cut at their old end: what a series is now matters more than what it was.
  const newestLast = isTuple(value.at(-1)) && typeof value.at(-1)?.[0] === 'number';
  const ordered: unknown[] = newestLast ? value.toReversed() : value;
  const kept = keepable(ordered, room, weights);
  if (kept < value.length) omitted.push({ path, kept, total: value.length });
  const items: unknown[] = newestLast ? value.slice(value.length - kept) : value.slice(0, kept);
  const shares = fairShares(
    items.map((item) => weightOf(item, weights)),
    room - kept - 2,
  );
  return items.map((item, i) => shrink(item, shares[i] ?? 0, `${path}[${i}]`, weights, omitted));
}

/** How many items stay: all when each can shrink to a useful share, else as many as fit whole or at that share. */
function keepable(list: readonly unknown[], room: number, weights: Weights): number {
  let used = 2;
  let kept = 0;
  for (const item of list) {
    const { size, least } = weightOf(item, weights);
    used += Math.min(size, Math.max(least, LEAST_PER_ITEM)) + 1;
    if (used > room) break;
    kept += 1;
  }
  return kept;
}

/** Shares `room`: each part gets what it cannot do without, the rest goes evenly to those that can use more. */
function fairShares(parts: readonly Weight[], room: number): number[] {
  const shares = parts.map((part) => part.least);
  const order = parts.map(({ size, least }, index) => ({ wish: size - least, index })).sort((a, b) => a.wish - b.wish);
  let left = Math.max(0, room - shares.reduce((sum, share) => sum + share, 0));
  for (const [position, { wish, index }] of order.entries()) {
    const extra = Math.min(wish, left / (order.length - position));
    shares[index] = (shares[index] ?? 0) + extra;
    left -= extra;
  }
  return shares;
}
