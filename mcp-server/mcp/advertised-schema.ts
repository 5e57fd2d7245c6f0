import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { z } from 'zod';

/**
 * JSON Schema 2020-12 of one side of a tool, without what only costs tokens: the dialect (2020-12 is MCP's default), the
 * bounds of a safe integer, and the pattern that repeats a `format`. Tuples are written so that both dialects read them.
 */
export function toolJsonSchema(schema: z.ZodObject, side: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io: side,
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      if (jsonSchema.prefixItems !== undefined) {
        // Clients of the 2025 era read schemas as draft-07, to which `prefixItems` means nothing and `items: false` "no item".
        jsonSchema.items = { anyOf: jsonSchema.prefixItems.filter((item) => typeof item !== 'boolean') };
        jsonSchema.minItems = jsonSchema.maxItems = jsonSchema.prefixItems.length;
        delete jsonSchema.prefixItems;
      }
    },
  });
  return json;
}

/**
 * The schema as the SDK advertises it, letting every value pass: dispatch validates input and output for every door, once and
 * in its own words, so the SDK must not do it a second time in others.
 */
export function advertise(schema: z.ZodObject, side: 'input' | 'output'): StandardSchemaWithJSON {
  const json = toolJsonSchema(schema, side);
  return {
    '~standard': {
      version: 1,
      vendor: 'aiops-nextgen',
      jsonSchema: { input: () => json, output: () => json },
      validate: (value) => ({ value }),
    },
  };
}
