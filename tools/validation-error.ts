import type { z } from 'zod';
import { AppError } from '../backend/model/errors.ts';
import { nearNames } from '../backend/model/near-names.ts';

export interface Issue {
  /** Dotted path of the field; empty for the input as a whole. */
  readonly field: string;
  readonly message: string;
}

/** Input that breaks a schema, as VALIDATION_FAILED: one sentence a field, each naming the field and the fix. */
export function validationError(error: z.ZodError, schema: z.ZodObject): AppError {
  const known = Object.keys(schema.shape);
  const issues = error.issues.flatMap((issue) => explain(issue, known));
  const shown = issues
    .slice(0, 5)
    .map((issue) => (issue.field === '' ? issue.message : `${issue.field}: ${issue.message}`));
  const more = issues.length > 5 ? [`and ${issues.length - 5} more`] : [];
  return new AppError('VALIDATION_FAILED', `The input is not valid. ${[...shown, ...more].join('; ')}.`, {
    details: { issues },
  });
}

function explain(issue: z.core.$ZodIssue, known: readonly string[]): Issue[] {
  const path = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [{ field: path, message: issue.message.replace(/\.$/, '') }];
  return issue.keys.map((key) => {
    const field = path === '' ? key : `${path}.${key}`;
    const similar = path === '' ? nearNames(key, known) : [];
    const fix =
      similar.length > 0
        ? `did you mean ${similar.join(' or ')}`
        : `known arguments: ${known.length === 0 ? 'none' : known.join(', ')}`;
    return { field, message: path === '' ? `unknown argument; ${fix}` : 'unknown key' };
  });
}
