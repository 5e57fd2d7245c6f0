import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, quantile } from './statistics.ts';

describe('quantile', () => {
  it.each([
    [[7], 0.5, 7],
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[1, 2, 3, 4, 5], 0.95, 4.8],
    [[5, 1, 3], 0, 1],
    [[5, 1, 3], 1, 5],
  ])('of %j at %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBeCloseTo(expected, 12);
  });

  it('never lies outside the values, never falls as q rises, and leaves its argument alone', () => {
    const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, share, share, (list, a, b) => {
        const before = [...list];
        const [low, high] = [quantile(list, Math.min(a, b)), quantile(list, Math.max(a, b))];
        expect(low).toBeGreaterThanOrEqual(Math.min(...list));
        expect(high).toBeLessThanOrEqual(Math.max(...list));
        expect(low).toBeLessThanOrEqual(high + 1e-6);
        expect(list).toEqual(before);
      }),
    );
  });

  it('refuses to speak of nothing, and of shares that are none', () => {
    expect(() => median([])).toThrow(/no value/);
    expect(() => quantile([1], 1.5)).toThrow(/between 0 and 1/);
    expect(() => quantile([1], Number.NaN)).toThrow(/between 0 and 1/);
  });
});
