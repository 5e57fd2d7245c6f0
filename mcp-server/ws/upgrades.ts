import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { AppError, asAppError } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { bearerOf } from '../identity/identity.ts';

/** Makes a WebSocket of a request, or throws an AppError that says why not. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

/** Leads each upgrade to the socket of its path; what is refused is told as an HTTP answer. */
export function attachUpgrades(server: Server, routes: ReadonlyMap<string, Upgrade>, logger: Logger): void {
  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const onSocketError = () => socket.destroy();
    socket.on('error', onSocketError);
    try {
      const route = routes.get(URL.parse(request.url ?? '', 'http://localhost')?.pathname ?? '');
      if (!route) throw new AppError('NOT_FOUND', 'There is no WebSocket here.');
      await route(request, socket, head);
      socket.off('error', onSocketError);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code === 'INTERNAL_ERROR') logger.error({ err: error.cause }, 'WebSocket upgrade failed');
      // `end` only half-closes, and nobody else looks after a socket whose upgrade was refused.
      socket.once('finish', () => socket.destroy());
      socket.end(
        `HTTP/1.1 ${error.status} ${error.code}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${error.sentence}\n`,
      );
    }
  }
  server.on('upgrade', (request, socket, head) => void upgrade(request, socket, head));
}

/** From `Authorization`, or from `Sec-WebSocket-Protocol: bearer, <token>`, which is all a browser can set. */
export function credentialOf(request: IncomingMessage): string | undefined {
  const header = bearerOf(request.headers.authorization);
  if (header !== undefined) return header;
  const [scheme, token] = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
  return scheme === 'bearer' && token !== undefined && token !== '' ? token : undefined;
}

/** The token in the subprotocol list is a credential and is not echoed; `bearer` names the scheme. */
export function chooseProtocol(protocols: ReadonlySet<string>): string | false {
  return protocols.has('bearer') ? 'bearer' : false;
}

const HEARTBEAT_MS = 30_000;
/** A peer that has not answered a ping for this long is gone; heartbeat + this ≤ 40 s. */
const PONG_WITHIN_MS = 9_000;

/** Pings for as long as the socket is open and ends it when the peer is gone; `onBeat` runs at each. */
export function keepAlive(ws: WebSocket, clock: Clock, onBeat: () => void): void {
  let cancelDead = () => {};
  let cancelNext = () => {};
  const beat = () => {
    onBeat();
    ws.ping();
    cancelDead = clock.after(PONG_WITHIN_MS, () => ws.terminate());
    cancelNext = clock.after(HEARTBEAT_MS, beat);
  };
  cancelNext = clock.after(HEARTBEAT_MS, beat);
  ws.on('pong', () => cancelDead());
  ws.on('close', () => {
    cancelDead();
    cancelNext();
  });
}
