import { afterEach, describe, expect, it } from 'vitest';
import { ERAS, type TestClient, connectHttp } from './clients.ts';
import { type RunningEndpoint, scriptedDispatcher, scriptedFactory, serve } from './scripted.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function start(options: Parameters<typeof serve>[1] & { toolsets?: string } = {}) {
  const parts = scriptedDispatcher();
  const { toolsets, ...rest } = options;
  const running: RunningEndpoint = await serve(
    scriptedFactory(parts, toolsets === undefined ? {} : { toolsets }),
    rest,
  );
  open.push(running);
  const connect = async (...[era, url, more]: Parameters<typeof connectHttp>): Promise<TestClient> => {
    const client = await connectHttp(era, url, more);
    open.push(client);
    return client;
  };
  return { ...parts, ...running, connect };
}

describe.each(ERAS)('/mcp with a %s', (era) => {
  it('speaks the era of the client', async () => {
    const { url, connect } = await start();
    const client = await connect(era, url);
    expect(client.protocolVersion()).toBe(era === 'v2 client, 2026 era' ? '2026-07-28' : '2025-11-25');
    expect(client.instructions()).toContain('fleet');
  });

  it('lists the tools for models in catalog order with title, strict schemas and annotations', async () => {
    const { url, connect } = await start();
    const tools = await (await connect(era, url)).listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['list_clusters', 'remove_cluster', 'query_metrics', 'wait']);
    expect(tools[1]).toMatchObject({
      title: 'Remove',
      inputSchema: { type: 'object', additionalProperties: false, required: ['cluster'] },
      outputSchema: { type: 'object', required: ['removed'] },
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    });
  });

  it('answers a call with a summary, the same output as JSON text, and structured content', async () => {
    const { url, connect, fleet } = await start();
    const reply = await (await connect(era, url)).call('list_clusters', {});
    expect(reply).toMatchObject({ isError: false, text: '2 clusters.', structured: { total: 2 } });
    expect(JSON.parse(reply.content[1]?.text ?? '')).toEqual(reply.structured);
    expect(fleet.calls).toEqual([
      {
        tool: 'list_clusters',
        principal: 'token:admin',
        traceId: 'feedfacefeedfacefeedfacefeedface',
        input: { page_size: 20 },
      },
    ]);
  });

  it('tells the model the code, what to do and the trace id when a call fails', async () => {
    const { url, connect } = await start();
    const reply = await (await connect(era, url)).call('list_clusters', { pagesize: 3 });
    expect(reply.isError).toBe(true);
    expect(reply.text).toMatch(/^VALIDATION_FAILED: .*pagesize.*page_size/);
    expect(reply.text).toContain('Trace id: feedface');
    expect(reply.meta['aiops/error']).toMatchObject({
      code: 'VALIDATION_FAILED',
      trace_id: 'feedfacefeedfacefeedfacefeedface',
    });
  });

  it('refuses a tool that is not for models, and one that does not exist', async () => {
    const { url, connect } = await start();
    const client = await connect(era, url);
    await expect(client.call('get_cluster', { cluster: 'hub-1' })).rejects.toThrow(/get_cluster not found/);
    await expect(client.call('no_such_tool', {})).rejects.toThrow(/no_such_tool not found/);
  });

  it('makes a write only after the person said yes to exactly that question', async () => {
    const { url, connect, fleet } = await start();
    const client = await connect(era, url, { person: 'accepts' });
    const reply = await client.call('remove_cluster', { cluster: 'edge-1' });
    expect(client.questions).toEqual(['Remove cluster edge-1?']);
    expect(reply).toMatchObject({ isError: false, structured: { removed: 'edge-1' } });
    expect([...fleet.clusters.keys()]).toEqual(['hub-1']);
  });

  it.each(['declines', 'leaves the box empty'] as const)('changes nothing when the person %s', async (person) => {
    const { url, connect, fleet } = await start();
    const client = await connect(era, url, { person });
    const reply = await client.call('remove_cluster', { cluster: 'edge-1' });
    expect(client.questions).toHaveLength(1);
    expect(reply.text).toMatch(/^CONFIRMATION_REQUIRED: The person declined/);
    expect(fleet.clusters.has('edge-1')).toBe(true);
  });

  it('names the doors that can confirm when the client cannot ask', async () => {
    const { url, connect, fleet } = await start();
    const reply = await (await connect(era, url)).call('remove_cluster', { cluster: 'edge-1' });
    expect(reply.text).toMatch(/^CONFIRMATION_REQUIRED: .*aiops call.*REST/);
    expect(fleet.clusters.has('edge-1')).toBe(true);
  });

  it('does not ask about a write that the caller may not make', async () => {
    const { url, connect } = await start();
    const client = await connect(era, url, { token: 'viewer', person: 'accepts' });
    expect((await client.call('remove_cluster', { cluster: 'edge-1' })).text).toMatch(/^PERMISSION_DENIED/);
    expect(client.questions).toEqual([]);
  });

  it('offers clusters and evidence as resources', async () => {
    const { url, connect } = await start();
    const client = await connect(era, url);
    expect(await client.resources()).toEqual(['aiops://clusters']);
    expect(await client.templates()).toEqual([
      'aiops://clusters/{name}',
      'aiops://alerts/{fingerprint}',
      'aiops://evidence/{id}',
    ]);
    expect(await client.read('aiops://clusters')).toMatchObject({ total: 2 });
    expect(await client.read('aiops://clusters/hub-1')).toEqual({ name: 'hub-1', state: 'ONLINE' });
  });

  it.each(['aiops://clusters/hub-9', 'aiops://evidence/nope', 'aiops://nothing', 'aiops://clusters/%zz'])(
    'says that %s is not found',
    async (uri) => {
      const { url, connect } = await start();
      await expect((await connect(era, url)).read(uri)).rejects.toMatchObject({ code: -32602, data: { uri } });
    },
  );

  it('links a shortened answer to its whole, for its owner only', async () => {
    const { url, connect } = await start();
    const owner = await connect(era, url);
    const reply = await owner.call('query_metrics', { rows: 4_000 });
    const link = reply.content.find((item) => item.type === 'resource_link');
    expect(reply.text).toContain('too large to show whole');
    expect(await owner.read(link?.uri ?? '')).toMatchObject({ rows: { length: 4_000 } });
    const other = await connect(era, url, { token: 'viewer' });
    await expect(other.read(link?.uri ?? '')).rejects.toMatchObject({ code: -32602 });
  });

  it('offers the default persona as a prompt', async () => {
    const { url, connect } = await start();
    const client = await connect(era, url);
    expect(await client.prompts()).toMatchObject([
      { name: 'default', description: 'Answers questions about the fleet.', arguments: [{ name: 'question' }] },
    ]);
    expect(await client.prompt('default', { question: 'what is firing?' })).toEqual([
      'Use the tools.',
      'what is firing?',
    ]);
    expect(await client.prompt('default', {})).toEqual(['Use the tools.']);
  });

  it('narrows the tools to the toolsets of the URL', async () => {
    const { url, connect } = await start();
    const client = await connect(era, `${url}?toolsets=metrics,alerts`);
    expect((await client.listTools()).map((tool) => tool.name)).toEqual(['query_metrics', 'wait']);
    await expect(client.call('list_clusters', {})).rejects.toThrow(/not found/);
  });

  it('serves only the toolsets of the deployment', async () => {
    const { url, connect } = await start({ toolsets: 'metrics, clusters' });
    expect((await (await connect(era, url)).listTools()).map((tool) => tool.name)).toEqual([
      'list_clusters',
      'remove_cluster',
      'query_metrics',
    ]);
    await expect(connect(era, `${url}?toolsets=alerts`)).rejects.toThrow(/there is no .*alerts/);
  });

  it('stops the tool when the client cancels', async () => {
    const { url, connect, fleet } = await start();
    const client = await connect(era, url);
    const cancel = new AbortController();
    const call = client.call('wait', {}, cancel.signal);
    await fleet.waiting.started;
    cancel.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await fleet.waiting.aborted;
  });
});
