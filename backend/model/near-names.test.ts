import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearNames } from './near-names.ts';

describe('similar names', () => {
  it('are those a typo away, nearest first, and those that hold the text', () => {
    const names = ['prod-east-1', 'prod-east-2', 'prod-west-1', 'lab', 'edge-paris'];
    expect(nearNames('prod-esat-1', names)).toEqual(['prod-east-1', 'prod-west-1', 'prod-east-2']);
    expect(nearNames('Paris', names)).toEqual(['edge-paris']);
    expect(nearNames('zzz', names)).toEqual([]);
    expect(nearNames('', names)).toEqual([]);
  });

  it('measures an edit distance that is zero for equal texts, symmetric, and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b, 99);
        return (
          (distance === 0) === (a === b) &&
          distance === editDistance(b, a, 99) &&
          distance <= Math.max(a.length, b.length)
        );
      }),
    );
  });
});
