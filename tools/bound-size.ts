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
  const sizes = new Map<object, number>();
  if (measure(value, sizes) <= limit) return { value, omitted: [] };
  const omitted: Omission[] = [];
  const cut = shrink(value, limit, '$', sizes, omitted) as T; // proof: shrink keeps every key and only shortens lists
  return { value: cut, omitted };
}

/** Characters of the JSON text; remembers the size of every object and list on the way. */
function measure(value: unknown, sizes: Map<object, number>): number {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)?.length ?? 0;
  let size = 2;
  if (Array.isArray(value)) for (const item of value) size += measure(item, sizes) + 1;
  else for (const [key, item] of Object.entries(value)) size += JSON.stringify(key).length + measure(item, sizes) + 2;
  sizes.set(value, size);
  return size;
}

function sizeOf(value: unknown, sizes: ReadonlyMap<object, number>): number {
  return value !== null && typeof value === 'object' ? (sizes.get(value) ?? 2) : (JSON.stringify(value)?.length ?? 0);
}

function shrink(
  value: unknown,
  room: number,
  path: string,
  sizes: ReadonlyMap<object, number>,
  omitted: Omission[],
): unknown {
  if (value === null || typeof value !== 'object' || sizeOf(value, sizes) <= room) return value;
  if (!Array.isArray(value)) {
    const entries = Object.entries(value);
    const keys = entries.reduce((sum, [key]) => sum + key.length + 5, 2);
    const shares = fairShares(
      entries.map(([, item]) => sizeOf(item, sizes)),
      room - keys,
    );
    return Object.fromEntries(
      entries.map(([key, item], i) => [key, shrink(item, shares[i] ?? 0, `${path}.${key}`, sizes, omitted)]),
    );
  }
  // A tuple such as [time, value] is a value: cutting it would break its schema.
  if (value.length <= 2 && value.every((item) => item === null || typeof item !== 'object')) return value;
  const kept = keepable(value, room, sizes);
  if (kept < value.length) omitted.push({ path, kept, total: value.length });
  const items: unknown[] = value.slice(0, kept);
  const shares = fairShares(
    items.map((item) => sizeOf(item, sizes)),
    room - kept - 2,
  );
  return items.map((item, i) => shrink(item, shares[i] ?? 0, `${path}[${i}]`, sizes, omitted));
}

/** How many items stay: all when each can shrink to a useful share, else as many as fit whole or at the least share. */
function keepable(list: readonly unknown[], room: number, sizes: ReadonlyMap<object, number>): number {
  let used = 2;
  let kept = 0;
  for (const item of list) {
    used += Math.min(sizeOf(item, sizes), LEAST_PER_ITEM) + 1;
    if (used > room) break;
    kept += 1;
  }
  return kept;
}

/** Shares `room` so that no part gets more than it needs and what is left over goes evenly to the larger ones. */
function fairShares(needs: readonly number[], room: number): number[] {
  const shares: number[] = Array.from({ length: needs.length }, () => 0);
  const order = needs.map((need, index) => ({ need, index })).sort((a, b) => a.need - b.need);
  let left = Math.max(0, room);
  for (const [position, { need, index }] of order.entries()) {
    const share = Math.min(need, left / (order.length - position));
    shares[index] = share;
    left -= share;
  }
  return shares;
}
