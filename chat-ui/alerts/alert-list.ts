import type { Alert, Severity } from '../../backend/model/alert.ts';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import {
  type AlertFilter,
  type AlertSort,
  dispositionOf,
  type Facet,
  type Grouping,
  summaryOf,
  viewQuery,
} from './alerts-view.ts';

const FACETS = ['severity', 'state', 'cluster', 'namespace', 'alertname'] as const satisfies readonly Facet[];

/** The value that an alert has of a filter; empty where it has none. */
export function facetOf(alert: Alert, facet: Facet): string {
  switch (facet) {
    case 'severity':
      return alert.severity;
    case 'state':
      return dispositionOf(alert);
    case 'cluster':
      return alert.cluster_name;
    case 'namespace':
      return alert.labels['namespace'] ?? '';
    case 'alertname':
      return alert.alertname;
  }
}

/** Alerts that all filters let through. */
export function filterAlerts(alerts: readonly Alert[], filter: AlertFilter): readonly Alert[] {
  return viewQuery(filter).size === 0 ? alerts : alerts.filter(matcherOf(filter));
}

function matcherOf(filter: AlertFilter, but?: Facet): (alert: Alert) => boolean {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const set = FACETS.filter((facet) => facet !== but && filter[facet].length > 0).map(
    (facet) => [facet, new Set<string>(filter[facet])] as const,
  );
  return (alert) => {
    if (!set.every(([facet, values]) => values.has(facetOf(alert, facet)))) return false;
    if (words.length === 0) return true;
    const text = searchText(alert);
    return words.every((word) => text.includes(word));
  };
}

/** An alert never changes, so that its text is made once and not with every key that is typed. */
const texts = new WeakMap<Alert, string>();

function searchText(alert: Alert): string {
  const known = texts.get(alert);
  if (known !== undefined) return known;
  const { alertname, cluster_name, labels } = alert;
  const text = `${alertname} ${cluster_name} ${summaryOf(alert)} ${Object.values(labels).join(' ')}`.toLowerCase();
  texts.set(alert, text);
  return text;
}

/** How many alerts each value of a filter would show beside the other filters, most first. Values that are chosen are there, too. */
export function facetCounts(alerts: readonly Alert[], filter: AlertFilter, facet: Facet): Map<string, number> {
  const counts = new Map<string, number>();
  const fits = matcherOf(filter, facet);
  for (const alert of alerts) {
    const value = facetOf(alert, facet);
    if (value !== '' && fits(alert)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  for (const value of filter[facet]) if (!counts.has(value)) counts.set(value, 0);
  return new Map([...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}

const RANK: Readonly<Record<Severity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };

/** `severity` descending is the server's order: most severe first, then newest. The others keep it among equals. */
export function sortAlerts(alerts: readonly Alert[], { by, descending }: AlertSort): readonly Alert[] {
  const urgency = (a: Alert, b: Alert) => RANK[a.severity] - RANK[b.severity] || compare(b.starts_at, a.starts_at);
  const direction = descending ? -1 : 1;
  switch (by) {
    case 'severity':
      return alerts.toSorted((a, b) => -direction * urgency(a, b));
    case 'name':
      return alerts.toSorted((a, b) => direction * compare(a.alertname, b.alertname) || urgency(a, b));
    case 'cluster':
      return alerts.toSorted((a, b) => direction * compare(a.cluster_name, b.cluster_name) || urgency(a, b));
    case 'since':
      return alerts.toSorted((a, b) => direction * compare(a.starts_at, b.starts_at) || urgency(a, b));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Alerts that have one thing in common. */
export interface AlertGroup {
  /** Empty for alerts without a namespace. */
  readonly name: string;
  readonly alerts: readonly Alert[];
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** How many clusters they are of. */
  readonly clusters: number;
}

/** In the order of the list: a group stands where its first alert does. */
export function groupAlerts(alerts: readonly Alert[], by: Grouping): AlertGroup[] {
  return [...Map.groupBy(alerts, (alert) => facetOf(alert, by))].map(([name, mine]) => {
    const bySeverity = { CRITICAL: 0, WARNING: 0, INFO: 0 };
    for (const { severity } of mine) bySeverity[severity] += 1;
    return { name, alerts: mine, bySeverity, clusters: new Set(mine.map(({ cluster_id }) => cluster_id)).size };
  });
}

/** A row of the list: a group, or an alert (`inGroup`: of the open group above it). */
export type ListRow =
  | { readonly kind: 'group'; readonly group: AlertGroup; readonly open: boolean }
  | { readonly kind: 'alert'; readonly alert: Alert; readonly inGroup: boolean };

export function rowsOf(alerts: readonly Alert[], by: Grouping | undefined, open: string | undefined): ListRow[] {
  if (by === undefined) return alerts.map((alert) => ({ kind: 'alert', alert, inGroup: false }));
  return groupAlerts(alerts, by).flatMap((group): ListRow[] => {
    const isOpen = group.name === open;
    const head: ListRow = { kind: 'group', group, open: isOpen };
    return isOpen ? [head, ...group.alerts.map((alert): ListRow => ({ kind: 'alert', alert, inGroup: true }))] : [head];
  });
}

export function severityText(counts: Readonly<Record<Severity, number>>): string {
  return SEVERITIES.filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity.toLowerCase()}`)
    .join(', ');
}
