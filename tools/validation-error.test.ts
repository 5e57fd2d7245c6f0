import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { validationError } from './validation-error.ts';

const schema = z.strictObject({ query: z.string(), limit: z.int().min(1).max(10).optional() });

function errorFor(input: unknown) {
  const parsed = schema.safeParse(input);
  if (parsed.success) throw new Error('expected a failure');
  return validationError(parsed.error, schema);
}

describe('validationError', () => {
  it('names an unknown argument and the near one', () => {
    const error = errorFor({ query: 'up', limits: 3 });
    expect(error.code).toBe('VALIDATION_FAILED');
    expect(error.message).toContain('limits: unknown argument; did you mean limit');
    expect(error.details['issues']).toEqual([{ field: 'limits', message: 'unknown argument; did you mean limit' }]);
  });

  it('lists the known arguments when none is near', () => {
    expect(errorFor({ query: 'up', zzz: 1 }).message).toContain('known arguments: query, limit');
  });

  it('names the missing field and the field out of range', () => {
    const { message } = errorFor({ limit: 99 });
    expect(message).toContain('query: ');
    expect(message).toContain('limit: ');
  });
});
