import type { SpokeTarget } from '../../spokes/transport.ts';
import { type Bulkhead, createBulkhead } from './bulkhead.ts';
import type { RateBudget } from './rate-budget.ts';

/** Called before each request is sent; resolves to what gives the place back. */
export type Turn = NonNullable<SpokeTarget['turn']>;

/** What one spoke can take, over all callers. */
export interface Capacity {
  readonly places: Bulkhead;
  readonly rate: RateBudget;
}

/** The cluster's own place is taken first, so that one slow cluster cannot fill the hall while its callers queue. */
export async function enter(places: Bulkhead, total: Bulkhead, signal: AbortSignal): Promise<() => void> {
  const leaveOwn = await places.enter(signal);
  const leaveTotal = await total.enter(signal).catch((thrown: unknown) => {
    leaveOwn();
    throw thrown;
  });
  return both(leaveTotal, leaveOwn);
}

/** A place without waiting, if there is one. */
export function tryEnter(places: Bulkhead, total: Bulkhead): (() => void) | undefined {
  const leaveOwn = places.tryEnter();
  if (!leaveOwn) return undefined;
  const leaveTotal = total.tryEnter();
  if (leaveTotal) return both(leaveTotal, leaveOwn);
  leaveOwn();
  return undefined;
}

/** Every request waits for a turn and a place of its own. */
export function turnEach({ places, rate }: Capacity, total: Bulkhead, endMs: number): Turn {
  return async (signal) => {
    await rate.take(endMs, signal);
    return enter(places, total, signal);
  };
}

/**
 * For a question that has a turn and a place already: its first request goes out on that turn, each further one on another; those
 * at the same time take more places while some are free, and else follow one another on the question's own. So questions with
 * many requests never wait for each other's places.
 */
export function turnsOfQuestion({ places, rate }: Capacity, total: Bulkhead, endMs: number): Turn {
  const own = createBulkhead(1);
  let turnInHand = true;
  return async (signal) => {
    if (turnInHand) turnInHand = false;
    else await rate.take(endMs, signal);
    return own.tryEnter() ?? tryEnter(places, total) ?? own.enter(signal);
  };
}

function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}
