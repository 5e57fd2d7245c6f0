import { type ReadonlySignal, signal } from '@preact/signals';
import type { Role } from '../../backend/model/access.ts';
import type { DomainEvent, EventType } from '../../backend/model/event.ts';
import type { UiClock } from '../clock.ts';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const PING_EVERY_MS = 15_000;
/** A socket that stays silent this long after a ping is dead, even if nobody closed it. */
const SILENCE_MS = 5_000;

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'stopped';

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** Called once, also when the connection was never made. */
  onClose(): void;
}

export type OpenSocket = (protocols: string[], handlers: SocketHandlers) => Socket;

export interface LiveOptions {
  readonly open: OpenSocket;
  readonly token: () => string | undefined;
  readonly eventTypes: readonly EventType[];
  readonly clock: UiClock;
  /** 0 ≤ n < 1 */
  readonly random: () => number;
  /** An event that has not been seen before on this page. */
  readonly onEvent: (event: DomainEvent) => void;
  /** The subscription stands, for the first time or again: whatever happened before it has to be fetched. */
  readonly onLive: () => void;
}

/** The event feed of `/ws`. Reconnects for ever, with exponential backoff and jitter. */
export interface Live {
  readonly state: ReadonlySignal<LiveState>;
  /** What the server says this person is; undefined until it has said so. */
  readonly role: ReadonlySignal<Role | undefined>;
  start(): void;
  stop(): void;
  /** Tries now instead of at the end of the backoff, for example when the browser comes back online. */
  retryNow(): void;
}

/** Wait before attempt `n` (from 0), in ms: 0.5 s doubling to 30 s, of which the upper half is random. */
export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return ceiling / 2 + (ceiling / 2) * random();
}

export function createLive(options: LiveOptions): Live {
  const { clock } = options;
  const state = signal<LiveState>('stopped');
  const role = signal<Role | undefined>(undefined);
  const lastSequence = new Map<string, number>();
  let socket: Socket | undefined;
  /** Counts connections, so that what a given-up socket still says is not heard. */
  let connection = 0;
  let attempt = 0;
  let cancelRetry = () => {};
  let cancelHeartbeat = () => {};

  function connect(): void {
    cancelRetry();
    connection += 1;
    const mine = connection;
    const current = () => mine === connection;
    const token = options.token();
    socket = options.open(token === undefined ? [] : ['bearer', token], {
      onOpen: () => {
        if (current()) socket?.send(JSON.stringify({ type: 'subscribe', event_types: options.eventTypes }));
      },
      onText: (text) => {
        if (current()) receive(text);
      },
      onClose: () => {
        if (current()) lost();
      },
    });
    heartbeat();
  }

  function receive(text: string): void {
    heartbeat();
    const message = parseMessage(text);
    if (message?.type === 'auth_response') {
      role.value = message.role;
    } else if (message?.type === 'subscribed') {
      attempt = 0;
      state.value = 'live';
      options.onLive();
    } else if (message?.type === 'event' && message.event) {
      deliver(message.event);
    } else if (message?.type === 'disconnect') {
      lost(message.reconnect_after_ms);
    }
  }

  /** Events come at least once and in order per cluster, so a sequence that is not higher is a repeat. */
  function deliver(event: DomainEvent): void {
    const key = event.cluster_id ?? '';
    if (event.sequence <= (lastSequence.get(key) ?? -1)) return;
    lastSequence.set(key, event.sequence);
    options.onEvent(event);
  }

  function heartbeat(): void {
    cancelHeartbeat();
    cancelHeartbeat = clock.after(PING_EVERY_MS, () => {
      if (state.value === 'live') socket?.send('{"type":"ping"}');
      cancelHeartbeat = clock.after(SILENCE_MS, () => lost());
    });
  }

  function lost(waitMs?: number): void {
    drop();
    if (state.value === 'stopped') return;
    state.value = 'reconnecting';
    cancelRetry = clock.after(waitMs ?? backoffMs(attempt, options.random), connect);
    attempt += 1;
  }

  function drop(): void {
    cancelRetry();
    cancelHeartbeat();
    connection += 1;
    socket?.close();
    socket = undefined;
  }

  return {
    state,
    role,
    start: () => {
      if (state.value !== 'stopped') return;
      state.value = 'connecting';
      attempt = 0;
      connect();
    },
    stop: () => {
      state.value = 'stopped';
      role.value = undefined;
      drop();
    },
    retryNow: () => {
      if (state.value !== 'reconnecting') return;
      attempt = 0;
      connect();
    },
  };
}

interface ServerMessage {
  readonly type: string;
  readonly event?: DomainEvent;
  readonly role?: Role;
  readonly reconnect_after_ms?: number;
}

/** Undefined for what is not a message of ours; a type that this page does not know is left to the caller to ignore. */
function parseMessage(text: string): ServerMessage | undefined {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('type' in message)) return undefined;
    // proof: the server builds every message of a known type from the schema DomainEvent is inferred from
    return message as ServerMessage;
  } catch {
    return undefined;
  }
}

/** Opens the WebSocket at `path` of the server that served this page. */
export function openBrowserSocket(location: Location, path = '/ws'): OpenSocket {
  return (protocols, handlers) => {
    const socket = new WebSocket(
      `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`,
      protocols,
    );
    let closed = false;
    const close = () => {
      if (closed) return;
      closed = true;
      handlers.onClose();
    };
    socket.addEventListener('open', () => handlers.onOpen());
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') handlers.onText(data);
    });
    socket.addEventListener('close', close);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  };
}
