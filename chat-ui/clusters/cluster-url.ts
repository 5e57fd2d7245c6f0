/** Where a cluster is shown, or a page about it. */
export function clusterUrl(name: string, page?: 'edit' | 'credentials'): string {
  return `/clusters/${encodeURIComponent(name)}${page === undefined ? '' : `/${page}`}`;
}

/** Where a cluster is added; no cluster can have this name. */
export const ADD_CLUSTER_URL = '/clusters/_add';
