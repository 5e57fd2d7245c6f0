import type { EventType } from '../model/event.ts';
import type { Clock } from '../platform/clock.ts';
import type { EventBus } from '../platform/event-bus.ts';
import type { Logger } from '../platform/logger.ts';
import type { LeaseSchedule } from './lease-schedule.ts';

/** After these, something may be due that the last poll of the schedule did not see. */
const MAKES_DUE: ReadonlySet<EventType> = new Set([
  'CLUSTER_REGISTERED',
  'CLUSTER_UPDATED',
  'CLUSTER_CREDENTIALS_UPDATED',
]);

/** Work that every cluster needs now and then, shared by all processes through a schedule table. */
export interface LeasedTurns<T> {
  /** Works now, whatever the schedule says. A turn that is under way is waited for first; one that begins meanwhile is joined. */
  runNow(clusterId: string): Promise<T>;
  /** Breaks off the turns under way; they stay due. */
  stop(): Promise<void>;
}

export interface LeasedTurnsOptions<T> {
  /** For the log: what is done, as in "the discovery schedule". */
  readonly name: string;
  readonly schedule: LeaseSchedule;
  /** Does the work and ends the turn: of the claim for `dueAt`, or whatever is due when there is none. */
  readonly work: (
    clusterId: string,
    turn: { readonly dueAt: Date | undefined; readonly signal: AbortSignal },
  ) => Promise<T>;
  /** Hears of a turn of the schedule that failed; its lease ends by itself unless the work has ended the turn. */
  readonly onFailure: (clusterId: string, error: unknown) => void;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between two looks at the schedule. */
  readonly pollMs: number;
  readonly leaseMs: number;
  /** Turns of this process at a time. */
  readonly maxRunning: number;
  /** False: only what is asked for by name is done; the schedule is left to the servers. */
  readonly background: boolean;
}

export function startLeasedTurns<T>(options: LeasedTurnsOptions<T>): LeasedTurns<T> {
  const { name, schedule, work, onFailure, bus, clock, logger, pollMs, leaseMs, maxRunning, background } = options;
  const running = new Map<string, Promise<T>>();
  const stopping = new AbortController();
  let polling: Promise<void> | undefined;
  /** Something became due while a poll was under way, which may have missed it. */
  let pollAgain = false;
  let cancelTimer = (): void => undefined;

  function run(clusterId: string, dueAt?: Date): Promise<T> {
    const turn = work(clusterId, { dueAt, signal: stopping.signal }).finally(() => {
      running.delete(clusterId);
      if (running.size === maxRunning - 1) poll(); // a full house has room again
    });
    running.set(clusterId, turn);
    return turn;
  }

  function poll(): void {
    if (stopping.signal.aborted || !background) return;
    if (polling) {
      pollAgain = true;
      return;
    }
    cancelTimer();
    pollAgain = false;
    polling = claimDue()
      .catch((error: unknown) => logger.warn({ err: error }, `the ${name} schedule could not be read; trying again`))
      .then(() => {
        polling = undefined;
        if (stopping.signal.aborted) return;
        if (pollAgain) poll();
        else cancelTimer = clock.after(pollMs, poll);
      });
  }

  async function claimDue(): Promise<void> {
    const limit = maxRunning - running.size;
    if (limit <= 0) return;
    const now = clock.now();
    const claims = await schedule.claim({ now, until: now, limit, leaseMs });
    const unwanted: string[] = [];
    for (const { clusterId, dueAt } of claims) {
      if (stopping.signal.aborted || running.has(clusterId)) unwanted.push(clusterId);
      else
        void run(clusterId, dueAt).catch((error: unknown) => {
          if (!stopping.signal.aborted) onFailure(clusterId, error);
        });
    }
    await schedule.giveBack(unwanted);
  }

  const unsubscribe = bus.subscribe(({ event_type }) => {
    if (MAKES_DUE.has(event_type)) poll();
  });
  poll();

  return {
    runNow: async (clusterId) => {
      // One that began before may not have seen what the caller has just set, such as the first credentials.
      await running.get(clusterId)?.catch(() => undefined);
      return running.get(clusterId) ?? run(clusterId);
    },
    stop: async () => {
      stopping.abort(new Error(`the ${name} stops`));
      unsubscribe();
      cancelTimer();
      await polling;
      const unfinished = [...running.keys()];
      await Promise.allSettled(running.values());
      await schedule.giveBack(unfinished).catch((error: unknown) => {
        logger.warn(
          { err: error },
          `the clusters taken for ${name} could not be given back; their leases end by themselves`,
        );
      });
    },
  };
}
