/** Time and waiting, passed in so that no test sleeps. */
export interface UiClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` once after `ms`; the returned function takes it back. */
  after(ms: number, action: () => void): () => void;
}

export const browserClock: UiClock = {
  now: () => Date.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

/** Runs `action` every `ms` until the returned function is called. */
export function every(clock: UiClock, ms: number, action: () => void): () => void {
  let cancel = clock.after(ms, function tick() {
    cancel = clock.after(ms, tick);
    action();
  });
  return () => cancel();
}
