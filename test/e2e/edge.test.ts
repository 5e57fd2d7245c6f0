import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startFleet } from '../../evals/fleet/fleet.ts';
import { TEST_CLUSTERS } from '../../evals/fleet/specs.ts';
import { type ServerProcess, eventually, rest, runCli, startServerProcess } from '../support/server-process.ts';

let server: ServerProcess;
let collector: { url: string; bodies: string[]; close(): void };

beforeAll(async () => {
  collector = await startCollector();
  server = await startServerProcess({ AIOPS_AUTH_MODE: 'token', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
});
afterAll(async () => {
  await server.stop();
  collector.close();
});

const admin = () => ({ token: server.localToken });
const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('bad input over REST', () => {
  it.each<[string, string, unknown, number, string]>([
    ['an unknown argument', '/api/v1/tools/query_metrics', { query: 'up', cluster: 'x' }, 422, 'VALIDATION_FAILED'],
    ['bad PromQL', '/api/v1/metrics/query', { query: 'sum(' }, 400, 'INVALID_PROMQL'],
    ['an unknown cluster', '/api/v1/metrics/query', { query: 'up', clusters: ['nope'] }, 404, 'CLUSTER_NOT_FOUND'],
    [
      'a selector of everything',
      '/api/v1/metrics/query_range',
      { query: '{job=~".*|x"}', start: '-1h' },
      422,
      'QUERY_REFUSED',
    ],
    ['a 2 MiB body', '/api/v1/metrics/query', { query: 'x'.repeat(2 * 1024 * 1024) }, 413, 'BODY_TOO_LARGE'],
    ['malformed JSON', '/api/v1/metrics/query', '{"query":', 400, 'INVALID_JSON'],
    [
      'a bad cluster name',
      '/api/v1/clusters',
      { name: 'No Good', api_server_url: 'https://127.0.0.1:1' },
      400,
      'INVALID_CLUSTER_NAME',
    ],
    [
      'a forbidden address',
      '/api/v1/clusters',
      { name: 'meta-1', api_server_url: 'https://169.254.169.254' },
      422,
      'ADDRESS_FORBIDDEN',
    ],
    ['an unknown tool', '/api/v1/tools/query_metric', {}, 404, 'TOOL_NOT_FOUND'],
    ['an unknown route', '/api/v1/nothing', {}, 404, 'NOT_FOUND'],
  ])('answers %s with one clear error and a trace id', async (_what, route, body, status, code) => {
    const answer = await rest(server.url, 'POST', route, {
      body,
      ...admin(),
      headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      error: { code, message: expect.stringMatching(/.{20}/), trace_id: TRACE, timestamp: expect.stringMatching(/Z$/) },
    });
    expect((await rest(server.url, 'GET', '/health')).status).toBe(200);
  });

  it('refuses another media type and another Host or Origin', async () => {
    const text = await fetch(`${server.url}/api/v1/metrics/query`, {
      method: 'POST',
      body: 'x',
      headers: { 'Content-Type': 'text/plain', Authorization: `Bearer ${server.localToken}` },
    });
    expect(text.status).toBe(415);
    for (const path of ['/api/v1/clusters', '/mcp', '/openapi.json']) {
      expect(
        (await rest(server.url, 'GET', path, { ...admin(), headers: { Origin: 'https://evil.example.com' } })).status,
      ).toBe(403);
    }
  });

  it('answers a path of programs that is not there with 404 in JSON, never with a page', async () => {
    for (const path of ['/.well-known/oauth-protected-resource', '/auth/login', '/api/v2/x']) {
      const answer = await rest(server.url, 'GET', path, { ...admin(), headers: { Accept: 'text/html' } });
      expect([path, answer.status, answer.body]).toMatchObject([path, 404, { error: { code: 'NOT_FOUND' } }]);
    }
  });

  it('answers the retired SSE endpoint with the way to /mcp', async () => {
    const answer = await rest(server.url, 'GET', '/mcp/sse', admin());
    expect(answer.status).toBe(410);
    expect(answer.body).toMatchObject({ error: { code: 'GONE', message: expect.stringContaining('/mcp') } });
  });
});

describe('bad input on the command line', () => {
  it.each([
    [['call', 'query_metrics', '{"query":"sum("}'], 1, 'INVALID_PROMQL'],
    [['call', 'query_metrics', '{"query":"up","clustr":"x"}'], 2, 'VALIDATION_FAILED'],
    [['call', 'query_metrics', '{"query":"up","clusters":["x"]}'], 1, 'CLUSTER_NOT_FOUND'],
    [['call', 'query_metrics', '{"query":"{job=~\\".*|x\\"}"}'], 1, 'QUERY_REFUSED'],
    [['call', 'query_metrics', '{"query":'], 1, 'INVALID_JSON'],
    [['call', 'no_such_tool'], 1, 'TOOL_NOT_FOUND'],
    [['cluster', 'add', '--kubeconfig', '/nowhere'], 1, 'CREDENTIALS_INVALID'],
    [['frobnicate'], 2, 'unknown command'],
  ])('aiops %j ends with %d and names %s', async (args, code, message) => {
    const result = await server.cli(args);
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(code);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  it('takes 2 MiB of input and answers it like every other door', async () => {
    const result = await server.cli(
      ['call', 'query_metrics', '-'],
      JSON.stringify({ query: 'x'.repeat(2 * 1024 * 1024) }),
    );
    expect(result.stderr).toContain('BODY_TOO_LARGE');
    expect(result.code).toBe(1);
  });

  it('refuses a second server on the same data folder', async () => {
    const second = await runCli(['serve'], { ...server.env, AIOPS_PORT: '0' });
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(new RegExp(`STORE_UNAVAILABLE.*${server.child.pid}`));
  });

  it.each<[NodeJS.ProcessEnv, RegExp]>([
    [{ AIOPS_PORT: 'x' }, /AIOPS_PORT/],
    [{ AIOPS_HOST: '0.0.0.0', AIOPS_AUTH_MODE: 'none', AIOPS_ALLOWED_HOSTS: 'x' }, /loopback only/],
    [{ AIOPS_TOOLSETS: 'metrics,nonsense', AIOPS_DATA_DIR: '/tmp/aiops-never-made' }, /nonsense/],
  ])('refuses to start with %j in one line', async (settings, message) => {
    const result = await runCli(['config', 'check'], { ...server.env, ...settings });
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(2);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('identity', () => {
  it('lets nobody in without a credential, except to the public paths', async () => {
    for (const route of ['/api/v1/clusters', '/health/detailed', '/mcp']) {
      const answer = await rest(server.url, 'GET', route);
      expect([route, answer.status]).toEqual([route, 401]);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
    for (const route of ['/health', '/ready', '/openapi.json'])
      expect((await rest(server.url, 'GET', route)).status).toBe(200);
    expect((await fetch(`${server.url}/docs`)).status).toBe(200);
    expect((await rest(server.url, 'GET', '/api/v1/clusters', { token: 'aiops_wrong' })).status).toBe(401);
  });

  it('gives a token the role and clusters it was made with, until it is revoked', async () => {
    const made = await rest(server.url, 'POST', '/api/v1/tokens', {
      body: { name: 'v', role: 'viewer', clusters: 'environment=LAB' },
      ...admin(),
    });
    expect(made.status).toBe(201);
    const { secret: token, token: record } = made.body as { secret: string; token: { id: string } };
    for (const name of ['scope-lab-1', 'scope-prod-1']) {
      const created = await rest(server.url, 'POST', '/api/v1/clusters', {
        body: { name, api_server_url: 'https://127.0.0.1:1', environment: name.includes('lab') ? 'LAB' : 'PRODUCTION' },
        ...admin(),
      });
      expect(created.status).toBe(201);
    }
    const list = await rest(server.url, 'GET', '/api/v1/clusters', { token });
    expect((list.body['items'] as { name: string }[]).map((c) => c.name)).toEqual(['scope-lab-1']);
    expect((await rest(server.url, 'GET', '/api/v1/clusters/by-name/scope-prod-1', { token })).status).toBe(404);
    const denied = await rest(server.url, 'DELETE', '/api/v1/clusters/scope-lab-1', { token });
    expect(denied.body).toMatchObject({
      error: { code: 'PERMISSION_DENIED', details: { permission: 'cluster:delete' } },
    });
    expect(
      (await rest(server.url, 'POST', '/api/v1/tokens', { body: { name: 'x', role: 'admin' }, token })).status,
    ).toBe(403);
    expect((await rest(server.url, 'DELETE', `/api/v1/tokens/${record.id}`, admin())).status).toBe(204);
    expect((await rest(server.url, 'GET', '/api/v1/clusters', { token })).status).toBe(401);
    for (const name of ['scope-lab-1', 'scope-prod-1'])
      expect((await rest(server.url, 'DELETE', `/api/v1/clusters/${name}`, admin())).status).toBe(204);
  });

  it('never writes a secret to the log', async () => {
    const { stdout } = await server.cli(['token', 'create', 'canary']);
    await rest(server.url, 'GET', '/api/v1/clusters', { token: stdout.trim() });
    expect(server.log()).not.toContain(stdout.trim());
    expect(server.log()).not.toContain(server.localToken);
  });
});

describe('events over WebSocket', () => {
  it('refuses a connection without a credential from a page, and a late first message', async () => {
    const refused = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { headers: { Origin: server.url } });
    const [error] = (await once(refused, 'error')) as [Error];
    expect(error.message).toContain('401');
  });

  it('tells of a registration, and again to a client that resumes after it', async () => {
    const url = `${server.url.replace('http', 'ws')}/ws`;
    const live = await subscribe(new WebSocket(url, ['bearer', server.localToken]), {
      type: 'subscribe',
      event_types: ['CLUSTER_REGISTERED'],
    });
    await rest(server.url, 'POST', '/api/v1/clusters', {
      body: { name: 'ws-1', api_server_url: 'https://127.0.0.1:1' },
      ...admin(),
    });
    const event = await eventually(
      'the event',
      async () => live.events.find((e) => e['cluster_name'] === 'ws-1'),
      5_000,
    );
    expect(event).toMatchObject({ event_type: 'CLUSTER_REGISTERED', sequence: expect.any(Number) });
    live.socket.close();
    // A client that is no browser may authenticate by its first message.
    const late = new WebSocket(url);
    await once(late, 'open');
    late.send(JSON.stringify({ type: 'auth', token: server.localToken }));
    const again = await subscribe(late, { type: 'subscribe', last_sequence: Number(event['sequence']) - 1 });
    await eventually(
      'the event again',
      async () => again.events.find((e) => e['event_id'] === event['event_id']),
      5_000,
    );
    late.send('not json');
    await eventually('an error answer', async () => again.messages.find((m) => m['code'] === 'INVALID_MESSAGE'), 5_000);
    late.close();
    await rest(server.url, 'DELETE', '/api/v1/clusters/ws-1', admin());
  });
});

describe('self-observability', () => {
  it('serves health, readiness and metrics', async () => {
    expect((await rest(server.url, 'GET', '/health')).body).toMatchObject({
      status: 'ok',
      version: expect.any(String),
    });
    expect((await rest(server.url, 'GET', '/ready')).body).toEqual({ status: 'ready' });
    expect((await rest(server.url, 'GET', '/health/detailed', admin())).body).toMatchObject({
      components: { database: { status: 'ok', kind: 'pglite', latency_ms: expect.any(Number) } },
    });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    for (const name of [
      'aiops_tool_calls_total{',
      'gateway_requests_total{path="/api/v1/clusters"',
      'ws_connections_total',
      'process_resident_memory_bytes',
    ])
      expect(metrics).toContain(name);
  });

  it('logs one JSON record a request, with user, route template, duration and trace id', async () => {
    await rest(server.url, 'GET', '/api/v1/clusters/by-name/nobody', {
      ...admin(),
      headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    });
    const record = await eventually(
      'the log record',
      async () =>
        records(server.log()).find((r) => r['path'] === '/api/v1/clusters/by-name/:name' && r['trace_id'] === TRACE),
      5_000,
    );
    expect(record).toMatchObject({
      level: 'info',
      method: 'GET',
      status: 404,
      user: 'local',
      duration_ms: expect.any(Number),
      time: expect.stringMatching(/Z$/),
    });
  });

  it('sends its spans to a collector, in the trace of the caller', async () => {
    await rest(server.url, 'POST', '/api/v1/tools/list_clusters', {
      body: {},
      ...admin(),
      headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    });
    await eventually(
      'a span',
      async () => collector.bodies.some((body) => body.includes('tool list_clusters') && body.includes(TRACE)),
      20_000,
    );
  });
});

describe('adding clusters from a kubeconfig', () => {
  it('registers a context with its credentials, checks it, and removes it again', async () => {
    const { mkdtemp, rm } = await import('node:fs/promises');
    const dir = await mkdtemp('/tmp/aiops-add-');
    const fleet = await startFleet({
      seed: 'add',
      dir: `${dir}/fleet`,
      clusters: TEST_CLUSTERS.slice(0, 1),
      historyHours: 1,
    });
    try {
      const [cluster] = fleet.clusters;
      const wrong = await server.cli(['cluster', 'add', '--kubeconfig', fleet.kubeconfigPath]);
      expect(wrong.stderr).toContain('hub-1');
      const added = await server.cli([
        'cluster',
        'add',
        '--kubeconfig',
        fleet.kubeconfigPath,
        '--context',
        'hub-1',
        '--type',
        'HUB',
        '--environment',
        'LAB',
        '--prometheus-url',
        cluster?.prometheusUrl ?? '',
        '--loki-url',
        cluster?.lokiUrl ?? '',
        '--label',
        'tier=test',
      ]);
      expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('Registered hub-1') });
      const { body } = await rest(server.url, 'GET', '/api/v1/clusters?name=hub-1', { token: server.localToken });
      expect(body['items']).toMatchObject([{ endpoints: { loki_url: `${cluster?.lokiUrl}/` } }]);
      await eventually(
        'hub-1 is ONLINE',
        async () => (await server.cli(['cluster', 'list'])).stdout.match(/hub-1 .*ONLINE/) !== null,
      );
      expect(server.log()).not.toContain(cluster?.apiToken ?? 'missing');
      expect((await server.cli(['cluster', 'remove', 'hub-1'])).code).toBe(0);
    } finally {
      await fleet.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});

function records(log: string): Record<string, unknown>[] {
  return log.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
}

async function subscribe(
  socket: WebSocket,
  message: object,
): Promise<{ socket: WebSocket; events: Record<string, unknown>[]; messages: Record<string, unknown>[] }> {
  const messages: Record<string, unknown>[] = [];
  const events: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer) => {
    const parsed = JSON.parse(data.toString()) as Record<string, unknown>;
    messages.push(parsed);
    if (parsed['type'] === 'event') events.push(parsed['event'] as Record<string, unknown>);
  });
  if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open');
  socket.send(JSON.stringify(message));
  await eventually('subscribed', async () => messages.some((m) => m['type'] === 'subscribed'), 5_000);
  return { socket, events, messages };
}

/** Receives OTLP/HTTP with JSON bodies, as the exporter sends them. */
async function startCollector(): Promise<{ url: string; bodies: string[]; close(): void }> {
  const bodies: string[] = [];
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      bodies.push(body);
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, bodies, close: () => http.close() };
}
