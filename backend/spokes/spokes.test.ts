import { describe, expect, it } from 'vitest';
import type { EndpointKind } from '../model/cluster.ts';
import { testCluster } from '../model/test-cluster.ts';
import type { UsableCredentials } from './auth.ts';
import { createSpokes } from './spokes.ts';
import { loopbackTransport } from './test-transport.ts';

const endpoints = { prometheus_url: 'https://prometheus.test', alertmanager_url: 'http://alertmanager.test' };

function spokesWith(credentials: UsableCredentials | undefined) {
  let reads = 0;
  const spokes = createSpokes({
    transport: loopbackTransport(),
    credentialsOf: async () => {
      reads += 1;
      return credentials;
    },
  });
  return { spokes, reads: () => reads };
}

describe('targets', () => {
  it('says that a cluster has no such endpoint', async () => {
    const { spokes } = spokesWith(undefined);
    expect(await spokes.target(testCluster('a-1', { endpoints: {} }), 'PROMETHEUS')).toBeUndefined();
    expect(await spokes.target(testCluster('a-1', { endpoints: {} }), 'API')).toMatchObject({
      url: 'https://a-1.test:6443',
      kind: 'API',
    });
  });

  it('does not read credentials of a cluster that has none', async () => {
    const { spokes, reads } = spokesWith(undefined);
    expect(await spokes.target(testCluster('a-1'), 'PROMETHEUS')).not.toHaveProperty('auth');
    expect(reads()).toBe(0);
  });

  it("shows an endpoint its own token, else the API server's over https only", async () => {
    const cluster = testCluster('a-1', { endpoints, has_credentials: true });
    const tokenFor = async (credentials: UsableCredentials, kind: EndpointKind) =>
      (await spokesWith(credentials).spokes.target(cluster, kind))?.auth;
    const one: UsableCredentials = { auth_type: 'SERVICE_ACCOUNT', api_token: 'api' };
    expect(await tokenFor(one, 'API')).toEqual({ type: 'BEARER', token: 'api' });
    expect(await tokenFor(one, 'PROMETHEUS')).toEqual({ type: 'BEARER', token: 'api' });
    expect(await tokenFor(one, 'ALERTMANAGER')).toBeUndefined();
    expect(await tokenFor({ ...one, alertmanager_token: 'own' }, 'ALERTMANAGER')).toEqual({
      type: 'BEARER',
      token: 'own',
    });
  });

  it('shows a metrics hub the token that was given for it, and nothing else', async () => {
    const global_metrics = { url: 'https://hub.example', cluster_label: 'cluster', cluster_value: 'a' };
    const cluster = testCluster('a-1', {
      endpoints,
      global_metrics,
      has_credentials: true,
      tls: { insecure_skip_verify: true },
    });
    const all: UsableCredentials[] = [
      { auth_type: 'SERVICE_ACCOUNT', api_token: 'api', prometheus_token: 'prom' },
      { auth_type: 'BASIC', username: 'u', password: 'p' },
      { auth_type: 'MTLS', client_certificate: 'c', client_key: 'k' },
    ];
    for (const credentials of all) {
      const target = await spokesWith(credentials).spokes.target(cluster, 'GLOBAL_METRICS');
      expect(target).toMatchObject({ url: 'https://hub.example/', tls: { insecure_skip_verify: false } });
      expect(target?.auth).toBeUndefined();
    }
    const own = spokesWith({ auth_type: 'NONE', global_metrics_token: 'hub' });
    expect((await own.spokes.target(cluster, 'GLOBAL_METRICS'))?.auth).toEqual({ type: 'BEARER', token: 'hub' });
    expect((await own.spokes.target(cluster, 'PROMETHEUS'))?.auth).toBeUndefined();
  });

  it('hands on user name and password, and client certificates', async () => {
    const cluster = testCluster('a-1', { endpoints, has_credentials: true });
    const basic = spokesWith({ auth_type: 'BASIC', username: 'u', password: 'p' });
    expect((await basic.spokes.target(cluster, 'PROMETHEUS'))?.auth).toEqual({
      type: 'BASIC',
      username: 'u',
      password: 'p',
    });
    const mtls = spokesWith({ auth_type: 'MTLS', client_certificate: 'c', client_key: 'k' });
    expect((await mtls.spokes.target(cluster, 'API'))?.auth).toEqual({ type: 'MTLS', certificate: 'c', key: 'k' });
  });
});
