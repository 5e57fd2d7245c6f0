import { AppError } from '../../model/errors.ts';
import { type Clock, sleep } from '../../platform/clock.ts';

/** How often a spoke may be asked, over all callers. */
export interface RateBudget {
  /**
   * Resolves when it is the caller's turn, in the order of asking. Throws SPOKE_BUDGET at once when that would be after `endMs` on the
   * monotonic clock, and the signal's reason when the caller leaves, whose turn goes back.
   */
  take(endMs: number, signal: AbortSignal): Promise<void>;
  /** Takes a turn if one is free now. */
  tryTake(): boolean;
}

/**
 * A token bucket of `perSecond` tokens (1 or more) that fills in a second, kept as one number: the time by which it is full
 * again (the generic cell rate algorithm, ITU-T I.371 annex A).
 */
export function createRateBudget({ clock, perSecond }: { clock: Clock; perSecond: number }): RateBudget {
  const intervalMs = 1000 / perSecond;
  let fullMs = -Infinity;

  /** Until a token is there. Sums of fractions are off by less than a microsecond. */
  function waitMs(): number {
    const wait = fullMs + intervalMs - 1000 - clock.monotonicMs();
    return wait < 0.001 ? 0 : wait;
  }

  function spend(): void {
    fullMs = Math.max(fullMs, clock.monotonicMs()) + intervalMs;
  }

  return {
    take: async (endMs, signal) => {
      const wait = waitMs();
      if (clock.monotonicMs() + wait > endMs) {
        throw new AppError('SPOKE_BUDGET', `Not asked: it may be sent ${perSecond} requests a second, and more wait.`, {
          details: { max_rps: perSecond, wait_ms: Math.round(wait) },
          hint: 'Ask fewer things at once, or raise AIOPS_SPOKE_MAX_RPS.',
        });
      }
      spend();
      if (wait === 0) return;
      await sleep(clock, wait, signal).catch((reason: unknown) => {
        fullMs -= intervalMs;
        throw reason;
      });
    },
    tryTake: () => {
      if (waitMs() > 0) return false;
      spend();
      return true;
    },
  };
}
