import type { Cluster } from '../model/cluster.ts';
import { matchesSelector } from '../model/selector.ts';
import type { ClusterFilter, ClusterRegistry } from './registry.ts';

/** A registry of a fixed fleet, for tests of what reads it. Of the filters only those by name or id are applied: the suite of the real one tests those. */
export function fixedRegistry(fleet: readonly Cluster[]): ClusterRegistry {
  const registry: Pick<ClusterRegistry, 'list' | 'page'> = {
    list: async (filter = {}) => fleet.filter((cluster) => isNamed(cluster, filter)),
    page: async (filter, { page, pageSize, scope = [] }) => {
      const seen = fleet.filter((cluster) => isNamed(cluster, filter) && matchesSelector(cluster, scope));
      return { items: seen.slice((page - 1) * pageSize, page * pageSize), total: seen.length };
    },
  };
  return registry as ClusterRegistry; // proof: tests that change clusters use the real one; here a change would be a TypeError
}

function isNamed({ id, name }: Cluster, { named, ids }: ClusterFilter): boolean {
  return (named === undefined || named.includes(name) || named.includes(id)) && (ids === undefined || ids.includes(id));
}
