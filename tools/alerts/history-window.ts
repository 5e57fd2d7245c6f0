import { z } from 'zod';
import { AppError } from '../../backend/model/errors.ts';
import { resolveTime } from '../../backend/model/time.ts';

/** `next_cursor` of the page before. */
export const Cursor = z.string().min(1).max(2_000);

const DAY_SECONDS = 86_400;

/** The time that is asked about: by default the last 24 hours. Throws VALIDATION_FAILED naming the field. */
export function window(start: string | undefined, end: string | undefined, now: Date): { from: Date; to: Date } {
  const to = end === undefined ? now.getTime() / 1000 : resolveTime(end, now, 'end');
  const from = start === undefined ? to - DAY_SECONDS : resolveTime(start, now, 'start');
  if (from > to) {
    const message = 'must not lie after end';
    throw new AppError('VALIDATION_FAILED', `start: ${message}.`, {
      details: { issues: [{ field: 'start', message }] },
    });
  }
  return { from: new Date(from * 1000), to: new Date(to * 1000) };
}
