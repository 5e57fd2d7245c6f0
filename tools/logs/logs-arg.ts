import { isSelector } from '../../backend/model/selector.ts';

export const LOGS_RENAME = { cluster_ids: 'clusters', start_time: 'start', end_time: 'end' };

/** Whether the `clusters` argument names clusters, rather than choosing them by label or leaving them all. */
export function areNamed(clusters: readonly string[] | string | undefined): boolean {
  const list = typeof clusters === 'string' ? [clusters] : (clusters ?? []);
  return list.length > 0 && !list.some(isSelector);
}
