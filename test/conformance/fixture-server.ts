/**
 * TEST ONLY. The product's own factory and transport, with the tools, resources and prompts that the conformance suite wants to
 * find on a server added to every one it makes.
 */
import { InMemoryServerEventBus, type McpServer, createRequestStateCodec } from '@modelcontextprotocol/server';
import { randomBytes } from 'node:crypto';
import type { McpFactory } from '../../mcp-server/mcp/server.ts';
import { type RunningEndpoint, scriptedDispatcher, scriptedFactory, serve } from '../mcp/scripted.ts';
import { registerContentTools, registerPrompts, registerResources } from './fixture-content.ts';
import { registerLegacyRoundTools, registerRoundTools } from './fixture-rounds.ts';

export async function startFixtureServer(): Promise<RunningEndpoint> {
  const confirmationKey = randomBytes(32);
  const product = scriptedFactory(scriptedDispatcher(), { confirmationKey });
  const codec = createRequestStateCodec<string>({ key: confirmationKey });
  const bus = new InMemoryServerEventBus();
  const factory: McpFactory = {
    toolsets: product.toolsets,
    create: (caller) => {
      const server = product.create(caller);
      server.server.registerCapabilities({
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true },
        logging: {},
        completions: {},
      });
      registerContentTools(server);
      registerResources(server);
      registerPrompts(server);
      registerRoundTools(server, codec);
      registerLegacyRoundTools(server);
      registerChanges(server, bus);
      return server;
    },
  };
  return serve(factory, { bus });
}

function registerChanges(server: McpServer, bus: InMemoryServerEventBus): void {
  const changed = { content: [{ type: 'text' as const, text: 'changed' }] };
  server.registerTool('test_trigger_tool_change', { description: 'Tells that the tools changed.' }, () => {
    bus.publish({ kind: 'tools_list_changed' });
    return changed;
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Tells that the prompts changed.' }, () => {
    bus.publish({ kind: 'prompts_list_changed' });
    return changed;
  });
  const watched = new Set<string>();
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    watched.add(params.uri);
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    watched.delete(params.uri);
    return {};
  });
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: [], total: 0, hasMore: false },
  }));
}
