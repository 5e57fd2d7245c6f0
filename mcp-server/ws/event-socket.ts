import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { requirePermission } from '../../backend/access/policy.ts';
import type { Principal } from '../../backend/model/access.ts';
import { AppError, asAppError } from '../../backend/model/errors.ts';
import type { DomainEvent } from '../../backend/model/event.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { EventBus } from '../../backend/platform/event-bus.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import type { Metrics } from '../../backend/platform/metrics.ts';
import type { OriginGuard } from '../http/origin-guard.ts';
import type { Identity } from '../identity/identity.ts';
import { EventClient, type EventClientOptions } from './event-client.ts';
import { type Upgrade, chooseProtocol, credentialOf, keepAlive } from './upgrades.ts';

export interface EventSocketOptions {
  readonly identity: Identity;
  readonly guard: OriginGuard;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Events after a sequence, ascending. */
  readonly replay: (sequence: number) => Promise<DomainEvent[]>;
  /** Whether a principal may see an event: cluster scope, and ownership of chat events. */
  readonly maySee: EventClientOptions['maySee'];
  readonly maxConnections?: number;
}

const FIRST_MESSAGE_AUTH_MS = 5_000;
const CLOSE_WITHIN_MS = 2_000;
const MAX_MESSAGE_BYTES = 64 * 1024;

export interface EventSocket {
  readonly upgrade: Upgrade;
  /** Tells every client to reconnect later and closes. */
  close(): Promise<void>;
}

/** `/ws`: events as they happen. Authenticates before the upgrade; a client that is no browser may do so in its first message. */
export function createEventSocket(options: EventSocketOptions): EventSocket {
  const { identity, guard, bus, clock, logger, metrics, maxConnections = 1000 } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: chooseProtocol,
  });
  const clients = new Set<EventClient>();
  const unsubscribe = bus.subscribe((event) => {
    for (const client of clients) client.deliver(event);
  });

  const upgrade: Upgrade = async (request, socket, head) => {
    guard.check(request.headers);
    if (clients.size >= maxConnections) throw new AppError('RATE_LIMITED', 'Too many WebSocket connections.');
    const credential = credentialOf(request);
    const later = credential === undefined && identity.mode !== 'none' && request.headers.origin === undefined;
    const principal = later ? undefined : await identity.authenticate(credential);
    server.handleUpgrade(request, socket, head, (ws) => accept(ws, principal, credential));
  };

  function accept(ws: WebSocket, principal: Principal | undefined, credential: string | undefined): void {
    metrics.wsConnections.inc();
    metrics.wsActive.inc();
    const client = new EventClient({ ws, clock, logger, metrics, replay: options.replay, maySee: options.maySee });
    clients.add(client);
    const cancelAuth = clock.after(FIRST_MESSAGE_AUTH_MS, () => {
      if (!client.principal) client.refuse(new AppError('AUTH_FAILED', 'No auth message came within 5 s.'));
    });
    // A credential that is revoked or expires ends the connection, at the next heartbeat.
    let token = credential;
    const recheck = async () => {
      if (!client.principal) return;
      try {
        client.principal = await identity.authenticate(token);
      } catch (thrown) {
        const error = asAppError(thrown);
        if (error.status === 401) client.refuse(error);
        else logger.warn({ err: error }, 'a WebSocket credential could not be checked again');
      }
    };
    keepAlive(ws, clock, () => void recheck());
    ws.on('error', (error) => logger.debug({ err: error }, 'WebSocket error'));
    ws.on('close', () => {
      cancelAuth();
      clients.delete(client);
      client.gone();
      metrics.wsActive.dec();
    });
    const admit = (who: Principal) => {
      requirePermission(who, 'cluster:read');
      client.admit(who);
    };
    if (principal) admit(principal);
    // One after the other: what follows an `auth` message counts only once that has been checked.
    let turn = Promise.resolve();
    ws.on('message', (data, isBinary) => {
      const authenticate = async (given: string) => {
        admit(await identity.authenticate(given));
        token = given;
      };
      turn = turn.then(() => receive(client, data, isBinary, authenticate));
    });
  }

  async function receive(
    client: EventClient,
    data: RawData,
    isBinary: boolean,
    authenticate: (token: string) => Promise<void>,
  ): Promise<void> {
    metrics.wsReceived.inc();
    try {
      await client.receive(isBinary ? undefined : textOf(data), authenticate);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code === 'INTERNAL_ERROR') logger.error({ err: error.cause }, 'WebSocket message failed');
      if (error.status === 401 || error.status === 403) client.refuse(error);
      else client.sendError(error.code, error.sentence);
    }
  }

  return {
    upgrade,
    close: async () => {
      unsubscribe();
      for (const client of clients) client.disconnect('server is shutting down', 1_000);
      // A peer that does not answer the closing handshake is not waited for.
      const cancel = clock.after(CLOSE_WITHIN_MS, () => {
        for (const peer of server.clients) peer.terminate();
      });
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      cancel();
    },
  };
}

function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data).toString(
    'utf8',
  );
}
