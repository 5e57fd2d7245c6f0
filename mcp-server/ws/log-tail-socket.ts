import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { z } from 'zod';
import type { LogTails } from '../../backend/collectors/logs/log-tail.ts';
import type { Principal } from '../../backend/model/access.ts';
import type { Cluster } from '../../backend/model/cluster.ts';
import { AppError, asAppError } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { redact } from '../../backend/platform/redact.ts';
import type { Dispatcher } from '../../tools/dispatch.ts';
import { planLogTail } from '../../tools/logs/plan-log-tail.ts';
import type { OriginGuard } from '../http/origin-guard.ts';
import type { Identity } from '../identity/identity.ts';
import { type Upgrade, chooseProtocol, credentialOf, keepAlive } from './upgrades.ts';

export interface LogTailSocketOptions {
  readonly identity: Identity;
  readonly guard: OriginGuard;
  readonly dispatcher: Pick<Dispatcher, 'call'>;
  readonly tails: Pick<LogTails, 'follow'>;
  /** Throws CLUSTER_NOT_FOUND. */
  readonly clusterOf: (id: string) => Promise<Cluster>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxTails?: number;
}

export interface LogTailSocket {
  readonly upgrade: Upgrade;
  /** Tells every client to come again later, and closes. */
  close(): void;
}

/** Bytes that may wait in the socket before lines wait, and at last are dropped and counted, in the tail. */
const SOCKET_HIGH_WATER = 1024 * 1024;
const CLOSE_WITHIN_MS = 2_000;
/** A client has nothing to say here. */
const MAX_MESSAGE_BYTES = 1024;
const PARAMETERS: Readonly<Record<string, string>> = { cluster_ids: 'clusters', start_time: 'start' };
const NUMBERS: ReadonlySet<string> = new Set(['limit', 'line_length']);

/**
 * `/api/v1/logs/tail?query=…`: lines as they come, as JSON messages `entries`, `dropped` and `cluster` behind a first `started`. Checked
 * and audited as the tool `plan_log_tail` before the upgrade; credentials as at `/ws`, never in the URL.
 */
export function createLogTailSocket(options: LogTailSocketOptions): LogTailSocket {
  const { identity, guard, dispatcher, tails, clock, logger, maxTails = 100 } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: chooseProtocol,
  });

  const upgrade: Upgrade = async (request, socket, head) => {
    guard.check(request.headers);
    if (server.clients.size >= maxTails) throw new AppError('RATE_LIMITED', 'Too many log tails are open.');
    const credential = credentialOf(request);
    const principal = await identity.authenticate(credential);
    const plan = await planOf(request, principal);
    const clusters = await Promise.all(plan.followed.map(({ cluster_id }) => options.clusterOf(cluster_id)));
    server.handleUpgrade(request, socket, head, (ws) => {
      const end = new AbortController();
      ws.on('close', () => end.abort(new Error('the client closed the tail')));
      ws.on('error', (error) => logger.debug({ err: error }, 'WebSocket error'));
      keepAlive(ws, clock, () => void recheck(ws, credential));
      send(ws, { type: 'started', ...plan });
      follow(ws, plan, clusters, end.signal).catch((thrown: unknown) => {
        const error = asAppError(thrown);
        if (error.code === 'INTERNAL_ERROR') logger.error({ err: thrown }, 'a log tail failed');
        send(ws, { type: 'error', code: error.code, message: error.sentence });
        ws.close(1011, error.code);
      });
    });
  };

  /** The one way a question is put: schema, permission, scope and audit are dispatch's. */
  async function planOf(request: IncomingMessage, principal: Principal): Promise<z.output<typeof planLogTail.output>> {
    const answer = await dispatcher.call({
      tool: planLogTail.name,
      input: inputOf(request),
      principal,
      door: 'rest',
      traceId: randomBytes(16).toString('hex'),
    });
    return planLogTail.output.parse(answer.output);
  }

  async function follow(
    ws: WebSocket,
    plan: z.output<typeof planLogTail.output>,
    clusters: readonly Cluster[],
    signal: AbortSignal,
  ): Promise<void> {
    const startNs = BigInt(Date.parse(plan.start)) * 1_000_000n;
    const { query, limit, line_length: lineLength } = plan;
    for await (const event of tails.follow({ query, clusters, startNs, limit, lineLength, signal })) {
      // As dispatch does with every answer.
      send(ws, redact(event));
      await drained(ws);
    }
    // Every cluster has failed for good, and each has been told.
    if (ws.readyState === ws.OPEN) ws.close(1000, 'no cluster is left to follow');
  }

  async function drained(ws: WebSocket): Promise<void> {
    while (ws.readyState === ws.OPEN && ws.bufferedAmount > SOCKET_HIGH_WATER) {
      await new Promise<void>((resolve) => {
        clock.after(50, resolve);
      });
    }
  }

  /** A credential that is revoked or expires ends the tail, at the next heartbeat. */
  async function recheck(ws: WebSocket, credential: string | undefined): Promise<void> {
    try {
      await identity.authenticate(credential);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.status !== 401) {
        logger.warn({ err: error }, 'the credential of a log tail could not be checked again');
        return;
      }
      send(ws, { type: 'error', code: error.code, message: error.sentence });
      ws.close(1008, error.code);
    }
  }

  return {
    upgrade,
    close: () => {
      for (const ws of server.clients) {
        send(ws, { type: 'disconnect', reason: 'server is shutting down', reconnect_after_ms: 1_000 });
        ws.close(1001, 'server is shutting down');
      }
      // A peer that does not answer the closing handshake is not waited for.
      clock.after(CLOSE_WITHIN_MS, () => {
        for (const ws of server.clients) ws.terminate();
      });
    },
  };
}

/** Of the URL's query; what is no number stays text, so that validation names it. */
function inputOf(request: IncomingMessage): Record<string, unknown> {
  const params = new URL(request.url ?? '', 'http://localhost').searchParams;
  const input = new Map<string, unknown>();
  for (const [given, text] of params) {
    const name = PARAMETERS[given] ?? given;
    if (name === 'clusters') {
      const known = input.get(name);
      const list = text.includes('=') ? [text] : text.split(',').filter((part) => part !== '');
      input.set(name, [...(Array.isArray(known) ? (known as unknown[]) : []), ...list]); // proof: tested
    } else input.set(name, NUMBERS.has(name) && /^\d{1,9}$/.test(text) ? Number(text) : text);
  }
  return Object.fromEntries(input);
}

function send(ws: WebSocket, message: object): void {
  if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(message));
}
