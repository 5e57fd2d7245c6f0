import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { and, eq, or } from 'drizzle-orm';
import { AppError } from '../../../model/errors.ts';
import type { Clock } from '../../../platform/clock.ts';
import { clusters, webhookSecrets } from '../../../platform/store/schema.ts';
import type { Store } from '../../../platform/store/store.ts';
import { isUuid } from '../../../platform/uuid.ts';
import { NOT_DELETED } from '../../../registry/cluster-rows.ts';

/** Longer than any secret of ours; what is longer is not looked at. */
const MAX_SECRET = 512;

/** The cluster whose Alertmanager sent a secret. */
export interface WebhookCluster {
  readonly id: string;
  readonly name: string;
}

export interface WebhookSecrets {
  /**
   * A new secret of the cluster, shown here and never again. The one before stays good for `overlapMs`, so that the
   * Alertmanager can be changed meanwhile; 0 cuts it off at once.
   */
  rotate(
    clusterId: string,
    options: { createdBy: string; overlapMs: number },
  ): Promise<{ secret: string; previous_until: string | null }>;
  /** Its Alertmanager can send nothing any more. False when there was no secret. */
  remove(clusterId: string): Promise<boolean>;
  /** Whose secret it is; with `clusterId`, only that cluster's own counts. Throws AUTH_FAILED, the same for every wrong one. */
  verify(secret: string | undefined, clusterId?: string): Promise<WebhookCluster>;
}

/** A secret has 256 random bits, so one round of SHA-256 keeps it safe; only the hash is stored. */
export function createWebhookSecrets(store: Store, clock: Clock): WebhookSecrets {
  return {
    rotate: async (clusterId, { createdBy, overlapMs }) => {
      const now = clock.now();
      const secret = `aiops_hook_${randomBytes(32).toString('base64url')}`;
      const fresh = { secret_hash: hashOf(secret), created_at: now, created_by: createdBy };
      const previousUntil = await store.transaction(async (tx) => {
        const [known] = await tx
          .select()
          .from(webhookSecrets)
          .where(eq(webhookSecrets.cluster_id, clusterId))
          .for('update');
        const overlap = known !== undefined && overlapMs > 0;
        const previous = {
          previous_hash: overlap ? known.secret_hash : null,
          previous_until: overlap ? new Date(now.getTime() + overlapMs) : null,
        };
        await tx
          .insert(webhookSecrets)
          .values({ cluster_id: clusterId, ...fresh, ...previous })
          .onConflictDoUpdate({ target: webhookSecrets.cluster_id, set: { ...fresh, ...previous } });
        return previous.previous_until;
      });
      return { secret, previous_until: previousUntil?.toISOString() ?? null };
    },

    remove: async (clusterId) => {
      const gone = await store.query((db) =>
        db
          .delete(webhookSecrets)
          .where(eq(webhookSecrets.cluster_id, clusterId))
          .returning({ id: webhookSecrets.cluster_id }),
      );
      return gone.length > 0;
    },

    verify: async (secret, clusterId) => {
      if (secret === undefined || secret.length > MAX_SECRET || (clusterId !== undefined && !isUuid(clusterId)))
        throw refused();
      const hash = hashOf(secret);
      const which =
        clusterId === undefined
          ? or(eq(webhookSecrets.secret_hash, hash), eq(webhookSecrets.previous_hash, hash))
          : eq(webhookSecrets.cluster_id, clusterId);
      const [row] = await store.query((db) =>
        db
          .select({ secret: webhookSecrets, id: clusters.id, name: clusters.name })
          .from(webhookSecrets)
          .innerJoin(clusters, and(eq(clusters.id, webhookSecrets.cluster_id), NOT_DELETED))
          .where(which),
      );
      const current = row !== undefined && sameHash(hash, row.secret.secret_hash);
      const { previous_hash = null, previous_until = null } = row?.secret ?? {};
      const previous =
        previous_hash !== null &&
        previous_until !== null &&
        previous_until > clock.now() &&
        sameHash(hash, previous_hash);
      if (!row || (!current && !previous)) throw refused();
      return { id: row.id, name: row.name };
    },
  };
}

function refused(): AppError {
  return new AppError('AUTH_FAILED', 'This is not the webhook secret of that cluster.', {
    hint: 'Send it as Authorization: Bearer; make a new one with: aiops alert webhook-secret <cluster>.',
  });
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function sameHash(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
}
