import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accumulate, createRhythm } from './rhythm.ts';

describe('rhythm', () => {
  const options = { daily: 0.4, peakHourUtc: 13, wobble: 0.3 };

  it('never falls below zero, so that a counter made of it never falls', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        (key, from, length) => {
          const rhythm = createRhythm(key, options);
          expect(rhythm.at(from)).toBeGreaterThan(0);
          expect(rhythm.integral(from, from + length)).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('has an integral that agrees with its values', () => {
    const rhythm = createRhythm('a', options);
    const start = 1_770_000_000;
    let sum = 0;
    for (let second = 0; second < 7200; second++) sum += rhythm.at(start + second + 0.5);
    expect(rhythm.integral(start, start + 7200)).toBeCloseTo(sum, 1);
  });

  it('peaks at the hour it was given', () => {
    const rhythm = createRhythm('a', { ...options, wobble: 0 });
    const midnight = Date.UTC(2026, 2, 1) / 1000;
    expect(rhythm.at(midnight + 13 * 3600)).toBeCloseTo(1.4, 6);
    expect(rhythm.at(midnight + 3600)).toBeCloseTo(0.6, 6);
  });

  it('refuses amplitudes that could turn a counter back', () => {
    expect(() => createRhythm('a', { daily: 0.7, peakHourUtc: 0, wobble: 0.3 })).toThrow(RangeError);
  });
});

describe('accumulate', () => {
  it('integrates from its anchor, in whatever order it is asked', () => {
    const total = accumulate(100, (time) => time - 100);
    expect(total(50)).toBe(0);
    expect(total(110)).toBeCloseTo(50, 9);
    expect(total(104)).toBeCloseTo(8, 9);
    expect(total(104.5)).toBeGreaterThan(total(104));
    expect(accumulate(100, (time) => time - 100)(104.5)).toBe(total(104.5));
  });
});
