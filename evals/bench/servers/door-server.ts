/**
 * The product's HTTP edge, MCP door and dispatcher, wired as serve.ts wires them, over a registry and an audit log in memory:
 * what a call costs before any database is asked. The caller is the local operator.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock as clock } from '../../../backend/platform/clock.ts';
import { createLogger } from '../../../backend/platform/logger.ts';
import { createMetrics } from '../../../backend/platform/metrics.ts';
import type { Store } from '../../../backend/platform/store/store.ts';
import { createApp } from '../../../mcp-server/http/app.ts';
import { createOriginGuard } from '../../../mcp-server/http/origin-guard.ts';
import { principalOf, stateOf } from '../../../mcp-server/http/request-state.ts';
import { LOCAL_PRINCIPAL } from '../../../mcp-server/identity/identity.ts';
import { createMcpEndpoint } from '../../../mcp-server/mcp/http.ts';
import { createMcpFactory } from '../../../mcp-server/mcp/server.ts';
import { catalog } from '../../../tools/catalog.ts';
import { createDispatcher } from '../../../tools/dispatch.ts';
import type { Services } from '../../../tools/services.ts';
import { announce } from './announce.ts';

const logger = createLogger({ level: 'info' });
const metrics = createMetrics();
const evidence = {
  put: () => Promise.reject(new Error('the answer is too small to need evidence')),
  get: () => Promise.reject(new Error('nothing is stored')),
  purgeExpired: async () => 0,
};
const dispatcher = createDispatcher({
  catalog,
  services: { registry: { list: async () => [] } } as unknown as Services, // proof: get_fleet_summary asks for the list only
  audit: { record: async () => undefined, list: async () => [], purge: async () => 0 },
  evidence,
  metrics,
  clock,
  logger,
});
const factory = createMcpFactory({
  dispatcher,
  evidence,
  personas: { list: () => [] },
  info: { name: 'aiops-nextgen', title: 'AIOps NextGen', version: 'bench' },
  confirmationKey: randomBytes(32),
  clock,
  logger,
});
const app = createApp({
  dispatcher,
  identity: { mode: 'none', authenticate: async () => LOCAL_PRINCIPAL },
  guard: createOriginGuard({ host: '127.0.0.1', allowedHosts: [], allowedOrigins: [] }),
  store: {} as Store, // proof: only /ready asks it, and nobody asks /ready here
  readiness: { accepting: true },
  clock,
  logger,
  metrics,
  uiFolder: import.meta.dirname,
  serveMetrics: true,
  mcp: (authenticate) =>
    createMcpEndpoint({
      factory,
      authenticate,
      principalOf,
      traceIdOf: (request) => stateOf(request).trace.traceId,
      allowedHosts: ['127.0.0.1'],
      allowedOrigins: ['127.0.0.1'],
      clock,
      logger,
    }).router,
});
const server = createServer({ keepAliveTimeout: 60_000 }, app).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo; // proof: it listens on TCP
announce({ url: `http://127.0.0.1:${port}/mcp` }, async () => {
  server.closeAllConnections();
  server.close();
});
