import { randomUUID } from 'node:crypto';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { isInitializeRequest } from '@modelcontextprotocol/server';
import type { Request, Response } from 'express';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { type Caller, toAuthInfo } from './caller.ts';
import { sendRpcError } from './rpc-error.ts';
import type { McpFactory } from './server.ts';

export interface SessionLimits {
  /** Sessions of all callers together. */
  readonly max: number;
  /** Sessions of one caller, so that nobody can take every place. */
  readonly maxPerPrincipal: number;
  /** A session with no open exchange for this many milliseconds is closed. */
  readonly idleMs: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = { max: 1_000, maxPerPrincipal: 100, idleMs: 30 * 60_000 };

interface Session {
  readonly principalId: string;
  readonly transport: NodeStreamableHTTPServerTransport;
  /** HTTP exchanges under way, the long-lived GET stream included. */
  open: number;
  /** Monotonic; of the end of the last exchange. */
  idleSinceMs: number;
  cancelExpiry: () => void;
  close(): Promise<void>;
}

export interface LegacySessions {
  readonly size: number;
  /** Serves one request of the 2025 protocol era. Always answers the response. */
  handle(req: Request, res: Response, caller: Caller): Promise<void>;
  close(): Promise<void>;
}

/**
 * Sessions of the 2025 protocol era, bound to who opened them: to anybody else a session id names nothing, so that an id is
 * never an authentication. They live in this process.
 */
export function createLegacySessions(options: {
  factory: McpFactory;
  limits: SessionLimits;
  clock: Clock;
  logger: Logger;
}): LegacySessions {
  const { factory, limits, clock, logger } = options;
  const sessions = new Map<string, Session>();
  let closed = false;

  async function handle(req: Request, res: Response, caller: Caller): Promise<void> {
    const id = req.headers['mcp-session-id'];
    if (id === undefined && req.method === 'POST' && opensSession(req.body)) return open(req, res, caller);
    if (typeof id !== 'string' || id === '') {
      return sendRpcError(
        res,
        400,
        'Mcp-Session-Id is missing: send initialize first, then its session id with every request.',
      );
    }
    const session = sessions.get(id);
    if (session?.principalId !== caller.principal.id) {
      return sendRpcError(res, 404, 'There is no such session, or it has ended; send initialize to open one.', {
        code: -32001,
      });
    }
    await exchange(session, req, res, caller);
  }

  async function open(req: Request, res: Response, caller: Caller): Promise<void> {
    if (closed || !makeRoom(caller.principal.id)) {
      res.setHeader('Retry-After', '30');
      return sendRpcError(res, 503, 'Too many open sessions; close one with DELETE or wait until an idle one ends.');
    }
    const server = factory.create(caller);
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, session),
    });
    const session: Session = {
      principalId: caller.principal.id,
      transport,
      open: 0,
      idleSinceMs: clock.monotonicMs(),
      cancelExpiry: () => undefined,
      close: () => server.close(),
    };
    await server.connect(transport);
    const forget = transport.onclose;
    transport.onclose = () => {
      session.cancelExpiry();
      if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
      forget?.();
    };
    await exchange(session, req, res, caller);
    if (transport.sessionId === undefined) await server.close(); // the transport refused to initialize, and has answered
  }

  async function exchange(session: Session, req: Request, res: Response, caller: Caller): Promise<void> {
    session.cancelExpiry();
    session.open += 1;
    res.once('close', () => {
      session.open -= 1;
      session.idleSinceMs = clock.monotonicMs();
      const lives = session.transport.sessionId !== undefined && sessions.get(session.transport.sessionId) === session;
      if (session.open === 0 && lives) session.cancelExpiry = clock.after(limits.idleMs, () => expire(session));
    });
    const body: unknown = req.body;
    await session.transport.handleRequest(Object.assign(req, { auth: toAuthInfo(caller) }), res, body);
  }

  function expire(session: Session): void {
    session.close().catch((error: unknown) => logger.warn({ err: error }, 'MCP session did not close cleanly'));
  }

  /** Ends the caller's longest idle session when there is no place left; one in use is never taken away. */
  function makeRoom(principalId: string): boolean {
    const own = [...sessions.values()].filter((session) => session.principalId === principalId);
    if (own.length < limits.maxPerPrincipal && sessions.size < limits.max) return true;
    const idle = own.filter((session) => session.open === 0).sort((a, b) => a.idleSinceMs - b.idleSinceMs)[0];
    if (idle === undefined) return false;
    if (idle.transport.sessionId !== undefined) sessions.delete(idle.transport.sessionId);
    expire(idle);
    return true;
  }

  return {
    get size() {
      return sessions.size;
    },
    handle,
    close: async () => {
      closed = true;
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };
}

function opensSession(body: unknown): boolean {
  return (Array.isArray(body) ? body : [body]).some((message) => isInitializeRequest(message));
}
