import type { AlertsAnswer, Alert } from '../backend/model/alert.ts';
import type { Capabilities, Cluster, ClusterStatus, ListedCluster } from '../backend/model/cluster.ts';
import type { UiClock } from './clock.ts';

/** Everything that tests of this UI build by hand; nothing here is part of the product. */

const NOW = Date.parse('2026-03-01T10:00:00.000Z');

/** A clock that stands still until `advance`; due actions run in order of their time. */
export function manualClock(): UiClock & { advance(ms: number): void } {
  let now = NOW;
  let timers: { due: number; action: () => void }[] = [];
  return {
    now: () => now,
    after: (ms, action) => {
      const timer = { due: now + ms, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((t) => t !== timer);
      };
    },
    advance: (ms) => {
      const end = now + ms;
      for (;;) {
        const next = timers.filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0];
        if (!next) break;
        timers = timers.filter((t) => t !== next);
        now = next.due;
        next.action();
      }
      now = end;
    },
  };
}

/** Lets everything that is already settled run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

export function cluster(
  n: number,
  name: string,
  status: Partial<ClusterStatus> = {},
  rest: Partial<ListedCluster> = {},
): ListedCluster {
  return {
    id: uuid(n),
    name,
    display_name: name,
    api_server_url: 'https://api.example',
    cluster_type: 'SPOKE',
    platform: 'KUBERNETES',
    platform_version: null,
    region: 'eu-west-1',
    environment: 'PRODUCTION',
    labels: { tier: 'gold' },
    global_metrics: null,
    endpoints: { prometheus_url: 'http://p', alertmanager_url: 'http://a' },
    exec_enabled: false,
    collection_paused: false,
    has_credentials: false,
    credentials_expire_at: null,
    capabilities: null,
    maintenance_until: null,
    source: 'MANUAL',
    resource_version: 1,
    status: {
      state: 'ONLINE',
      health_score: 100,
      connectivity: 'CONNECTED',
      api_server_healthy: true,
      prometheus_healthy: true,
      alertmanager_healthy: true,
      tempo_healthy: null,
      loki_healthy: null,
      last_error: null,
      checked_at: new Date(NOW - 5000).toISOString(),
      ...status,
    },
    created_at: new Date(NOW).toISOString(),
    updated_at: new Date(NOW).toISOString(),
    last_seen_at: null,
    ...rest,
  };
}

/** A cluster as `GET /clusters/{id}` answers it. */
export function whole(listed: ListedCluster, rest: Partial<Cluster> = {}): Cluster {
  return { ...listed, tls: { insecure_skip_verify: false }, endpoint_options: {}, openshift: null, ...rest };
}

export function capabilities(rest: Partial<Capabilities> = {}): Capabilities {
  return {
    has_gpu_nodes: false,
    gpu_count: 0,
    gpu_types: [],
    has_prometheus: true,
    has_thanos: false,
    has_tempo: false,
    has_loki: false,
    has_service_mesh: false,
    has_odf: false,
    has_gpu_operator: false,
    has_dcgm: false,
    has_nfd: false,
    has_sriov: false,
    has_ptp: false,
    has_cnf_workloads: false,
    cnf_types: [],
    node_count: 3,
    node_roles: { worker: 3 },
    unknown: [],
    discovered_at: new Date(NOW).toISOString(),
    ...rest,
  };
}

export function alert(of: ListedCluster, alertname: string, rest: Partial<Alert> = {}): Alert {
  return {
    id: `${alertname}-1`,
    fingerprint: 'f',
    cluster_id: of.id,
    cluster_name: of.name,
    alertname,
    severity: 'WARNING',
    state: 'FIRING',
    silenced: false,
    inhibited: false,
    labels: {},
    annotations: {},
    starts_at: new Date(NOW - 60_000).toISOString(),
    sources: ['PROMETHEUS'],
    ...rest,
  };
}

export function alertsAnswer(
  clusters: readonly ListedCluster[],
  alerts: Alert[],
  rest: Partial<AlertsAnswer> = {},
): AlertsAnswer {
  return {
    alerts,
    total: alerts.length,
    by_severity: { CRITICAL: 0, WARNING: 0, INFO: 0 },
    complete: true,
    clusters: clusters.map((c) => ({
      cluster_id: c.id,
      cluster_name: c.name,
      status: 'SUCCESS',
      query_time_ms: 1,
      cached: false,
    })),
    ...rest,
  };
}

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A `fetch` that answers from a function and remembers what was asked. An answer that throws is a connection that failed. */
export function fakeFetch(answer: (request: SentRequest) => Response | Promise<Response>): {
  fetch: typeof fetch;
  sent: SentRequest[];
} {
  const sent: SentRequest[] = [];
  return {
    sent,
    fetch: async (input, init) => {
      init?.signal?.throwIfAborted();
      const request: SentRequest = {
        method: init?.method ?? 'GET',
        path: String(input).replace('/api/v1', ''),
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
      };
      sent.push(request);
      return await answer(request);
    },
  };
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

export function errorResponse(status: number, code: string, details: Record<string, unknown> = {}): Response {
  return json(
    { error: { code, message: `It is ${code}.`, details, trace_id: 'abc123', timestamp: '2026-03-01T10:00:00.000Z' } },
    status,
  );
}

export function page(items: readonly ListedCluster[]): Response {
  return json({ items, total: items.length, page: 1, page_size: 100, total_pages: 1 });
}
