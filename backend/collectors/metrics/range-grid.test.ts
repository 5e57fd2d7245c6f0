import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { MAX_POINTS, planRange, pointsOf } from './range-grid.ts';

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

  it('raises a step that gives more points than a spoke answers, and says so', () => {
    expect(planRange({ start: 0, end: 30 * 86_400, step: 1 })).toEqual({
      start: 0,
      end: 30 * 86_400,
      step: 300,
      notes: ['step was raised from 1s to 300s: 2592001 points a series were asked for, 11000 are possible.'],
    });
  });

  it('refuses an end before the start', () => {
    expect(refusal(() => planRange({ start: 10, end: 9 })).details).toEqual({
      issues: [{ field: 'end', message: 'end must not be before start' }],
    });
  });

  it('never gives more points than a spoke answers, and never lowers a step', () => {
    const second = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(
        second,
        fc.integer({ min: 0, max: 400_000_000 }),
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        (start, range, step) => {
          const end = start + range;
          expect(pointsOf(range, planRange({ start, end }).step)).toBeLessThanOrEqual(251);
          const planned = planRange({ start, end, step });
          expect(planned.step).toBeGreaterThanOrEqual(step);
          expect(pointsOf(range, planned.step)).toBeLessThanOrEqual(MAX_POINTS);
          expect(planned.notes.length > 0).toBe(planned.step > step);
        },
      ),
    );
  });
});
