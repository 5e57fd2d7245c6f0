import { AppError } from '../../../model/errors.ts';

/** Where a page ended, as an opaque text: the order's own keys of its last entry. */
export function writeCursor(keys: readonly string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** Throws VALIDATION_FAILED for a text that is no cursor of so many keys. */
export function readCursor(cursor: string, keys: number): string[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parsed) && parsed.length === keys && parsed.every((key) => typeof key === 'string'))
      return parsed;
  } catch {
    // Told below, as any other text that is none.
  }
  throw invalidCursor();
}

export function invalidCursor(): AppError {
  const message = 'must be the next_cursor of an answer to the same question';
  return new AppError('VALIDATION_FAILED', `cursor: ${message}.`, {
    details: { issues: [{ field: 'cursor', message }] },
  });
}
