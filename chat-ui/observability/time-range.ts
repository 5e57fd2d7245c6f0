import { wallTime, type Zone } from '../time-zone.ts';

/** Times of a question as they stand in the URL: `now`, relative to now (`-1h30m`), or ISO 8601. The API takes the same texts. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

export const DEFAULT_RANGE: TimeRange = { from: '-1h', to: 'now' };

/** Lengths that end now. */
export const PRESETS = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d'] as const;

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const RELATIVE = /^(?:now)?-((?:\d+[smhdw])+)$/;
const WALL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** Milliseconds of `1h30m`; undefined for anything else and for nothing at all. */
export function durationMs(text: string): number | undefined {
  if (!/^(?:\d+[smhdw])+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhdw])/g)) sum += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return sum > 0 ? sum : undefined;
}

/** `5400000` → `1h30m`, in whole seconds. */
export function durationText(ms: number): string {
  let rest = Math.max(1000, Math.round(ms / 1000) * 1000);
  let text = '';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = UNIT_MS[unit] ?? 1;
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}

/** What the URL asks for; a range that makes no sense is as if it were not there. */
export function readTimeRange(query: Readonly<Record<string, string>>): TimeRange {
  const range = { from: query.from ?? DEFAULT_RANGE.from, to: query.to ?? DEFAULT_RANGE.to };
  return rangeProblem(range, 0) === undefined ? range : DEFAULT_RANGE;
}

/** Milliseconds since the epoch of a time of the URL; undefined when it is none. */
export function resolveMoment(text: string, now: number): number | undefined {
  if (text === 'now') return now;
  const back = durationMs(RELATIVE.exec(text)?.[1] ?? '');
  if (back !== undefined) return now - back;
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

export function isRelative(text: string): boolean {
  return text === 'now' || RELATIVE.test(text);
}

/** Which of the two times is wrong and why; undefined when they are a range. */
export function rangeProblem(range: TimeRange, now: number): { field: 'from' | 'to'; message: string } | undefined {
  const from = resolveMoment(range.from, now);
  const to = resolveMoment(range.to, now);
  const message = 'Write now, a time before now such as -90m, or a date such as 2026-03-01 10:00.';
  if (from === undefined) return { field: 'from', message };
  if (to === undefined) return { field: 'to', message };
  // A mixture can only be compared at the time it is asked.
  const comparable = isRelative(range.from) === isRelative(range.to) || now > 0;
  return comparable && from >= to ? { field: 'from', message: 'It has to be before the end.' } : undefined;
}

/**
 * What somebody wrote into a time field, as text for the URL: relative as it is, a date and time as ISO 8601 UTC, read in
 * `zone` unless it names its own. Undefined when it is neither.
 */
export function readMoment(written: string, zone: Zone): string | undefined {
  const text = written.trim();
  if (isRelative(text)) return text.replace(/^now-/, '-');
  const wall = WALL.exec(text);
  if (wall) {
    const [year, month, day, hour, minute, second] = wall.slice(1).map((part) => Number(part ?? 0));
    if (year === undefined || month === undefined || day === undefined) return undefined;
    const date =
      zone === 'utc'
        ? new Date(Date.UTC(year, month - 1, day, hour, minute, second))
        : new Date(year, month - 1, day, hour, minute, second);
    // Days that no calendar has would move to the next month.
    return (zone === 'utc' ? date.getUTCDate() : date.getDate()) === day ? date.toISOString() : undefined;
  }
  if (!/(?:Z|[+-]\d{2}:?\d{2})$/.test(text)) return undefined;
  const at = resolveMoment(text, 0);
  return at === undefined ? undefined : new Date(at).toISOString();
}

/** How a time of the URL stands in its field: relative as it is, else `2026-03-01 10:00:00` in `zone`. */
export function writeMoment(text: string, zone: Zone): string {
  const at = isRelative(text) ? undefined : resolveMoment(text, 0);
  return at === undefined ? text : wallTime(at, zone);
}

/** `Last 1h`, `Last 1h up to -5m`, or both ends in `zone`. */
export function rangeText({ from, to }: TimeRange, zone: Zone): string {
  if (to === 'now' && isRelative(from)) return `Last ${from.replace(/^(?:now)?-/, '')}`;
  return `${writeMoment(from, zone)} – ${writeMoment(to, zone)}`;
}

/** The range of the same length just before (−1) or after (1), or twice as long around the same middle (0). */
export function movedRange(range: TimeRange, direction: -1 | 0 | 1, now: number): TimeRange {
  const from = resolveMoment(range.from, now) ?? now;
  const to = resolveMoment(range.to, now) ?? now;
  const length = to - from;
  if (direction === 0 && range.to === 'now') return { from: `-${durationText(length * 2)}`, to: 'now' };
  const shift = direction === 0 ? 0 : direction * (length / 2);
  const grow = direction === 0 ? length / 2 : 0;
  const end = to + shift + grow;
  if (end >= now) return { from: `-${durationText(length + 2 * grow)}`, to: 'now' };
  return { from: iso(from + shift - grow), to: iso(end) };
}

/** From one moment to another, in ms since the epoch. */
export function absoluteRange(from: number, to: number): TimeRange {
  return { from: iso(Math.min(from, to - 1000)), to: iso(to) };
}

function iso(at: number): string {
  return new Date(Math.round(at / 1000) * 1000).toISOString();
}
