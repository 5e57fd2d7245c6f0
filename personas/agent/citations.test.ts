import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCitationFilter, withoutCitations } from './citations.ts';

function filterWhole(parts: readonly string[]): string {
  const filter = createCitationFilter((id) => id === 'E1' || id === 'E2');
  return parts.map((part) => filter.push(part)).join('') + filter.end();
}

describe('the citation filter', () => {
  it('keeps known ids, drops unknown ones and leaves other brackets alone', () => {
    expect(filterWhole(['a [E1], b [E3], c [e2,E3] d [x] [5m] [E1'])).toBe('a [E1], b , c [E2] d [x] [5m] [E1');
  });

  it('gives the same text however the stream is cut', () => {
    const text = 'use [E1][E9] of rate(x[5m]) [E2, E1] and [[E1] [E';
    const whole = filterWhole([text]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        expect(filterWhole(at.slice(1).map((end, i) => text.slice(at[i], end)))).toBe(whole);
      }),
    );
  });

  it('passes text without citations through unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[[\], ab5]*$/), { maxLength: 8 }), (parts) => {
        expect(filterWhole(parts)).toBe(parts.join(''));
      }),
    );
  });

  it('takes citations out of earlier answers', () => {
    expect(withoutCitations('x is 1 [E1], y is 2 [E1, E12].')).toBe('x is 1, y is 2.');
  });
});
