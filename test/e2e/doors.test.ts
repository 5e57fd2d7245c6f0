import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatMessage } from '../../backend/model/chat.ts';
import { SriovStatusAnswer } from '../../backend/model/cnf.ts';
import { AlertDetail, type AlertEpisode } from '../../backend/model/alert.ts';
import { GpuHistoryAnswer, GpuNodesAnswer } from '../../backend/model/gpu-answers.ts';
import { MetricsAnswer } from '../../backend/model/metrics.ts';
import { MetricsDigest } from '../../backend/model/series-digest.ts';
import { TopAnswer, UsageAnswer } from '../../backend/model/usage.ts';
import { catalog } from '../../tools/catalog.ts';
import { type TestClient, connectHttp, connectLegacy, connectModern } from '../mcp/clients.ts';
import { type Demo, startDemo } from '../support/demo.ts';
import { MAIN, eventually, rest } from '../support/server-process.ts';
import { metricsTruthSuite } from './metrics-truth.suite.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo.stop());

const modelTools = catalog.filter((tool) => tool.exposure === 'model');

function stdio() {
  const env = Object.fromEntries(
    Object.entries(demo.server.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  return { command: process.execPath, args: [MAIN, 'stdio'], env, stderr: 'ignore' as const };
}

const CLIENTS: Readonly<Record<string, () => Promise<TestClient>>> = {
  'v1 SDK over HTTP': () => connectHttp('v1 client', `${demo.url}/mcp`, { person: 'accepts' }),
  'v2 SDK of 2025 over HTTP': () => connectHttp('v2 client, 2025 era', `${demo.url}/mcp`, { person: 'accepts' }),
  'v2 SDK of 2026 over HTTP': () => connectHttp('v2 client, 2026 era', `${demo.url}/mcp`, { person: 'accepts' }),
  'v1 SDK over stdio': () => connectLegacy(new LegacyStdio(stdio()), 'accepts'),
  'v2 SDK of 2025 over stdio': () => connectModern('v2 client, 2025 era', new ModernStdio(stdio()), 'accepts'),
  'v2 SDK of 2026 over stdio': () => connectModern('v2 client, 2026 era', new ModernStdio(stdio()), 'accepts'),
};

/** A pod of the simulated user plane; its name has a random part. */
async function userPlanePod(): Promise<string> {
  const { body } = await rest(demo.url, 'GET', '/api/v1/cnf/sriov/status?cluster_ids=hub-1');
  const [vf] = SriovStatusAnswer.parse(body).nodes.flatMap(({ vfs }) => vfs.flatMap(({ pod }) => pod ?? []));
  return vf?.name ?? '';
}

/** Prometheus sends no alert in its first seconds, and only its Alertmanager gives it the labels of this fingerprint. */
async function watchdogDelivered(fingerprint: string): Promise<void> {
  await eventually('an Alertmanager has the Watchdog', async () => {
    const { status } = await rest(demo.url, 'GET', `/api/v1/alerts/${fingerprint}`);
    return status === 200 || status === 206;
  });
}

describe.each(Object.keys(CLIENTS))('%s', (name) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await (CLIENTS[name] as () => Promise<TestClient>)(); // proof: name is one of its keys
  });
  afterAll(() => client.close());

  it('lists exactly the tools for models, each with title, schemas and annotations', async () => {
    const tools = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(modelTools.map((tool) => tool.name));
    for (const tool of tools)
      expect(tool).toMatchObject({
        title: expect.any(String),
        inputSchema: { type: 'object' },
        outputSchema: { type: 'object' },
        annotations: { readOnlyHint: expect.any(Boolean) },
      });
  });

  it.each(modelTools.map((tool) => [tool.name, tool] as const))('calls %s by its example', async (tool, definition) => {
    const input = { ...(definition.example as Record<string, unknown>) }; // proof: examples are objects
    // Evidence has an id of its own every time.
    if (tool === 'read_evidence') input['evidence'] = await evidenceOf(client);
    if (tool === 'get_trace') input['trace_id'] = await traceIdOf(client);
    if (tool === 'get_alert') await watchdogDelivered(String(input['fingerprint']));
    if (tool === 'get_dpdk_stats') input['pod'] = await userPlanePod();
    const reply = await client.call(tool, input);
    expect(reply.text).not.toBe('');
    expect({ tool, isError: reply.isError, text: reply.isError ? reply.text : '' }).toEqual({
      tool,
      isError: false,
      text: '',
    });
    expect((definition.forModel?.output ?? definition.output).safeParse(reply.structured).error).toBeUndefined();
    if (definition.confirm)
      expect(client.questions.at(-1)).toContain(
        definition.example.name ?? definition.example.cluster ?? definition.example.clusters[0],
      );
  });

  it('reads clusters as resources and offers the persona as a prompt', async () => {
    expect(await client.read('aiops://clusters/hub-1')).toMatchObject({ name: 'hub-1' });
    const [prompt] = await client.prompts();
    expect(prompt).toMatchObject({ name: 'default', description: expect.any(String) });
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    ['an unknown argument', 'query_metrics', { query: 'up', cluster: 'hub-1' }, 'VALIDATION_FAILED'],
    ['bad PromQL', 'query_metrics', { query: 'sum(' }, 'INVALID_PROMQL'],
    ['an unknown cluster', 'query_metrics', { query: 'up', clusters: ['hub-9'] }, 'CLUSTER_NOT_FOUND'],
    ['a selector of everything', 'query_metrics', { query: 'count({__name__=~"(.+)"})' }, 'QUERY_REFUSED'],
  ])('gets one clear error for %s', async (_what, tool, input, code) => {
    const reply = await client.call(tool, input);
    expect(reply.isError).toBe(true);
    expect(reply.text).toContain(code);
  });
});

describe('the same question', () => {
  const TIME = String(Math.floor(Date.now() / 1000) - 60);
  const QUERY = `sum by (namespace) (container_memory_working_set_bytes @ ${TIME})`;

  it('gets the same numbers from MCP, REST, the command line and the chat', async () => {
    const input = { query: QUERY };
    const mcp = await connectHttp('v2 client, 2026 era', `${demo.url}/mcp`);
    const byMcp = (await mcp.call('query_metrics', input)).structured;
    await mcp.close();
    const byRest = (await rest(demo.url, 'POST', '/api/v1/metrics/query', { body: input })).body;
    const byTool = (await rest(demo.url, 'POST', '/api/v1/tools/query_metrics', { body: input })).body;
    const cli = await demo.server.cli(['call', 'query_metrics', JSON.stringify(input), '--json']);
    expect(cli.code).toBe(0);
    const session = await rest(demo.url, 'POST', '/api/v1/chat/sessions', { body: {} });
    const chat = await rest(demo.url, 'POST', `/api/v1/chat/sessions/${String(session.body['id'])}/messages`, {
      body: { content: `Run \`${QUERY}\`` },
    });
    const message = chat.body as ChatMessage;
    const byChat = message.tool_results.find((result) =>
      message.tool_calls.some((call) => call.id === result.tool_call_id && call.name === 'query_metrics'),
    )?.result;

    const reference = numbers(byRest);
    expect(reference.length).toBeGreaterThan(5);
    expect(numbers(byTool)).toEqual(reference);
    expect(digested(byMcp)).toEqual(reference.toSorted(byText));
    expect(numbers(JSON.parse(cli.stdout))).toEqual(reference);
    expect(numbers(byChat)).toEqual(reference);
  });

  it.each(['Which clusters are unhealthy?', 'What is firing?', 'Top memory consumers in the last hour?'])(
    'the offline analyst answers %j with cited values',
    async (content) => {
      const session = await rest(demo.url, 'POST', '/api/v1/chat/sessions', { body: {} });
      const { status, body } = await rest(
        demo.url,
        'POST',
        `/api/v1/chat/sessions/${String(session.body['id'])}/messages`,
        { body: { content } },
      );
      expect(status).toBe(200);
      const message = body as ChatMessage;
      expect(message.model).toBe('offline-analyst');
      expect(message.content).toMatch(/\[E\d+\]/);
      const known = new Set(message.tool_results.map((result) => result.evidence));
      for (const [, id] of message.content.matchAll(/\[(E\d+)\]/g)) expect(known).toContain(id);
      expect(message.tool_results.every((result) => result.status === 'SUCCESS')).toBe(true);
      if (content.includes('unhealthy')) expect(message.content).toContain('edge-lab-1');
      if (content.includes('firing')) expect(message.content).toContain('Watchdog');
      if (content.includes('memory')) expect(message.content).toMatch(/[GM]iB/);
    },
  );
});

describe('questions that are more than one query', () => {
  const ask = async (tool: string, body: object) =>
    (await rest(demo.url, 'POST', `/api/v1/tools/${tool}`, { body })).body;

  it('find use beside what there is, by every grouping, on real Prometheus servers', async () => {
    const shares: Record<string, string[]> = {
      cluster: ['cpu_of_allocatable', 'memory_of_allocatable', 'disk_of_size'],
      namespace: ['cpu_of_limits', 'memory_of_limits'],
      node: ['cpu_of_allocatable', 'memory_requested_of_allocatable', 'disk_of_size'],
      pod: ['cpu_of_requests', 'memory_of_limits'],
    };
    for (const [by, wanted] of Object.entries(shares)) {
      const { rows } = UsageAnswer.parse(await ask('get_resource_usage', { by, clusters: ['prod-us-1'] }));
      expect(Object.keys(rows[0]?.percent ?? {})).toEqual(expect.arrayContaining(wanted));
    }
  });

  it('tell what is wrong with GPUs that real Prometheus scraped, and who has none', async () => {
    const answer = GpuNodesAnswer.parse(await ask('get_gpu_nodes', {}));
    const [node] = answer.nodes;
    expect(node).toMatchObject({ node_name: 'prod-us-1-gpu-0', source: 'DCGM', stale: false, gpu_count: 4 });
    expect(node?.gpus[0]).toMatchObject({
      name: 'NVIDIA H200',
      memory_total_mb: 143_771,
      xids: [],
      throttling: [],
      nvlink_errors_1h: { crc: null, replay: 0, recovery: 0 },
      pods: [{ namespace: 'ml', pod: expect.stringMatching(/^llm-inference-/) }],
    });
    expect(node?.gpus[0]?.utilization_gpu_percent).toBeGreaterThan(0);
    // The card that fell off the bus tells nothing but its XID.
    expect(node?.gpus[1]).toMatchObject({ temperature_celsius: null, memory_used_mb: null, xids: [{ xid: 79 }] });
    const [heat] = node?.gpus[2]?.throttling ?? [];
    expect(heat?.reason).toBe('THERMAL');
    // 42 % by the exporter; where history and live scrape meet in the window, rate() extrapolates to less, here as there.
    const share = 'max(rate(DCGM_FI_DEV_THERMAL_VIOLATION{gpu="2"}[5m])) / 1e7';
    const { results } = MetricsAnswer.parse(await ask('query_metrics', { query: share, clusters: ['prod-us-1'] }));
    const told = Number(results[0]?.data[0]?.values[0]?.[1]);
    expect(told).toBeGreaterThan(30);
    expect(heat?.percent).toBeCloseTo(told, 0);
    const codes = node?.findings.map(({ code, gpu }) => `${code} ${gpu ?? ''}`) ?? [];
    expect(codes).toEqual(expect.arrayContaining(['XID_79 1', 'THERMAL_THROTTLING 2', 'HOT 2', 'ALLOCATED_IDLE 3']));
    expect(codes.filter((code) => code.endsWith(' 0'))).toEqual([]);
    expect(answer.coverage.map(({ cluster_name, state }) => [cluster_name, state])).toEqual([
      ['prod-us-1', 'MEASURED'],
    ]);
    expect(answer.clusters_without_gpus).toBe(3);

    const history = GpuHistoryAnswer.parse(
      await ask('get_gpu_history', { cluster: 'prod-us-1', node: 'prod-us-1-gpu-0', gpu: 0, window: '30m' }),
    );
    expect(history.series.map(({ measure }) => measure)).toHaveLength(4);
    expect(history.series[0]?.values.length).toBeGreaterThan(50);
    const alone = await rest(demo.url, 'GET', '/api/v1/gpu/summary?cluster_ids=hub-1');
    expect([alone.status, alone.body]).toMatchObject([404, { error: { code: 'NO_GPU_NODES' } }]);
  });

  it('rank by GPU and restarts, and name what nobody measures', async () => {
    const gpu = TopAnswer.parse(await ask('get_top_consumers', { resource: 'gpu', by: 'node' }));
    expect(gpu.items.map(({ cluster }) => cluster)).toEqual(['prod-us-1']);
    expect(gpu.missing[0]?.clusters).toContain('hub-1');
    const restarts = TopAnswer.parse(await ask('get_top_consumers', { resource: 'restarts' }));
    expect(restarts.items[0]?.labels['pod']).toMatch(/^checkout-/);
  });

  it('answer why a workload restarts, in the chat and with no model', async () => {
    const session = await rest(demo.url, 'POST', '/api/v1/chat/sessions', { body: {} });
    const path = `/api/v1/chat/sessions/${String(session.body['id'])}/messages`;
    const { body } = await rest(demo.url, 'POST', path, { body: { content: 'Why is checkout restarting?' } });
    expect((body as ChatMessage).content).toMatch(/OOM_KILLED\*\* Pod `shop\/checkout-[^`]+` on prod-eu-1/);
  });
});

/** The address of evidence: what a range is summarised from. */
async function evidenceOf(client: TestClient): Promise<string> {
  const { structured } = await client.call('query_metrics', { query: 'up', start: '-10m' });
  return (structured as { shortened: { evidence_uri: string } }).shortened.evidence_uri; // proof: a failing shape fails the test
}

describe('the history of alerts', () => {
  const history = async (query: string) => {
    const { status, body } = await rest(demo.url, 'GET', `/api/v1/alerts/history?${query}`);
    expect([200, 206]).toContain(status);
    return body['episodes'] as AlertEpisode[]; // proof: a failing shape fails the test
  };

  it('fills by itself from every cluster that answers, each alert once', async () => {
    const watchdogs = await eventually('every cluster whose Prometheus is up has its Watchdog', async () => {
      const found = await history('alertname=Watchdog');
      // Seen by Prometheus first, an episode takes over the fingerprint of its Alertmanager, where all of them are the same.
      const settled = new Set(found.map((one) => one.fingerprint)).size === 1;
      return found.length >= 3 && settled && found;
    });
    expect(new Set(watchdogs.map((one) => one.cluster_name)).size).toBe(watchdogs.length);
    const { body } = await rest(demo.url, 'GET', `/api/v1/alerts/${watchdogs[0]?.fingerprint}`);
    const detail = AlertDetail.parse(body);
    expect(detail).toMatchObject({ active: true, rule: { query: 'vector(1)' }, history: { episodes: 1 } });
    expect(detail.other_clusters).toHaveLength(watchdogs.length - 1);
  });

  it("takes what a cluster's Alertmanager sends, with its secret only, and shows it by every door", async () => {
    const id = (await rest(demo.url, 'GET', '/api/v1/clusters/by-name/hub-1')).body['id'];
    const made = await rest(demo.url, 'POST', `/api/v1/clusters/${String(id)}/webhook-secret`);
    expect(made.status).toBe(201);
    const alert = {
      status: 'firing',
      labels: { alertname: 'Pushed', severity: 'critical' },
      annotations: {},
      startsAt: new Date().toISOString(),
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: '00000000deadbeef',
    };
    const body = { version: '4', alerts: [alert] };
    const route = `/api/v1/alerts/webhook/${String(id)}`;
    expect((await rest(demo.url, 'POST', route, { body })).status).toBe(401);
    const token = String(made.body['secret']);
    expect((await rest(demo.url, 'POST', route, { body, token })).status).toBe(200);
    // It opens that door and no other.
    expect((await rest(demo.url, 'GET', '/api/v1/clusters', { token })).status).toBe(401);
    expect(await history('alertname=Pushed')).toMatchObject([{ cluster_name: 'hub-1', announced: true }]);
    const client = await connectHttp('v2 client, 2026 era', `${demo.url}/mcp`, { person: 'accepts' });
    expect(await client.read('aiops://alerts/00000000deadbeef')).toMatchObject({ alert: { alertname: 'Pushed' } });
    await client.close();
  });
});

async function traceIdOf(client: TestClient): Promise<string> {
  const { structured } = await client.call('search_traces', { limit: 1 });
  return (structured as { traces: { trace_id: string }[] }).traces[0]?.trace_id ?? ''; // proof: a failing shape fails the test
}

const byText = (a: string[], b: string[]) => (a.join(' ') < b.join(' ') ? -1 : 1);

/** The same rows, sorted, out of the view that models get. */
function digested(answer: unknown): string[][] {
  const { series } = MetricsDigest.parse(answer);
  return series.items
    .map(({ labels, value }) => {
      const { cluster = '', ...metric } = { ...series.common_labels, ...labels };
      return [`${cluster} ${JSON.stringify({ ...metric, cluster })}`, value ?? ''];
    })
    .toSorted(byText);
}

/** Rows of cluster, labels and value, in order: what every door must agree on. The query itself says of which moment. */
function numbers(answer: unknown): string[][] {
  const { results } = answer as {
    results: { cluster_name: string; data: { metric: Record<string, string>; values: [number, string][] }[] }[];
  }; // proof: a failing shape fails the test
  return results.flatMap((result) =>
    result.data.flatMap((series) =>
      series.values.map(([, value]) => [`${result.cluster_name} ${JSON.stringify(series.metric)}`, value]),
    ),
  );
}

describe('a live tail of logs', () => {
  it('gives lines of every cluster that has logs, and names those that have none', async () => {
    const query = encodeURIComponent('{namespace=~".+"}');
    const socket = new WebSocket(
      `${demo.url.replace('http', 'ws')}/api/v1/logs/tail?query=${query}&start=-2m&limit=20`,
    );
    const messages: TailMessage[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as TailMessage)); // proof: asserted below
    await eventually('lines of three clusters', async () => {
      const lines = messages.flatMap(({ entries = [] }) => entries);
      return new Set(lines.map(({ cluster_name }) => cluster_name)).size === 3;
    });
    expect(messages[0]).toMatchObject({
      type: 'started',
      followed: [{ cluster_name: 'hub-1' }, { cluster_name: 'prod-eu-1' }, { cluster_name: 'prod-us-1' }],
      skipped: [{ cluster_name: 'edge-lab-1', status: 'SKIPPED' }],
    });
    await demo.fleet.kill('hub-1', 'loki');
    await eventually('word of the cluster that went away', async () =>
      messages.some(({ cluster_name, state }) => cluster_name === 'hub-1' && state === 'RECONNECTING'),
    );
    await demo.fleet.start('hub-1', 'loki');
    await eventually('its return', async () =>
      messages.some(
        ({ cluster_name, state, backfilled }) =>
          cluster_name === 'hub-1' && state === 'CONNECTED' && backfilled !== undefined,
      ),
    );
    socket.close();
  });
});

metricsTruthSuite(() => demo);

interface TailMessage {
  readonly type: string;
  readonly entries?: { readonly cluster_name: string }[];
  readonly cluster_name?: string;
  readonly state?: string;
  readonly backfilled?: number;
}
