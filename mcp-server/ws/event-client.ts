import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Principal } from '../../backend/model/access.ts';
import type { DomainEvent } from '../../backend/model/event.ts';
import { AppError } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import type { Metrics } from '../../backend/platform/metrics.ts';
import { ClientMessage } from './messages.ts';

export interface EventClientOptions {
  readonly ws: WebSocket;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The next events after a sequence, ascending; empty when there are no more. */
  readonly replay: (sequence: number) => Promise<DomainEvent[]>;
  readonly maySee: (principal: Principal, event: DomainEvent) => Promise<boolean>;
}

interface Subscription {
  readonly id: string;
  readonly eventTypes: ReadonlySet<string> | undefined;
  readonly clusters: ReadonlySet<string> | undefined;
}

const MAX_SUBSCRIPTIONS = 100;
const MAX_QUEUE = 1000;
/** Bytes that may wait in the socket before events wait in our queue instead. */
const SOCKET_HIGH_WATER = 1024 * 1024;

/** One connected client: its principal, its subscriptions and the queue of events that it has not taken yet. */
export class EventClient {
  principal: Principal | undefined;
  readonly #options: EventClientOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #queue: DomainEvent[] = [];
  #draining = false;
  #lastSequence = 0;
  #replayAfter: number | undefined;

  constructor(options: EventClientOptions) {
    this.#options = options;
  }

  admit(principal: Principal): void {
    this.principal = principal;
    this.#send({ type: 'auth_response', success: true, user: principal.display_name, role: principal.role });
  }

  async receive(text: string | undefined, authenticate: (token: string) => Promise<void>): Promise<void> {
    const message = parse(text);
    if (!message) {
      this.sendError(
        'INVALID_MESSAGE',
        'Send JSON: {"type":"subscribe","event_types":[…],"cluster_filter":[…]}, {"type":"unsubscribe"} or {"type":"ping"}.',
      );
      return;
    }
    if (message.type === 'ping') {
      this.#send({ type: 'pong' });
      return;
    }
    if (message.type === 'auth') {
      if (this.principal) this.sendError('INVALID_MESSAGE', 'This connection is authenticated already.');
      else await authenticate(message.token);
      return;
    }
    if (!this.principal) throw new AppError('AUTH_FAILED', 'Authenticate first: {"type":"auth","token":"…"}.');
    if (message.type === 'subscribe') this.#subscribe(message);
    else this.#unsubscribe(message.subscription_id);
  }

  /** Queues an event for delivery when a subscription wants it. The oldest goes when the queue is full. */
  deliver(event: DomainEvent): void {
    if (!this.#wants(event)) return;
    if (this.#queue.length >= MAX_QUEUE) {
      this.#queue.shift();
      this.#options.metrics.wsDropped.inc();
    }
    this.#queue.push(event);
    this.#deliverQueued();
  }

  sendError(code: string, message: string): void {
    this.#send({ type: 'error', code, message });
  }

  /** Says why and closes (policy violation). */
  refuse(error: AppError): void {
    this.sendError(error.code, error.sentence);
    this.#options.ws.close(1008, error.code);
  }

  disconnect(reason: string, reconnectAfterMs: number): void {
    this.#send({ type: 'disconnect', reason, reconnect_after_ms: reconnectAfterMs });
    this.#options.ws.close(1001, reason);
  }

  gone(): void {
    this.#options.metrics.wsSubscriptions.dec(this.#subscriptions.size);
    this.#subscriptions.clear();
    this.#queue.length = 0;
  }

  #subscribe(message: Extract<ClientMessage, { type: 'subscribe' }>): void {
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      this.sendError('INVALID_SUBSCRIPTION', `At most ${MAX_SUBSCRIPTIONS} subscriptions a connection.`);
      return;
    }
    const id = randomUUID();
    this.#subscriptions.set(id, {
      id,
      eventTypes: message.event_types && new Set(message.event_types),
      clusters: message.cluster_filter && new Set(message.cluster_filter),
    });
    this.#options.metrics.wsSubscriptions.inc();
    this.#send({ type: 'subscribed', subscription_id: id });
    if (message.last_sequence === undefined) return;
    this.#replayAfter = Math.min(message.last_sequence, this.#replayAfter ?? Number.POSITIVE_INFINITY);
    this.#deliverQueued();
  }

  #unsubscribe(id: string | undefined): void {
    const before = this.#subscriptions.size;
    if (id === undefined) this.#subscriptions.clear();
    else if (!this.#subscriptions.delete(id))
      this.sendError('INVALID_SUBSCRIPTION', 'There is no subscription of that id.');
    this.#options.metrics.wsSubscriptions.dec(before - this.#subscriptions.size);
  }

  #wants(event: DomainEvent): boolean {
    for (const { eventTypes, clusters } of this.#subscriptions.values()) {
      const type = eventTypes === undefined || eventTypes.has(event.event_type);
      const cluster =
        clusters === undefined ||
        [event.cluster_id, event.cluster_name].some((key) => key !== undefined && clusters.has(key));
      if (type && cluster) return true;
    }
    return false;
  }

  #deliverQueued(): void {
    this.#drain().catch((error: unknown) => {
      // Nothing may be skipped in silence: the client comes back and resumes after the last event it got.
      this.#options.logger.warn({ err: error }, 'events could not be delivered');
      this.disconnect('events cannot be delivered now', 5_000);
    });
  }

  /** The one place that sends events, one run at a time: first what a client missed, then what happens now. */
  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.principal && (this.#replayAfter !== undefined || this.#queue.length > 0)) {
        if (this.#replayAfter !== undefined) await this.#replay();
        const event = this.#queue.shift();
        // What came both ways, by replay and live, is sent once.
        if (event && event.sequence > this.#lastSequence) await this.#sendEvent(event);
      }
    } finally {
      this.#draining = false;
    }
  }

  /** Page by page until there is nothing more; a later subscription may ask for more while this runs. */
  async #replay(): Promise<void> {
    let after = this.#replayAfter ?? 0;
    this.#replayAfter = undefined;
    for (let page = await this.#options.replay(after); page.length > 0; page = await this.#options.replay(after)) {
      for (const event of page) {
        if (this.#wants(event)) await this.#sendEvent(event);
        after = event.sequence;
      }
      if (this.#options.ws.readyState !== this.#options.ws.OPEN) return;
    }
    this.#lastSequence = Math.max(this.#lastSequence, after);
  }

  async #sendEvent(event: DomainEvent): Promise<void> {
    if (!this.principal || !(await this.#options.maySee(this.principal, event))) return;
    this.#lastSequence = Math.max(this.#lastSequence, event.sequence);
    this.#send({ type: 'event', event });
    this.#options.metrics.wsRouted.inc({ event_type: event.event_type });
    await this.#flushed();
  }

  /** Waits while the peer is slow to read; the queue meanwhile drops its oldest. */
  async #flushed(): Promise<void> {
    const { ws, clock } = this.#options;
    while (ws.readyState === ws.OPEN && ws.bufferedAmount > SOCKET_HIGH_WATER) {
      await new Promise<void>((resolve) => {
        clock.after(50, resolve);
      });
    }
  }

  #send(message: Record<string, unknown>): void {
    const { ws, metrics } = this.#options;
    if (ws.readyState !== ws.OPEN) return;
    metrics.wsSent.inc();
    ws.send(JSON.stringify(message));
  }
}

function parse(text: string | undefined): ClientMessage | undefined {
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined; // the caller answers INVALID_MESSAGE
  }
  const message = ClientMessage.safeParse(json);
  return message.success ? message.data : undefined;
}
