import type { z } from 'zod';
import { redact } from '../backend/platform/redact.ts';

const MAX_CHARS = 8_192;
const MAX_UNKNOWN = 10;

/**
 * What the audit record keeps of a call's arguments: the values of arguments the tool has, without secrets; of any other only
 * the name, because what was sent under a wrong name may be anything. Bounded in size.
 */
export function auditArguments(input: unknown, schema: z.ZodObject): Record<string, unknown> {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return { $not_an_object: typeof input };
  const entries = Object.entries(input);
  const known = entries.filter(([key]) => Object.hasOwn(schema.shape, key));
  const unknown = entries.filter(([key]) => !Object.hasOwn(schema.shape, key)).map(([key]) => key.slice(0, 80));
  const kept = {
    ...redact(Object.fromEntries(known)),
    ...(unknown.length === 0 ? {} : { $unknown: unknown.slice(0, MAX_UNKNOWN) }),
  };
  const size = JSON.stringify(kept).length;
  return size <= MAX_CHARS ? kept : { $omitted: `arguments of ${size} characters`, $names: known.map(([key]) => key) };
}
