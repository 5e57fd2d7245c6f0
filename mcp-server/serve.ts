import { randomBytes } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import express from 'express';
import { scopeFilter } from '../backend/access/policy.ts';
import type { Principal } from '../backend/model/access.ts';
import { AppError, asAppError } from '../backend/model/errors.ts';
import type { DomainEvent } from '../backend/model/event.ts';
import { systemClock } from '../backend/platform/clock.ts';
import type { Logger } from '../backend/platform/logger.ts';
import { createMetrics } from '../backend/platform/metrics.ts';
import { listEventsAfter } from '../backend/platform/outbox.ts';
import { acquireDataFolder } from '../backend/platform/store/data-folder-lock.ts';
import type { EffectiveConfig } from './config.ts';
import { isLoopback } from './config.ts';
import { createApp, metricsHandler } from './http/app.ts';
import type { Readiness } from './http/health.ts';
import { createOriginGuard } from './http/origin-guard.ts';
import { createIdentity } from './identity/identity.ts';
import { principalOf, stateOf } from './http/request-state.ts';
import { createMcpEndpoint } from './mcp/http.ts';
import { type McpFactory, createMcpFactory } from './mcp/server.ts';
import { type Runtime, openRuntime } from './runtime.ts';
import { startTracing } from './tracing.ts';
import { PROJECT_ROOT, VERSION } from './version.ts';
import { createEventSocket } from './ws/event-socket.ts';
import { createLogTailSocket } from './ws/log-tail-socket.ts';
import { attachUpgrades } from './ws/upgrades.ts';

export interface RunningServer {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly runtime: Runtime;
  readonly mcp: McpFactory;
  /** Stops accepting, lets requests finish for a while, then ends. Idempotent. */
  close(): Promise<void>;
}

/** The origin guard in front has matched Host and Origin exactly; `/mcp` checks the names once more. */
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
/** Events read at a time when a client resumes; it gets as many pages as it missed. */
const REPLAY_PAGE = 100;
/** How long requests in progress may take to finish after a shutdown begins. */
const DRAIN_MS = 10_000;

/** Starts the server: lock, database, doors. Everything that was started is stopped again when a later step fails. */
export async function startServer({
  config,
  logger,
}: {
  readonly config: EffectiveConfig;
  readonly logger: Logger;
}): Promise<RunningServer> {
  const clock = systemClock;
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (let close = closers.pop(); close; close = closers.pop()) {
      // One part that fails to stop must not keep the others running, the lock least of all.
      await close().catch((error: unknown) =>
        logger.error({ err: error }, 'a part of the server did not stop cleanly'),
      );
    }
  };
  try {
    return await start();
  } catch (error) {
    await closeAll();
    throw error;
  }

  async function start(): Promise<RunningServer> {
    if (config.otlp_endpoint !== undefined) closers.push(await startTracing(config.otlp_endpoint));
    const metrics = createMetrics();
    metrics.collectProcess();
    const lock = config.database_url === undefined ? await acquireDataFolder(config.data_dir) : undefined;
    if (lock) closers.push(() => lock.release());
    const runtime = await openRuntime({ config, clock, logger, metrics, lock, background: true });
    closers.push(() => runtime.close());

    const localToken = `aiops_local_${randomBytes(32).toString('base64url')}`;
    const identity = createIdentity({ mode: config.auth_mode, tokens: runtime.services.tokens, localToken });
    const guard = createOriginGuard({
      host: config.host,
      allowedHosts: config.allowed_hosts,
      allowedOrigins: config.allowed_origins,
    });
    const readiness: Readiness = { accepting: true };
    const socket = createEventSocket({
      identity,
      guard,
      bus: runtime.bus,
      clock,
      logger,
      metrics,
      replay: (sequence) => listEventsAfter(runtime.store, sequence, REPLAY_PAGE),
      maySee: (principal, event) => maySee(runtime, principal, event),
    });
    const logTails = createLogTailSocket({
      identity,
      guard,
      dispatcher: runtime.dispatcher,
      tails: runtime.services.logTails,
      clusterOf: (id) => runtime.services.registry.get(id),
      clock,
      logger,
    });
    const mcp = createMcpFactory({
      dispatcher: runtime.dispatcher,
      evidence: runtime.evidence,
      personas: runtime.personas,
      info: { name: 'aiops-nextgen', title: 'AIOps NextGen', version: VERSION },
      confirmationKey: randomBytes(32),
      ...(config.toolsets.length === 0 ? {} : { toolsets: config.toolsets.join(',') }),
      clock,
      logger,
    });
    let closeMcp = async () => {};
    const app = createApp({
      dispatcher: runtime.dispatcher,
      identity,
      guard,
      webhook: runtime.alertWebhook,
      store: runtime.store,
      readiness,
      clock,
      logger,
      metrics,
      uiFolder: path.join(PROJECT_ROOT, 'dist', 'chat-ui', 'app'),
      serveMetrics: config.metrics_port === undefined && isLoopback(config.host),
      mcp: (authenticate) => {
        const endpoint = createMcpEndpoint({
          factory: mcp,
          authenticate,
          principalOf,
          traceIdOf: (request) => stateOf(request).trace.traceId,
          allowedHosts: [...LOOPBACK_NAMES, config.host, ...config.allowed_hosts],
          allowedOrigins: [
            ...LOOPBACK_NAMES,
            ...config.allowed_hosts,
            ...config.allowed_origins.flatMap((origin) => URL.parse(origin)?.hostname ?? []),
          ],
          clock,
          logger,
        });
        closeMcp = () => endpoint.close();
        return endpoint.router;
      },
    });
    const server = createServer(
      {
        headersTimeout: 10_000,
        connectionsCheckingInterval: 1_000,
        requestTimeout: 120_000,
        keepAliveTimeout: 60_000,
        maxHeaderSize: 16 * 1024,
      },
      app,
    );
    const upgrades = new Map([
      ['/ws', socket.upgrade],
      ['/api/v1/logs/tail', logTails.upgrade],
    ]);
    attachUpgrades(server, upgrades, logger);
    const listener = await listen(server, config.port, config.host, 'AIOPS_PORT');
    // Streams that a client keeps open end first, or the listener would wait for them.
    closers.push(
      () => closeListener(listener, readiness),
      () => socket.close(),
      async () => logTails.close(),
      () => closeMcp(),
    );
    if (config.metrics_port !== undefined) {
      const own = createServer(express().get('/metrics', metricsHandler(metrics)));
      const metricsListener = await listen(own, config.metrics_port, config.host, 'AIOPS_METRICS_PORT');
      closers.push(() => closeListener(metricsListener, readiness));
    }
    const { port } = server.address() as AddressInfo; // proof: it listens on TCP
    const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    // A wildcard is an address to listen on, not one to call.
    const localUrl = url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
    await lock?.publish({ url: localUrl, token: localToken });
    let closing: Promise<void> | undefined;
    return {
      url,
      runtime,
      mcp,
      close: () => {
        readiness.accepting = false;
        closing ??= closeAll();
        return closing;
      },
    };
  }

  async function closeListener({ server, sockets }: Listener, readiness: Readiness): Promise<void> {
    readiness.accepting = false;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    // Whatever is still open after the time to finish is cut, upgraded and half-open sockets included.
    const cancel = clock.after(DRAIN_MS, () => {
      for (const socket of sockets) socket.destroy();
    });
    await closed;
    cancel();
  }
}

async function maySee(runtime: Runtime, principal: Principal, event: DomainEvent): Promise<boolean> {
  if (event.event_type === 'CHAT_MESSAGE') return event.payload['user_id'] === principal.id;
  if (principal.scope.selector === '' || event.cluster_id === undefined) return true;
  try {
    return scopeFilter(principal.scope)(await runtime.services.registry.get(event.cluster_id));
  } catch (error) {
    // A cluster that is gone cannot be matched any more; its end is told to those who see the whole fleet.
    if (asAppError(error).code === 'CLUSTER_NOT_FOUND') return false;
    throw error;
  }
}

interface Listener {
  readonly server: Server;
  /** Every connection that is open now, whatever protocol it has been upgraded to. */
  readonly sockets: ReadonlySet<Socket>;
}

function listen(server: Server, port: number, host: string, setting: string): Promise<Listener> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE';
      reject(
        new AppError(
          'INTERNAL_ERROR',
          busy
            ? `Port ${port} on ${host} is in use by another program; choose another with ${setting}.`
            : `Cannot listen on ${host}:${port}: ${error.code ?? error.message}.`,
        ),
      );
    });
    server.listen(port, host, () => resolve({ server, sockets }));
  });
}
