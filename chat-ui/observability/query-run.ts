import { type ReadonlySignal, signal } from '@preact/signals';
import { asFailure } from '../api/failure.ts';
import { LOADING, type Loadable, ready, refreshFailed } from '../loadable.ts';

/** One question and its answer. `idle` = nothing was asked yet; `cancelled` = it was stopped before it had an answer. */
export type RunState<T> = Loadable<T> | { readonly status: 'idle' } | { readonly status: 'cancelled' };

/** Asks one question at a time; a new one takes the place of the one before. */
export interface QueryRun<T> {
  readonly state: ReadonlySignal<RunState<T>>;
  /** When the question that is running was asked, in ms since the epoch by the server's clock. */
  readonly runningSince: ReadonlySignal<number | undefined>;
  /**
   * Asks. The answer of the same `key` stays while it is asked again, and stays with the failure when that fails; another
   * question's answer goes at once. Never rejects.
   */
  ask(key: string, question: (signal: AbortSignal) => Promise<T>): Promise<void>;
  /**
   * Asks for what an answer lacks; `question` gives the answer that then takes its place. Its age stays, since most of it is as old
   * as before. Without an answer nothing is asked. Never rejects.
   */
  amend(question: (shown: T, signal: AbortSignal) => Promise<T>): Promise<void>;
  /** Stops waiting, and the server's work with it. */
  cancel(): void;
  /** Forgets question and answer. */
  clear(): void;
}

export function createQueryRun<T>(serverNow: () => number): QueryRun<T> {
  const state = signal<RunState<T>>({ status: 'idle' });
  const runningSince = signal<number | undefined>(undefined);
  let shownKey: string | undefined;
  let running: AbortController | undefined;

  function stop(): void {
    running?.abort();
    running = undefined;
    runningSince.value = undefined;
  }

  async function follow(question: (signal: AbortSignal) => Promise<T>, at: () => number): Promise<void> {
    const mine = new AbortController();
    running = mine;
    runningSince.value = serverNow();
    try {
      const answer = await question(mine.signal);
      if (running === mine) state.value = ready(answer, at());
    } catch (thrown) {
      const before = state.value;
      if (running === mine)
        state.value = refreshFailed(before.status === 'ready' ? before : LOADING, asFailure(thrown));
    } finally {
      if (running === mine) {
        running = undefined;
        runningSince.value = undefined;
      }
    }
  }

  return {
    state,
    runningSince,
    ask: async (key, question) => {
      stop();
      if (key !== shownKey || state.value.status !== 'ready') state.value = LOADING;
      shownKey = key;
      await follow(question, serverNow);
    },
    amend: async (question) => {
      const shown = state.value;
      if (shown.status !== 'ready') return;
      stop();
      await follow(
        (signal) => question(shown.value, signal),
        () => shown.at,
      );
    },
    cancel: () => {
      if (running === undefined) return;
      stop();
      if (state.value.status === 'loading') state.value = { status: 'cancelled' };
    },
    clear: () => {
      stop();
      shownKey = undefined;
      state.value = { status: 'idle' };
    },
  };
}
