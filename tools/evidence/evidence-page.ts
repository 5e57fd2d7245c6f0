import { AppError } from '../../backend/model/errors.ts';
import { boundSize } from '../bound-size.ts';

export interface EvidenceQuery {
  /** Such as `$.results[0].data`; `$` is the whole. */
  readonly path: string;
  /** Text to look for, in any case; left out = no search. */
  readonly search?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

export interface EvidenceItem {
  readonly path: string;
  readonly value: unknown;
  /** True when the value was cut; its path opens it. */
  readonly cut?: true;
}

export interface EvidencePage {
  readonly total: number;
  readonly items: EvidenceItem[];
  readonly next_offset: number | null;
}

/** A page holds about so many characters; its first item is always in it. */
const PAGE_CHARS = 20_000;
const ITEM_CHARS = 8_000;

/**
 * Part of a JSON value: of a list its items, of an object its keys, with lists and objects below as an outline; with `search`
 * the records (objects in a list) and the values outside of records, below the path, that have the text in a key or value. Throws
 * VALIDATION_FAILED for a path that leads nowhere. Linear in the size of the value.
 */
export function pageOf(content: unknown, { path, search, offset, limit }: EvidenceQuery): EvidencePage {
  const at = valueAt(content, path);
  if (search !== undefined) return paged(found(at, path, search.toLowerCase()), offset, limit);
  if (Array.isArray(at))
    return paged(
      at.map((value: unknown, index) => ({ path: `${path}[${index}]`, value })),
      offset,
      limit,
    );
  if (at === null || typeof at !== 'object') return paged([{ path, value: at }], offset, limit);
  const entries = Object.entries(at).map(([key, value]) => ({ path: pathTo(path, key), value: outline(value) }));
  return paged(entries, offset, limit);
}

function paged(all: readonly EvidenceItem[], offset: number, limit: number): EvidencePage {
  const items: EvidenceItem[] = [];
  let used = 0;
  for (const item of all.slice(offset, offset + limit)) {
    const { value, isCut } = fitted(item.value);
    used += JSON.stringify(value ?? null).length + item.path.length;
    if (items.length > 0 && used > PAGE_CHARS) break;
    items.push({ path: item.path, value, ...(isCut ? { cut: true } : {}) });
  }
  const next = offset + items.length;
  return { total: all.length, items, next_offset: next < all.length && items.length > 0 ? next : null };
}

function fitted(value: unknown): { value: unknown; isCut: boolean } {
  const { value: boxed, omitted } = boundSize({ value }, ITEM_CHARS);
  if (omitted.length > 0) return { value: boxed.value, isCut: true };
  const text = typeof value === 'string' ? value : '';
  return text.length > ITEM_CHARS ? { value: `${text.slice(0, ITEM_CHARS)}…`, isCut: true } : { value, isCut: false };
}

/** What stands below a key without its contents. */
function outline(value: unknown): unknown {
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value);
  return `object with ${keys.slice(0, 20).join(', ')}${keys.length > 20 ? ', …' : ''}`;
}

/** A record is an object in a list, with everything in it that is no record itself. */
function found(root: unknown, path: string, text: string): EvidenceItem[] {
  const hits: EvidenceItem[] = [];
  const has = (candidate: unknown) => String(candidate).toLowerCase().includes(text);
  /** Whether there is a hit that the record around it has to answer for; outside of records hits stand for themselves. */
  const visit = (value: unknown, at: string, isInRecord: boolean): boolean => {
    if (value === null || typeof value !== 'object') {
      if (!has(value)) return false;
      if (!isInRecord) hits.push({ path: at, value });
      return true;
    }
    if (Array.isArray(value)) {
      let isHit = false;
      for (const [index, item] of value.entries()) {
        const itemAt = `${at}[${index}]`;
        const isRecord = typeof item === 'object' && item !== null && !Array.isArray(item);
        if (!isRecord) isHit = visit(item, itemAt, isInRecord) || isHit;
        else if (visit(item, itemAt, true)) hits.push({ path: itemAt, value: item });
      }
      return isHit;
    }
    let isHit = false;
    for (const [key, item] of Object.entries(value)) {
      const isKeyHit = has(key);
      if (isKeyHit && !isInRecord) hits.push({ path: pathTo(at, key), value: item });
      else isHit = visit(item, pathTo(at, key), isInRecord) || isKeyHit || isHit;
    }
    return isHit;
  };
  visit(root, path, false);
  return hits;
}

/** The value at a path such as `$.results[0].data` or `$.results[0]["a key"]`. */
export function valueAt(content: unknown, path: string): unknown {
  let value = content;
  let walked = '$';
  for (const step of stepsOf(path)) {
    const next = childOf(value, step);
    if (next === undefined) throw nowhere(path, walked, value);
    value = next.value;
    walked = typeof step === 'number' ? `${walked}[${step}]` : pathTo(walked, step);
  }
  return value;
}

function childOf(value: unknown, step: string | number): { readonly value: unknown } | undefined {
  if (Array.isArray(value)) return typeof step === 'number' && step < value.length ? { value: value[step] } : undefined;
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
  return { value: new Map(Object.entries(value)).get(String(step)) };
}

const STEP = /\.([^.[\]"]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/gy;

function stepsOf(path: string): (string | number)[] {
  const text = path.startsWith('$') ? path.slice(1) : path;
  const steps: (string | number)[] = [];
  STEP.lastIndex = 0;
  let end = 0;
  for (const [whole, key, index, quoted] of text.matchAll(STEP)) {
    end += whole.length;
    steps.push(key ?? (index === undefined ? unquoted(quoted ?? '""') : Number(index)));
  }
  if (end === text.length) return steps;
  const message = `path: ${JSON.stringify(path.slice(0, 200))} is not a path; write such as $.results[0].data.`;
  throw new AppError('VALIDATION_FAILED', message, { details: { issues: [{ field: 'path', message }] } });
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1); // an escape that JSON does not know: taken as it stands
  }
}

function pathTo(path: string, key: string): string {
  return /^[^.[\]"\s]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function nowhere(path: string, walked: string, value: unknown): AppError {
  const there = Array.isArray(value)
    ? `a list of ${value.length}`
    : value !== null && typeof value === 'object'
      ? `keys ${Object.keys(value).slice(0, 20).join(', ')}`
      : 'a plain value';
  const message = `path: ${JSON.stringify(path.slice(0, 200))} leads nowhere; at ${walked} there is ${there}`;
  return new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'path', message }] } });
}
