import type { Alert, AlertsAnswer, Severity } from '../model/alert.ts';
import { type ClusterOutcome, hasNoEndpoint, isComplete } from '../model/outcome.ts';
import type { AlertmanagerAlert } from '../spokes/alertmanager.ts';
import type { PrometheusAlert } from '../spokes/prometheus.ts';
import type { Spokes } from '../spokes/spokes.ts';
import { FRESHNESS } from './cache-ttl.ts';
import { type Fanout, type Question, questionOf } from './fanout.ts';
import { mergeAlerts } from './merge-alerts.ts';

export interface AlertsQuery extends Question {
  readonly state?: 'FIRING' | 'PENDING' | undefined;
  readonly severity?: Severity | undefined;
  /** The exact name. */
  readonly alertname?: string | undefined;
  /** Most alerts in the answer; the totals count all that match. */
  readonly limit: number;
}

export interface AlertsCollector {
  /** What is firing or pending now, from Prometheus and Alertmanager, each alert once. A cluster that fails is an outcome. */
  list(query: AlertsQuery): Promise<AlertsAnswer>;
}

export interface AlertsCollectorOptions {
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'prometheus' | 'alertmanager'>;
}

export function createAlertsCollector({ fanout, spokes }: AlertsCollectorOptions): AlertsCollector {
  async function list(query: AlertsQuery): Promise<AlertsAnswer> {
    const question = questionOf(query);
    const [prometheus, alertmanager] = await Promise.all([
      fanout.ask<PrometheusAlert[]>({
        ...question,
        kind: 'PROMETHEUS',
        cache: { key: 'alerts', ...FRESHNESS.ALERTS },
        ask: (target, _cluster, limits) => spokes.prometheus.alerts(target, limits),
      }),
      fanout.ask<AlertmanagerAlert[]>({
        ...question,
        kind: 'ALERTMANAGER',
        cache: { key: 'alerts', ...FRESHNESS.ALERTS },
        ask: async (target, _cluster, limits) => ({ value: await spokes.alertmanager.alerts(target, limits) }),
      }),
    ]);
    const matching = query.clusters
      .flatMap((cluster) =>
        mergeAlerts(cluster, prometheus.values.get(cluster.id) ?? [], alertmanager.values.get(cluster.id) ?? []),
      )
      .filter((alert) => matches(alert, query))
      .sort(byUrgency);
    const outcomes = prometheus.outcomes.map((outcome, index) =>
      joinOutcomes(outcome, alertmanager.outcomes[index] ?? outcome),
    );
    const count = (severity: Severity) => matching.filter((alert) => alert.severity === severity).length;
    return {
      alerts: matching.slice(0, query.limit),
      total: matching.length,
      by_severity: { CRITICAL: count('CRITICAL'), WARNING: count('WARNING'), INFO: count('INFO') },
      clusters: outcomes,
      complete: isComplete(outcomes),
    };
  }

  return { list };
}

function matches(alert: Alert, { state, severity, alertname }: AlertsQuery): boolean {
  return (
    (state === undefined || alert.state === state) &&
    (severity === undefined || alert.severity === severity) &&
    (alertname === undefined || alert.alertname === alertname)
  );
}

const RANK: Readonly<Record<Severity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };

/** Most severe first, then newest, then by cluster, name and id so that the order is the same each time. */
function byUrgency(a: Alert, b: Alert): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    compare(b.starts_at, a.starts_at) ||
    compare(a.cluster_name, b.cluster_name) ||
    compare(a.alertname, b.alertname) ||
    compare(a.id, b.id)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Kept only when every part of it is; then as old as its oldest part. */
function ageOf(parts: readonly ClusterOutcome[]): Pick<ClusterOutcome, 'cached' | 'age_ms'> {
  if (!parts.every(({ cached }) => cached)) return { cached: false };
  return { cached: true, age_ms: Math.max(...parts.map(({ age_ms = 0 }) => age_ms)) };
}

/**
 * One outcome of a cluster that was asked in two places. One missing endpoint leaves the other's outcome; one failure beside
 * one answer is PARTIAL and says which half is missing.
 */
export function joinOutcomes(prometheus: ClusterOutcome, alertmanager: ClusterOutcome): ClusterOutcome {
  const query_time_ms = Math.max(prometheus.query_time_ms, alertmanager.query_time_ms);
  if (hasNoEndpoint(alertmanager)) return { ...prometheus, query_time_ms };
  if (hasNoEndpoint(prometheus)) return { ...alertmanager, query_time_ms };
  const halves = [
    { name: 'Prometheus', outcome: prometheus },
    { name: 'Alertmanager', outcome: alertmanager },
  ];
  const failed = halves.filter(({ outcome }) => outcome.error !== undefined);
  const warnings = halves.flatMap(({ outcome }) => outcome.warnings ?? []);
  const base = {
    cluster_id: prometheus.cluster_id,
    cluster_name: prometheus.cluster_name,
    query_time_ms,
    ...ageOf([prometheus, alertmanager]),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
  const [first] = failed;
  if (!first) {
    const partial = halves.some(({ outcome }) => outcome.status === 'PARTIAL');
    return { ...base, status: partial ? 'PARTIAL' : 'SUCCESS' };
  }
  const message = failed.map(({ name, outcome }) => `${name}: ${outcome.error?.message ?? outcome.status}`).join(' ');
  const error = { code: first.outcome.error?.code ?? 'SPOKE_ERROR', message };
  if (failed.length < halves.length) return { ...base, status: 'PARTIAL', error };
  const alike = halves.every(({ outcome }) => outcome.status === first.outcome.status);
  return { ...base, status: alike ? first.outcome.status : 'ERROR', error };
}
