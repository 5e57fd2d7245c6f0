import { REDACTED, isSecretKey, redact } from '../backend/platform/redact.ts';
import type { AnyTool } from './define.ts';

/** Longer arguments are of no use in a record, and a refused call must not fill the table. */
const MAX_CHARS = 8_192;

/**
 * What the audit log keeps of a call's input, which may not have passed the schema: the arguments that the tool has, secrets
 * blacked out whatever their type; of anything else the name alone, because a misspelt `pasword` holds one too.
 */
export function auditArguments(tool: AnyTool, input: unknown): unknown {
  if (input === undefined || input === null) return {};
  if (typeof input !== 'object' || Array.isArray(input)) return '[not an object]';
  const kept = Object.fromEntries(
    Object.entries(input).map(([key, value]: [string, unknown]) => {
      if (!Object.hasOwn(tool.input.shape, key)) return [key.slice(0, 80), '[not an argument]'];
      return [key, isSecretKey(key) ? REDACTED : redact(value)];
    }),
  );
  const size = JSON.stringify(kept).length;
  return size <= MAX_CHARS ? kept : `[${size} characters]`;
}
