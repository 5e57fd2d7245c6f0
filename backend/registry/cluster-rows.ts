import { randomUUID } from 'node:crypto';
import { and, asc, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { Cluster, ClusterCreate, ClusterSource } from '../model/cluster.ts';
import {
  alertSchedule,
  clusterCredentials,
  clusters,
  discoverySchedule,
  gpuSchedule,
  healthSchedule,
  traceSchedule,
} from '../platform/store/schema.ts';
import type { Database } from '../platform/store/store.ts';
import { connectivityOf } from './health-score.ts';

export type ClusterRow = typeof clusters.$inferSelect;

/** A cluster that is being deleted is in the table until its job is done, and nowhere else: every reader adds this. */
export const NOT_DELETED: SQL = isNull(clusters.deleting_at);

/** "C": bytes, as JavaScript compares them; the database's own collation differs from host to host. */
export const BY_NAME: SQL = asc(sql`${clusters.name} collate "C"`);

/** Which rows, at most how many and from where. */
export interface RowSelection {
  readonly where?: SQL | undefined;
  readonly limit?: number;
  readonly offset?: number;
}

/** Clusters in the order of their names, without those that are being deleted, in one statement. */
export async function selectClusters(db: Database, { where, limit, offset }: RowSelection = {}): Promise<Cluster[]> {
  const query = db
    .select({ cluster: clusters, credentials: CREDENTIALS })
    .from(clusters)
    .leftJoin(clusterCredentials, eq(clusterCredentials.cluster_id, clusters.id))
    .where(and(NOT_DELETED, where))
    .orderBy(BY_NAME)
    .$dynamic();
  if (limit !== undefined) query.limit(limit);
  if (offset !== undefined) query.offset(offset);
  return (await query).map((row) => toCluster(row.cluster, row.credentials));
}

/** One cluster, its row locked until the transaction ends; undefined when there is none, or it is being deleted. */
export async function lockCluster(
  tx: Database,
  id: string,
): Promise<{ row: ClusterRow; cluster: Cluster } | undefined> {
  const [row] = await tx
    .select()
    .from(clusters)
    .where(and(eq(clusters.id, id), NOT_DELETED))
    .for('update');
  if (!row) return undefined;
  const [credentials = null] = await tx
    .select(CREDENTIALS)
    .from(clusterCredentials)
    .where(eq(clusterCredentials.cluster_id, id));
  return { row, cluster: toCluster(row, credentials) };
}

const CREDENTIALS = { cluster_id: clusterCredentials.cluster_id, expires_at: clusterCredentials.expires_at };

/** Where a registration comes from; `source_key` is the importer's own key of the cluster. */
export interface Origin {
  readonly source: ClusterSource;
  readonly source_key: string | null;
}

export function newRow(input: ClusterCreate, origin: Origin, now: Date): ClusterRow {
  return {
    id: randomUUID(),
    name: input.name,
    display_name: input.display_name ?? input.name,
    api_server_url: input.api_server_url,
    cluster_type: input.cluster_type,
    platform: input.platform,
    platform_version: null,
    region: input.region ?? null,
    environment: input.environment,
    labels: input.labels,
    endpoints: input.endpoints,
    tls: input.tls,
    state: 'UNKNOWN',
    health_score: null,
    recent_api_checks: '',
    announced_state: null,
    api_server_healthy: null,
    prometheus_healthy: null,
    alertmanager_healthy: null,
    tempo_healthy: null,
    loki_healthy: null,
    last_error: null,
    checked_at: null,
    created_at: now,
    updated_at: now,
    last_seen_at: null,
    endpoint_options: input.endpoint_options,
    global_metrics: input.global_metrics ?? null,
    exec_enabled: input.exec_enabled,
    collection_paused: false,
    capabilities: null,
    openshift: null,
    maintenance_until: null,
    source: origin.source,
    source_key: origin.source_key,
    resource_version: 1,
    deleting_at: null,
  };
}

/** `credentials` is null when there are none. */
export function toCluster(row: ClusterRow, credentials: { expires_at: Date | null } | null): Cluster {
  return {
    id: row.id,
    name: row.name,
    display_name: row.display_name,
    api_server_url: row.api_server_url,
    cluster_type: row.cluster_type,
    platform: row.platform,
    platform_version: row.platform_version,
    region: row.region,
    environment: row.environment,
    labels: row.labels,
    endpoints: row.endpoints,
    global_metrics: row.global_metrics,
    tls: row.tls,
    endpoint_options: row.endpoint_options,
    exec_enabled: row.exec_enabled,
    collection_paused: row.collection_paused,
    has_credentials: credentials !== null,
    credentials_expire_at: credentials?.expires_at?.toISOString() ?? null,
    status: {
      state: row.state,
      health_score: row.health_score,
      connectivity: connectivityOf(row.recent_api_checks),
      api_server_healthy: row.api_server_healthy,
      prometheus_healthy: row.prometheus_healthy,
      alertmanager_healthy: row.alertmanager_healthy,
      tempo_healthy: row.tempo_healthy,
      loki_healthy: row.loki_healthy,
      last_error: row.last_error,
      checked_at: row.checked_at?.toISOString() ?? null,
    },
    capabilities: row.capabilities,
    openshift: row.openshift,
    maintenance_until: row.maintenance_until?.toISOString() ?? null,
    source: row.source,
    resource_version: row.resource_version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    last_seen_at: row.last_seen_at?.toISOString() ?? null,
  };
}

/**
 * Takes a cluster from everything that reads: its row stays until its secrets are gone (`deletion.ts`), without its name, which
 * is free for another cluster at once, and without schedules. No valid name starts with a tilde, so it is in nobody's way.
 */
export async function markDeleted(tx: Database, row: ClusterRow, now: Date): Promise<void> {
  await tx
    .update(clusters)
    .set({ deleting_at: now, name: `~${row.id}` })
    .where(eq(clusters.id, row.id));
  await tx.delete(healthSchedule).where(eq(healthSchedule.cluster_id, row.id));
  await tx.delete(discoverySchedule).where(eq(discoverySchedule.cluster_id, row.id));
  await tx.delete(alertSchedule).where(eq(alertSchedule.cluster_id, row.id));
  await tx.delete(traceSchedule).where(eq(traceSchedule.cluster_id, row.id));
  await tx.delete(gpuSchedule).where(eq(gpuSchedule.cluster_id, row.id));
}
