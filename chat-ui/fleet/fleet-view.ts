import type { Alert, AlertsAnswer, Severity } from '../../backend/model/alert.ts';
import type { ListedCluster, ClusterState, ClusterType } from '../../backend/model/cluster.ts';
import type { Loadable } from '../loadable.ts';

/** Worst first; the order of tiles, counts and filters. */
export const STATES = [
  'OFFLINE',
  'DEGRADED',
  'UNKNOWN',
  'PROVISIONING',
  'ONLINE',
] as const satisfies readonly ClusterState[];

/** Worst first. */
export const SEVERITIES = ['CRITICAL', 'WARNING', 'INFO'] as const satisfies readonly Severity[];

export const HEALTH_FORMULA = '100 − 50 API down − 20 Prometheus − 15 Tempo − 15 Loki, of what is configured';

/** Seconds between two health checks (product.md §1). */
const CHECK_INTERVAL_S: Readonly<Record<ClusterType, number>> = { HUB: 15, SPOKE: 30, EDGE: 60, FAR_EDGE: 120 };

export interface FleetFilter {
  /** Words that must all occur in name, type, environment, region or labels; case does not matter. */
  readonly text: string;
  readonly state: ClusterState | undefined;
  /** Exactly this cluster. */
  readonly cluster: string | undefined;
}

export function readFilter(query: Readonly<Record<string, string>>): FleetFilter {
  return {
    text: query.q ?? '',
    state: STATES.find((state) => state === query.state?.toUpperCase()),
    cluster: query.cluster === '' ? undefined : query.cluster,
  };
}

/** The address of the fleet page with a filter; what is not filtered is not in it. */
export function fleetUrl(filter: FleetFilter, hash = ''): string {
  const query = new URLSearchParams();
  if (filter.text !== '') query.set('q', filter.text);
  if (filter.state) query.set('state', filter.state);
  if (filter.cluster !== undefined) query.set('cluster', filter.cluster);
  const search = query.toString();
  return `/${search === '' ? '' : `?${search}`}${hash}`;
}

/** Clusters that match text and exact name, whatever their state: what the counts by state are counted over. */
export function matchText(clusters: readonly ListedCluster[], filter: FleetFilter): ListedCluster[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return clusters.filter((cluster) => {
    if (filter.cluster !== undefined && cluster.name !== filter.cluster) return false;
    const text = searchText(cluster);
    return words.every((word) => text.includes(word));
  });
}

function searchText(c: ListedCluster): string {
  const labels = Object.entries(c.labels).map(([key, value]) => `${key}=${value}`);
  return [c.name, c.display_name, c.cluster_type, c.environment, c.region ?? '', c.platform, ...labels]
    .join(' ')
    .toLowerCase();
}

export function countByState(clusters: readonly ListedCluster[]): Record<ClusterState, number> {
  const counts: Record<ClusterState, number> = { OFFLINE: 0, DEGRADED: 0, UNKNOWN: 0, PROVISIONING: 0, ONLINE: 0 };
  for (const { status } of clusters) counts[status.state] += 1;
  return counts;
}

/** Mean score over the clusters that have one, to one decimal; undefined when none has been checked. */
export function averageHealth(clusters: readonly ListedCluster[]): { average: number | undefined; checked: number } {
  const scores = clusters.flatMap((c) => (c.status.health_score === null ? [] : [c.status.health_score]));
  const sum = scores.reduce((total, score) => total + score, 0);
  return {
    average: scores.length === 0 ? undefined : Math.round((sum / scores.length) * 10) / 10,
    checked: scores.length,
  };
}

/** By state, then by score, then by critical and warning alerts, then by name. */
export function worstFirst(
  clusters: readonly ListedCluster[],
  firing: ReadonlyMap<string, FiringCount>,
): ListedCluster[] {
  const rank = (c: ListedCluster) => STATES.indexOf(c.status.state);
  const weight = (c: ListedCluster) => {
    const count = firing.get(c.id)?.bySeverity;
    return count ? count.CRITICAL * 1000 + count.WARNING : 0;
  };
  return [...clusters].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.status.health_score ?? 101) - (b.status.health_score ?? 101) ||
      weight(b) - weight(a) ||
      compareNames(a, b),
  );
}

/** By name; names are ASCII, so the order of code points is the alphabet and costs nothing. */
export function compareNames(a: ListedCluster, b: ListedCluster): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

/** Why the cluster is in its state, in one sentence. */
export function reasonOf({ status, endpoints, global_metrics }: ListedCluster): string {
  if (status.last_error !== null) return status.last_error;
  if (status.state === 'PROVISIONING') return 'Being set up.';
  if (status.checked_at === null) return 'Not checked yet.';
  if (status.api_server_healthy === false) return 'The API server does not answer.';
  const silent = [
    ...(status.prometheus_healthy === false ? ['Prometheus'] : []),
    ...(status.alertmanager_healthy === false ? ['Alertmanager'] : []),
    ...(status.tempo_healthy === false ? ['Tempo'] : []),
    ...(status.loki_healthy === false ? ['Loki'] : []),
  ];
  if (silent.length > 0)
    return `${new Intl.ListFormat('en').format(silent)} ${silent.length > 1 ? 'do' : 'does'} not answer.`;
  if (status.state !== 'ONLINE') return 'No reason was recorded.';
  return endpoints.prometheus_url === undefined && global_metrics === null
    ? 'The API server answers; no Prometheus is configured.'
    : 'Every endpoint answers.';
}

/** True when the last check is older than two intervals of the cluster's type: the state shown may no longer hold. */
export function isStale({ cluster_type, status }: ListedCluster, nowMs: number): boolean {
  return (
    status.checked_at !== null && nowMs - Date.parse(status.checked_at) > 2 * CHECK_INTERVAL_S[cluster_type] * 1000
  );
}

export interface FiringCount {
  readonly total: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** Silenced or inhibited ones, not in the other numbers. */
  readonly muted: number;
  /** UNKNOWN: the cluster could not be asked. NONE: it has no source of alerts. AT_LEAST: the numbers are lower bounds. */
  readonly certainty: 'EXACT' | 'AT_LEAST' | 'UNKNOWN' | 'NONE';
  readonly error: string | undefined;
}

export function isAudible(alert: Alert): boolean {
  return alert.state === 'FIRING' && !alert.silenced && !alert.inhibited;
}

/** Firing alerts per cluster id. A cluster that was not asked is not in the map. */
export function firingByCluster(answer: AlertsAnswer): Map<string, FiringCount> {
  const cut = answer.alerts.length < answer.total;
  const alerts = Map.groupBy(answer.alerts, (alert) => alert.cluster_id);
  return new Map(
    answer.clusters.map((outcome) => {
      const mine = alerts.get(outcome.cluster_id) ?? [];
      const audible = mine.filter(isAudible);
      const bySeverity = { CRITICAL: 0, WARNING: 0, INFO: 0 };
      for (const alert of audible) bySeverity[alert.severity] += 1;
      const muted = mine.length - audible.length;
      return [
        outcome.cluster_id,
        {
          total: audible.length,
          bySeverity,
          muted,
          certainty: certaintyOf(outcome, cut),
          error: outcome.error?.message,
        },
      ];
    }),
  );
}

function certaintyOf({ status, error }: AlertsAnswer['clusters'][number], cut: boolean): FiringCount['certainty'] {
  if (status === 'SKIPPED') return error ? 'UNKNOWN' : 'NONE';
  if (status === 'ERROR' || status === 'TIMEOUT') return 'UNKNOWN';
  return status === 'PARTIAL' || cut ? 'AT_LEAST' : 'EXACT';
}

/**
 * The numbers of several clusters added up. A cluster that could not be asked, or was not, makes the sum a lower bound;
 * undefined while nothing is known of any.
 */
export function sumFiring(
  clusters: readonly ListedCluster[],
  firing: ReadonlyMap<string, FiringCount> | undefined,
): FiringCount | undefined {
  if (!firing) return undefined;
  const counts = clusters.map((cluster) => firing.get(cluster.id));
  const known = counts.filter((count) => count !== undefined && count.certainty !== 'UNKNOWN');
  const bySeverity = { CRITICAL: 0, WARNING: 0, INFO: 0 };
  for (const count of known)
    for (const severity of SEVERITIES) bySeverity[severity] += count?.bySeverity[severity] ?? 0;
  const exact = known.length === counts.length && known.every((count) => count?.certainty !== 'AT_LEAST');
  return {
    total: bySeverity.CRITICAL + bySeverity.WARNING + bySeverity.INFO,
    bySeverity,
    muted: known.reduce((sum, count) => sum + (count?.muted ?? 0), 0),
    certainty: known.length === 0 && counts.length > 0 ? 'UNKNOWN' : exact ? 'EXACT' : 'AT_LEAST',
    error: undefined,
  };
}

/** The state of the page as `data-state`; each is visible in its own way. */
export type FleetState = 'loading' | 'empty' | 'filtered-empty' | 'error' | 'denied' | 'partial' | 'stale' | 'ready';

export function fleetState(
  clusters: Loadable<ListedCluster[]>,
  alerts: Loadable<AlertsAnswer>,
  shown: number,
): FleetState {
  if (clusters.status === 'loading') return 'loading';
  if (clusters.status === 'failed') return clusters.failure.denied ? 'denied' : 'error';
  if (clusters.failure) return 'stale';
  if (clusters.value.length === 0) return 'empty';
  if (shown === 0) return 'filtered-empty';
  if (
    alerts.status === 'failed' ||
    (alerts.status === 'ready' && (alerts.failure !== undefined || !alerts.value.complete))
  ) {
    return 'partial';
  }
  return 'ready';
}
