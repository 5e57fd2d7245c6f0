import type { ClusterState, ClusterType, ListedCluster } from '../../backend/model/cluster.ts';
import { compareNames, STATES } from '../fleet/fleet-view.ts';
import type { Loadable } from '../loadable.ts';

export const CLUSTER_TYPES = ['HUB', 'SPOKE', 'EDGE', 'FAR_EDGE'] as const satisfies readonly ClusterType[];
export const ENVIRONMENTS = [
  'PRODUCTION',
  'STAGING',
  'DEVELOPMENT',
  'LAB',
] as const satisfies readonly ListedCluster['environment'][];

/** The filters of `GET /clusters` under the names they have there; all of them must hold. */
export interface ListFilter {
  /** Part of the name. */
  readonly name: string;
  /** `key=value`. */
  readonly label: string;
  readonly state: ClusterState | undefined;
  readonly cluster_type: ClusterType | undefined;
  readonly environment: ListedCluster['environment'] | undefined;
  readonly region: string | undefined;
  /** What is not known is neither. */
  readonly has_gpu: boolean | undefined;
  readonly has_cnf: boolean | undefined;
}

export const SORT_KEYS = ['name', 'state', 'health', 'cluster_type', 'environment', 'region', 'last_seen'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface ListSort {
  readonly by: SortKey;
  readonly descending: boolean;
}

export interface ListView {
  readonly filter: ListFilter;
  readonly sort: ListSort;
}

export const NO_FILTER: ListFilter = {
  name: '',
  label: '',
  state: undefined,
  cluster_type: undefined,
  environment: undefined,
  region: undefined,
  has_gpu: undefined,
  has_cnf: undefined,
};

/** What is asked for in the URL; what makes no sense there is as if it were not there. */
export function readListView(query: Readonly<Record<string, string>>): ListView {
  const text = query.sort ?? '';
  const descending = text.startsWith('-');
  return {
    filter: {
      name: query.name ?? '',
      label: query.label ?? '',
      state: among(STATES, query.state),
      cluster_type: among(CLUSTER_TYPES, query.cluster_type),
      environment: among(ENVIRONMENTS, query.environment),
      region: query.region === '' ? undefined : query.region,
      has_gpu: truth(query.has_gpu),
      has_cnf: truth(query.has_cnf),
    },
    sort: { by: SORT_KEYS.find((key) => key === text.slice(descending ? 1 : 0)) ?? 'name', descending },
  };
}

function among<T extends string>(values: readonly T[], text: string | undefined): T | undefined {
  return values.find((value) => value === text?.toUpperCase());
}

function truth(text: string | undefined): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** The address of the list; what is not filtered, and the sort by name, are not in it. */
export function listUrl({ filter, sort }: ListView): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filter))
    if (value !== undefined && value !== '') query.set(key, String(value));
  if (sort.by !== 'name' || sort.descending) query.set('sort', `${sort.descending ? '-' : ''}${sort.by}`);
  const search = query.toString();
  return `/clusters${search === '' ? '' : `?${search}`}`;
}

/** How many filters are set. */
export function countFilters(filter: ListFilter): number {
  return Object.values(filter).filter((value) => value !== undefined && value !== '').length;
}

export function filterClusters(clusters: readonly ListedCluster[], filter: ListFilter): ListedCluster[] {
  const name = filter.name.trim().toLowerCase();
  const [, key, value] = /^([^=]*)=?(.*)$/s.exec(filter.label.trim()) ?? [];
  return clusters.filter(
    (c) =>
      c.name.includes(name) &&
      (!key || (value === '' ? c.labels[key] !== undefined : c.labels[key] === value)) &&
      (filter.state === undefined || c.status.state === filter.state) &&
      (filter.cluster_type === undefined || c.cluster_type === filter.cluster_type) &&
      (filter.environment === undefined || c.environment === filter.environment) &&
      (filter.region === undefined || c.region === filter.region) &&
      (filter.has_gpu === undefined || c.capabilities?.has_gpu_nodes === filter.has_gpu) &&
      (filter.has_cnf === undefined || c.capabilities?.has_cnf_workloads === filter.has_cnf),
  );
}

/** Undefined for what a cluster does not have; that stands last, whichever way the list is sorted. */
function sortValue(c: ListedCluster, by: SortKey): string | number | undefined {
  switch (by) {
    case 'name':
      return c.name;
    case 'state':
      return STATES.indexOf(c.status.state);
    case 'health':
      return c.status.health_score ?? undefined;
    case 'cluster_type':
      return CLUSTER_TYPES.indexOf(c.cluster_type);
    case 'environment':
      return ENVIRONMENTS.indexOf(c.environment);
    case 'region':
      return c.region ?? undefined;
    case 'last_seen':
      return c.last_seen_at ?? undefined;
  }
}

/** Sorted by `by`; what is equal there is by name. */
export function sortClusters(clusters: readonly ListedCluster[], { by, descending }: ListSort): ListedCluster[] {
  const direction = descending ? -1 : 1;
  return clusters
    .map((cluster) => ({ cluster, value: sortValue(cluster, by) }))
    .sort((a, b) => {
      if (a.value === b.value) return compareNames(a.cluster, b.cluster);
      if (a.value === undefined) return 1;
      if (b.value === undefined) return -1;
      return a.value < b.value ? -direction : direction;
    })
    .map(({ cluster }) => cluster);
}

/** Every region there is, by name. */
export function regionsOf(clusters: readonly ListedCluster[]): string[] {
  return [...new Set(clusters.flatMap((c) => (c.region === null ? [] : [c.region])))].sort();
}

/** The state of the page as `data-state`; each is visible in its own way. */
export type ListState = 'loading' | 'empty' | 'filtered-empty' | 'error' | 'denied' | 'stale' | 'ready';

export function listState(clusters: Loadable<ListedCluster[]>, shown: number): ListState {
  if (clusters.status === 'loading') return 'loading';
  if (clusters.status === 'failed') return clusters.failure.denied ? 'denied' : 'error';
  if (clusters.failure) return 'stale';
  if (clusters.value.length === 0) return 'empty';
  return shown === 0 ? 'filtered-empty' : 'ready';
}
