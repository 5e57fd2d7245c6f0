import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantity } from './quantity.ts';

describe('Kubernetes quantities', () => {
  it.each([
    ['16Gi', 17_179_869_184],
    ['3500m', 3.5],
    ['8', 8],
    ['1e3', 1000],
    ['1.5k', 1500],
    ['.5', 0.5],
    ['100n', 1e-7],
    ['-1', -1],
  ])('%s is %d', (text, value) => expect(quantity(text)).toBeCloseTo(value, 10));

  it.each(['', 'Gi', '1 Gi', '1gi', '0x10', '1KB'])('%j is none', (text) => expect(quantity(text)).toBeUndefined());

  it('of whole numbers are these numbers', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => quantity(String(value)) === value));
  });
});
