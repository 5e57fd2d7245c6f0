import type { Readable, Writable } from 'node:stream';
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
  isInitializeRequest,
  isInitializedNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
} from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { type HttpLeg, type ServerEndpoint, createHttpLeg } from './bridge-http.ts';
import { isModern } from './bridge-wire.ts';
import { type StdioService, endOf } from './stdio.ts';

export interface BridgeOptions {
  readonly stdin: Readable;
  /** Protocol only; everything else goes to the log. */
  readonly stdout: Writable;
  /**
   * Where the running server is, asked again when it cannot be reached there: it may have been restarted elsewhere. `gone` is
   * the one that takes no more connections.
   */
  endpoint(gone?: ServerEndpoint): Promise<ServerEndpoint>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERNAL_ERROR = -32603;
/** How long the listening stream waits before it is opened again, in milliseconds: doubling from first to last. */
const LISTEN_RETRY_MS = { first: 1_000, last: 30_000 };

/**
 * Connects a stdio client to the `/mcp` of a running server: messages pass both ways unchanged, in either protocol era. A
 * session that the server has forgotten is opened again behind the client's back; a request that cannot be delivered is
 * answered with an error, never left hanging. A request that may have reached the server is not sent twice.
 */
export function bridgeStdio(options: BridgeOptions): StdioService {
  const { clock, logger } = options;
  const stdio = new StdioServerTransport(options.stdin, options.stdout);
  const inFlight = new Map<RequestId, AbortController>();
  const lifetime = new AbortController();
  const leg: HttpLeg = createHttpLeg(options);
  let cancelRetry = () => {};

  function toClient(message: JSONRPCMessage): void {
    if (isJSONRPCResultResponse(message)) leg.noteResult(message);
    stdio.send(message).catch((error: unknown) => logger.warn({ err: error }, 'stdout could not be written'));
  }

  async function forward(message: JSONRPCMessage): Promise<void> {
    if (isModernCancellation(message)) return;
    const request = isJSONRPCRequest(message) ? message : undefined;
    const controller = new AbortController();
    if (request) inFlight.set(request.id, controller);
    try {
      const signal = AbortSignal.any([lifetime.signal, controller.signal]);
      const answered = await leg.post(message, { signal, onMessage: toClient });
      if (request && !answered && !signal.aborted)
        failed(request, new Error('the answer ended before the result came'));
      if (isInitializedNotification(message)) listen(LISTEN_RETRY_MS.first);
    } catch (error) {
      if (controller.signal.aborted || lifetime.signal.aborted) return; // cancelled by the client, which expects no answer
      if (request) failed(request, error);
      else logger.warn({ err: error }, 'MCP notification could not be delivered');
    } finally {
      if (request && inFlight.get(request.id) === controller) inFlight.delete(request.id);
    }
  }

  /** Over HTTP the 2026 era cancels by closing the request's stream (MCP 2026-07-28, transports, cancellation). */
  function isModernCancellation(message: JSONRPCMessage): boolean {
    if (!('method' in message) || message.method !== 'notifications/cancelled') return false;
    const id = message.params?.['requestId'];
    if (typeof id !== 'string' && typeof id !== 'number') return false;
    if (leg.hasSession && !isModern(message)) return false;
    inFlight.get(id)?.abort();
    return true;
  }

  function failed(request: JSONRPCRequest, error: unknown): void {
    logger.warn({ err: error, method: request.method }, 'MCP request could not be delivered');
    const reason = error instanceof Error ? error.message : String(error);
    toClient({
      jsonrpc: '2.0',
      id: request.id,
      error: { code: INTERNAL_ERROR, message: `AIOps NextGen server: ${reason}` },
    });
  }

  /** The standing stream on which a 2025-era server speaks of its own accord; opened again whenever it ends. */
  function listen(retryMs: number): void {
    cancelRetry();
    if (lifetime.signal.aborted) return;
    const again = (next: number) => {
      cancelRetry = clock.after(next, () => listen(Math.min(next * 2, LISTEN_RETRY_MS.last)));
    };
    leg.listen({ signal: lifetime.signal, onMessage: toClient }).then(
      (served) => {
        if (served && !lifetime.signal.aborted) again(LISTEN_RETRY_MS.first);
      },
      (error: unknown) => {
        if (lifetime.signal.aborted) return;
        logger.debug({ err: error }, 'MCP listening stream ended');
        again(retryMs);
      },
    );
  }

  async function close(): Promise<void> {
    if (lifetime.signal.aborted) return;
    cancelRetry();
    lifetime.abort();
    await leg.end();
    await stdio.close();
  }

  stdio.onmessage = (message) => {
    if (isInitializeRequest(message)) leg.noteInitialize(message);
    void forward(message); // never rejects
  };
  stdio.onerror = (error) => logger.warn({ err: error }, 'MCP message refused');
  const closed = endOf(options.stdin).then(close);
  stdio.start().catch((error: unknown) => logger.error({ err: error }, 'stdin could not be read'));
  return { closed, close };
}
