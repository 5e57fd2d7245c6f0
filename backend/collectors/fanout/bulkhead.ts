/** Bounds how much runs at once. First come, first served. */
export interface Bulkhead {
  /** Resolves to the function that gives the place back. Rejects with the signal's reason when it aborts while waiting. */
  enter(signal: AbortSignal): Promise<() => void>;
  /** Takes a place if one is free now and nobody waits. */
  tryEnter(): (() => void) | undefined;
  /** Places taken now. */
  readonly active: number;
}

export function createBulkhead(places: number): Bulkhead {
  const waiting = new Set<() => void>();
  let active = 0;

  function leaveOnce(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      active -= 1;
      const [next] = waiting;
      next?.();
    };
  }

  return {
    get active() {
      return active;
    },
    tryEnter: () => {
      if (active >= places) return undefined;
      active += 1;
      return leaveOnce();
    },
    enter: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const take = () => {
          waiting.delete(take);
          signal.removeEventListener('abort', giveUp);
          active += 1;
          resolve(leaveOnce());
        };
        const giveUp = () => {
          waiting.delete(take);
          reject(signal.reason as Error);
        };
        if (active < places) {
          take();
          return;
        }
        waiting.add(take);
        signal.addEventListener('abort', giveUp, { once: true });
      }),
  };
}
