import type { Severity } from '../../backend/model/alert.ts';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import { readTimeRange, type TimeRange } from '../observability/time-range.ts';
import { clustersArgument } from '../observability/view-url.ts';
import type { Zone } from '../time-zone.ts';
import { withQuery } from './alerts-view.ts';

/** What the history of alerts is asked for in the URL. */
export interface HistoryView {
  readonly range: TimeRange;
  readonly zone: Zone;
  /** Names or a selector; empty = every cluster in scope. */
  readonly clusters: string;
  readonly severity: Severity | undefined;
  readonly state: 'FIRING' | 'RESOLVED' | undefined;
  /** Whole names. */
  readonly alertname: string;
  readonly namespace: string;
}

/** An hour says little of alerts. */
const FIRST_RANGE: TimeRange = { from: '-1d', to: 'now' };

export function readHistoryView(query: Readonly<Record<string, string>>): HistoryView {
  return {
    range: query.from === undefined && query.to === undefined ? FIRST_RANGE : readTimeRange(query),
    zone: query.tz === 'utc' ? 'utc' : 'local',
    clusters: query.clusters ?? '',
    severity: SEVERITIES.find((one) => one === query.severity?.toUpperCase()),
    state: (['FIRING', 'RESOLVED'] as const).find((one) => one === query.state?.toUpperCase()),
    alertname: query.alertname ?? '',
    namespace: query.namespace ?? '',
  };
}

export function historyUrl(view: HistoryView): string {
  const query = new URLSearchParams();
  const { range, zone, clusters, severity, state, alertname, namespace } = view;
  if (alertname !== '') query.set('alertname', alertname);
  if (namespace !== '') query.set('namespace', namespace);
  if (severity) query.set('severity', severity.toLowerCase());
  if (state) query.set('state', state.toLowerCase());
  if (range.from !== FIRST_RANGE.from || range.to !== FIRST_RANGE.to) {
    query.set('from', range.from);
    query.set('to', range.to);
  }
  if (zone !== 'local') query.set('tz', zone);
  if (clusters !== '') query.set('clusters', clusters);
  return withQuery('/alerts/history', query);
}

/** Parameters of the call that answers a view. Times go as they are written, so that `now` is the server's. */
export function historyQuery(view: HistoryView): URLSearchParams {
  const query = new URLSearchParams({ start: view.range.from, end: view.range.to, limit: '200' });
  for (const key of ['severity', 'state', 'alertname', 'namespace'] as const) {
    const value = view[key];
    if (value !== undefined && value !== '') query.set(key, value);
  }
  const clusters = clustersArgument(view.clusters);
  for (const name of typeof clusters === 'string' ? [clusters] : (clusters ?? [])) query.append('clusters', name);
  return query;
}
