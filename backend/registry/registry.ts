import { randomUUID } from 'node:crypto';
import { asc, eq, ilike, or, type SQL, sql } from 'drizzle-orm';
import {
  type Cluster,
  type ClusterCreate,
  ClusterCredentials,
  type ClusterState,
  type ClusterType,
} from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import type { EventType } from '../model/event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Envelope } from '../platform/envelope.ts';
import { appendEvent } from '../platform/outbox.ts';
import { clusterCredentials, clusters, healthSchedule } from '../platform/store/schema.ts';
import type { Database, Store } from '../platform/store/store.ts';
import { isUuid } from '../platform/uuid.ts';
import type { AddressPolicy } from '../spokes/address-policy.ts';
import { requireValidCluster } from './cluster-rules.ts';
import { connectivityOf, errorOf, type HealthCheck, healthScore, nextState, recentChecks } from './health-score.ts';

/** All given must hold. `name` is a part of the name; `label` is `key=value`. */
export interface ClusterFilter {
  readonly name?: string | undefined;
  readonly cluster_type?: ClusterType | undefined;
  readonly environment?: Cluster['environment'] | undefined;
  readonly region?: string | undefined;
  readonly state?: ClusterState | undefined;
  readonly label?: string | undefined;
}

/**
 * The clusters of the fleet. Knows nothing of scopes: whoever asks for a principal filters the answer. Every change writes
 * its event in the same transaction.
 */
export interface ClusterRegistry {
  /** Throws INVALID_CLUSTER_NAME, CLUSTER_ALREADY_EXISTS, ADDRESS_FORBIDDEN, VALIDATION_FAILED. The first health check is due at once. */
  create(input: ClusterCreate): Promise<Cluster>;
  /** Ordered by name, in one statement. */
  list(filter?: ClusterFilter): Promise<Cluster[]>;
  /** Throws CLUSTER_NOT_FOUND, without near names: what names a caller may see is not known here. */
  get(nameOrId: string): Promise<Cluster>;
  /** Credentials and schedule go with it. Throws CLUSTER_NOT_FOUND. */
  remove(id: string): Promise<void>;
  /** Stores the credentials in an envelope, in place of earlier ones, and makes a health check due. Throws CLUSTER_NOT_FOUND. */
  setCredentials(id: string, credentials: ClusterCredentials): Promise<void>;
  /** Undefined when there are none. Throws CREDENTIALS_INVALID when they cannot be decrypted. Never to be shown. */
  credentialsOf(id: string): Promise<ClusterCredentials | undefined>;
  /**
   * Writes what a check found; CLUSTER_STATUS_CHANGED exactly when the state becomes another. A check that is older than the
   * last one recorded, or of a cluster that is gone, changes nothing.
   */
  recordHealth(id: string, check: HealthCheck): Promise<void>;
}

type ClusterRow = typeof clusters.$inferSelect;

/** `nudge` wakes the outbox relay after a commit. */
export function createClusterRegistry(parts: {
  store: Store;
  clock: Clock;
  envelope: Envelope;
  policy: AddressPolicy;
  nudge: () => void;
}): ClusterRegistry {
  const { store, clock, envelope, policy, nudge } = parts;

  async function select(where: SQL | undefined): Promise<Cluster[]> {
    const rows = await store.query((db) =>
      db
        .select({ cluster: clusters, credentials: clusterCredentials.auth_type })
        .from(clusters)
        .leftJoin(clusterCredentials, eq(clusterCredentials.cluster_id, clusters.id))
        .where(where)
        // "C": bytes, as JavaScript compares them; the database's own collation differs from host to host.
        .orderBy(asc(sql`${clusters.name} collate "C"`)),
    );
    return rows.map((row) => toCluster(row.cluster, row.credentials !== null));
  }

  return {
    create: async (input) => {
      requireValidCluster(input, policy);
      const now = clock.now();
      const row = newRow(input, now);
      await store.transaction(async (tx) => {
        const created = await tx.insert(clusters).values(row).onConflictDoNothing().returning({ id: clusters.id });
        if (created.length === 0) {
          throw new AppError('CLUSTER_ALREADY_EXISTS', `A cluster named ${input.name} is already registered.`, {
            hint: 'Choose another name, or remove that cluster first.',
          });
        }
        await tx.insert(healthSchedule).values({ cluster_id: row.id, next_run_at: now });
        await tell(
          tx,
          'CLUSTER_REGISTERED',
          row,
          { cluster_type: row.cluster_type, environment: row.environment },
          now,
        );
      });
      nudge();
      return toCluster(row, false);
    },

    list: async (filter = {}) => select(filterOf(filter)),

    get: async (nameOrId) => {
      const byName = eq(clusters.name, nameOrId);
      const found = await select(isUuid(nameOrId) ? or(eq(clusters.id, nameOrId), byName) : byName);
      // A name may look like an id; the id it is wins.
      const cluster = found.find((c) => c.id === nameOrId.toLowerCase()) ?? found[0];
      if (!cluster) throw notFound(nameOrId);
      return cluster;
    },

    remove: async (id) => {
      const removed = await store.transaction(async (tx) => {
        const [row] = isUuid(id) ? await tx.delete(clusters).where(eq(clusters.id, id)).returning() : [];
        if (row) await tell(tx, 'CLUSTER_DELETED', row, {}, clock.now());
        return row !== undefined;
      });
      if (!removed) throw notFound(id);
      nudge();
    },

    setCredentials: async (id, credentials) => {
      const sealed = envelope.seal(JSON.stringify(credentials), id.toLowerCase());
      const known = await store.transaction(async (tx) => {
        const [row] = isUuid(id) ? await tx.select().from(clusters).where(eq(clusters.id, id)).for('update') : [];
        if (!row) return false;
        const now = clock.now();
        const stored = { auth_type: credentials.auth_type, sealed, updated_at: now };
        await tx
          .insert(clusterCredentials)
          .values({ cluster_id: id, ...stored })
          .onConflictDoUpdate({ target: clusterCredentials.cluster_id, set: stored });
        await tx.update(clusters).set({ updated_at: now }).where(eq(clusters.id, id));
        await tx.update(healthSchedule).set({ next_run_at: now }).where(eq(healthSchedule.cluster_id, id));
        await tell(tx, 'CLUSTER_CREDENTIALS_UPDATED', row, { auth_type: credentials.auth_type }, now);
        return true;
      });
      if (!known) throw notFound(id);
      nudge();
    },

    credentialsOf: async (id) => {
      if (!isUuid(id)) return undefined;
      const [row] = await store.query((db) =>
        db.select().from(clusterCredentials).where(eq(clusterCredentials.cluster_id, id)),
      );
      if (!row) return undefined;
      return ClusterCredentials.parse(JSON.parse(envelope.open(row.sealed, row.cluster_id)));
    },

    recordHealth: async (id, check) => {
      if (!isUuid(id)) return;
      const changed = await store.transaction(async (tx) => {
        const [row] = await tx.select().from(clusters).where(eq(clusters.id, id)).for('update');
        if (!row || (row.checked_at && row.checked_at > check.at)) return false;
        const next = measured(row, check);
        await tx.update(clusters).set(next).where(eq(clusters.id, id));
        if (next.state === row.state) return false;
        const reason = next.last_error ?? 'every configured endpoint answers';
        const payload = { old_state: row.state, new_state: next.state, health_score: next.health_score, reason };
        await tell(tx, 'CLUSTER_STATUS_CHANGED', row, payload, check.at);
        return true;
      });
      if (changed) nudge();
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

function newRow(input: ClusterCreate, now: Date): ClusterRow {
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
    api_server_healthy: null,
    prometheus_healthy: null,
    alertmanager_healthy: null,
    last_error: null,
    checked_at: null,
    created_at: now,
    updated_at: now,
    last_seen_at: null,
  };
}

/** The columns that a check sets. An endpoint that was not asked is null: not known, never "down". */
function measured(row: ClusterRow, check: HealthCheck) {
  const answered = check.api.ok || check.prometheus?.ok === true || check.alertmanager?.ok === true;
  return {
    state: nextState(row.state, check),
    health_score: healthScore(check),
    recent_api_checks: recentChecks(row.recent_api_checks, check),
    api_server_healthy: check.api.ok,
    prometheus_healthy: check.prometheus?.ok ?? null,
    alertmanager_healthy: check.alertmanager?.ok ?? null,
    last_error: errorOf(check),
    checked_at: check.at,
    platform_version: (check.api.ok ? check.api.version : undefined) ?? row.platform_version,
    last_seen_at: answered ? check.at : row.last_seen_at,
  };
}

function filterOf(filter: ClusterFilter): SQL | undefined {
  const conditions: SQL[] = [];
  if (filter.name !== undefined) conditions.push(ilike(clusters.name, `%${filter.name.replace(/[\\%_]/g, '\\$&')}%`));
  if (filter.cluster_type !== undefined) conditions.push(eq(clusters.cluster_type, filter.cluster_type));
  if (filter.environment !== undefined) conditions.push(eq(clusters.environment, filter.environment));
  if (filter.region !== undefined) conditions.push(eq(clusters.region, filter.region));
  if (filter.state !== undefined) conditions.push(eq(clusters.state, filter.state));
  if (filter.label !== undefined) conditions.push(hasLabel(filter.label));
  return conditions.length === 0 ? undefined : sql.join(conditions, sql` and `);
}

function hasLabel(text: string): SQL {
  const at = text.indexOf('=');
  if (at <= 0) {
    const message = 'must be key=value';
    throw new AppError('VALIDATION_FAILED', `label ${message}.`, {
      details: { issues: [{ field: 'label', message }] },
    });
  }
  return sql`${clusters.labels} ->> ${text.slice(0, at)} = ${text.slice(at + 1)}`;
}

function toCluster(row: ClusterRow, hasCredentials: boolean): Cluster {
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
    tls: row.tls,
    has_credentials: hasCredentials,
    status: {
      state: row.state,
      health_score: row.health_score,
      connectivity: connectivityOf(row.recent_api_checks),
      api_server_healthy: row.api_server_healthy,
      prometheus_healthy: row.prometheus_healthy,
      alertmanager_healthy: row.alertmanager_healthy,
      last_error: row.last_error,
      checked_at: row.checked_at?.toISOString() ?? null,
    },
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    last_seen_at: row.last_seen_at?.toISOString() ?? null,
  };
}

function notFound(wanted: string): AppError {
  return new AppError('CLUSTER_NOT_FOUND', `There is no cluster ${JSON.stringify(wanted.slice(0, 80))}.`, {
    hint: 'list_clusters shows the names.',
  });
}
