import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../platform/clock.ts';
import { createRateBudget } from './rate-budget.ts';

const never = new AbortController().signal;

describe('the rate budget of a cluster', () => {
  it('lets a second of requests through at once, and then one after another', async () => {
    const clock = new ManualClock();
    const budget = createRateBudget({ clock, perSecond: 5 });
    const start = clock.monotonicMs();
    const turns: number[] = [];
    const all = Array.from({ length: 8 }, () =>
      budget.take(Infinity, never).then(() => turns.push(clock.monotonicMs() - start)),
    );
    await clock.advance(2000);
    await Promise.all(all);
    expect(turns.map(Math.round)).toEqual([0, 0, 0, 0, 0, 200, 400, 600]);
  });

  it('refuses at once, by name, what could not have its turn before its deadline', async () => {
    const clock = new ManualClock();
    const budget = createRateBudget({ clock, perSecond: 1 });
    await budget.take(clock.monotonicMs(), never);
    await expect(budget.take(clock.monotonicMs() + 999, never)).rejects.toMatchObject({
      code: 'SPOKE_BUDGET',
      hint: expect.stringContaining('AIOPS_SPOKE_MAX_RPS'),
      details: { max_rps: 1, wait_ms: 1000 },
    });
  });

  it('gives the turn of a caller who leaves back', async () => {
    const clock = new ManualClock();
    const budget = createRateBudget({ clock, perSecond: 1 });
    await budget.take(Infinity, never);
    const caller = new AbortController();
    const waiting = budget.take(Infinity, caller.signal);
    caller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await clock.advance(1000);
    expect([budget.tryTake(), budget.tryTake()]).toEqual([true, false]);
  });

  it('never lets more through in any second than two seconds of the rate', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat(400), { maxLength: 60 }),
        async (perSecond, gaps) => {
          const clock = new ManualClock();
          const budget = createRateBudget({ clock, perSecond });
          const turns: number[] = [];
          const all: Promise<unknown>[] = [];
          for (const gap of gaps) {
            all.push(budget.take(Infinity, never).then(() => turns.push(clock.monotonicMs())));
            await clock.advance(gap);
          }
          await clock.advance(60_000);
          await Promise.all(all);
          for (const from of turns) {
            expect(turns.filter((at) => at >= from && at < from + 999).length).toBeLessThanOrEqual(2 * perSecond);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
