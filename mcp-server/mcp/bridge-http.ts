import {
  type InitializeRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  isInitializeRequest,
  isJSONRPCRequest,
  isJSONRPCResponse,
  isJSONRPCResultResponse,
} from '@modelcontextprotocol/server';
import { type Clock, sleep } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { isModern, modernHeaders, readMessages, versionIn } from './bridge-wire.ts';

/** Where a running server listens, and the local credential for it; no token where the server asks for none. */
export interface ServerEndpoint {
  /** Of `/mcp`, such as `http://127.0.0.1:8080/mcp`. */
  readonly url: string;
  readonly token?: string | undefined;
}

export interface Delivery {
  readonly signal: AbortSignal;
  onMessage(message: JSONRPCMessage): void;
}

export interface HttpLeg {
  /** True while a 2025-era session is open. */
  readonly hasSession: boolean;
  /**
   * Sends one message. Resolves when its exchange has ended: true when a response was among what came back. Rejects when it
   * could not be delivered or the server refused it in a way that is not JSON-RPC.
   */
  post(message: JSONRPCMessage, delivery: Delivery): Promise<boolean>;
  /** Holds the standing stream of the session; resolves when it ends, with false when the server offers none. */
  listen(delivery: Delivery): Promise<boolean>;
  /** Remembers how the client opened, to be able to open again. */
  noteInitialize(request: JSONRPCMessage & InitializeRequest): void;
  noteResult(response: JSONRPCResultResponse): void;
  /** Ends the session on the server, if it can still be told within a second. */
  end(): Promise<void>;
}

interface Session {
  readonly id: string | undefined;
  readonly protocolVersion: string | undefined;
}

/** Longest wait for a session to be opened again; on behalf of all messages that wait for it, so no one of them may cancel it. */
const REOPEN_MS = 30_000;
/** A server that is about to end has no room for a session for a moment before it takes no connections either. */
const REOPEN_AGAIN = { times: 3, afterMs: 1_000 };

export function createHttpLeg(options: {
  endpoint(gone?: ServerEndpoint): Promise<ServerEndpoint>;
  fetch: typeof fetch;
  clock: Clock;
  logger: Logger;
}): HttpLeg {
  let current: Promise<ServerEndpoint> | undefined;
  let gone: ServerEndpoint | undefined;
  let opening: JSONRPCRequest | undefined;
  let session: Session = { id: undefined, protocolVersion: undefined };
  let reopening: Promise<void> | undefined;
  let initialized: Promise<unknown> = Promise.resolve();

  async function send(
    method: string,
    headers: Record<string, string>,
    signal: AbortSignal,
    body?: string,
  ): Promise<Response> {
    const asked = (current ??= options.endpoint(gone));
    const forget = () => {
      if (current === asked) current = undefined; // unless another message has asked already
    };
    const endpoint = await asked.catch((error: unknown) => {
      forget();
      throw error;
    });
    const { url, token } = endpoint;
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    // On a kept connection a server that has just gone away cannot be told from one that died over this very message.
    headers['connection'] = 'close';
    const init: RequestInit = { method, headers, signal, redirect: 'error', ...(body === undefined ? {} : { body }) };
    try {
      const response = await options.fetch(url, init);
      if (response.status === 401) forget();
      return response;
    } catch (error) {
      if (signal.aborted) throw error;
      forget();
      const refused = causeOf(error) === 'ECONNREFUSED';
      if (refused) gone = endpoint;
      throw new UndeliveredError(`${url} cannot be reached (${causeOf(error)})`, refused, { cause: error });
    }
  }

  async function sendMessage(message: JSONRPCMessage, signal: AbortSignal): Promise<Response> {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...modernHeaders(message),
    };
    if (!isModern(message) && !isInitializeRequest(message)) Object.assign(headers, sessionHeaders());
    return send('POST', headers, signal, JSON.stringify(message));
  }

  /** Sends, and once more to wherever the server is now when it certainly did not take the message the first time. */
  async function deliver(message: JSONRPCMessage, signal: AbortSignal): Promise<Response> {
    const before = session;
    let response: Response | undefined;
    try {
      response = await sendMessage(message, signal);
    } catch (error) {
      if (!isUntouched(error)) throw error;
    }
    const lost = response?.status === 404 && session.id !== undefined && !isModern(message);
    if (response && response.status !== 401 && !lost) return response;
    await response?.body?.cancel();
    if (isInitializeRequest(message) || isModern(message) || opening === undefined) return sendMessage(message, signal);
    if (session === before) reopening ??= reopen(AbortSignal.timeout(REOPEN_MS)).finally(() => (reopening = undefined));
    await reopening;
    return sendMessage(message, signal);
  }

  /** Opens the session again as the client first did; the client never learns of it. */
  async function reopen(signal: AbortSignal): Promise<void> {
    if (opening === undefined) return;
    options.logger.info('the server has forgotten the MCP session; opening it again');
    const request = { ...opening, id: `bridge-${crypto.randomUUID()}` };
    let response = await sendAgain(request, signal);
    for (let tries = 0; response.status === 503 && tries < REOPEN_AGAIN.times; tries += 1) {
      await response.body?.cancel();
      await sleep(options.clock, REOPEN_AGAIN.afterMs, signal);
      response = await sendAgain(request, signal);
    }
    let result: JSONRPCResultResponse | undefined;
    await readMessages(response, (message) => {
      if (isJSONRPCResultResponse(message)) result = message;
    });
    if (result === undefined) throw new Error(`the MCP session could not be opened again (HTTP ${response.status})`);
    session = { id: response.headers.get('mcp-session-id') ?? undefined, protocolVersion: versionIn(result) };
    const told = await sendMessage({ jsonrpc: '2.0', method: 'notifications/initialized' }, signal);
    await told.body?.cancel();
  }

  /** Sends, and to wherever the server is now when there was none where it was. */
  async function sendAgain(message: JSONRPCMessage, signal: AbortSignal): Promise<Response> {
    try {
      return await sendMessage(message, signal);
    } catch (error) {
      if (!isUntouched(error)) throw error;
      return sendMessage(message, signal);
    }
  }

  function sessionHeaders(): Record<string, string> {
    return {
      ...(session.id === undefined ? {} : { 'mcp-session-id': session.id }),
      ...(session.protocolVersion === undefined ? {} : { 'mcp-protocol-version': session.protocolVersion }),
    };
  }

  async function post(message: JSONRPCMessage, delivery: Delivery): Promise<boolean> {
    if (!isInitializeRequest(message)) {
      if (!isModern(message)) await initialized; // on a pipe a client need not wait before it sends more
      return exchange(message, delivery);
    }
    const exchanged = exchange(message, delivery);
    initialized = exchanged.catch(() => false); // whoever sent initialize is told; what waits for it finds no session
    return exchanged;
  }

  async function exchange(message: JSONRPCMessage, { signal, onMessage }: Delivery): Promise<boolean> {
    const response = await deliver(message, signal);
    if (isInitializeRequest(message) && response.ok) {
      session = { id: response.headers.get('mcp-session-id') ?? undefined, protocolVersion: undefined };
    }
    let answered = false;
    const request = isJSONRPCRequest(message) ? message : undefined;
    if (!response.ok && request === undefined)
      throw new Error(`HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`);
    await readMessages(response, (incoming) => {
      if (isJSONRPCResponse(incoming)) answered = true;
      // What is refused before it is understood is answered without an id; the client waits for its own.
      const nameless =
        request !== undefined && 'error' in incoming && (incoming.id === undefined || incoming.id === null);
      onMessage(nameless ? { ...incoming, id: request.id } : incoming);
    });
    return answered;
  }

  async function listen({ signal, onMessage }: Delivery): Promise<boolean> {
    // Only what the client sends is worth looking for a server, or for becoming one.
    if (current === undefined) throw new Error('there is no server now');
    const response = await send('GET', { accept: 'text/event-stream', ...sessionHeaders() }, signal);
    if (response.status === 405) {
      await response.body?.cancel();
      return false;
    }
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`);
    await readMessages(response, onMessage);
    return true;
  }

  async function end(): Promise<void> {
    if (session.id === undefined) return;
    const headers = sessionHeaders();
    session = { id: undefined, protocolVersion: undefined };
    if (current === undefined) return; // the server has gone, and the session with it
    try {
      const response = await send('DELETE', headers, AbortSignal.timeout(1_000));
      await response.body?.cancel();
    } catch (error) {
      options.logger.debug({ err: error }, 'the MCP session could not be ended'); // it ends by itself when idle
    }
  }

  return {
    get hasSession() {
      return session.id !== undefined;
    },
    post,
    listen,
    end,
    noteInitialize: (request) => {
      if (isJSONRPCRequest(request)) opening = request;
    },
    noteResult: (response) => {
      if (response.id !== opening?.id || session.protocolVersion !== undefined) return;
      session = { ...session, protocolVersion: versionIn(response) };
    },
  };
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return error instanceof Error ? error.message : String(error);
}

function isUntouched(error: unknown): boolean {
  return error instanceof UndeliveredError && error.untouched;
}

class UndeliveredError extends Error {
  /** True when the server cannot have seen the request. */
  readonly untouched: boolean;

  constructor(message: string, untouched: boolean, options: ErrorOptions) {
    super(message, options);
    this.name = 'UndeliveredError';
    this.untouched = untouched;
  }
}
