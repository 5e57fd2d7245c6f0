import type { Zone } from '../time-zone.ts';
import { DEFAULT_RANGE, readTimeRange, type TimeRange } from './time-range.ts';

/** What the pages of observability share, so that going from one to the other keeps the question. */
export interface SharedView {
  readonly range: TimeRange;
  readonly zone: Zone;
  /** Cluster names separated by commas, or a selector such as `environment=PRODUCTION`; empty = every cluster in scope. */
  readonly clusters: string;
  /** How often a question up to now is asked again; empty = only when somebody asks. */
  readonly refresh: (typeof REFRESHES)[number];
}

export const REFRESHES = ['', '30s', '1m', '5m'] as const;

export type TabName = 'metrics' | 'traces' | 'logs';

/** The pages there are, in the order of their tabs; a link to another is not shown. */
export const TABS: readonly { readonly name: TabName; readonly title: string }[] = [
  { name: 'metrics', title: 'Metrics' },
  { name: 'traces', title: 'Traces' },
  { name: 'logs', title: 'Logs' },
];

export function readShared(query: Readonly<Record<string, string>>): SharedView {
  return {
    range: readTimeRange(query),
    zone: query.tz === 'utc' ? 'utc' : 'local',
    clusters: query.clusters ?? '',
    refresh: REFRESHES.find((refresh) => refresh === query.refresh) ?? '',
  };
}

/** The address of a tab, or of one `part` it shows, with `shared` and `own` parameters; what is as always is not in it. */
export function tabUrl(
  tab: TabName,
  shared: SharedView,
  own: Readonly<Record<string, string>> = {},
  part?: string,
): string {
  const path = part === undefined ? tab : `${tab}/${encodeURIComponent(part)}`;
  return `/observability/${path}${sharedSearch(shared, own)}`;
}

/** The search part of an address, with its `?`, or nothing. */
export function sharedSearch(shared: SharedView, own: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(own)) if (value !== '') query.set(key, value);
  const { range, zone, clusters, refresh } = shared;
  if (range.from !== DEFAULT_RANGE.from || range.to !== DEFAULT_RANGE.to) {
    query.set('from', range.from);
    query.set('to', range.to);
  }
  if (zone !== 'local') query.set('tz', zone);
  if (clusters !== '') query.set('clusters', clusters);
  if (refresh !== '') query.set('refresh', refresh);
  const search = query.toString();
  return search === '' ? '' : `?${search}`;
}

/** True when the text of a scope is a selector rather than names. */
export function isSelector(text: string): boolean {
  return text.includes('=');
}

export function clusterNames(text: string): string[] {
  return isSelector(text)
    ? []
    : text
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean);
}

/** The `clusters` argument of the API; undefined asks every cluster in scope. */
export function clustersArgument(text: string): string | string[] | undefined {
  if (isSelector(text)) return text.trim();
  const names = clusterNames(text);
  return names.length === 0 ? undefined : names;
}

export function scopeText(text: string): string {
  if (isSelector(text)) return text;
  const names = clusterNames(text);
  if (names.length === 0) return 'All clusters';
  return names.length <= 2 ? names.join(', ') : `${names[0] ?? ''} and ${names.length - 1} more`;
}
