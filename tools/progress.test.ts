import { describe, expect, it } from 'vitest';
import { ManualClock } from '../backend/platform/clock.ts';
import { type CallProgress, createProgress } from './progress.ts';

function make() {
  const clock = new ManualClock();
  const told: CallProgress[] = [];
  return { clock, told, progress: createProgress((one) => told.push(one), clock) };
}

describe('the progress of a call', () => {
  it('is told at most four times a second, and always when all have answered', async () => {
    const { clock, told, progress } = make();
    const ids = Array.from({ length: 100 }, (_, i) => `c${i}`);
    for (const id of ids) progress.asked(id);
    for (const id of ids) {
      progress.answered(id);
      await clock.advance(10);
    }
    expect(told).toEqual([
      { answered: 1, total: 100 },
      { answered: 26, total: 100 },
      { answered: 51, total: 100 },
      { answered: 76, total: 100 },
      { answered: 100, total: 100 },
    ]);
  });

  it('counts a cluster that is asked in two places once, when both have answered', () => {
    const { told, progress } = make();
    for (const id of ['a', 'b', 'a', 'b']) progress.asked(id);
    for (const id of ['a', 'b']) progress.answered(id);
    expect(told).toEqual([]);
    for (const id of ['a', 'b']) progress.answered(id);
    expect(told).toEqual([
      { answered: 1, total: 2 },
      { answered: 2, total: 2 },
    ]);
  });

  it('never goes back when a second round begins', async () => {
    const { clock, told, progress } = make();
    for (let round = 0; round < 2; round += 1) {
      for (const id of ['a', 'b']) progress.asked(id);
      for (const id of ['a', 'b']) progress.answered(id);
      await clock.advance(1000);
    }
    expect(told.map(({ answered }) => answered)).toEqual([1, 2]);
  });
});
