/** The REST contract of clusters: credentials, health, capabilities and events, on the built server and a Kubernetes API double. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CredentialsValidation, FleetCapabilities, FleetHealth, FleetSummary } from '../../backend/model/cluster.ts';
import { type KubeDouble, startKubeDouble } from '../../evals/fleet/kube-api/double.ts';
import type { KubeObject } from '../../evals/fleet/kube-api/store.ts';
import { eventually } from '../support/server-process.ts';
import { BASE, type ClusterApi, codeOf, nowhere, startClusterApi } from './cluster-api.ts';

const TOKEN = 'token-of-the-double';

let api: ClusterApi;
let double: KubeDouble;
let socket: WebSocket;
const events: { event_type: string; cluster_name: string; payload: Record<string, unknown> }[] = [];

beforeAll(async () => {
  double = await startKubeDouble({ token: TOKEN, objects: () => [gpuNode] });
  api = await startClusterApi();
  const { url, localToken } = api.server;
  socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: { Authorization: `Bearer ${localToken}` } });
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as { type: string; event?: (typeof events)[number] };
    if (frame.type === 'event' && frame.event) events.push(frame.event);
  });
  await once(socket, 'open');
  socket.send('{"type":"subscribe"}');
});
afterAll(async () => {
  socket.close();
  await api.server.stop();
  await double.stop();
});

const gpuNode: KubeObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'gpu-1',
    labels: { 'node-role.kubernetes.io/worker': '', 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' },
  },
  status: { capacity: { 'nvidia.com/gpu': '8' }, allocatable: { 'nvidia.com/gpu': '8' } },
};

const call: ClusterApi['call'] = (...args) => api.call(...args);
const register: ClusterApi['register'] = (body) => api.register(body);
const remove: ClusterApi['remove'] = (id) => api.remove(id);
const atDouble = (name: string) => ({ name, api_server_url: double.url, tls: { ca: double.caPem } });

const EXEC_KUBECONFIG = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'u', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch' } } }],
});

describe('credentials', () => {
  const good = { auth_type: 'SERVICE_ACCOUNT', api_token: TOKEN };

  it('are set, tried, rotated and removed, and never come back', async () => {
    const { id } = await register(atDouble('cred-1'));
    const post = (route: string, body: unknown = {}) => call('POST', `${BASE}/${id}/credentials${route}`, body);
    expect(codeOf(await post('/validate'))).toBe('CREDENTIALS_NOT_FOUND');
    expect([(await post('', good)).status, (await call('GET', `${BASE}/${id}`)).body['has_credentials']]).toEqual([
      200,
      true,
    ]);
    const valid = await post('/validate');
    expect(valid.body).toMatchObject({ valid: true, endpoints: [{ endpoint: 'API', status: 'valid' }] });
    const { cluster_id: _id, cluster_name: _name, ...validation } = valid.body;
    CredentialsValidation.parse(validation);
    const wrong = await post('/validate', { ...good, api_token: 'wrong' });
    expect(wrong.body).toMatchObject({ valid: false, endpoints: [{ endpoint: 'API', status: 'invalid' }] });
    const refused = await post('/rotate', { ...good, api_token: 'wrong' });
    expect([refused.status, codeOf(refused)]).toEqual([400, 'CREDENTIALS_INVALID']);
    expect((await post('/validate')).body['valid']).toBe(true);
    expect((await post('/rotate', good)).status).toBe(200);
    expect((await call('DELETE', `${BASE}/${id}/credentials`)).status).toBe(204);
    const gone = await call('DELETE', `${BASE}/${id}/credentials`);
    expect([gone.status, codeOf(gone)]).toEqual([404, 'CREDENTIALS_NOT_FOUND']);
    expect(codeOf(await post('/rotate', good))).toBe('CREDENTIALS_NOT_FOUND');
    expect(JSON.stringify([valid.body, refused.body, (await call('GET', BASE)).body])).not.toContain(TOKEN);
    await remove(id);
  });

  it('of a cluster that cannot be reached are not rotated', async () => {
    const { id } = await register(nowhere('cred-2'));
    expect((await call('POST', `${BASE}/${id}/credentials`, good)).status).toBe(200);
    const answer = await call('POST', `${BASE}/${id}/credentials/rotate`, { ...good, api_token: 'new' });
    expect([answer.status, codeOf(answer)]).toEqual([503, 'CLUSTER_UNREACHABLE']);
    await remove(id);
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['half a pair', { auth_type: 'MTLS', client_certificate: 'x' }, 400, 'CREDENTIALS_INVALID'],
    [
      'fields of another type',
      { auth_type: 'BASIC', username: 'u', password: 'p', api_token: 't' },
      400,
      'CREDENTIALS_INVALID',
    ],
    [
      'a kubeconfig that runs a program',
      { auth_type: 'KUBECONFIG', kubeconfig: EXEC_KUBECONFIG },
      422,
      'VALIDATION_FAILED',
    ],
  ])('refuse %s', async (_what, body, status, code) => {
    const { id } = await register(nowhere('cred-3'));
    const answer = await call('POST', `${BASE}/${id}/credentials`, body);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    await remove(id);
  });
});

describe('health and capabilities', () => {
  it('are looked at now on refresh, and stand in cluster, status, list and fleet', async () => {
    const { id } = await register(atDouble('seen-1'));
    await call('POST', `${BASE}/${id}/credentials`, { auth_type: 'SERVICE_ACCOUNT', api_token: TOKEN });
    const refreshed = await call('POST', `${BASE}/${id}/refresh`);
    expect([refreshed.status, refreshed.body]).toMatchObject([
      200,
      { cluster_name: 'seen-1', status: { state: 'ONLINE' }, capabilities: { has_gpu_nodes: true, gpu_count: 8 } },
    ]);
    expect((await call('GET', `${BASE}/${id}/status`)).body).toMatchObject({
      cluster_id: id,
      platform_version: 'v1.31.6',
      status: { state: 'ONLINE', health_score: 100, api_server_healthy: true, prometheus_healthy: null },
    });
    expect((await call('GET', `${BASE}?has_gpu=true`)).body).toMatchObject({ items: [{ name: 'seen-1' }], total: 1 });
    const capabilities = FleetCapabilities.parse(
      (await call('GET', '/api/v1/fleet/capabilities?clusters=seen-1')).body,
    );
    expect(capabilities).toMatchObject({
      total_clusters: 1,
      not_discovered: [],
      capabilities: { has_gpu_nodes: { clusters: ['seen-1'], without: 0, unknown: 0 } },
      gpus: { total: 8, unknown: 0 },
    });
    await remove(id);
  });

  it('of a cluster that does not answer are OFFLINE and DISCOVERY_FAILED', async () => {
    const { id } = await register(nowhere('dark-1'));
    const answer = await call('POST', `${BASE}/${id}/refresh`);
    expect([answer.status, codeOf(answer)]).toEqual([500, 'DISCOVERY_FAILED']);
    expect((await call('GET', `${BASE}/${id}/status`)).body).toMatchObject({
      status: { state: 'OFFLINE', health_score: 50 },
    });
    const history = await eventually('the check is in the history', async () => {
      const { body } = await call('GET', `${BASE}/${id}/health`);
      return (body['transitions'] as unknown[]).length > 0 && body;
    });
    expect(history).toMatchObject({ transitions: [{ old_state: 'UNKNOWN', new_state: 'OFFLINE' }] });
    const undiscovered = FleetCapabilities.parse(
      (await call('GET', '/api/v1/fleet/capabilities?clusters=dark-1')).body,
    );
    expect(undiscovered).toMatchObject({ not_discovered: ['dark-1'], gpus: { total: 0, unknown: 1 } });
    const health = FleetHealth.parse((await call('GET', '/api/v1/fleet/health')).body);
    expect(health.items.find((item) => item.cluster_name === 'dark-1')).toMatchObject({ status: { state: 'OFFLINE' } });
    const summary = async () => FleetSummary.parse((await call('GET', '/api/v1/fleet/summary')).body);
    expect((await summary()).unhealthy.map((c) => c.name)).toContain('dark-1');
    await call('PUT', `${BASE}/${id}`, { maintenance_until: new Date(Date.now() + 60_000).toISOString() });
    expect(await summary()).toMatchObject({ in_maintenance: ['dark-1'] });
    expect((await summary()).unhealthy.map((c) => c.name)).not.toContain('dark-1');
    await remove(id);
  });
});

describe('events', () => {
  it('tell each change, in its order, with what has changed', async () => {
    const { id } = await register(atDouble('told-1'));
    await call('POST', `${BASE}/${id}/credentials`, { auth_type: 'SERVICE_ACCOUNT', api_token: TOKEN });
    await call('POST', `${BASE}/${id}/refresh`);
    await call('PUT', `${BASE}/${id}`, { labels: { tier: 'gold' } });
    await remove(id);
    const own = () => events.filter((event) => event.cluster_name === 'told-1');
    await eventually('the last event has come', async () =>
      own().some((event) => event.event_type === 'CLUSTER_DELETED'),
    );
    const types = own().map((event) => event.event_type);
    expect([types[0], types.at(-1)]).toEqual(['CLUSTER_REGISTERED', 'CLUSTER_DELETED']);
    expect([...new Set(types)].sort()).toEqual([
      'CLUSTER_CAPABILITIES_CHANGED',
      'CLUSTER_CREDENTIALS_UPDATED',
      'CLUSTER_DELETED',
      'CLUSTER_REGISTERED',
      'CLUSTER_STATUS_CHANGED',
      'CLUSTER_UPDATED',
    ]);
    const payload = (type: string) => own().find((event) => event.event_type === type)?.payload;
    expect(payload('CLUSTER_UPDATED')).toEqual({ changed: ['labels'], resource_version: 2 });
    expect(payload('CLUSTER_STATUS_CHANGED')).toMatchObject({ old_state: 'UNKNOWN', reason: expect.any(String) });
    expect(payload('CLUSTER_CAPABILITIES_CHANGED')).toMatchObject({ added: expect.arrayContaining(['has_gpu_nodes']) });
    expect(JSON.stringify(events)).not.toContain(TOKEN);
  });
});
