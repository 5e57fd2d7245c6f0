/**
 * The one incident of the fleet: the deployment `checkout` leaks memory, is killed at its limit, comes back and leaks again,
 * and its caller `storefront` gets slow and then fails. It goes on until the fleet stops.
 */

/** From the start of a container to its out-of-memory kill, in seconds. */
const LEAK_SECONDS = 72;
/** From the kill until the container runs again (back-off and start), in seconds. */
const DOWN_SECONDS = 18;
const CYCLE_SECONDS = LEAK_SECONDS + DOWN_SECONDS;

export interface Incident {
  /** Unix seconds. */
  readonly start: number;
  /** How full the leaking container is, 0 (base) to 1 (limit); undefined while it is down. 0 before the start. */
  leak(time: number): number | undefined;
  isDown(time: number): boolean;
  /** Start of the container that runs (or ran last) at `time`, Unix seconds; undefined when it started before the incident. */
  restartedAt(time: number): number | undefined;
  /** Out-of-memory kills so far. */
  kills(time: number): number;
  /** Container restarts so far; lags a kill by the back-off. */
  restarts(time: number): number;
  /** Share of the callers' requests that suffer, 0 to 1. */
  degradation(time: number): number;
}

export function createIncident(start: number): Incident {
  const cycleOf = (time: number) => Math.floor((time - start) / CYCLE_SECONDS);
  const secondsIntoCycle = (time: number) => time - start - cycleOf(time) * CYCLE_SECONDS;
  const isDown = (time: number) => time >= start && secondsIntoCycle(time) >= LEAK_SECONDS;
  const leak = (time: number) => {
    if (time < start) return 0;
    return isDown(time) ? undefined : (secondsIntoCycle(time) / LEAK_SECONDS) ** 1.4;
  };
  return {
    start,
    leak,
    isDown,
    restartedAt: (time) => (time < start + CYCLE_SECONDS ? undefined : start + cycleOf(time) * CYCLE_SECONDS),
    kills: (time) => (time < start ? 0 : Math.floor((time - start + DOWN_SECONDS) / CYCLE_SECONDS)),
    restarts: (time) => (time < start ? 0 : cycleOf(time)),
    degradation: (time) => {
      if (time < start) return 0;
      const filled = leak(time);
      // A full heap costs time in collection before it costs the process: callers slow down from 40 % on.
      return filled === undefined ? 0.85 : 0.45 * Math.max(0, (filled - 0.4) / 0.6);
    },
  };
}
