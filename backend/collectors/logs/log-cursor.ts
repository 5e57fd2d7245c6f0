import { z } from 'zod';
import { AppError } from '../../model/errors.ts';
import { Nanoseconds } from '../../model/logs.ts';

/**
 * Where a list of log lines goes on. Many lines may share a time, and Loki pages by time only: the next page asks for that time
 * once more and leaves out what was given of it, cluster by cluster, so nothing is lost and nothing comes twice.
 */
export const LogCursor = z.strictObject({
  v: z.literal(1),
  /** What was asked, as a digest: a cursor belongs to one question. */
  q: z.string().max(20),
  /** The window, fixed by the first page. */
  s: Nanoseconds,
  e: Nanoseconds,
  /** Time of the last line given. */
  t: Nanoseconds,
  /** By cluster name: lines given of that time, and a digest of the last of them. */
  g: z.record(z.string().max(253), z.tuple([z.int().min(1).max(1_000_000), z.string().max(20)])),
});
export type LogCursor = z.infer<typeof LogCursor>;

const MAX_CURSOR = 65_536;

export function encodeCursor(cursor: LogCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Throws VALIDATION_FAILED for a text that is no cursor, and for the cursor of another question. */
export function decodeCursor(text: string, question: string): LogCursor {
  const parsed = LogCursor.safeParse(jsonOf(text));
  if (!parsed.success) throw invalid('it is not one that query_logs gave');
  if (parsed.data.q !== question)
    throw invalid('it belongs to another question; repeat query, clusters and direction as they were');
  return parsed.data;
}

function jsonOf(text: string): unknown {
  if (text.length > MAX_CURSOR) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined; // the caller says that it is no cursor
  }
}

function invalid(why: string): AppError {
  const message = `${why}; leave cursor out to begin again`;
  return new AppError('VALIDATION_FAILED', `cursor: ${message}.`, {
    details: { issues: [{ field: 'cursor', message }] },
  });
}
