/**
 * What the SDK alone costs: its Express app, its handler and one tool that answers from memory. Schemas and answer are those
 * of the product's tool, so that both sides parse, check and send the same bytes. No log, no identity, no database.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createMcpExpressApp } from '@modelcontextprotocol/express';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import type { RequestHandler } from 'express';
import { getFleetSummary as tool } from '../../../tools/clusters/get-fleet-summary.ts';
import { announce } from './announce.ts';

function build(): McpServer {
  const server = new McpServer({ name: 'bare', version: '1.0.0' });
  const { title, description, input: inputSchema, output: outputSchema } = tool;
  server.registerTool(tool.name, { title, description, inputSchema, outputSchema }, () => {
    const fleet = {
      total_clusters: 0,
      by_state: {},
      by_type: {},
      by_environment: {},
      avg_health_score: null,
      unhealthy: [],
      in_maintenance: [],
      as_of: new Date().toISOString(),
    };
    const content = [tool.summarize(fleet), JSON.stringify(fleet)].map((text) => ({ type: 'text' as const, text }));
    return { content, structuredContent: fleet };
  });
  return server;
}

/** 2025 era: the plainest map of sessions. */
const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
const legacy: RequestHandler = async (request, response) => {
  const id = request.headers['mcp-session-id'];
  const known = typeof id === 'string' ? sessions.get(id) : undefined;
  if (known) return known.handleRequest(request, response, request.body);
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (opened) => void sessions.set(opened, transport),
  });
  await build().connect(transport);
  return transport.handleRequest(request, response, request.body);
};

const modern = toNodeHandler(createMcpHandler(build, { legacy: 'reject' }));
const app = createMcpExpressApp();
// One path an era: telling them apart is work that this side is spared.
app.post('/mcp', (request, response) => modern(request, response, request.body));
app.post('/sessions', legacy);
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo; // proof: it listens on TCP
announce({ url: `http://127.0.0.1:${port}/mcp`, sessionsUrl: `http://127.0.0.1:${port}/sessions` }, async () => {
  server.closeAllConnections();
  server.close();
});
