import type { Alert, Severity } from '../../backend/model/alert.ts';
import { SEVERITIES } from '../fleet/fleet-view.ts';

/** What an alert is now, one of: it fires and is heard of, waits, or is kept quiet. RESOLVED: it ended while it was shown. */
export const DISPOSITIONS = ['FIRING', 'PENDING', 'SILENCED', 'INHIBITED', 'RESOLVED'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

export const GROUPINGS = ['alertname', 'cluster', 'namespace'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export const ALERT_SORTS = ['severity', 'name', 'cluster', 'since'] as const;
export type AlertSort = { readonly by: (typeof ALERT_SORTS)[number]; readonly descending: boolean };

/** Filters of the list of alerts; an empty list or text filters nothing, several values of one filter are alternatives. */
export interface AlertFilter {
  readonly text: string;
  readonly severity: readonly Severity[];
  readonly state: readonly Disposition[];
  readonly cluster: readonly string[];
  readonly namespace: readonly string[];
  readonly alertname: readonly string[];
}

/** The filters that are lists of values. */
export type Facet = Exclude<keyof AlertFilter, 'text'>;

/** What the list of alerts is asked for in the URL. */
export interface AlertsView extends AlertFilter {
  readonly group: Grouping | undefined;
  /** The group that is open. */
  readonly open: string | undefined;
  readonly sort: AlertSort;
}

export const NO_FILTER: AlertFilter = { text: '', severity: [], state: [], cluster: [], namespace: [], alertname: [] };
const FIRST_SORT: AlertSort = { by: 'severity', descending: true };

export function readAlertsView(query: Readonly<Record<string, string>>): AlertsView {
  const sort = query.sort ?? '';
  const by = ALERT_SORTS.find((key) => key === sort.replace(/^-/, ''));
  const severity = new Set(valuesOf(query.severity).map((value) => value.toUpperCase()));
  const state = new Set(valuesOf(query.state).map((value) => value.toUpperCase()));
  return {
    text: query.q ?? '',
    severity: SEVERITIES.filter((value) => severity.has(value)),
    state: DISPOSITIONS.filter((value) => state.has(value)),
    cluster: valuesOf(query.cluster),
    namespace: valuesOf(query.namespace),
    alertname: valuesOf(query.alertname),
    group: GROUPINGS.find((value) => value === query.group),
    open: query.open,
    sort: by ? { by, descending: sort.startsWith('-') } : FIRST_SORT,
  };
}

/** Values separated by commas. Names of clusters, namespaces and alerts have none; one in a value is written as `%2C`. */
function valuesOf(text: string | undefined): string[] {
  return (text ?? '').split(',').filter(Boolean).map(decodeValue);
}

function decodeValue(text: string): string {
  return text.replaceAll('%2C', ',').replaceAll('%25', '%');
}

function encodeValue(text: string): string {
  return text.replaceAll('%', '%25').replaceAll(',', '%2C');
}

/** Parameters of a view; what is as always is not among them. */
export function viewQuery(view: Partial<AlertsView>): URLSearchParams {
  const query = new URLSearchParams();
  if (view.text) query.set('q', view.text);
  for (const facet of ['severity', 'state', 'cluster', 'namespace', 'alertname'] as const) {
    const values = view[facet] ?? [];
    const lower = facet === 'severity' || facet === 'state';
    if (values.length > 0)
      query.set(facet, values.map((value) => encodeValue(lower ? value.toLowerCase() : value)).join(','));
  }
  if (view.group) query.set('group', view.group);
  if (view.group && view.open !== undefined) query.set('open', view.open);
  const { by, descending } = view.sort ?? FIRST_SORT;
  if (by !== FIRST_SORT.by || descending !== FIRST_SORT.descending) query.set('sort', `${descending ? '-' : ''}${by}`);
  return query;
}

export function alertsUrl(view: Partial<AlertsView> = {}): string {
  return withQuery('/alerts', viewQuery(view));
}

/** One alert, with the way back to the list it was found in. */
export function alertUrl(alert: { fingerprint: string; cluster_name: string }, view: Partial<AlertsView> = {}): string {
  const query = new URLSearchParams({ on: alert.cluster_name });
  const back = viewQuery(view).toString();
  if (back !== '') query.set('back', back);
  return withQuery(`/alerts/${encodeURIComponent(alert.fingerprint)}`, query);
}

export function withQuery(path: string, query: URLSearchParams): string {
  const search = query.toString();
  return `${path}${search === '' ? '' : `?${search}`}`;
}

/** `values` with `value` taken in, or out when it is there. */
export function toggled<T>(values: readonly T[], value: T): T[] {
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}

export function dispositionOf(alert: Alert): Disposition {
  if (alert.state !== 'FIRING') return alert.state;
  if (alert.silenced) return 'SILENCED';
  return alert.inhibited ? 'INHIBITED' : 'FIRING';
}

/** Our own about a cluster's alerting, such as a Watchdog that is missing. */
export function isPlatforms(alert: Pick<Alert, 'sources'>): boolean {
  return alert.sources.includes('PLATFORM');
}

/** What an alert is about in words, from its annotations. */
export function summaryOf({ annotations }: Pick<Alert, 'annotations'>): string {
  return annotations['summary'] ?? annotations['message'] ?? annotations['description'] ?? '';
}
