import { hostHeaderValidation, originValidation } from '@modelcontextprotocol/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  type ServerEventBus,
  classifyInboundRequest,
  createMcpHandler,
  isJsonContentType,
} from '@modelcontextprotocol/server';
import express, {
  type ErrorRequestHandler,
  type Request as ExpressRequest,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import type { Principal } from '../../backend/model/access.ts';
import { AppError, toErrorBody } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { type Caller, callerOf, toAuthInfo } from './caller.ts';
import { DEFAULT_SESSION_LIMITS, type SessionLimits, createLegacySessions } from './legacy-sessions.ts';
import { sendRpcError } from './rpc-error.ts';
import type { McpFactory } from './server.ts';
import { parseToolsets } from './toolsets.ts';

export interface McpEndpointOptions {
  readonly factory: McpFactory;
  /** Lets a request through that carries a valid credential, and answers every other one itself. */
  readonly authenticate: RequestHandler;
  /** Who `authenticate` found. */
  principalOf(req: ExpressRequest): Principal;
  traceIdOf(req: ExpressRequest): string;
  /** Host names (no port; IPv6 in brackets) by which this server may be addressed; any other is refused with 403. */
  readonly allowedHosts: readonly string[];
  /** Host names of the web pages that may call; a request without `Origin` does not come from a page and passes. */
  readonly allowedOrigins: readonly string[];
  /**
   * How 2025-era clients are served. `sessions` can ask them for confirmation but needs their requests on this very process;
   * `stateless` runs behind any load balancer and cannot.
   */
  readonly legacy?: 'sessions' | 'stateless';
  readonly sessionLimits?: SessionLimits;
  /** Carries list changes to `subscriptions/listen`; needed only where several processes share subscribers. */
  readonly bus?: ServerEventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface McpEndpoint {
  /** Mount at the root of an Express app, before any body parser of other routes: `app.use(endpoint.router)`. */
  readonly router: Router;
  readonly openSessions: number;
  /** Ends every session and stream; requests that come later are refused. */
  close(): Promise<void>;
}

const BODY_LIMIT = 1024 * 1024;
const PARSE_ERROR = -32700;

/** `/mcp` over Streamable HTTP, both protocol eras on one path, and `/mcp/sse`, which is gone. */
export function createMcpEndpoint(options: McpEndpointOptions): McpEndpoint {
  const { factory, legacy = 'sessions', clock, logger, traceIdOf } = options;
  const onerror = (error: Error) => logger.warn({ err: error }, 'MCP request refused');
  const handler = createMcpHandler(({ authInfo }) => factory.create(callerOf(authInfo)), {
    legacy: legacy === 'sessions' ? 'reject' : 'stateless',
    onerror,
    ...(options.bus === undefined ? {} : { bus: options.bus }),
  });
  const modern = toNodeHandler(handler, { onerror });
  const sessions = createLegacySessions({
    factory,
    limits: options.sessionLimits ?? DEFAULT_SESSION_LIMITS,
    clock,
    logger,
  });

  const serveModern = (req: ExpressRequest, res: Response, caller: Caller) =>
    modern(Object.assign(req, { auth: toAuthInfo(caller) }), res, req.body);

  function callerFrom(req: ExpressRequest): Caller {
    const { toolsets } = req.query;
    const caller = { principal: options.principalOf(req), traceId: traceIdOf(req) };
    if (toolsets === undefined) return caller;
    const text = [toolsets]
      .flat()
      .filter((part) => typeof part === 'string')
      .join(',');
    return { ...caller, toolsets: parseToolsets(text, factory.toolsets) };
  }

  const post: RequestHandler = async (req, res) => {
    const caller = callerFrom(req);
    if (legacy === 'sessions' && isLegacyPost(req)) await sessions.handle(req, res, caller);
    else await serveModern(req, res, caller);
  };

  const sessionOperation: RequestHandler = async (req, res) => {
    if (legacy === 'sessions') await sessions.handle(req, res, callerFrom(req));
    else methodNotAllowed(req, res, () => undefined);
  };

  const requireJson: RequestHandler = (req, res, next) => {
    if (isJsonContentType(req.headers['content-type'])) next();
    else sendRpcError(res, 415, 'The body must be application/json.', { data: facts('UNSUPPORTED_MEDIA_TYPE', req) });
  };

  const methodNotAllowed: RequestHandler = (req, res) => {
    res.setHeader('Allow', legacy === 'sessions' ? 'POST, GET, DELETE' : 'POST');
    sendRpcError(res, 405, `${req.method} is not allowed on /mcp.`, { data: facts('METHOD_NOT_ALLOWED', req) });
  };

  const gone: RequestHandler = (req, res) => {
    const error = new AppError('GONE', 'The HTTP+SSE transport of 2024 is not served.', {
      hint: `Point the client at /mcp, which speaks Streamable HTTP.`,
    });
    res.status(error.status).json(toErrorBody(error, traceIdOf(req), clock.now()));
  };

  /** What the body parser refuses, and errors of ours, as JSON-RPC; anything else is the app's to answer. */
  const refused: ErrorRequestHandler = (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof AppError) {
      return sendRpcError(res, error.status, `${error.code}: ${error.sentence}`, {
        data: facts(error.code, req, error.details),
      });
    }
    switch (bodyErrorType(error)) {
      case 'entity.too.large': {
        res.setHeader('Connection', 'close');
        return sendRpcError(res, 413, 'The body is over 1 MiB.', { data: facts('BODY_TOO_LARGE', req) });
      }
      case 'entity.parse.failed':
        return sendRpcError(res, 400, 'The body is not JSON.', { code: PARSE_ERROR, data: facts('INVALID_JSON', req) });
      case 'encoding.unsupported':
      case 'charset.unsupported':
        return sendRpcError(res, 415, 'The body must be UTF-8 JSON.', { data: facts('UNSUPPORTED_MEDIA_TYPE', req) });
      default:
        return next(error);
    }
  };

  function facts(code: string, req: ExpressRequest, details: Record<string, unknown> = {}): Record<string, unknown> {
    return { code, details, trace_id: traceIdOf(req) };
  }

  const router = Router();
  router.use('/mcp', hostHeaderValidation([...options.allowedHosts]), originValidation([...options.allowedOrigins]));
  router.all('/mcp/sse', gone);
  router.use('/mcp', options.authenticate);
  router.post('/mcp', requireJson, express.json({ limit: BODY_LIMIT, type: () => true }), post);
  router.get('/mcp', sessionOperation);
  router.delete('/mcp', sessionOperation);
  router.all('/mcp', methodNotAllowed);
  router.use('/mcp', refused);

  return {
    router,
    get openSessions() {
      return sessions.size;
    },
    close: async () => {
      await Promise.all([handler.close(), sessions.close()]);
    },
  };
}

/** The SDK's own routing decision, from the headers and the body that is parsed already; its `isLegacyRequest` wants a Request, which costs. */
function isLegacyPost({ headers, body }: { headers: ExpressRequest['headers']; body?: unknown }): boolean {
  if (body === undefined) return true;
  const [version, method, name] = ['mcp-protocol-version', 'mcp-method', 'mcp-name'].map((key) => headers[key]);
  const { kind } = classifyInboundRequest({
    httpMethod: 'POST',
    body,
    ...(typeof version === 'string' ? { protocolVersionHeader: version } : {}),
    ...(typeof method === 'string' ? { mcpMethodHeader: method } : {}),
    ...(typeof name === 'string' ? { mcpNameHeader: name } : {}),
  });
  return kind === 'legacy';
}

function bodyErrorType(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
}
