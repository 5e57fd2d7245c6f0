import { randomUUID } from 'node:crypto';
import { Cluster } from './cluster.ts';

/** A cluster as the registry would hand it out, for tests; schema-checked so that it cannot drift from the real thing. */
export function testCluster(name: string, over: Partial<Cluster> = {}): Cluster {
  const now = '2026-03-01T10:00:00.000Z';
  return Cluster.parse({
    id: randomUUID(),
    name,
    display_name: name,
    api_server_url: `https://${name}.test:6443`,
    cluster_type: 'SPOKE',
    platform: 'KUBERNETES',
    platform_version: null,
    region: null,
    environment: 'LAB',
    labels: {},
    endpoints: { prometheus_url: `http://${name}.test:9090` },
    global_metrics: null,
    tls: { insecure_skip_verify: false },
    endpoint_options: {},
    exec_enabled: false,
    collection_paused: false,
    has_credentials: false,
    credentials_expire_at: null,
    status: {
      state: 'UNKNOWN',
      health_score: null,
      connectivity: null,
      api_server_healthy: null,
      prometheus_healthy: null,
      alertmanager_healthy: null,
      tempo_healthy: null,
      loki_healthy: null,
      last_error: null,
      checked_at: null,
    },
    capabilities: null,
    openshift: null,
    maintenance_until: null,
    source: 'MANUAL',
    resource_version: 1,
    created_at: now,
    updated_at: now,
    last_seen_at: null,
    ...over,
  });
}
