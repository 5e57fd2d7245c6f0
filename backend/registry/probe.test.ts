import { describe, expect, it } from 'vitest';
import { testCluster } from '../model/test-cluster.ts';
import { AppError } from '../model/errors.ts';
import type { Spokes } from '../spokes/spokes.ts';
import { createSpokeProbe } from './probe.ts';

const CLUSTER = testCluster('prod-1', { endpoints: { prometheus_url: 'http://p.example' } });

const unexpected = () => Promise.reject(new Error('not expected to be asked'));
const down = () =>
  Promise.reject(
    new AppError('CLUSTER_UNREACHABLE', 'api.example:443 could not be reached: the connection was refused.'),
  );

function spokes(parts: {
  readyz?: () => Promise<void>;
  version?: () => Promise<{ gitVersion: string; major: string; minor: string }>;
  prometheus?: () => Promise<void>;
  tempo?: () => Promise<void>;
  loki?: () => Promise<void>;
}): Spokes {
  return {
    kubernetes: {
      readyz: parts.readyz ?? unexpected,
      version: parts.version ?? unexpected,
      namespaces: unexpected,
      list: unexpected,
      get: unexpected,
      create: unexpected,
      replace: unexpected,
      remove: unexpected,
      groups: unexpected,
      resources: unexpected,
      selfSubjectAccessReview: unexpected,
      selfSubjectReview: unexpected,
      tokenReview: unexpected,
      subjectAccessReview: unexpected,
      watch: () => {
        throw new Error('not expected to be asked');
      },
      exec: unexpected,
    },
    prometheus: {
      ready: parts.prometheus ?? unexpected,
      instant: unexpected,
      range: unexpected,
      series: unexpected,
      labels: unexpected,
      labelValues: unexpected,
      metadata: unexpected,
      exemplars: unexpected,
      server: unexpected,
      alerts: unexpected,
      alertingRules: unexpected,
    },
    alertmanager: {
      alerts: unexpected,
      silences: unexpected,
      createSilence: unexpected,
      expireSilence: unexpected,
      ready: unexpected,
    },
    tempo: {
      ready: parts.tempo ?? unexpected,
      authorized: unexpected,
      search: unexpected,
      trace: unexpected,
      tags: unexpected,
      tagValues: unexpected,
    },
    loki: {
      ready: parts.loki ?? unexpected,
      authorized: unexpected,
      range: unexpected,
      instant: unexpected,
      labels: unexpected,
      labelValues: unexpected,
      series: unexpected,
      patterns: unexpected,
      tail: unexpected,
    },
    candidate: unexpected,
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

  it('asks an API server for its version only while that is not known', async () => {
    const known = testCluster('prod-2', { platform_version: '4.18.3' });
    const probe = createSpokeProbe(spokes({ readyz: async () => undefined }));
    expect(await probe.probe(known, 'API', limits)).toEqual({ ok: true });
  });

  it.each([
    ['TEMPO', { tempo: async () => undefined }],
    ['LOKI', { loki: async () => undefined }],
  ] as const)('asks %s whether it is ready', async (kind, parts) => {
    expect(await createSpokeProbe(spokes(parts)).probe(CLUSTER, kind, limits)).toEqual({ ok: true });
  });

  it('asks once more after a kept connection turned out to be closed, and only once', async () => {
    const reset = new AppError('CLUSTER_UNREACHABLE', 'p.example:80 could not be reached: the connection was closed.', {
      details: { reason: 'RESET' },
    });
    let times = 0;
    const prometheus = (failures: number) => () =>
      (times += 1) <= failures ? Promise.reject(reset) : Promise.resolve();
    const probe = (failures: number) =>
      createSpokeProbe(spokes({ prometheus: prometheus(failures) })).probe(CLUSTER, 'PROMETHEUS', limits);
    expect(await probe(1)).toEqual({ ok: true });
    times = 0;
    expect(await probe(99)).toMatchObject({ ok: false });
    expect(times).toBe(2);
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

  it('does not take credentials that cannot be had for an endpoint that is down', async () => {
    const away = new AppError('STORE_UNAVAILABLE', 'The store is away.');
    const without = { ...spokes({}), target: () => Promise.reject(away) };
    await expect(createSpokeProbe(without).probe(CLUSTER, 'API', limits)).rejects.toBe(away);
  });

  it('rejects when it is aborted, which says nothing of the endpoint', async () => {
    const aborted = { ...limits, signal: AbortSignal.abort(new Error('stopping')) };
    await expect(createSpokeProbe(spokes({ prometheus: down })).probe(CLUSTER, 'PROMETHEUS', aborted)).rejects.toThrow(
      'stopping',
    );
  });
});
