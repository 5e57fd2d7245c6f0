import type { z } from 'zod';
import type { Reading } from '../provider.ts';
import { failureLine } from './markdown.ts';

export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly reading: Reading }
  | { readonly ok: false; readonly why: string };

/** A reading as the tool's own output type, or the sentence that says why there is none. */
export function readAnswer<T>(reading: Reading | undefined, schema: z.ZodType<T>, tool: string): Answer<T> {
  if (!reading) return { ok: false, why: `${tool} was not called: no further tools could be used.` };
  if (reading.error) return { ok: false, why: failureLine(reading) };
  // A long answer says in itself that it was shortened; the reading says it too.
  const { shortened: _said, ...output } = reading.output ?? {};
  const parsed = schema.safeParse(output);
  if (parsed.success) return { ok: true, value: parsed.data, reading };
  return {
    ok: false,
    why: `${tool} answered in a shape that the offline analyst does not know [${reading.evidence}].`,
  };
}
