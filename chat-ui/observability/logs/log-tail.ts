import { type ReadonlySignal, signal } from '@preact/signals';
import type { LogEntry } from '../../../backend/model/logs.ts';
import { type ApiFailure, asFailure } from '../../api/failure.ts';
import { backoffMs, type OpenSocket, type Socket } from '../../api/live.ts';
import type { UiClock } from '../../clock.ts';
import type { LogRow } from './logs-view.ts';

/** Lines kept at most; the oldest go. */
export const MOST_LINES = 5000;
/** Lines that come within this long are drawn together. */
const DRAW_EVERY_MS = 300;

/** What the server says over the socket of a tail (specs/02, the live tail). */
type TailMessage =
  | {
      readonly type: 'started';
      readonly followed: readonly { readonly cluster_name: string }[];
      readonly skipped: readonly {
        readonly cluster_name: string;
        readonly error?: { readonly message: string };
        readonly warnings?: readonly string[];
      }[];
    }
  | { readonly type: 'entries'; readonly entries: readonly LogEntry[] }
  | { readonly type: 'dropped'; readonly cluster_name: string; readonly count: number; readonly by: 'LOKI' | 'READER' }
  | {
      readonly type: 'cluster';
      readonly cluster_name: string;
      readonly state: 'CONNECTED' | 'RECONNECTING' | 'FAILED';
      readonly reason?: string;
      readonly gap?: boolean;
    }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  | { readonly type: 'disconnect'; readonly reconnect_after_ms?: number };

export interface TailedCluster {
  readonly name: string;
  readonly state: 'CONNECTING' | 'CONNECTED' | 'RECONNECTING' | 'FAILED' | 'SKIPPED';
  readonly reason: string;
}

export type TailState = 'connecting' | 'live' | 'reconnecting' | 'stopped' | 'failed';

/** Lines of many clusters as they come, newest first. */
export interface LogTail {
  readonly state: ReadonlySignal<TailState>;
  /** Why there is no tail, when it failed. */
  readonly failure: ReadonlySignal<ApiFailure | undefined>;
  readonly shown: ReadonlySignal<readonly LogRow[]>;
  /** Lines that have come and are not shown: the person is among the rows, or has paused. */
  readonly waiting: ReadonlySignal<number>;
  readonly paused: ReadonlySignal<boolean>;
  readonly clusters: ReadonlySignal<readonly TailedCluster[]>;
  /** Lines that were left out on the way, by whom, and those that had to go here. */
  readonly dropped: ReadonlySignal<{ readonly loki: number; readonly server: number; readonly here: number }>;
  /** Times of which not every line could be read after a connection broke. */
  readonly gaps: ReadonlySignal<number>;
  start(): void;
  stop(): void;
  pause(paused: boolean): void;
  showWaiting(): void;
}

export function createLogTail(options: {
  /** Asks whom the tail will follow: the browser is not told why an upgrade was refused. Throws the failure. */
  plan: () => Promise<unknown>;
  open: OpenSocket;
  token: () => string | undefined;
  clock: UiClock;
  random: () => number;
  /** Whether the person is among the rows, so that none may move. */
  isHeld: () => boolean;
}): LogTail {
  const { clock } = options;
  const state = signal<TailState>('stopped');
  const failure = signal<ApiFailure | undefined>(undefined);
  const shown = signal<readonly LogRow[]>([]);
  const waiting = signal(0);
  const paused = signal(false);
  const clusters = signal<readonly TailedCluster[]>([]);
  const dropped = signal({ loki: 0, server: 0, here: 0 });
  const gaps = signal(0);
  /** Newest first, not shown yet. */
  let queue: LogRow[] = [];
  let count = 0;
  let drawing = false;
  let socket: Socket | undefined;
  let connection = 0;
  let attempt = 0;
  let cancelRetry = () => {};

  async function connect(): Promise<void> {
    cancelRetry();
    connection += 1;
    const mine = connection;
    const current = () => mine === connection;
    try {
      await options.plan();
    } catch (thrown) {
      if (!current()) return;
      const why = asFailure(thrown);
      if (why.status === 0 || why.status >= 500) retry();
      else {
        failure.value = why;
        state.value = 'failed';
      }
      return;
    }
    if (!current()) return;
    const token = options.token();
    socket = options.open(token === undefined ? [] : ['bearer', token], {
      onOpen: () => undefined,
      onText: (text) => {
        if (current()) receive(text);
      },
      onClose: () => {
        if (current()) retry();
      },
    });
  }

  function retry(waitMs?: number): void {
    socket = undefined;
    connection += 1;
    if (state.value === 'stopped' || state.value === 'failed') return;
    // Every cluster has failed for good: another attempt would end the same way.
    if (clusters.value.length > 0 && clusters.value.every((one) => one.state === 'FAILED' || one.state === 'SKIPPED')) {
      state.value = 'stopped';
      return;
    }
    state.value = 'reconnecting';
    // What came meanwhile is not asked for again: the tail begins at its own time.
    cancelRetry = clock.after(waitMs ?? backoffMs(attempt, options.random), () => void connect());
    attempt += 1;
  }

  function receive(text: string): void {
    const message = parse(text);
    if (!message) return;
    switch (message.type) {
      case 'started':
        if (state.value === 'reconnecting') gaps.value += 1;
        attempt = 0;
        state.value = 'live';
        clusters.value = [
          ...message.followed.map((one) => ({ name: one.cluster_name, state: 'CONNECTING', reason: '' }) as const),
          ...message.skipped.map(
            (one) =>
              ({
                name: one.cluster_name,
                state: 'SKIPPED',
                reason: one.error?.message ?? one.warnings?.[0] ?? 'has no logs',
              }) as const,
          ),
        ];
        return;
      case 'entries':
        take(message.entries);
        return;
      case 'dropped':
        dropped.value =
          message.by === 'LOKI'
            ? { ...dropped.value, loki: dropped.value.loki + message.count }
            : { ...dropped.value, server: dropped.value.server + message.count };
        return;
      case 'cluster': {
        if (message.gap) gaps.value += 1;
        const { cluster_name: name, state: now, reason = '' } = message;
        clusters.value = clusters.value.map((one) => (one.name === name ? { name, state: now, reason } : one));
        return;
      }
      case 'disconnect':
        socket?.close();
        retry(message.reconnect_after_ms);
        return;
      case 'error':
        return; // the close that follows says that it is over
    }
  }

  function take(entries: readonly LogEntry[]): void {
    const rows = entries.map((entry) => ({ key: `tail-${(count += 1)}`, entry })).toReversed();
    queue = [...rows, ...queue];
    if (queue.length > MOST_LINES) {
      dropped.value = { ...dropped.value, here: dropped.value.here + queue.length - MOST_LINES };
      queue = queue.slice(0, MOST_LINES);
    }
    if (drawing) return;
    drawing = true;
    clock.after(DRAW_EVERY_MS, () => {
      drawing = false;
      draw(paused.value || options.isHeld());
    });
  }

  function draw(hold: boolean): void {
    if (!hold && queue.length > 0) {
      shown.value = [...queue, ...shown.value].slice(0, MOST_LINES);
      queue = [];
    }
    waiting.value = queue.length;
  }

  function close(): void {
    cancelRetry();
    connection += 1;
    socket?.close();
    socket = undefined;
  }

  return {
    state,
    failure,
    shown,
    waiting,
    paused,
    clusters,
    dropped,
    gaps,
    start: () => {
      if (state.value !== 'stopped' && state.value !== 'failed') return;
      state.value = 'connecting';
      failure.value = undefined;
      attempt = 0;
      void connect();
    },
    stop: () => {
      state.value = 'stopped';
      close();
    },
    pause: (wanted) => {
      paused.value = wanted;
      if (!wanted) draw(options.isHeld());
    },
    showWaiting: () => draw(false),
  };
}

/** Undefined for what is no message of ours; a type that this page does not know is ignored by the switch above. */
function parse(text: string): TailMessage | undefined {
  try {
    const message: unknown = JSON.parse(text);
    // proof: the server builds every message from the types that these repeat
    return typeof message === 'object' && message !== null && 'type' in message ? (message as TailMessage) : undefined;
  } catch {
    return undefined;
  }
}
