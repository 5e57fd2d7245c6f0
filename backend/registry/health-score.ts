import type { Cluster, ClusterState, ClusterStatus, EndpointKind } from '../model/cluster.ts';

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
}

/** Points that an endpoint which is down takes from 100. Alertmanager takes none, but it does make a cluster DEGRADED. */
const PENALTY = { api: 50, prometheus: 20, alertmanager: 0 } as const;
const LABEL = { api: 'API server', prometheus: 'Prometheus', alertmanager: 'Alertmanager' } as const;
const PARTS = ['api', 'prometheus', 'alertmanager'] as const;

/** How many checks `connectivity` looks back on. */
const RECENT = 3;
const MAX_ERROR_CHARS = 500;

/** 100 less the penalties of what is down. An endpoint that the cluster does not have takes nothing. */
export function healthScore(check: HealthCheck): number {
  return PARTS.reduce((score, part) => score - (check[part]?.ok === false ? PENALTY[part] : 0), 100);
}

/**
 * The state after a check. API down is OFFLINE, whatever else answers; API up is ONLINE when everything that is configured
 * answers and DEGRADED otherwise. A cluster that is being provisioned is not OFFLINE before it has answered once.
 */
export function nextState(current: ClusterState, check: HealthCheck): ClusterState {
  if (!check.api.ok) return current === 'PROVISIONING' ? 'PROVISIONING' : 'OFFLINE';
  return PARTS.every((part) => check[part]?.ok !== false) ? 'ONLINE' : 'DEGRADED';
}

/** The last three API checks after this one, oldest first, as `1` and `0`. `recent` is what it was before. */
export function recentChecks(recent: string, check: HealthCheck): string {
  return `${recent}${check.api.ok ? '1' : '0'}`.slice(-RECENT);
}

/** CONNECTED or DISCONNECTED when the recent checks agree, INTERMITTENT when they do not, null when there are none. */
export function connectivityOf(recent: string): ClusterStatus['connectivity'] {
  if (recent === '') return null;
  if (!recent.includes('0')) return 'CONNECTED';
  return recent.includes('1') ? 'INTERMITTENT' : 'DISCONNECTED';
}

/** Everything that is down and why, in one line; null when nothing is. */
export function errorOf(check: HealthCheck): string | null {
  const errors = PARTS.flatMap((part) => {
    const result = check[part];
    return result?.ok === false ? [`${LABEL[part]}: ${result.error}`] : [];
  });
  if (errors.length === 0) return null;
  const line = errors.join('; ');
  return line.length > MAX_ERROR_CHARS ? `${line.slice(0, MAX_ERROR_CHARS - 1)}…` : line;
}

/** The endpoints that a check of this cluster asks. */
export function kindsToCheck(cluster: Cluster): EndpointKind[] {
  return [
    'API',
    ...(cluster.endpoints.prometheus_url === undefined ? [] : (['PROMETHEUS'] as const)),
    ...(cluster.endpoints.alertmanager_url === undefined ? [] : (['ALERTMANAGER'] as const)),
  ];
}

/** Seconds between two checks and until an endpoint counts as down, from the product contract §1. */
export const CHECK_TIMES = {
  HUB: { intervalSeconds: 15, timeoutSeconds: 5 },
  SPOKE: { intervalSeconds: 30, timeoutSeconds: 10 },
  EDGE: { intervalSeconds: 60, timeoutSeconds: 15 },
  FAR_EDGE: { intervalSeconds: 120, timeoutSeconds: 30 },
} as const satisfies Record<Cluster['cluster_type'], { intervalSeconds: number; timeoutSeconds: number }>;
