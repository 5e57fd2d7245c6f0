import type { Cluster, ClusterState, ClusterStatus, ClusterType, EndpointKind } from '../model/cluster.ts';

/** What one endpoint said when it was asked. `error` is one line without secrets. */
export type ProbeResult =
  | { readonly ok: true; readonly version?: string }
  | { readonly ok: false; readonly error: string };

/** One check of one cluster. The API server is always asked; the others only where the cluster has such an endpoint. */
export interface HealthCheck {
  readonly at: Date;
  readonly api: ProbeResult;
  readonly prometheus?: ProbeResult;
  readonly alertmanager?: ProbeResult;
  readonly tempo?: ProbeResult;
  readonly loki?: ProbeResult;
}

/** What is known of a cluster before a check, as far as the check's meaning depends on it. */
export interface HealthBefore {
  readonly state: ClusterState;
  readonly cluster_type: ClusterType;
  /** See {@link recentChecks}. */
  readonly recent_api_checks: string;
}

/**
 * Seconds between two checks and until an endpoint counts as down, from the product contract §1; and how many API checks in a
 * row must fail before a cluster that was up counts as OFFLINE. Far links lose a check now and then, and that is no outage.
 */
export const CHECK_RULES = {
  HUB: { intervalSeconds: 15, timeoutSeconds: 5, missesToOffline: 1 },
  SPOKE: { intervalSeconds: 30, timeoutSeconds: 10, missesToOffline: 1 },
  EDGE: { intervalSeconds: 60, timeoutSeconds: 15, missesToOffline: 2 },
  FAR_EDGE: { intervalSeconds: 120, timeoutSeconds: 30, missesToOffline: 3 },
} as const satisfies Record<ClusterType, { intervalSeconds: number; timeoutSeconds: number; missesToOffline: number }>;

/** Points that an endpoint which is down takes from 100. Alertmanager takes none, but it does make a cluster DEGRADED. */
const PENALTY = { api: 50, prometheus: 20, tempo: 15, loki: 15, alertmanager: 0 } as const;
const LABEL = {
  api: 'API server',
  prometheus: 'Prometheus',
  alertmanager: 'Alertmanager',
  tempo: 'Tempo',
  loki: 'Loki',
} as const;
const PARTS = ['api', 'prometheus', 'alertmanager', 'tempo', 'loki'] as const;

/** How many API checks `connectivity` looks back on, and how many of the last must agree for it to be definite. */
const RECENT = 12;
const AGREEING = 3;
/** This many separate outages among the recent checks make a link intermittent, even when it is up right now. */
const OUTAGES_OF_A_FLAPPING_LINK = 2;
const MAX_ERROR_CHARS = 500;

/** 100 less the penalties of what is down. An endpoint that the cluster does not have takes nothing. */
export function healthScore(check: HealthCheck): number {
  return PARTS.reduce((score, part) => score - (check[part]?.ok === false ? PENALTY[part] : 0), 100);
}

/** Whether everything that was asked answered. */
export function allWell(check: HealthCheck): boolean {
  return PARTS.every((part) => check[part]?.ok !== false);
}

/**
 * The state after a check. API down is OFFLINE, whatever else answers; API up is ONLINE when everything that is configured
 * answers and DEGRADED otherwise. A cluster that is being provisioned is not OFFLINE before it has answered once, and one of
 * a type with a far link that was up keeps its state until it has missed several checks in a row.
 */
export function nextState(before: HealthBefore, check: HealthCheck): ClusterState {
  if (check.api.ok) return allWell(check) ? 'ONLINE' : 'DEGRADED';
  if (before.state === 'PROVISIONING') return 'PROVISIONING';
  return isToleratedMiss(before, check) ? before.state : 'OFFLINE';
}

function isToleratedMiss(before: HealthBefore, check: HealthCheck): boolean {
  const wasUp = before.state === 'ONLINE' || before.state === 'DEGRADED';
  return wasUp && !check.api.ok && missesInARow(before, check) < CHECK_RULES[before.cluster_type].missesToOffline;
}

function missesInARow(before: HealthBefore, check: HealthCheck): number {
  const recent = recentChecks(before.recent_api_checks, check);
  return recent.length - (recent.lastIndexOf('1') + 1);
}

/** The last twelve API checks after this one, oldest first, as `1` and `0`. `recent` is what it was before. */
export function recentChecks(recent: string, check: HealthCheck): string {
  return `${recent}${check.api.ok ? '1' : '0'}`.slice(-RECENT);
}

/**
 * What the recent checks say of the way to the cluster: DISCONNECTED when the last three all failed, CONNECTED when the last
 * three all got through and there was at most one outage among the last twelve, INTERMITTENT otherwise; null before the first.
 */
export function connectivityOf(recent: string): ClusterStatus['connectivity'] {
  if (recent === '') return null;
  const last = recent.slice(-AGREEING);
  if (/^0+$/.test(last)) return 'DISCONNECTED';
  const outages = recent.match(/0+/g)?.length ?? 0;
  return /0/.test(last) || outages >= OUTAGES_OF_A_FLAPPING_LINK ? 'INTERMITTENT' : 'CONNECTED';
}

/** Everything that is down and why, in one line; null when nothing is. A miss that is still tolerated says so. */
export function errorOf(before: HealthBefore, check: HealthCheck): string | null {
  const errors = PARTS.flatMap((part) => {
    const result = check[part];
    return result?.ok === false ? [`${LABEL[part]}: ${result.error}`] : [];
  });
  if (errors.length === 0) return null;
  const line = errors.join('; ');
  const cut = line.length > MAX_ERROR_CHARS ? `${line.slice(0, MAX_ERROR_CHARS - 1)}…` : line;
  if (!isToleratedMiss(before, check)) return cut;
  const { missesToOffline } = CHECK_RULES[before.cluster_type];
  return `${cut} (missed ${missesInARow(before, check)} in a row; OFFLINE after ${missesToOffline})`;
}

/** The endpoints that a check of this cluster asks. A hub stands in for a Prometheus that it has not. Of EDGE and FAR_EDGE only metrics are used, so traces and logs are not asked. */
export function kindsToCheck({
  cluster_type,
  endpoints,
  global_metrics,
}: Pick<Cluster, 'cluster_type' | 'endpoints' | 'global_metrics'>): EndpointKind[] {
  const metricsOnly = cluster_type === 'EDGE' || cluster_type === 'FAR_EDGE';
  const metricsKind: EndpointKind[] =
    endpoints.prometheus_url !== undefined ? ['PROMETHEUS'] : global_metrics ? ['GLOBAL_METRICS'] : [];
  return [
    'API',
    ...metricsKind,
    ...(endpoints.alertmanager_url === undefined ? [] : (['ALERTMANAGER'] as const)),
    ...(metricsOnly || endpoints.tempo_url === undefined ? [] : (['TEMPO'] as const)),
    ...(metricsOnly || endpoints.loki_url === undefined ? [] : (['LOKI'] as const)),
  ];
}
