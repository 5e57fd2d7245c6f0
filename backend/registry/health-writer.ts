import { AppError } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { appendEvents } from '../platform/outbox.ts';
import type { Store } from '../platform/store/store.ts';
import { type CheckedCluster, recordHealth } from './health-record.ts';
import type { LeaseSchedule, TurnEnd } from './lease-schedule.ts';

/** How long a result waits for others to be written with it. */
const LINGER_MS = 500;
const MAX_BATCH = 200;

export type FinishedCheck = CheckedCluster & TurnEnd;

export interface HealthWriter {
  /** Resolves when the result and the end of its turn are stored, in one transaction. */
  write(finished: FinishedCheck): Promise<void>;
  /** Writes what waits without waiting for more. Never rejects; the writers hear of a failure. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly finished: FinishedCheck;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Gathers results so that a check of a large fleet costs a fraction of a statement. `moreToCome` tells whether it is worth
 * waiting at all; `nudge` wakes the outbox relay.
 */
export function createHealthWriter(parts: {
  store: Store;
  schedule: LeaseSchedule;
  clock: Clock;
  nudge: () => void;
  moreToCome: () => boolean;
}): HealthWriter {
  const { store, schedule, clock, nudge, moreToCome } = parts;
  const waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;

  async function flush(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    await writing;
    // Whoever else waited for the same writing has come first and has taken everything along.
    if (waiting.length === 0) return writing;
    const batch = waiting.splice(0);
    writing = writeAll(batch).finally(() => {
      writing = undefined;
    });
    return writing;
  }

  async function writeAll(batch: readonly Waiting[]): Promise<void> {
    try {
      await writeTogether(batch.map((w) => w.finished));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length === 1 || (error instanceof AppError && error.code === 'STORE_UNAVAILABLE')) {
        for (const { reject } of batch) reject(error);
      } else {
        // One result that cannot be stored must not cost the others theirs.
        for (const one of batch) await writeAll([one]);
      }
    }
  }

  async function writeTogether(finished: readonly FinishedCheck[]): Promise<void> {
    const events = await store.transaction(async (tx) => {
      // Cluster before schedule, as whoever changes a cluster takes them; events last.
      const changed = await recordHealth(tx, finished);
      await schedule.end(tx, finished);
      return appendEvents(tx, changed);
    });
    if (events.length > 0) nudge();
  }

  return {
    write: (finished) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ finished, resolve, reject });
      if (waiting.length >= MAX_BATCH || !moreToCome()) void flush();
      else cancelTimer ??= clock.after(LINGER_MS, () => void flush());
      return promise;
    },
    flush,
  };
}
