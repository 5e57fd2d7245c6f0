import { and, eq, or } from 'drizzle-orm';
import {
  type Capabilities,
  type Cluster,
  type ClusterCreate,
  type ClusterSource,
  type ClusterUpdate,
  type OpenShiftStatus,
} from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import type { EventType } from '../model/event.ts';
import type { Clock } from '../platform/clock.ts';
import { appendEvent } from '../platform/outbox.ts';
import {
  alertSchedule,
  clusters,
  discoverySchedule,
  gpuSchedule,
  healthSchedule,
  traceSchedule,
} from '../platform/store/schema.ts';
import type { Database, Store } from '../platform/store/store.ts';
import { isUuid } from '../platform/uuid.ts';
import type { AddressPolicy } from '../spokes/address-policy.ts';
import { capabilityChanges } from './capability-changes.ts';
import { changedFields, changedRow, needsCheck, staleVersion } from './cluster-change.ts';
import { type ClusterFilter, filterSql } from './cluster-filter.ts';
import { type ClusterPage, type PageRequest, selectPage } from './cluster-page.ts';
import {
  type ClusterRow,
  lockCluster,
  markDeleted,
  newRow,
  NOT_DELETED,
  selectClusters,
  toCluster,
} from './cluster-rows.ts';
import { requireValidChange, requireValidCluster } from './cluster-rules.ts';

export type { ClusterFilter } from './cluster-filter.ts';

/** A cluster that an import or a file keeps in step, with that import's own key of it. */
export interface SourcedCluster {
  readonly cluster: Cluster;
  readonly source_key: string | null;
}

/** What discovery found out about a cluster. `platform_version` is null when it could not be read; the old one stays then. */
export interface Discovered {
  readonly capabilities: Capabilities;
  readonly openshift: OpenShiftStatus | null;
  readonly platform: Cluster['platform'];
  readonly platform_version: string | null;
}

/**
 * The clusters of the fleet. Knows nothing of scopes: whoever asks for a principal filters the answer. Every change writes
 * its event in the same transaction.
 */
export interface ClusterRegistry {
  /**
   * Throws INVALID_CLUSTER_NAME, CLUSTER_ALREADY_EXISTS, ADDRESS_FORBIDDEN, VALIDATION_FAILED. The first health check and the
   * first discovery are due at once. Without an origin it was registered by hand.
   */
  create(input: ClusterCreate, origin?: { source?: ClusterSource; source_key?: string }): Promise<Cluster>;
  /** Ordered by name, in one statement. */
  list(filter?: ClusterFilter): Promise<Cluster[]>;
  /** One page of {@link list}, counted and cut by the database. Only clusters in the scope, when it is given. */
  page(filter: ClusterFilter, request: PageRequest): Promise<ClusterPage>;
  /** Those that came from one source, ordered by name. */
  listBySource(source: ClusterSource): Promise<SourcedCluster[]>;
  /** Throws CLUSTER_NOT_FOUND, without near names: what names a caller may see is not known here. */
  get(nameOrId: string): Promise<Cluster>;
  /**
   * Changes the given fields and raises `resource_version`, unless they are what they were already. CLUSTER_UPDATED names the
   * fields. With `ifVersion` it changes only that version: STALE_VERSION otherwise. `allow` sees the cluster before and after,
   * inside the transaction, and throws to refuse. Throws CLUSTER_NOT_FOUND, ADDRESS_FORBIDDEN, VALIDATION_FAILED.
   */
  update(id: string, patch: ClusterUpdate, conditions?: UpdateConditions): Promise<Cluster>;
  /**
   * Writes what discovery found. CLUSTER_CAPABILITIES_CHANGED with the difference when there is one. Findings older than those
   * that are stored, or of a cluster that is gone, change nothing.
   */
  setCapabilities(id: string, found: Discovered): Promise<void>;
  /**
   * Takes the cluster out of the fleet at once: from here on nothing shows it, its name is free, nothing checks it. Its stored
   * credentials and its row go soon after (`deletion.ts`). Throws CLUSTER_NOT_FOUND.
   */
  remove(id: string): Promise<void>;
}

export interface UpdateConditions {
  readonly ifVersion?: number | undefined;
  readonly allow?: (before: Cluster, after: Cluster) => void;
}

/**
 * `nudge` wakes the outbox relay after a commit. `queueDeletion` makes sure, as part of the transaction, that what is left of a
 * removed cluster goes later (`deletion.ts`).
 */
export function createClusterRegistry(parts: {
  store: Store;
  clock: Clock;
  policy: AddressPolicy;
  nudge: () => void;
  queueDeletion: (tx: Database, clusterId: string) => Promise<void>;
}): ClusterRegistry {
  const { store, clock, policy, nudge, queueDeletion } = parts;

  return {
    create: async (input, origin = {}) => {
      requireValidCluster(input, policy);
      const now = clock.now();
      const row = newRow(input, { source: origin.source ?? 'MANUAL', source_key: origin.source_key ?? null }, now);
      await store.transaction(async (tx) => {
        const created = await tx.insert(clusters).values(row).onConflictDoNothing().returning({ id: clusters.id });
        if (created.length === 0) {
          throw new AppError('CLUSTER_ALREADY_EXISTS', `A cluster named ${input.name} is already registered.`, {
            hint: 'Choose another name, or remove that cluster first.',
          });
        }
        await tx.insert(healthSchedule).values({ cluster_id: row.id, next_run_at: now });
        await tx.insert(discoverySchedule).values({ cluster_id: row.id, next_run_at: now });
        await tx.insert(alertSchedule).values({ cluster_id: row.id, next_run_at: now });
        await tx.insert(traceSchedule).values({ cluster_id: row.id, next_run_at: now });
        await tx.insert(gpuSchedule).values({ cluster_id: row.id, next_run_at: now });
        const payload = { cluster_type: row.cluster_type, environment: row.environment, source: row.source };
        await tell(tx, 'CLUSTER_REGISTERED', row, payload, now);
      });
      nudge();
      return toCluster(row, null);
    },

    list: async (filter = {}) => {
      const where = filterSql(filter);
      return store.query((db) => selectClusters(db, { where }));
    },

    page: (filter, request) => selectPage(store, filter, request),

    listBySource: async (source) => {
      const [found, keys] = await Promise.all([
        store.query((db) => selectClusters(db, { where: eq(clusters.source, source) })),
        store.query((db) =>
          db
            .select({ id: clusters.id, source_key: clusters.source_key })
            .from(clusters)
            .where(and(NOT_DELETED, eq(clusters.source, source))),
        ),
      ]);
      const keyOf = new Map(keys.map((row) => [row.id, row.source_key]));
      return found.map((cluster) => ({ cluster, source_key: keyOf.get(cluster.id) ?? null }));
    },

    get: async (nameOrId) => {
      const byName = eq(clusters.name, nameOrId);
      const where = isUuid(nameOrId) ? or(eq(clusters.id, nameOrId), byName) : byName;
      const found = await store.query((db) => selectClusters(db, { where }));
      // A name may look like an id; the id it is wins.
      const cluster = found.find((c) => c.id === nameOrId.toLowerCase()) ?? found[0];
      if (!cluster) throw notFound(nameOrId);
      return cluster;
    },

    update: async (id, patch, { ifVersion, allow } = {}) => {
      requireValidChange(patch, policy);
      const { cluster, changed } = await store.transaction(async (tx) => {
        const found = isUuid(id) ? await lockCluster(tx, id) : undefined;
        if (!found) throw notFound(id);
        const before = found.cluster;
        if (ifVersion !== undefined && ifVersion !== before.resource_version) throw staleVersion(before, ifVersion);
        const now = clock.now();
        const fields = changedFields(before, patch);
        const row = fields.length === 0 ? found.row : changedRow(found.row, patch, now);
        const after = {
          ...toCluster(row, null),
          has_credentials: before.has_credentials,
          credentials_expire_at: before.credentials_expire_at,
        };
        allow?.(before, after);
        if (fields.length === 0) return { cluster: before, changed: false };
        await tx.update(clusters).set(row).where(eq(clusters.id, row.id));
        if (needsCheck(fields)) {
          await tx.update(healthSchedule).set({ next_run_at: now }).where(eq(healthSchedule.cluster_id, row.id));
          await tx.update(discoverySchedule).set({ next_run_at: now }).where(eq(discoverySchedule.cluster_id, row.id));
          await tx.update(alertSchedule).set({ next_run_at: now }).where(eq(alertSchedule.cluster_id, row.id));
          await tx.update(traceSchedule).set({ next_run_at: now }).where(eq(traceSchedule.cluster_id, row.id));
          await tx.update(gpuSchedule).set({ next_run_at: now }).where(eq(gpuSchedule.cluster_id, row.id));
        }
        await tell(tx, 'CLUSTER_UPDATED', row, { changed: fields, resource_version: row.resource_version }, now);
        return { cluster: after, changed: true };
      });
      if (changed) nudge();
      return cluster;
    },

    setCapabilities: async (id, found) => {
      if (!isUuid(id)) return;
      const changed = await store.transaction(async (tx) => {
        const locked = await lockCluster(tx, id);
        if (!locked) return false;
        const { row, cluster } = locked;
        const known = row.capabilities?.discovered_at;
        if (known !== undefined && known > found.capabilities.discovered_at) return false;
        const platform_version = found.platform_version ?? row.platform_version;
        await tx
          .update(clusters)
          .set({ ...found, platform_version })
          .where(eq(clusters.id, row.id));
        const difference = capabilityChanges(cluster, { ...found, platform_version });
        if (!difference) return false;
        await tell(tx, 'CLUSTER_CAPABILITIES_CHANGED', row, { ...difference }, clock.now());
        return true;
      });
      if (changed) nudge();
    },

    remove: async (id) => {
      await store.transaction(async (tx) => {
        const found = isUuid(id) ? await lockCluster(tx, id) : undefined;
        if (!found) throw notFound(id);
        await markDeleted(tx, found.row, clock.now());
        await queueDeletion(tx, found.row.id);
        await tell(tx, 'CLUSTER_DELETED', found.row, {}, clock.now());
      });
      nudge();
    },
  };
}

async function tell(
  tx: Database,
  type: EventType,
  cluster: Pick<ClusterRow, 'id' | 'name'>,
  payload: Record<string, unknown>,
  at: Date,
): Promise<void> {
  await appendEvent(
    tx,
    { event_type: type, source: 'registry', cluster_id: cluster.id, cluster_name: cluster.name, payload },
    at,
  );
}

function notFound(wanted: string): AppError {
  return new AppError('CLUSTER_NOT_FOUND', `There is no cluster ${JSON.stringify(wanted.slice(0, 80))}.`, {
    hint: 'list_clusters shows the names.',
  });
}
