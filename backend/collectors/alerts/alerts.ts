import { type ClusterOutcome, hasNoEndpoint, isComplete } from '../../model/outcome.ts';
import type { Alert, AlertEpisode, AlertState, AlertsAnswer, Severity } from '../../model/alert.ts';
import type { AlertmanagerAlert } from '../../spokes/alertmanager.ts';
import type { PrometheusAlert } from '../../spokes/prometheus.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { readCursor, writeCursor } from './history/cursor.ts';
import type { AlertHistory } from './history/history.ts';
import { type Fanout, type Question, questionOf } from '../fanout/fanout.ts';
import { type MergedAlert, mergeAlerts } from './merge-alerts.ts';

export interface AlertsQuery extends Question {
  readonly state?: AlertState | undefined;
  readonly severity?: Severity | undefined;
  /** The exact name. */
  readonly alertname?: string | undefined;
  /** The exact value of the label. */
  readonly namespace?: string | undefined;
  readonly fingerprint?: string | undefined;
  /** Asks the history for what fired at some time from here on, in place of the clusters for what fires now. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Most alerts in the answer; the totals count all that match. */
  readonly limit: number;
  /** `next_cursor` of an answer to the same question. */
  readonly cursor?: string | undefined;
}

export interface AlertsCollector {
  /**
   * What is firing or pending now, from Prometheus and Alertmanager, each alert once, and our own about a cluster's alerting;
   * most severe first. RESOLVED or a time asks the history, newest first. A cluster that fails is an outcome.
   */
  list(query: AlertsQuery): Promise<AlertsAnswer>;
}

/** How clusters are asked for their alerts. */
export interface AlertsReader {
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'prometheus' | 'alertmanager'>;
}

export interface AlertsCollectorOptions extends AlertsReader {
  readonly history: Pick<AlertHistory, 'list' | 'platformAlerts' | 'outcomes'>;
}

/** What a question to both halves of the clusters found. */
export interface ReadAlerts {
  /** By cluster id; of a cluster that did not answer there is none. */
  readonly alerts: ReadonlyMap<string, MergedAlert[]>;
  /** One per cluster, by name, for each half. */
  readonly prometheus: readonly ClusterOutcome[];
  readonly alertmanager: readonly ClusterOutcome[];
}

/** Asks Prometheus and Alertmanager of each cluster for what is firing or pending: KEPT answers of a moment ago may serve, or NOW. */
export async function readAlerts(
  { fanout, spokes }: AlertsReader,
  question: Question,
  freshness: 'KEPT' | 'NOW',
): Promise<ReadAlerts> {
  const cache = freshness === 'KEPT' ? { cache: { key: 'alerts', ...FRESHNESS.ALERTS } } : {};
  const [prometheus, alertmanager] = await Promise.all([
    fanout.ask<PrometheusAlert[]>({
      ...question,
      ...cache,
      kind: 'PROMETHEUS',
      ask: (target, _cluster, limits) => spokes.prometheus.alerts(target, limits),
    }),
    fanout.ask<AlertmanagerAlert[]>({
      ...question,
      ...cache,
      kind: 'ALERTMANAGER',
      ask: async (target, _cluster, limits) => ({ value: await spokes.alertmanager.alerts(target, limits) }),
    }),
  ]);
  const alerts = new Map(
    question.clusters.map((cluster) => [
      cluster.id,
      mergeAlerts(cluster, prometheus.values.get(cluster.id) ?? [], alertmanager.values.get(cluster.id) ?? []),
    ]),
  );
  return { alerts, prometheus: prometheus.outcomes, alertmanager: alertmanager.outcomes };
}

export function createAlertsCollector(options: AlertsCollectorOptions): AlertsCollector {
  const { history } = options;

  async function live(query: AlertsQuery): Promise<AlertsAnswer> {
    const [read, own] = await Promise.all([
      readAlerts(options, questionOf(query), 'KEPT'),
      history.platformAlerts(query.clusters),
    ]);
    const matching = [...read.alerts.values()]
      .flatMap((merged) => merged.map(({ alert }) => alert))
      .concat(own.map(asAlert))
      .filter((alert) => matches(alert, query))
      .sort(byUrgency);
    const outcomes = read.prometheus.map((outcome, index) =>
      joinOutcomes(outcome, read.alertmanager[index] ?? outcome),
    );
    const count = (severity: Severity) => matching.filter((alert) => alert.severity === severity).length;
    const start = query.cursor === undefined ? 0 : placeAfter(matching, query.cursor);
    const shown = matching.slice(start, start + query.limit);
    const last = shown.at(-1);
    const more = start + shown.length < matching.length && last !== undefined;
    return {
      alerts: shown,
      total: matching.length,
      by_severity: { CRITICAL: count('CRITICAL'), WARNING: count('WARNING'), INFO: count('INFO') },
      clusters: outcomes,
      complete: isComplete(outcomes),
      ...(more ? { next_cursor: writeCursor(keysOf(last)) } : {}),
    };
  }

  async function past(query: AlertsQuery): Promise<AlertsAnswer> {
    const { clusters, state, limit, cursor, ...filter } = query;
    // What is pending has not fired, so no history has it.
    const known = state === 'PENDING' ? [] : clusters;
    const [{ episodes, ...page }, outcomes] = await Promise.all([
      history.list(known, { ...filter, state: state === 'PENDING' ? undefined : state }, { limit, cursor }),
      history.outcomes(clusters),
    ]);
    return { alerts: episodes.map(asAlert), ...page, clusters: outcomes, complete: isComplete(outcomes) };
  }

  return {
    list: (query) =>
      query.state === 'RESOLVED' || query.from !== undefined || query.to !== undefined ? past(query) : live(query),
  };
}

/** An episode of the history as a list of alerts shows it. */
export function asAlert(episode: AlertEpisode): Alert {
  const {
    episode_id: _id,
    first_seen_at: _first,
    last_seen_at: _last,
    flapping: _flapping,
    announced: _announced,
    ...alert
  } = episode;
  return alert;
}

function matches(alert: Alert, { state, severity, alertname, namespace, fingerprint }: AlertsQuery): boolean {
  return (
    (namespace === undefined || alert.labels['namespace'] === namespace) &&
    (fingerprint === undefined || alert.fingerprint === fingerprint) &&
    (state === undefined || alert.state === state) &&
    (severity === undefined || alert.severity === severity) &&
    (alertname === undefined || alert.alertname === alertname)
  );
}

const RANK: Readonly<Record<Severity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };

/** Most severe first, then newest, then by cluster, name and id so that the order is the same each time. */
function byUrgency(a: Alert, b: Alert): number {
  return compareKeys(keysOf(a), keysOf(b));
}

function keysOf(alert: Alert): string[] {
  return [String(RANK[alert.severity]), alert.starts_at, alert.cluster_name, alert.alertname, alert.id];
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  const order = a.map((key, at) => compare(key, b[at] ?? '') * (at === 1 ? -1 : 1));
  return order.find((one) => one !== 0) ?? 0;
}

/** How many come before what follows the cursor: alerts that are gone or new since do not shift the page. */
function placeAfter(sorted: readonly Alert[], cursor: string): number {
  const keys = readCursor(cursor, 5);
  const place = sorted.findIndex((alert) => compareKeys(keysOf(alert), keys) > 0);
  return place === -1 ? sorted.length : place;
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
