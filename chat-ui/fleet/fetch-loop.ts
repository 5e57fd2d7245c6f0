import type { UiClock } from '../clock.ts';

/** Calls that come in a burst lead to one fetch at its end. */
const SETTLE_MS = 400;

/** Fetches one thing again and again, never twice at the same time. */
export interface FetchLoop {
  /** Now; calls during a fetch lead to exactly one more after it. */
  now(): Promise<void>;
  /** Once for all calls of a short while, and after the rest that the last fetch earned. */
  soon(): void;
  /** Now, unless the last fetch still rests. */
  whenRested(): void;
}

/** `fetchOnce` never rejects. `restAfter` tells from what a fetch took, in ms, how long nothing is fetched that nobody asked for. */
export function createFetchLoop(options: {
  clock: UiClock;
  fetchOnce: () => Promise<void>;
  restAfter: (tookMs: number) => number;
}): FetchLoop {
  const { clock, fetchOnce, restAfter } = options;
  let running: Promise<void> | undefined;
  let again = false;
  let restUntil = 0;
  let waiting = false;

  async function run(): Promise<void> {
    do {
      again = false;
      const begun = clock.now();
      await fetchOnce();
      restUntil = clock.now() + restAfter(clock.now() - begun);
    } while (again);
  }

  function now(): Promise<void> {
    if (running) again = true;
    else running = run().finally(() => (running = undefined));
    return running;
  }

  return {
    now,
    soon: () => {
      if (waiting) return;
      waiting = true;
      clock.after(Math.max(SETTLE_MS, restUntil - clock.now()), () => {
        waiting = false;
        void now();
      });
    },
    whenRested: () => {
      if (clock.now() >= restUntil) void now();
    },
  };
}
