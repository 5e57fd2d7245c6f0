import { randomUUID } from 'node:crypto';
import { and, asc, eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import { ClusterCredentials } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { createEnvelope } from '../../platform/envelope.ts';
import type { Keyring } from '../../platform/keyring.ts';
import type { Logger } from '../../platform/logger.ts';
import { appendEvent } from '../../platform/outbox.ts';
import { clusterCredentials, clusters, discoverySchedule, healthSchedule } from '../../platform/store/schema.ts';
import type { Database, Store } from '../../platform/store/store.ts';
import { isUuid } from '../../platform/uuid.ts';
import type { UsableCredentials } from '../../spokes/auth.ts';
import { type ClusterRow, lockCluster } from '../cluster-rows.ts';
import type { SealedStore } from './sealed-store.ts';
import { newRevisionId } from './secret-store.ts';

/** What is sealed: credentials as spokes take them. Those that an earlier version stored are without `api_tls`. */
const Kept = z.union([
  ClusterCredentials,
  z.strictObject({
    credentials: ClusterCredentials,
    api_tls: z.strictObject({ ca: z.string().optional(), server_name: z.string().optional() }),
  }),
]);

/** In the column of the sealed text, a name of a revision that is kept elsewhere. An envelope starts with its version. */
const ELSEWHERE = 'secret:';
const REWRAP_PAGE = 100;

export interface NewCredentials {
  /** As it was given: KUBECONFIG, although what is kept is what it held. */
  readonly authType: ClusterCredentials['auth_type'];
  readonly credentials: UsableCredentials;
  readonly expiresAt: Date | undefined;
}

/** Where credentials lie, sealed. Every change writes its event in the same transaction. */
export interface CredentialVault {
  /** In place of earlier ones; health and discovery are due at once. Throws CLUSTER_NOT_FOUND, STORE_UNAVAILABLE. */
  put(clusterId: string, given: NewCredentials, action: 'SET' | 'ROTATED'): Promise<void>;
  /** Undefined when there are none. Throws CREDENTIALS_INVALID when they cannot be decrypted. Never to be shown. */
  get(clusterId: string): Promise<UsableCredentials | undefined>;
  /** Throws CREDENTIALS_NOT_FOUND, CLUSTER_NOT_FOUND. */
  remove(clusterId: string): Promise<void>;
  /** For a cluster that goes: whatever there is of its credentials, wherever; no event, and nothing to do is no error. */
  erase(clusterId: string): Promise<void>;
  /**
   * Wraps everything that an older master key wraps with the newest, and moves what lies elsewhere to the configured store.
   * May be broken off and repeated. Gives how many were changed, and which could not be.
   */
  rewrap(): Promise<{ rewrapped: number; failed: { cluster_name: string; reason: string }[] }>;
  /** How many credentials each version of the master key wraps. */
  keysInUse(): Promise<ReadonlyMap<number, number>>;
}

type CredentialsRow = typeof clusterCredentials.$inferSelect;

/** `sealedStore` keeps new credentials; without it the database does. `nudge` wakes the outbox relay after a commit. */
export function createCredentialVault(parts: {
  store: Store;
  clock: Clock;
  keyring: Keyring;
  sealedStore?: SealedStore;
  logger: Logger;
  nudge: () => void;
}): CredentialVault {
  const { store, clock, keyring, sealedStore, logger, nudge } = parts;
  const envelope = createEnvelope(keyring.keys);

  async function rowOf(clusterId: string): Promise<CredentialsRow | undefined> {
    if (!isUuid(clusterId)) return undefined;
    const byId = eq(clusterCredentials.cluster_id, clusterId);
    const [row] = await store.query((db) => db.select().from(clusterCredentials).where(byId));
    return row;
  }

  /** The envelope of a row, from wherever it lies. */
  async function sealedOf(row: CredentialsRow): Promise<string> {
    const revision = revisionOf(row);
    if (revision === undefined) return row.sealed;
    if (!sealedStore)
      throw new AppError(
        'CREDENTIALS_INVALID',
        'The credentials are kept in Kubernetes Secrets, which this server does not use.',
        {
          hint: 'Start it with credential_store: kubernetes, or set the credentials again.',
        },
      );
    const sealed = await sealedStore.read(row.cluster_id, revision);
    if (sealed !== undefined) return sealed;
    throw new AppError(
      'CREDENTIALS_INVALID',
      "The Secret that kept the cluster's credentials is gone or was changed.",
      {
        hint: 'Set the credentials again.',
      },
    );
  }

  /** A key that is not known may have been added since. */
  async function withKeys(sealed: string): Promise<string> {
    if (envelope.versionOf(sealed) === undefined) await keyring.reload();
    return sealed;
  }

  /** Puts an envelope where new ones are kept and gives what stands for it in the row. */
  async function keep(clusterId: string, sealed: string, current: string | undefined): Promise<string> {
    if (!sealedStore) return sealed;
    const id = newRevisionId(clock.now(), randomUUID().slice(0, 8));
    await sealedStore.add(clusterId, { id, sealed, current });
    return `${ELSEWHERE}${id}`;
  }

  /** What a row named until now and nothing names any more. A failure only leaves a sealed text behind that goes with the next write. */
  async function dropReplaced(row: CredentialsRow | undefined): Promise<void> {
    const revision = row && revisionOf(row);
    if (!row || revision === undefined || !sealedStore) return;
    await sealedStore.drop(row.cluster_id, revision).catch((error: unknown) => {
      logger.warn({ err: error, cluster_id: row.cluster_id }, 'replaced credentials could not be deleted yet');
    });
  }

  async function open(row: CredentialsRow): Promise<UsableCredentials> {
    const sealed = await withKeys(await sealedOf(row));
    const kept = Kept.parse(JSON.parse(envelope.open(sealed, row.cluster_id)));
    const credentials = 'credentials' in kept ? kept.credentials : kept;
    if (credentials.auth_type === 'KUBECONFIG') throw new Error('a kubeconfig is never kept as such');
    return 'credentials' in kept ? { ...credentials, api_tls: kept.api_tls } : credentials;
  }

  async function rewrapOne(row: CredentialsRow): Promise<boolean> {
    const sealed = envelope.rewrap(await withKeys(await sealedOf(row)), row.cluster_id);
    const kept = await keep(row.cluster_id, sealed, revisionOf(row));
    const changed = await store.query((db) =>
      db
        .update(clusterCredentials)
        .set({ sealed: kept, key_version: envelope.newestVersion() })
        .where(and(eq(clusterCredentials.cluster_id, row.cluster_id), eq(clusterCredentials.sealed, row.sealed)))
        .returning({ id: clusterCredentials.cluster_id }),
    );
    // Somebody set new ones meanwhile, under the newest key: it is ours that nothing names.
    await dropReplaced(changed.length > 0 ? row : { ...row, sealed: kept });
    return changed.length > 0;
  }

  return {
    put: async (id, { authType, credentials, expiresAt }, action) => {
      const before = await rowOf(id);
      const clusterId = await requireCluster(store, id);
      await keyring.reload(); // another process may have added a key that everything new is to be under
      const { api_tls, ...plain } = credentials;
      const content = api_tls === undefined ? plain : { credentials: plain, api_tls };
      const sealed = envelope.seal(JSON.stringify(content), clusterId);
      const key_version = envelope.newestVersion();
      const kept = await keep(clusterId, sealed, before && revisionOf(before));
      const stored = {
        auth_type: authType,
        sealed: kept,
        key_version,
        expires_at: expiresAt ?? null,
        expiry_warned_at: null,
        updated_at: clock.now(),
      };
      const result = await store.transaction(async (tx) => {
        const found = await lockCluster(tx, clusterId);
        if (!found) return undefined;
        const [replaced] = await tx
          .select()
          .from(clusterCredentials)
          .where(eq(clusterCredentials.cluster_id, clusterId));
        await tx
          .insert(clusterCredentials)
          .values({ cluster_id: clusterId, ...stored })
          .onConflictDoUpdate({ target: clusterCredentials.cluster_id, set: stored });
        const payload = { action, auth_type: authType, expires_at: expiresAt?.toISOString() ?? null };
        await changed(tx, found.row, payload, stored.updated_at);
        return { replaced };
      });
      if (!result) {
        await sealedStore?.erase(clusterId); // removed meanwhile, and its own clearing away may have been before us
        throw clusterNotFound(id);
      }
      nudge();
      await dropReplaced(result.replaced);
    },

    get: async (clusterId) => {
      const row = await rowOf(clusterId);
      return row && open(row);
    },

    remove: async (id) => {
      const clusterId = await requireCluster(store, id);
      const removed = await store.transaction(async (tx) => {
        const found = await lockCluster(tx, clusterId);
        if (!found) throw clusterNotFound(id);
        const [row] = await tx
          .delete(clusterCredentials)
          .where(eq(clusterCredentials.cluster_id, clusterId))
          .returning();
        if (!row) throw credentialsNotFound(found.row.name);
        await changed(tx, found.row, { action: 'REMOVED', auth_type: row.auth_type, expires_at: null }, clock.now());
        return row;
      });
      nudge();
      await dropReplaced(removed);
    },

    erase: async (clusterId) => {
      await sealedStore?.erase(clusterId);
      await store.query((db) => db.delete(clusterCredentials).where(eq(clusterCredentials.cluster_id, clusterId)));
    },

    rewrap: async () => {
      await keyring.reload();
      const failed: { cluster_name: string; reason: string }[] = [];
      let rewrapped = 0;
      let after: string | undefined;
      for (;;) {
        const rows = await pageAfter(after);
        for (const { row, name } of rows) {
          after = row.cluster_id;
          const inPlace = (revisionOf(row) === undefined) === (sealedStore === undefined);
          if (inPlace && row.key_version === envelope.newestVersion()) continue;
          try {
            if (await rewrapOne(row)) rewrapped += 1;
          } catch (error) {
            if (!(error instanceof AppError) || error.code !== 'CREDENTIALS_INVALID') throw error;
            failed.push({ cluster_name: name, reason: error.message });
          }
        }
        if (rows.length < REWRAP_PAGE) return { rewrapped, failed };
      }
    },

    keysInUse: async () => {
      const rows = await store.query((db) =>
        db.select({ version: clusterCredentials.key_version }).from(clusterCredentials),
      );
      const count = new Map<number, number>();
      for (const { version } of rows) count.set(version, (count.get(version) ?? 0) + 1);
      return count;
    },
  };

  function pageAfter(after: string | undefined) {
    return store.query((db) =>
      db
        .select({ row: clusterCredentials, name: clusters.name })
        .from(clusterCredentials)
        .innerJoin(clusters, eq(clusters.id, clusterCredentials.cluster_id))
        .where(after === undefined ? undefined : gt(clusterCredentials.cluster_id, after))
        .orderBy(asc(clusterCredentials.cluster_id))
        .limit(REWRAP_PAGE),
    );
  }
}

function revisionOf(row: CredentialsRow): string | undefined {
  return row.sealed.startsWith(ELSEWHERE) ? row.sealed.slice(ELSEWHERE.length) : undefined;
}

/** What every change of credentials does besides. The event comes last: see `appendEvent`. */
async function changed(tx: Database, cluster: ClusterRow, payload: Record<string, unknown>, now: Date): Promise<void> {
  await tx.update(clusters).set({ updated_at: now }).where(eq(clusters.id, cluster.id));
  await tx.update(healthSchedule).set({ next_run_at: now }).where(eq(healthSchedule.cluster_id, cluster.id));
  await tx.update(discoverySchedule).set({ next_run_at: now }).where(eq(discoverySchedule.cluster_id, cluster.id));
  await appendEvent(
    tx,
    {
      event_type: 'CLUSTER_CREDENTIALS_UPDATED',
      source: 'registry',
      cluster_id: cluster.id,
      cluster_name: cluster.name,
      payload,
    },
    now,
  );
}

/** The id as the database writes it. */
async function requireCluster(store: Store, id: string): Promise<string> {
  const found = isUuid(id)
    ? await store.query((db) => db.select({ id: clusters.id }).from(clusters).where(eq(clusters.id, id)))
    : [];
  if (!found[0]) throw clusterNotFound(id);
  return found[0].id;
}

function clusterNotFound(wanted: string): AppError {
  return new AppError('CLUSTER_NOT_FOUND', `There is no cluster ${JSON.stringify(wanted.slice(0, 80))}.`, {
    hint: 'list_clusters shows the names.',
  });
}

export function credentialsNotFound(name: string): AppError {
  return new AppError('CREDENTIALS_NOT_FOUND', `Cluster ${name} has no stored credentials.`, {
    hint: 'set_cluster_credentials stores some.',
  });
}
