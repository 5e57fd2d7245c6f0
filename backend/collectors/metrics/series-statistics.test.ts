import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../model/metrics.ts';
import { downSample, statisticsOf } from './series-statistics.ts';

const minutely = (...values: readonly (string | number)[]): Sample[] =>
  values.map((value, i) => [1_780_000_000 + i * 60, String(value)]);

describe('the statistics of a series', () => {
  it('are first, last, extremes with their own texts, average and slope per hour', () => {
    const found = statisticsOf(minutely('10.0', 20, 15, '40.50'));
    expect(found).toMatchObject({ points: 4, nans: 0, first: [1_780_000_000, '10.0'], last: [1_780_000_180, '40.50'] });
    expect(found?.min?.[1]).toBe('10.0');
    expect(found?.max).toEqual([1_780_000_180, '40.50']);
    expect(found?.avg).toBeCloseTo(21.375);
    // Least squares by hand: slope = 86.5 / 10 per minute.
    expect(found?.perHour).toBeCloseTo(8.65 * 60);
    expect(found?.trend).toBe('RISING');
  });

  it('skip NaN, keep infinities out of the average, and say how many were NaN', () => {
    const found = statisticsOf(minutely('NaN', 1, '+Inf', 3));
    expect(found).toMatchObject({ points: 4, nans: 1, avg: 2, max: [1_780_000_120, '+Inf'], perHour: undefined });
  });

  it('have no extremes where everything is NaN, and are nothing without samples', () => {
    expect(statisticsOf(minutely('NaN', 'NaN'))).toMatchObject({ min: undefined, max: undefined, avg: undefined });
    expect(statisticsOf([])).toBeUndefined();
  });

  it.each([
    ['a constant', [5, 5, 5, 5], 'FLAT'],
    ['a wobble of one percent', [100, 101, 100, 101, 100], 'FLAT'],
    ['a fall', [50, 40, 30, 20], 'FALLING'],
    ['a saw', [0, 100, 0, 100, 0, 100, 0, 100, 5, 90], 'UNCLEAR'],
  ] as const)('call %s %j %s', (_what, values, trend) => expect(statisticsOf(minutely(...values))?.trend).toBe(trend));

  it('find the slope of any line, however far from zero it lies', () => {
    const line = fc.record({
      slope: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      offset: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      count: fc.integer({ min: 3, max: 200 }),
    });
    fc.assert(
      fc.property(line, ({ slope, offset, count }) => {
        const values = Array.from({ length: count }, (_, i) => offset + (slope * i) / 60);
        const { perHour = Number.NaN } = statisticsOf(minutely(...values)) ?? {};
        expect(Math.abs(perHour - slope)).toBeLessThan(1e-3 + Math.abs(slope) * 1e-3);
      }),
    );
  });

  it('lie between the extremes', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), { minLength: 1 }), (values) => {
        const { min, max, avg = Number.NaN } = statisticsOf(minutely(...values)) ?? {};
        const slack = 1e-9 * Math.max(...values.map(Math.abs));
        expect(avg).toBeGreaterThanOrEqual(Number(min?.[1]) - slack);
        expect(avg).toBeLessThanOrEqual(Number(max?.[1]) + slack);
      }),
    );
  });
});

describe('down-sampling', () => {
  it('takes the mean of each part and leaves a hole where nothing is', () => {
    const samples: Sample[] = [
      [0, '1'],
      [10, '3'],
      [30, 'NaN'],
      [40, '8'],
    ];
    expect(downSample(samples, { start: 0, end: 40, buckets: 4 })).toEqual([1, 3, undefined, 8]);
    expect(downSample(samples, { start: 0, end: 40, buckets: 2 })).toEqual([2, 8]);
  });

  it('keeps every finite sample in exactly one part', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 24 }), (list, buckets) => {
        const samples = minutely(...list);
        const [start = 0] = samples[0] ?? [];
        const [end = 0] = samples.at(-1) ?? [];
        const parts = downSample(samples, { start, end, buckets });
        const inside = parts.filter((part) => part !== undefined);
        expect(Math.min(...inside)).toBeGreaterThanOrEqual(Math.min(...list));
        expect(Math.max(...inside)).toBeLessThanOrEqual(Math.max(...list));
        if (buckets === 1) expect(parts[0]).toBeCloseTo(list.reduce((a, b) => a + b, 0) / list.length);
      }),
    );
  });
});
