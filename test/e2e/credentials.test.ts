import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { stringify } from 'yaml';
import { type Certificates, type HttpDouble, makeCertificates, startHttp } from '../../backend/spokes/test-servers.ts';
import { type KubeDouble, startKubeDouble } from '../../evals/fleet/kube-api/double.ts';
import { connectHttp } from '../mcp/clients.ts';
import { type ServerProcess, eventually, rest, startServerProcess } from '../support/server-process.ts';

const NAMESPACE = 'aiops-system';
/** All that the server's own account may do in the cluster that keeps its Secrets. */
const KEEPER = {
  username: `system:serviceaccount:${NAMESPACE}:aiops`,
  token: 'canary-own-service-account-token',
  rules: [
    { verbs: ['get', 'create', 'update', 'delete'], groups: [''], resources: ['secrets'], namespaces: [NAMESPACE] },
  ],
};

type Mood =
  | 'takes anything'
  | 'refuses and repeats'
  | 'fails and repeats'
  | 'redirects with it'
  | 'shows a page with it';
const MOODS: readonly Mood[] = [
  'refuses and repeats',
  'fails and repeats',
  'redirects with it',
  'shows a page with it',
  'takes anything',
];

let certificates: Certificates;
let folder: string;
beforeAll(async () => {
  certificates = await makeCertificates();
  folder = await mkdtemp(path.join(tmpdir(), 'aiops-canary-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A spoke that is every service at once, and a token issuer; in most moods it gives away what it was sent. */
function spoke() {
  let mood: Mood = 'takes anything';
  const seen = new Set<string>();
  const listener: RequestListener = (request, response) => {
    const sent = request.headers.authorization ?? '';
    if (sent !== '') seen.add(sent);
    const token = sent.replace(/^\w+ /, '');
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (mood === 'refuses and repeats')
      return void json(401, { kind: 'Status', message: `no ${sent}`, error: `no ${token}` });
    if (mood === 'fails and repeats') return void response.writeHead(500).end(`cannot use ${sent}`);
    if (mood === 'redirects with it') return void response.writeHead(302, { location: `/login?was=${token}` }).end();
    if (mood === 'shows a page with it')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${sent}</p>`);
    const url = request.url ?? '';
    if (url.startsWith('/token'))
      return void json(200, { access_token: 'canary-issued-token', token_type: 'Bearer', expires_in: 300 });
    if (url.includes('selfsubjectreviews'))
      return void json(201, { kind: 'SelfSubjectReview', status: { userInfo: { username: 'reader', groups: [] } } });
    if (url.includes('selfsubjectaccessreviews'))
      return void json(201, { kind: 'SelfSubjectAccessReview', spec: {}, status: { allowed: true } });
    if (url.includes('/query'))
      return void json(200, { status: 'success', data: { resultType: 'vector', result: [] } });
    if (url.includes('/api/v2/alerts')) return void json(200, []);
    return void json(200, {
      status: 'success',
      data: [],
      items: [],
      metadata: {},
      gitVersion: 'v1.31.0',
      major: '1',
      minor: '31',
    });
  };
  return { listener, seen, become: (next: Mood) => (mood = next) };
}

/** Every type of credentials, full of canaries. */
function credentialSets(spokeUrl: string): Record<string, unknown>[] {
  const kubeconfig = stringify({
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: spokeUrl } }],
    users: [{ name: 'u', user: { token: 'canary-kubeconfig-token' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
  const tokens = { prometheus_token: 'canary-prometheus-token', alertmanager_token: 'canary-alertmanager-token' };
  return [
    { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-api-token', ...tokens },
    { auth_type: 'KUBECONFIG', kubeconfig },
    { auth_type: 'OIDC', token_url: `${spokeUrl}/token`, client_id: 'client', client_secret: 'canary-client-secret' },
    { auth_type: 'BASIC', username: 'reader', password: 'canary-password' },
    { auth_type: 'MTLS', client_certificate: certificates.client.cert, client_key: certificates.client.key },
    { auth_type: 'NONE', ...tokens },
  ];
}

/** Requests that are wrong in a way that tempts to quote them. */
const BAD_INPUT: readonly (string | object)[] = [
  '{"auth_type":"BASIC","password":"canary-in-broken-json',
  { auth_type: 'BASIC', password: 'canary-without-user' },
  { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary with spaces\n' },
  { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-x', pasword: 'canary-misspelt' },
  { auth_type: 'NO_SUCH_TYPE', api_token: 'canary-x' },
  { auth_type: 'KUBECONFIG', kubeconfig: 'users: ["canary-broken-yaml' },
  { auth_type: 'KUBECONFIG', kubeconfig: 'users: [{name: u, user: {exec: {command: canary}}}]' },
  { auth_type: 'MTLS', client_certificate: 'no PEM', client_key: 'canary-key' },
  { auth_type: 'SERVICE_ACCOUNT', api_token: ['canary-in-a-list'] },
];

/** The last is no tool of a model; what a model puts in it is not repeated either. */
const MCP_INPUT: Readonly<Record<string, Record<string, unknown>>> = {
  query_metrics: { query: 'up' },
  list_alerts: {},
  list_clusters: {},
  get_cluster_status: { cluster: 'findable' },
  set_cluster_credentials: { cluster: 'findable', auth_type: 'BASIC', username: 'u', password: 'canary-by-a-model' },
};

describe.each(['database', 'kubernetes'] as const)('credentials in the %s', (kind) => {
  let server: ServerProcess;
  let spokeServer: HttpDouble;
  let keeper: KubeDouble | undefined;
  const double = spoke();
  /** Everything that left the server: answers of every door, and events. */
  const shown: string[] = [];
  let socket: WebSocket;
  let id = '';

  const call = async (method: string, route: string, body?: unknown) => {
    const answer = await rest(server.url, method, `/api/v1${route}`, body === undefined ? {} : { body });
    shown.push(JSON.stringify(answer.body));
    return answer;
  };

  beforeAll(async () => {
    spokeServer = await startHttp(double.listener, { tls: certificates.server });
    server = await startServerProcess({ LOG_LEVEL: 'trace', ...(await storeSettings()) });
    socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    socket.on('message', (data: Buffer) => shown.push(data.toString()));
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'subscribe' }));
    const registered = await call('POST', '/clusters', {
      name: 'findable',
      api_server_url: spokeServer.url,
      tls: { ca: certificates.ca },
      endpoints: { prometheus_url: spokeServer.url, alertmanager_url: spokeServer.url, loki_url: spokeServer.url },
    });
    id = String(registered.body['id']);
  });
  afterAll(async () => {
    socket.close();
    await server.stop();
    await spokeServer.stop();
    await keeper?.stop();
  });

  async function storeSettings(): Promise<NodeJS.ProcessEnv> {
    if (kind === 'database') return {};
    keeper = await startKubeDouble({
      token: 'administrator-of-the-keeper',
      gitVersion: 'v1.31.4',
      features: [],
      objects: () => [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }],
    });
    keeper.control({ action: 'ACCOUNTS', accounts: [KEEPER] });
    const [token, ca] = [path.join(folder, 'token'), path.join(folder, 'ca.crt')];
    await writeFile(token, KEEPER.token);
    await writeFile(ca, keeper.caPem);
    return {
      AIOPS_CREDENTIAL_STORE: 'kubernetes',
      AIOPS_KUBERNETES_API_URL: keeper.url,
      AIOPS_KUBERNETES_TOKEN_FILE: token,
      AIOPS_KUBERNETES_CA_FILE: ca,
    };
  }

  /** The Secret of the cluster, as an administrator of the keeping cluster sees it. */
  async function secret(clusterId = id): Promise<{ status: number; data: Record<string, string> }> {
    if (!keeper) throw new Error('there is no keeper');
    const url = `${keeper.url}/api/v1/namespaces/${NAMESPACE}/secrets/aiops-cluster-${clusterId}`;
    const { Agent, fetch: fetchWith } = await import('undici');
    const dispatcher = new Agent({ connect: { ca: keeper.caPem } });
    const response = await fetchWith(url, {
      dispatcher,
      headers: { authorization: 'Bearer administrator-of-the-keeper' },
    });
    const body = (await response.json()) as { data?: Record<string, string> }; // proof: a Secret, or a Status without data
    await dispatcher.close();
    return { status: response.status, data: body.data ?? {} };
  }

  it('work for every type, and reach the spoke', async () => {
    double.become('takes anything');
    for (const set of credentialSets(spokeServer.url)) {
      expect((await call('POST', `/clusters/${id}/credentials`, set)).status).toBe(200);
      const tried = await call('POST', `/clusters/${id}/credentials/validate`, {});
      expect([set['auth_type'], tried.body['valid'], tried.body['endpoints']]).toMatchObject([
        set['auth_type'],
        true,
        {},
      ]);
      expect((await call('POST', `/clusters/${id}/credentials/rotate`, set)).status).toBe(200);
      expect((await call('GET', `/clusters/${id}`)).body['has_credentials']).toBe(true);
    }
    const basic = `Basic ${Buffer.from('reader:canary-password').toString('base64')}`;
    for (const sent of [
      'Bearer canary-api-token',
      'Bearer canary-prometheus-token',
      'Bearer canary-kubeconfig-token',
      'Bearer canary-issued-token',
      basic,
    ])
      expect([...double.seen]).toContain(sent);
  });

  it('are in no answer of any door, whatever the spoke does with them', async () => {
    const client = await connectHttp('v2 client, 2026 era', `${server.url}/mcp`);
    for (const mood of MOODS) {
      for (const set of credentialSets(spokeServer.url)) {
        await call('POST', `/clusters/${id}/credentials`, set);
        double.become(mood);
        await call('POST', `/clusters/${id}/credentials/validate`, {});
        await call('POST', `/clusters/${id}/credentials/rotate`, set);
        await call('POST', '/metrics/query', { query: 'up' });
        await call('GET', '/alerts');
        await call('POST', `/clusters/${id}/refresh`, {});
        for (const tool of Object.keys(MCP_INPUT))
          shown.push(JSON.stringify(await client.call(tool, MCP_INPUT[tool] ?? {}).catch(String)));
      }
    }
    for (const body of BAD_INPUT) {
      for (const route of ['', '/rotate', '/validate'])
        expect((await call('POST', `/clusters/${id}/credentials${route}`, body)).status).toBeGreaterThanOrEqual(400);
    }
    for (const line of (await server.cli(['cluster', 'list'])).stdout.split('\n')) shown.push(line);
    await client.close();
    expect(shown.length).toBeGreaterThan(300);
  });

  it('survive a rotation of the encryption key, and are sealed with the new one', async () => {
    double.become('takes anything');
    const [set = {}] = credentialSets(spokeServer.url);
    await call('POST', `/clusters/${id}/credentials`, set);
    const rotated = await server.cli(['keys', 'rotate', '--drop-unused']);
    shown.push(rotated.stdout, rotated.stderr);
    expect([rotated.code, rotated.stdout]).toEqual([0, 'Key version 2 is in use; re-wrapped 1. Dropped version 1.\n']);
    const file = await readFile(server.env['AIOPS_ENCRYPTION_KEY_FILE'] ?? '', 'utf8');
    expect(file).toMatch(/^2:[A-Za-z0-9+/]{43}=\n$/);
    expect((await call('POST', `/clusters/${id}/credentials/validate`, {})).body['valid']).toBe(true);
  });

  it.runIf(kind === 'kubernetes')('are one sealed revision in one Secret', async () => {
    const { status, data } = await secret();
    expect(status).toBe(200);
    expect(Object.keys(data)).toHaveLength(1);
    const sealed = Buffer.from(Object.values(data)[0] ?? '', 'base64').toString();
    expect(sealed).toMatch(/^v1\.[0-9a-f]{16}\.[\w-]+\.[\w-]+$/);
  });

  it.runIf(kind === 'kubernetes')('go with their cluster', async () => {
    const other = await call('POST', '/clusters', { name: 'findable-2', api_server_url: spokeServer.url });
    const clusterId = String(other.body['id']);
    await call('POST', `/clusters/${clusterId}/credentials`, { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-2' });
    expect((await secret(clusterId)).status).toBe(200);
    expect((await call('DELETE', `/clusters/${clusterId}`)).status).toBe(204);
    await eventually('the Secret is gone', async () => (await secret(clusterId)).status === 404);
  });

  it('are removed on demand, once', async () => {
    expect((await call('DELETE', `/clusters/${id}/credentials`)).status).toBe(204);
    expect((await call('DELETE', `/clusters/${id}/credentials`)).body).toMatchObject({
      error: { code: 'CREDENTIALS_NOT_FOUND' },
    });
    expect((await call('POST', `/clusters/${id}/credentials/validate`, {})).status).toBe(404);
    const [set = {}] = credentialSets(spokeServer.url);
    expect((await call('POST', `/clusters/${id}/credentials`, set)).status).toBe(200);
  });

  it('are in no log record and in no file of the data folder, while they are stored', async () => {
    await eventually('the event of the last change', async () => shown.some((text) => text.includes('"ROTATED"')));
    server.child.kill('SIGTERM');
    await once(server.child, 'exit');
    const keyLine = certificates.client.key.split('\n')[1] ?? 'no key';
    const canaries = [
      'canary-',
      'canary with',
      keyLine,
      Buffer.from('reader:canary-password').toString('base64'),
      Buffer.from('canary-').toString('base64').slice(0, 8),
    ];
    for (const canary of canaries) {
      expect(shown.filter((text) => text.includes(canary))).toEqual([]);
      expect(
        server
          .log()
          .split('\n')
          .filter((line) => line.includes(canary)),
      ).toEqual([]);
    }
    // The name of the cluster is no secret: looking like this does find things, in answers as in files.
    expect(shown.some((text) => text.includes('findable'))).toBe(true);
    let files = 0;
    let named = 0;
    for (const entry of await readdir(server.dataDir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = (await readFile(path.join(entry.parentPath, entry.name))).toString('latin1');
      for (const canary of canaries) {
        const at = bytes.indexOf(canary);
        if (at >= 0) throw new Error(`in ${entry.name}: ${JSON.stringify(bytes.slice(at - 200, at + 60))}`);
      }
      files += 1;
      if (bytes.includes('findable')) named += 1;
    }
    expect(named).toBeGreaterThan(0);
    expect(files).toBeGreaterThan(20);
  });
});
