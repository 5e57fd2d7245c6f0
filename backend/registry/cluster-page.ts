import { and, count } from 'drizzle-orm';
import type { Cluster } from '../model/cluster.ts';
import type { Requirement } from '../model/selector.ts';
import { clusters } from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';
import { type ClusterFilter, filterSql } from './cluster-filter.ts';
import { NOT_DELETED, selectClusters } from './cluster-rows.ts';
import { scopeSql } from './cluster-scope.ts';

export interface PageRequest {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  /** What a cluster must fulfil to be on any page; left out, nothing. */
  readonly scope?: readonly Requirement[];
}

export interface ClusterPage {
  readonly items: Cluster[];
  /** Over all pages. */
  readonly total: number;
}

/** A page of the clusters, by name, counted and cut by the database. */
export async function selectPage(store: Store, filter: ClusterFilter, request: PageRequest): Promise<ClusterPage> {
  const { page, pageSize, scope = [] } = request;
  const where = and(filterSql(filter), await store.query((db) => scopeSql(db, scope)));
  const [items, counted] = await Promise.all([
    store.query((db) => selectClusters(db, { where, limit: pageSize, offset: (page - 1) * pageSize })),
    store.query((db) => db.select({ total: count() }).from(clusters).where(and(NOT_DELETED, where))),
  ]);
  return { items, total: counted[0]?.total ?? 0 };
}
