import { z } from 'zod';
import { AppError } from './errors.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};
/** 9999-12-31T23:59:59Z, the last second of a four-digit year. */
const MAX_SECONDS = 253_402_300_799;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/;
const RELATIVE = /^(?:now|(?:now)?([+-])((?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+))$/;

/** A Prometheus duration such as `30s`, `5m` or `1h30m`; a plain number is seconds. */
export const Duration = z
  .string()
  .max(32)
  .regex(/^(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+)$/, 'a duration such as 30s, 5m or 1h30m');

/** A point in time: ISO 8601, Unix seconds, `now`, or relative to now such as `-1h`. */
export const TimeInput = z.string().min(1).max(40);

/** Seconds of a {@link Duration}. Throws VALIDATION_FAILED naming `field` when the text is not one or is not positive. */
export function durationSeconds(text: string, field: string): number {
  let seconds = Number(text);
  if (DURATION.test(text)) {
    seconds = 0;
    for (const part of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)) {
      seconds += Number(part[1]) * (UNIT_SECONDS[part[2] ?? ''] ?? Number.NaN);
    }
  }
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw invalidTime(field, text, 'use a positive duration such as 30s, 5m or 1h');
  return seconds;
}

/** Unix seconds (UTC, millisecond precision) of a {@link TimeInput}. Throws VALIDATION_FAILED naming `field`. */
export function resolveTime(text: string, now: Date, field: string): number {
  const seconds = parseTime(text, now, field);
  if (seconds < 0 || seconds > MAX_SECONDS) throw invalidTime(field, text, 'use a time between 1970 and 9999');
  return seconds;
}

function parseTime(text: string, now: Date, field: string): number {
  const relative = RELATIVE.exec(text);
  if (relative) {
    const offset = relative[2] === undefined ? 0 : durationSeconds(relative[2], field);
    return (now.getTime() + (relative[1] === '-' ? -offset : offset) * 1000) / 1000;
  }
  if (/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Math.round(Number(text) * 1000) / 1000;
  const parsed = isCalendarDay(text) ? Date.parse(text.length === 10 ? text : withZone(text)) : Number.NaN;
  if (Number.isNaN(parsed))
    throw invalidTime(field, text, 'use ISO 8601 (2026-03-01T10:00:00Z), Unix seconds, now, or -1h');
  return parsed / 1000;
}

/** False for what is no date and for days that no calendar has, which Date.parse would move to the next month. */
function isCalendarDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?:$|[T ])/.exec(text) ?? [];
  return (
    day !== undefined && new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  );
}

/** A time without a zone is UTC, never the zone of the machine the server happens to run on. */
function withZone(text: string): string {
  return /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`;
}

function invalidTime(field: string, text: string, fix: string): AppError {
  return new AppError('VALIDATION_FAILED', `${field}: ${JSON.stringify(text)} is not valid; ${fix}.`, {
    details: { issues: [{ field, message: fix }] },
  });
}

/** ISO 8601 UTC with milliseconds of Unix seconds. */
export function isoTime(unixSeconds: number): string {
  return new Date(Math.round(unixSeconds * 1000)).toISOString();
}

/** Charts show about so many points; less than the time between two of them is no difference. */
const POINTS = 250;
/** Seconds, each of which divides a minute. */
const STEADY_STEPS = [60, 30, 15, 10, 5];

/**
 * `now`, back to a whole multiple of a second to a minute, depending on how long the window that moves with it is: whoever looks at the
 * same window at about the same time asks the same question, which one answer serves. A window under a second stays where it is.
 */
export function steadyNow(now: Date, windowSeconds: number): Date {
  if (windowSeconds < 1) return now;
  const stepMs = 1000 * (STEADY_STEPS.find((seconds) => seconds <= windowSeconds / POINTS) ?? 1);
  return new Date(Math.floor(now.getTime() / stepMs) * stepMs);
}
