import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ClustersArg } from '../../tools/clusters-arg.ts';
import { coerceQuery } from './coerce-query.ts';

const { properties } = z.toJSONSchema(
  z.strictObject({
    n: z.int().default(1),
    b: z.boolean().optional(),
    list: z.array(z.string()),
    s: z.string(),
    clusters: ClustersArg,
  }),
  { io: 'input' },
);

describe('coerceQuery', () => {
  it('makes numbers, booleans and lists of what the schema wants as such', () => {
    expect(coerceQuery('5', properties?.['n'])).toBe(5);
    expect(coerceQuery('true', properties?.['b'])).toBe(true);
    expect(coerceQuery('a, b', properties?.['list'])).toEqual(['a', 'b']);
    expect(coerceQuery(['a', 'b,c'], properties?.['list'])).toEqual(['a', 'b', 'c']);
  });

  it('leaves text, and what does not fit, for validation to judge', () => {
    expect(coerceQuery('5', properties?.['s'])).toBe('5');
    expect(coerceQuery('five', properties?.['n'])).toBe('five');
    expect(coerceQuery('x', undefined)).toBe('x');
  });

  it('splits cluster names but keeps a selector whole', () => {
    expect(coerceQuery('hub-1,edge-1', properties?.['clusters'])).toEqual(['hub-1', 'edge-1']);
    expect(coerceQuery('up{a="x",b="y"}', properties?.['list'])).toEqual(['up{a="x",b="y"}']);
    expect(coerceQuery(['up{a="x",b="y"}', 'go_info'], properties?.['list'])).toEqual(['up{a="x",b="y"}', 'go_info']);
    expect(coerceQuery('environment=LAB,tier=gold', properties?.['clusters'])).toBe('environment=LAB,tier=gold');
  });
});
