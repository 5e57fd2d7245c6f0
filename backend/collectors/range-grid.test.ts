import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import { MAX_POINTS, planRange } from './range-grid.ts';

function refusal(action: () => unknown): AppError {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('it was accepted');
}

describe('range grid', () => {
  it('takes the step that was asked for as it is', () => {
    expect(planRange({ start: 0, end: 3600, step: 60 })).toEqual({ start: 0, end: 3600, step: 60, notes: [] });
  });

  it('chooses a step that people use for about 250 points, and says so', () => {
    expect(planRange({ start: 0, end: 3600 })).toMatchObject({
      step: 15,
      notes: ['step 15s was chosen for 241 points; pass step to change it.'],
    });
    expect(planRange({ start: 0, end: 86_400 }).step).toBe(600);
    expect(planRange({ start: 0, end: 0 }).step).toBe(1);
  });

  it('refuses 30 days at one second and holds the step that would do', () => {
    const error = refusal(() => planRange({ start: 0, end: 30 * 86_400, step: 1 }));
    expect(error.code).toBe('QUERY_REFUSED');
    expect(error.details).toEqual({
      rule: 'max_points',
      limit: 11_000,
      observed: 2_592_001,
      rewrite: { step: '236s' },
    });
    expect(error.sentence).toContain('Use step 236s or larger');
  });

  it('refuses an end before the start', () => {
    expect(refusal(() => planRange({ start: 10, end: 9 })).details).toEqual({
      issues: [{ field: 'end', message: 'end must not be before start' }],
    });
  });

  it('never gives more points than a spoke answers, nor a rewrite that would be refused again', () => {
    const second = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(
        second,
        fc.integer({ min: 0, max: 400_000_000 }),
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        (start, range, step) => {
          const points = (s: number) => Math.floor(range / s) + 1;
          expect(points(planRange({ start, end: start + range }).step)).toBeLessThanOrEqual(251);
          const planned = (s: number) => planRange({ start, end: start + range, step: s }).step;
          const proposed = () =>
            Number.parseInt(JSON.stringify(refusal(() => planned(step)).details['rewrite']).replace(/\D/g, ''), 10);
          const usable = points(step) <= MAX_POINTS ? step : proposed();
          expect(planned(usable)).toBe(usable);
        },
      ),
    );
  });
});
