import type { Clock } from '../../platform/clock.ts';

/** How long one kind of endpoint of one cluster has taken to answer of late. */
export interface Latencies {
  add(ms: number): void;
  /** The 95th percentile of the last hundred; undefined until there are twenty, which is the least that has one. */
  readonly p95: number | undefined;
}

const REMEMBERED = 100;
const LEAST = 20;

export function createLatencies(): Latencies {
  const last: number[] = [];
  let next = 0;
  return {
    add: (ms) => {
      last[next] = ms;
      next = (next + 1) % REMEMBERED;
    },
    get p95() {
      if (last.length < LEAST) return undefined;
      return last.toSorted((a, b) => a - b)[Math.ceil(last.length * 0.95) - 1];
    },
  };
}

export interface Hedging {
  readonly clock: Clock;
  /** When to send the second request. */
  readonly afterMs: number;
  /** The caller's; both requests end with it. */
  readonly signal: AbortSignal;
  /** A place for the second request, to be given back; undefined = there is none, so it is not sent. */
  spare(): (() => void) | undefined;
  /** The second one answered first. */
  onWin(): void;
}

/**
 * Sends a request, and a second one when the first has not answered after a while (Dean and Barroso, The Tail at Scale, 2013).
 * The first answer counts and the other request is aborted; it fails only when all that was sent has failed, with the first's error.
 */
export async function hedged<T>(send: (signal: AbortSignal) => Promise<T>, hedging: Hedging): Promise<T> {
  const { clock, afterMs, signal, spare, onWin } = hedging;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const first = send(either);
  let sent = false;
  let cancel: () => void = () => undefined;
  const second = new Promise<T>((resolve, reject) => {
    cancel = clock.after(afterMs, () => {
      const leave = spare();
      if (!leave) return;
      sent = true;
      const answered = (answer: T) => {
        onWin();
        resolve(answer);
      };
      void send(either).finally(leave).then(answered, reject);
    });
    first.catch((thrown: unknown) => {
      if (!sent) reject(thrown);
    });
  });
  try {
    return await Promise.any([first, second]);
  } catch (thrown) {
    throw thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  } finally {
    cancel();
    if (sent) over.abort(new Error('the other request has answered'));
  }
}
