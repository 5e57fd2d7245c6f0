import type { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema | boolean | undefined;

/**
 * The text of a query or path parameter as the type its schema wants. What does not fit stays text, so that validation
 * names it. Lists are comma separated or repeated; label and series selectors keep their commas.
 */
export function coerceQuery(value: unknown, schema: JsonSchema): unknown {
  const wanted = typesOf(schema);
  if (Array.isArray(value))
    return wanted.has('array') ? value.flatMap((item) => (typeof item === 'string' ? listOf(item) : [item])) : value;
  if (typeof value !== 'string') return value;
  if ((wanted.has('integer') || wanted.has('number')) && !wanted.has('string'))
    return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
  if (wanted.has('boolean')) return value === 'true' ? true : value === 'false' ? false : value;
  if (wanted.has('array')) {
    const list = wanted.has('string') && isWhole(value) ? value : listOf(value);
    return list.length === 0 ? value : list; // an empty parameter is not "everything"; validation says so
  }
  return value;
}

function typesOf(schema: JsonSchema): Set<string> {
  if (schema === undefined || typeof schema === 'boolean') return new Set();
  const own = typeof schema.type === 'string' ? [schema.type] : [];
  const nested = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((part) => [...typesOf(part)]);
  return new Set([...own, ...nested]);
}

/** A label selector or a series selector has commas of its own. */
function isWhole(text: string): boolean {
  return text.includes('=') || text.includes('{');
}

function listOf(text: string): string[] {
  return isWhole(text)
    ? [text]
    : text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
}
