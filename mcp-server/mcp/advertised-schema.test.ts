import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { advertise, toolJsonSchema } from './advertised-schema.ts';

const Schema = z.strictObject({
  id: z.uuid(),
  at: z.iso.datetime(),
  name: z.string().regex(/^[a-z]+$/),
  count: z.int().min(1).default(20).describe('How many'),
  any: z.int(),
});

describe('toolJsonSchema', () => {
  it('says what a caller has to give, strictly, and nothing that only costs tokens', () => {
    expect(toolJsonSchema(Schema, 'input')).toEqual({
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        at: { type: 'string', format: 'date-time' },
        name: { type: 'string', pattern: '^[a-z]+$' },
        count: { type: 'integer', minimum: 1, default: 20, description: 'How many' },
        any: { type: 'integer' },
      },
      required: ['id', 'at', 'name', 'any'],
      additionalProperties: false,
    });
  });

  it('promises defaults in an output', () => {
    expect(toolJsonSchema(Schema, 'output')['required']).toContain('count');
  });
});

describe('advertise', () => {
  it('lets every value pass, because dispatch is what validates', async () => {
    const nonsense = { nothing: 'fits' };
    expect(await advertise(Schema, 'input')['~standard'].validate(nonsense)).toEqual({ value: nonsense });
  });
});
