import type { Alert, AlertsAnswer } from '../../backend/model/alert.ts';
import type { Cluster } from '../../backend/model/cluster.ts';
import type { LabelsAnswer, MetricsAnswer } from '../../backend/model/metrics.ts';
import type { ClusterOutcome } from '../../backend/model/outcome.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import { createMetricUsage } from '../../backend/collectors/usage/usage-services.ts';
import { fixedRegistry } from '../../backend/registry/test-registry.ts';
import { catalog } from '../../tools/catalog.ts';
import type { Services } from '../../tools/services.ts';
import { fixture, realDispatcher } from '../agent/agent-fixture.ts';
import { defaultPersona } from '../definitions/default.ts';
import { createOfflineAnalyst } from './offline-analyst.ts';

/** Test support: a fleet of three clusters, and the offline analyst with the real tools over scripted services. */

export function cluster(
  name: string,
  overrides: Partial<Cluster> = {},
  status: Partial<Cluster['status']> = {},
): Cluster {
  return {
    id: crypto.randomUUID(),
    name,
    display_name: name,
    api_server_url: 'https://x',
    cluster_type: 'SPOKE',
    platform: 'KUBERNETES',
    platform_version: 'v1.34.1',
    region: null,
    environment: 'LAB',
    labels: {},
    endpoints: {},
    tls: { insecure_skip_verify: false },
    endpoint_options: {},
    global_metrics: null,
    exec_enabled: false,
    collection_paused: false,
    has_credentials: false,
    credentials_expire_at: null,
    capabilities: null,
    openshift: null,
    maintenance_until: null,
    source: 'MANUAL',
    resource_version: 1,
    status: {
      state: 'ONLINE',
      health_score: 100,
      connectivity: 'CONNECTED',
      api_server_healthy: true,
      prometheus_healthy: true,
      alertmanager_healthy: null,
      tempo_healthy: null,
      loki_healthy: null,
      last_error: null,
      checked_at: '2026-03-01T09:59:00.000Z',
      ...status,
    },
    created_at: '2026-03-01T00:00:00.000Z',
    updated_at: '2026-03-01T00:00:00.000Z',
    last_seen_at: null,
    ...overrides,
  };
}

export const FLEET = [
  cluster(
    'edge-1',
    { cluster_type: 'EDGE', environment: 'PRODUCTION' },
    {
      state: 'OFFLINE',
      health_score: 30,
      api_server_healthy: false,
      prometheus_healthy: true,
      last_error: 'connect ECONNREFUSED [click](http://evil.example)',
    },
  ),
  cluster('hub-1', { cluster_type: 'HUB', environment: 'PRODUCTION' }),
  cluster('lab-1'),
];

export function outcome(one: Cluster, overrides: Partial<ClusterOutcome> = {}): ClusterOutcome {
  return {
    cluster_id: one.id,
    cluster_name: one.name,
    status: 'SUCCESS',
    query_time_ms: 3,
    cached: false,
    ...overrides,
  };
}

type MetricsQuery = Parameters<Services['metrics']['query']>[0];
type LabelsQuery = Parameters<Services['metrics']['labels']>[0];

/** Every pod of `pods` on each cluster asked, in bytes; clusters in `down` fail. `known` are names by their label. */
export function metricsOf(
  pods: Record<string, Record<string, string>>,
  down: readonly string[] = [],
  known: Partial<Record<string, string>> = {},
) {
  const queries: MetricsQuery[] = [];
  const query = async (request: MetricsQuery): Promise<MetricsAnswer> => {
    queries.push(request);
    const results = request.clusters.map((one) => {
      if (down.includes(one.name))
        return {
          ...outcome(one, { status: 'TIMEOUT', error: { code: 'QUERY_TIMEOUT', message: 'no answer within 30 s' } }),
          data: [],
        };
      const data = Object.entries(pods[one.name] ?? {}).map(([pod, value]) => ({
        metric: { cluster: one.name, namespace: 'payments', pod },
        values: [[1772359200, value] as [number, string]],
      }));
      return { ...outcome(one), result_type: 'VECTOR' as const, data };
    });
    return {
      query: request.query,
      results,
      complete: down.length === 0,
      clusters_queried: results.length,
      clusters_succeeded: results.length - down.length,
      total_query_time_ms: 5,
      notes: [],
    };
  };
  return {
    queries,
    service: {
      query,
      series: neverAsked,
      metadata: neverAsked,
      exemplars: neverAsked,
      labels: async ({ label = '', matchers, clusters }: LabelsQuery): Promise<LabelsAnswer> => {
        const name = known[label];
        const values = name !== undefined && matchers.some((matcher) => matcher.includes(name)) ? [name] : [];
        return { values, total: values.length, clusters: clusters.map((one) => outcome(one)), complete: true };
      },
    },
  };
}

/** The analyst asks no playbook's question of this. */
const neverAsked = async (): Promise<never> => {
  throw new Error('not expected to be asked');
};

type AlertsQuery = Parameters<Services['alerts']['list']>[0];

export function alertsOf(answer: Partial<AlertsAnswer>) {
  const asked: AlertsQuery[] = [];
  const list = async (request: AlertsQuery): Promise<AlertsAnswer> => {
    asked.push(request);
    return {
      alerts: [],
      total: 0,
      by_severity: { CRITICAL: 0, WARNING: 0, INFO: 0 },
      clusters: request.clusters.map((one) => outcome(one)),
      complete: true,
      ...answer,
    };
  };
  return { asked, service: { list } };
}

export function analyst(
  parts: {
    fleet?: readonly Cluster[];
    metrics?: Services['metrics'];
    alerts?: Services['alerts'];
    workloads?: Services['workloads'];
    errorLogs?: Services['errorLogs'];
    traces?: Services['traces'];
    cnf?: Services['cnf'];
    gpus?: Services['gpus'];
    context?: string[];
    /** Tools that the persona may not call. */
    without?: string[];
  } = {},
) {
  const clock = new ManualClock();
  const { fleet = FLEET, metrics, alerts, workloads, errorLogs, traces, cnf, gpus, context = [], without = [] } = parts;
  const registry = fixedRegistry(fleet);
  const usage = metrics && createMetricUsage({ metrics, clock });
  const services = {
    registry,
    ...(metrics ? { metrics } : {}),
    ...(usage ? { usage } : {}),
    ...(alerts ? { alerts } : {}),
    ...(workloads ? { workloads } : {}),
    ...(errorLogs ? { errorLogs } : {}),
    ...(traces ? { traces } : {}),
    ...(cnf ? { cnf } : {}),
    ...(gpus ? { gpus } : {}),
  };
  const dispatcher = realDispatcher(catalog, clock, services);
  return fixture({
    providers: [createOfflineAnalyst()],
    dispatcher,
    clock,
    capabilities: defaultPersona.capabilities.filter((tool) => !without.includes(tool)),
    session: { cluster_context: context },
  });
}

/** Numbers of an answer that stand without a citation on the same line. Names and quoted text are not numbers. */
export function uncitedNumbers(markdown: string): string[] {
  return markdown
    .split('\n')
    .filter((line) => !/\[E\d+\]/.test(line))
    .flatMap((line) => line.replace(/`[^`]*`|\b[a-z]+-\d+\b|last \d+[smhdw]/g, '').match(/\d+/g) ?? []);
}

export function alert(name: string, labels: Record<string, string>, overrides: Partial<Alert> = {}): Alert {
  return {
    id: name,
    fingerprint: 'f',
    cluster_id: crypto.randomUUID(),
    cluster_name: 'hub-1',
    alertname: name,
    severity: 'CRITICAL',
    state: 'FIRING',
    silenced: false,
    inhibited: false,
    labels,
    annotations: {},
    starts_at: '2026-03-01T09:30:00.000Z',
    sources: ['PROMETHEUS'],
    ...overrides,
  };
}
