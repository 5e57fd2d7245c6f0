import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
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
import { type Identity, bearerOf } from '../identity/identity.ts';
import { EventClient, type EventClientOptions } from './event-client.ts';

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

const HEARTBEAT_MS = 30_000;
/** A peer that has not answered a ping for this long is gone; heartbeat + this ≤ 40 s. */
const PONG_WITHIN_MS = 9_000;
const FIRST_MESSAGE_AUTH_MS = 5_000;
const CLOSE_WITHIN_MS = 2_000;
const MAX_MESSAGE_BYTES = 64 * 1024;

export interface EventSocket {
  attach(server: Server): void;
  /** Tells every client to reconnect later and closes. */
  close(): Promise<void>;
}

/** `/ws`: events as they happen. Authenticates before the upgrade; a client that is no browser may do so in its first message. */
export function createEventSocket(options: EventSocketOptions): EventSocket {
  const { identity, guard, bus, clock, logger, metrics, maxConnections = 1000 } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    // The token in the subprotocol list is a credential and is not echoed; `bearer` names the scheme.
    handleProtocols: (protocols) => (protocols.has('bearer') ? 'bearer' : false),
  });
  const clients = new Set<EventClient>();
  const unsubscribe = bus.subscribe((event) => {
    for (const client of clients) client.deliver(event);
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const onSocketError = () => socket.destroy();
    socket.on('error', onSocketError);
    try {
      if (URL.parse(request.url ?? '', 'http://localhost')?.pathname !== '/ws')
        throw new AppError('NOT_FOUND', 'There is no WebSocket here.');
      guard.check(request.headers);
      if (clients.size >= maxConnections) throw new AppError('RATE_LIMITED', 'Too many WebSocket connections.');
      const credential = credentialOf(request);
      const later = credential === undefined && identity.mode !== 'none' && request.headers.origin === undefined;
      const principal = later ? undefined : await identity.authenticate(credential);
      server.handleUpgrade(request, socket, head, (ws) => {
        socket.off('error', onSocketError);
        accept(ws, principal, credential);
      });
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code === 'INTERNAL_ERROR') logger.error({ err: error.cause }, 'WebSocket upgrade failed');
      // `end` only half-closes, and nobody else looks after a socket whose upgrade was refused.
      socket.once('finish', () => socket.destroy());
      socket.end(
        `HTTP/1.1 ${error.status} ${error.code}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${error.sentence}\n`,
      );
    }
  }

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
    let cancelDead = () => {};
    let cancelNext = () => {};
    const beat = () => {
      void recheck();
      ws.ping();
      cancelDead = clock.after(PONG_WITHIN_MS, () => ws.terminate());
      cancelNext = clock.after(HEARTBEAT_MS, beat);
    };
    cancelNext = clock.after(HEARTBEAT_MS, beat);
    ws.on('pong', () => cancelDead());
    ws.on('error', (error) => logger.debug({ err: error }, 'WebSocket error'));
    ws.on('close', () => {
      cancelDead();
      cancelNext();
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
    attach: (http) => {
      http.on('upgrade', (request, socket, head) => void upgrade(request, socket, head));
    },
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

/** From `Authorization`, or from `Sec-WebSocket-Protocol: bearer, <token>`, which is all a browser can set. */
function credentialOf(request: IncomingMessage): string | undefined {
  const header = bearerOf(request.headers.authorization);
  if (header !== undefined) return header;
  const [scheme, token] = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
  return scheme === 'bearer' && token !== undefined && token !== '' ? token : undefined;
}

function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data).toString(
    'utf8',
  );
}
