import type { Cluster } from '../../backend/model/cluster.ts';

export function inMaintenance(cluster: Pick<Cluster, 'maintenance_until'>, now: Date): boolean {
  return cluster.maintenance_until !== null && cluster.maintenance_until > now.toISOString();
}

/** To one decimal; null of nothing. */
export function average(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return Math.round((values.reduce((a, b) => a + b, 0) / values.length) * 10) / 10;
}

export function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  return countAll(items, (item) => [key(item)]);
}

/** How many items have each key; an item may have several. */
export function countAll<T>(items: readonly T[], keys: (item: T) => readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) for (const key of keys(item)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Object.fromEntries(counts);
}
