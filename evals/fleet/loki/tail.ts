import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { select, streamsOf } from './answers.ts';
import type { LogLines } from './lines.ts';
import type { LogPipeline } from './logql.ts';

/** How tails misbehave. */
export interface TailModes {
  /** Ends every tail after so many frames: with the code and reason, or cut off. */
  tailEnd?: { readonly afterFrames: number; readonly close?: { readonly code: number; readonly reason: string } };
  /** Tells with the next frame that so many lines were dropped. */
  tailDrops?: number;
  /** Sends no pings, and nothing else. */
  tailSilent?: boolean;
  /** Milliseconds between looks for new lines; default 250. */
  tailEveryMs?: number;
}

export interface TailOptions {
  readonly lines: LogLines;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly modes: TailModes;
}

const MAX_PER_FRAME = 100;

/** `/tail` of the double: lines as their time comes. */
export function createTail({ lines, now, modes }: TailOptions) {
  const server = new WebSocketServer({ noServer: true });
  const stops = new Set<() => void>();

  function follow(socket: WebSocket, query: LogPipeline, categorized: boolean, startNs: bigint, limit: number): void {
    const nowNs = () => BigInt(Math.floor(now())) * 1_000_000n;
    let upTo = startNs;
    let frames = 0;
    const end = () => {
      const { tailEnd } = modes;
      if (!tailEnd || frames < tailEnd.afterFrames) return false;
      if (tailEnd.close) socket.close(tailEnd.close.code, tailEnd.close.reason);
      else socket.terminate();
      return true;
    };
    const look = () => {
      if (modes.tailSilent === true || end()) return;
      const toNs = nowNs();
      if (toNs <= upTo) return;
      // The first look fills up from the past, newest lines up to the limit; later ones miss nothing.
      const found =
        frames === 0
          ? select(lines, query, { fromNs: upTo, toNs }, { limit, backward: true }).toReversed()
          : select(lines, query, { fromNs: upTo, toNs }, { limit: Number.POSITIVE_INFINITY, backward: false });
      upTo = toNs;
      for (let from = 0; from < found.length && socket.readyState === socket.OPEN; from += MAX_PER_FRAME) {
        const dropped = modes.tailDrops ?? 0;
        delete modes.tailDrops;
        const drops = Array.from({ length: dropped }, () => ({ labels: {}, timestamp: String(toNs) }));
        socket.send(
          JSON.stringify({
            streams: streamsOf(found.slice(from, from + MAX_PER_FRAME), categorized),
            ...(dropped > 0 ? { dropped_entries: drops } : {}),
            ...(categorized ? { encodingFlags: ['categorize-labels'] } : {}),
          }),
        );
        frames += 1;
        if (end()) return;
      }
    };
    const looking = setInterval(look, modes.tailEveryMs ?? 250);
    const pinging = setInterval(() => {
      if (modes.tailSilent !== true) socket.ping();
    }, 1000);
    const stop = () => {
      clearInterval(looking);
      clearInterval(pinging);
      stops.delete(stop);
    };
    stops.add(stop);
    socket.on('close', stop).on('error', stop);
    look();
  }

  return {
    accept(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      query: LogPipeline,
      startNs: bigint,
      limit: number,
    ): void {
      const categorized = (request.headers['x-loki-response-encoding-flags'] ?? '').includes('categorize-labels');
      server.handleUpgrade(request, socket, head, (ws) => follow(ws, query, categorized, startNs, limit));
    },
    close(): void {
      for (const stop of stops) stop();
      for (const client of server.clients) client.terminate();
    },
  };
}
