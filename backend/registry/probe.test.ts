import { describe, expect, it } from 'vitest';
import type { Cluster } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import type { Spokes } from '../spokes/spokes.ts';
import { createSpokeProbe } from './probe.ts';

const CLUSTER: Cluster = {
  id: '0190f0a0-0000-4000-8000-000000000001',
  name: 'prod-1',
  display_name: 'prod-1',
  api_server_url: 'https://api.example',
  cluster_type: 'SPOKE',
  platform: 'KUBERNETES',
  platform_version: null,
  region: null,
  environment: 'LAB',
  labels: {},
  endpoints: { prometheus_url: 'http://p.example' },
  tls: { insecure_skip_verify: false },
  has_credentials: false,
  created_at: '2026-03-01T10:00:00.000Z',
  updated_at: '2026-03-01T10:00:00.000Z',
  last_seen_at: null,
  status: {
    state: 'UNKNOWN',
    health_score: null,
    connectivity: null,
    api_server_healthy: null,
    prometheus_healthy: null,
    alertmanager_healthy: null,
    last_error: null,
    checked_at: null,
  },
};

const unexpected = () => Promise.reject(new Error('not expected to be asked'));
const down = () =>
  Promise.reject(
    new AppError('CLUSTER_UNREACHABLE', 'api.example:443 could not be reached: the connection was refused.'),
  );

function spokes(parts: {
  readyz?: () => Promise<void>;
  version?: () => Promise<{ gitVersion: string; major: string; minor: string }>;
  prometheus?: () => Promise<void>;
}): Spokes {
  return {
    kubernetes: { readyz: parts.readyz ?? unexpected, version: parts.version ?? unexpected, namespaces: unexpected },
    prometheus: {
      ready: parts.prometheus ?? unexpected,
      instant: unexpected,
      range: unexpected,
      series: unexpected,
      labels: unexpected,
      labelValues: unexpected,
      alerts: unexpected,
    },
    alertmanager: { alerts: unexpected, ready: unexpected },
    target: async (cluster, kind) =>
      kind === 'ALERTMANAGER'
        ? undefined
        : { clusterId: cluster.id, kind, url: cluster.api_server_url, tls: cluster.tls },
    forget: () => undefined,
  };
}

const limits = { signal: new AbortController().signal, timeoutMs: 1_000 };
const version = async () => ({ gitVersion: 'v1.31.4', major: '1', minor: '31' });

describe('spoke probe', () => {
  it('finds an API server well that is ready, and tells its version', async () => {
    const probe = createSpokeProbe(spokes({ readyz: async () => undefined, version }));
    expect(await probe.probe(CLUSTER, 'API', limits)).toEqual({ ok: true, version: 'v1.31.4' });
  });

  it('finds an API server well that is ready and keeps its version to itself', async () => {
    expect(
      await createSpokeProbe(spokes({ readyz: async () => undefined, version: down })).probe(CLUSTER, 'API', limits),
    ).toEqual({ ok: true });
  });

  it('tells why an endpoint is down', async () => {
    const error = 'api.example:443 could not be reached: the connection was refused';
    expect(await createSpokeProbe(spokes({ readyz: down, version })).probe(CLUSTER, 'API', limits)).toEqual({
      ok: false,
      error,
    });
    expect(await createSpokeProbe(spokes({ prometheus: down })).probe(CLUSTER, 'PROMETHEUS', limits)).toEqual({
      ok: false,
      error,
    });
  });

  it('does not take a defect of ours for an endpoint that is down', async () => {
    await expect(createSpokeProbe(spokes({})).probe(CLUSTER, 'PROMETHEUS', limits)).rejects.toThrow('not expected');
  });

  it('rejects when it is aborted, which says nothing of the endpoint', async () => {
    const aborted = { ...limits, signal: AbortSignal.abort(new Error('stopping')) };
    await expect(createSpokeProbe(spokes({ prometheus: down })).probe(CLUSTER, 'PROMETHEUS', aborted)).rejects.toThrow(
      'stopping',
    );
  });
});
