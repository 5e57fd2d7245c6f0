import type { Clock } from '../platform/clock.ts';

/** Pieces of overdue work under way at a time. */
const SLOTS = 32;
/** One more begins after this time in any case, so that work that hangs does not hold up the rest. */
const PATIENCE_MS = 50;

export interface OverdueQueue {
  /** Begins `start` in its turn; what it returns resolves when its slot is free. The function returned takes it back. */
  add(start: () => Promise<void>): () => void;
}

/**
 * Works off what is overdue after a start, an outage or an import as fast as it goes and no faster: begun all at once, a
 * thousand handshakes would take so long together that clusters look down which are not.
 */
export function createOverdueQueue(clock: Clock): OverdueQueue {
  const waiting = new Set<() => Promise<void>>();
  let running = 0;
  let cancelTimer = (): void => undefined;

  function startNext(): void {
    const [next] = waiting;
    if (!next) return;
    waiting.delete(next);
    running += 1;
    void next().finally(() => {
      running -= 1;
      fill();
    });
  }

  function fill(): void {
    while (running < SLOTS && waiting.size > 0) startNext();
    cancelTimer();
    if (waiting.size === 0) return;
    cancelTimer = clock.after(PATIENCE_MS, () => {
      startNext();
      fill();
    });
  }

  return {
    add: (start) => {
      waiting.add(start);
      fill();
      return () => void waiting.delete(start);
    },
  };
}
