import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { pino } from 'pino';
import { z } from 'zod';
import { type Principal, WHOLE_FLEET } from '../../backend/model/access.ts';
import { AppError } from '../../backend/model/errors.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { type McpEndpoint, type McpEndpointOptions, createMcpEndpoint } from '../../mcp-server/mcp/http.ts';
import { type McpFactory, createMcpFactory } from '../../mcp-server/mcp/server.ts';
import { type AnyTool, defineTool } from '../../tools/define.ts';
import { type Dispatcher, createDispatcher } from '../../tools/dispatch.ts';
import type { Services } from '../../tools/services.ts';

export const ADMIN: Principal = { id: 'token:admin', display_name: 'Ada', role: 'admin', scope: WHOLE_FLEET };
export const VIEWER: Principal = { id: 'token:viewer', display_name: 'Vic', role: 'viewer', scope: WHOLE_FLEET };

export interface ScriptedFleet {
  readonly clusters: Map<string, { name: string; state: string }>;
  readonly calls: { tool: string; principal: string; traceId: string; input: unknown }[];
  /** Resolves when the tool `wait` has begun; rejects its run when its signal aborts. */
  readonly waiting: { started: Promise<void>; aborted: Promise<void> };
}

const READ = { readOnly: true, destructive: false, idempotent: true, openWorld: false };

/** The real dispatcher over a small scripted catalog: what the MCP door does can be seen without any backend. */
export function scriptedDispatcher(): {
  dispatcher: Dispatcher;
  fleet: ScriptedFleet;
  evidence: Map<string, { owner: string; content: unknown }>;
} {
  const clusters = new Map(['edge-1', 'hub-1'].map((name) => [name, { name, state: 'ONLINE' }]));
  const calls: ScriptedFleet['calls'] = [];
  const evidence = new Map<string, { owner: string; content: unknown }>();
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const Item = z.strictObject({ name: z.string(), state: z.string() });
  const note = (context: { principal: Principal; traceId: string }, tool: string, input: unknown) =>
    calls.push({ tool, principal: context.principal.id, traceId: context.traceId, input });

  const catalog: AnyTool[] = [
    defineTool({
      name: 'list_clusters',
      title: 'List clusters',
      description: 'Lists clusters.',
      toolset: 'clusters',
      permission: 'cluster:read',
      exposure: 'model',
      annotations: READ,
      example: {},
      input: z.strictObject({ page_size: z.int().default(20), at: z.iso.datetime().optional() }),
      output: z.strictObject({ items: z.array(Item), total: z.int() }),
      summarize: ({ total }) => `${total} clusters.`,
      run: async (context, input) => {
        note(context, 'list_clusters', input);
        return { items: [...clusters.values()], total: clusters.size };
      },
    }),
    defineTool({
      name: 'get_cluster',
      title: 'Get',
      description: 'One cluster.',
      toolset: 'clusters',
      permission: 'cluster:read',
      exposure: 'api',
      annotations: READ,
      example: { cluster: 'hub-1' },
      input: z.strictObject({ cluster: z.string() }),
      output: Item,
      summarize: ({ name }) => name,
      run: async (_context, { cluster }) => {
        const found = clusters.get(cluster);
        if (!found) throw new AppError('CLUSTER_NOT_FOUND', `There is no cluster "${cluster}".`);
        return found;
      },
    }),
    defineTool({
      name: 'remove_cluster',
      title: 'Remove',
      description: 'Removes a cluster.',
      toolset: 'clusters',
      permission: 'cluster:delete',
      exposure: 'model',
      annotations: { ...READ, readOnly: false, destructive: true },
      example: { cluster: 'edge-1' },
      input: z.strictObject({ cluster: z.string(), reason: z.string().optional() }),
      output: z.strictObject({ removed: z.string() }),
      confirm: ({ cluster }) => `Remove cluster ${cluster}?`,
      summarize: ({ removed }) => `Removed ${removed}.`,
      run: async (context, input) => {
        note(context, 'remove_cluster', input);
        clusters.delete(input.cluster);
        return { removed: input.cluster };
      },
    }),
    defineTool({
      name: 'query_metrics',
      title: 'Query',
      description: 'Answers with as many rows as asked.',
      toolset: 'metrics',
      permission: 'metrics:read',
      exposure: 'model',
      annotations: READ,
      example: { rows: 1 },
      input: z.strictObject({ rows: z.int().max(100_000) }),
      output: z.strictObject({ rows: z.array(z.string()) }),
      summarize: ({ rows }) => `${rows.length} rows.`,
      run: async (_context, { rows }) => ({
        rows: Array.from({ length: rows }, (_, i) => `row ${i} ${'x'.repeat(40)}`),
      }),
    }),
    defineTool({
      name: 'wait',
      title: 'Wait',
      description: 'Waits until it is cancelled.',
      toolset: 'alerts',
      permission: 'alerts:read',
      exposure: 'model',
      annotations: READ,
      example: {},
      input: z.strictObject({}),
      output: z.strictObject({}),
      summarize: () => 'done',
      run: (context) => {
        begun.resolve();
        return new Promise((_, reject) => {
          context.signal.addEventListener('abort', () => {
            stopped.resolve();
            reject(context.signal.reason as Error); // proof: dispatch aborts with an Error
          });
        });
      },
    }),
  ];

  const dispatcher = createDispatcher({
    catalog,
    services: {} as Services, // proof: no scripted tool touches a service
    audit: { record: async () => undefined, list: async () => [], purge: async () => 0 },
    evidence: {
      put: async ({ owner, content }) => {
        const id = randomUUID();
        evidence.set(id, { owner, content });
        return { id, uri: `aiops://evidence/${id}`, bytes: JSON.stringify(content).length };
      },
      get: async () => Promise.reject(new Error('dispatch never reads evidence')),
      purgeExpired: async () => 0,
    },
    metrics: createMetrics(),
    clock: new ManualClock(),
    logger: pino({ level: 'silent' }),
  });
  return {
    dispatcher,
    fleet: { clusters, calls, waiting: { started: begun.promise, aborted: stopped.promise } },
    evidence,
  };
}

export function scriptedFactory(
  parts: ReturnType<typeof scriptedDispatcher>,
  options: { toolsets?: string; clock?: ManualClock; confirmationKey?: Uint8Array } = {},
): McpFactory {
  const { toolsets, clock = new ManualClock(), confirmationKey = randomBytes(32) } = options;
  return createMcpFactory({
    dispatcher: parts.dispatcher,
    evidence: {
      get: async (id, owner) => {
        const found = parts.evidence.get(id);
        if (found?.owner !== owner) throw new AppError('EVIDENCE_NOT_FOUND', `There is no evidence ${id}.`);
        return { id, tool: 'query_metrics', content: found.content, created_at: '2026-03-01T10:00:00.000Z' };
      },
    },
    personas: {
      list: () => [
        {
          id: 'default',
          name: 'Fleet analyst',
          description: 'Answers questions about the fleet.',
          system_prompt: 'Use the tools.',
          capabilities: ['list_clusters'],
          icon: 'compass',
          is_builtin: true,
        },
      ],
    },
    info: { name: 'aiops-nextgen', title: 'AIOps NextGen', version: '0.0.0-test' },
    confirmationKey,
    ...(toolsets === undefined ? {} : { toolsets }),
    clock,
    logger: pino({ level: 'silent' }),
  });
}

export interface RunningEndpoint {
  readonly url: string;
  readonly endpoint: McpEndpoint;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

/** `/mcp` in an app of its own on a free port. The bearer token is the principal's name; none is the admin. */
export async function serve(
  factory: McpFactory,
  options: Partial<McpEndpointOptions> & { clock?: ManualClock; port?: number } = {},
): Promise<RunningEndpoint> {
  const clock = options.clock ?? new ManualClock();
  const endpoint = createMcpEndpoint({
    factory,
    authenticate: (req, res, next) => {
      const { authorization } = req.headers;
      if (authorization === undefined || authorization === 'Bearer admin' || authorization === 'Bearer viewer') next();
      else res.status(401).json({ error: { code: 'AUTH_FAILED', message: 'The token is not valid.' } });
    },
    principalOf: (req) => (req.headers.authorization === 'Bearer viewer' ? VIEWER : ADMIN),
    traceIdOf: () => 'feedfacefeedfacefeedfacefeedface',
    allowedHosts: ['127.0.0.1', 'localhost'],
    allowedOrigins: ['127.0.0.1', 'localhost'],
    logger: pino({ level: 'silent' }),
    ...options,
    clock,
  });
  const app: Express = express();
  app.use(endpoint.router);
  const server = app.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // proof: listening on TCP
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    endpoint,
    clock,
    close: async () => {
      await endpoint.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
