import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { and, desc, eq, inArray } from 'drizzle-orm';
import type { ApiToken, ClusterScope, Principal, Role } from '../model/access.ts';
import { AppError } from '../model/errors.ts';
import { parseSelector } from '../model/selector.ts';
import type { Clock } from '../platform/clock.ts';
import { apiTokens } from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';
import { isUuid } from '../platform/uuid.ts';

/** `aiops_` and 32 random bytes in base64url. */
const SECRET = /^aiops_[A-Za-z0-9_-]{43}$/;
/** `last_used_at` is kept to the minute: exact times would turn every request into a write. */
const LAST_USED_STEP_MS = 60_000;

export interface ApiTokens {
  /**
   * `secret` is shown here and never again. `expires_at` is ISO 8601, null = never. Throws VALIDATION_FAILED when it lies in
   * the past or the scope is not a selector.
   */
  create(input: {
    name: string;
    role: Role;
    scope: ClusterScope;
    expires_at: string | null;
    created_by: string;
  }): Promise<{ token: ApiToken; secret: string }>;
  /** Whom the secret stands for; undefined when it is unknown. Throws AUTH_EXPIRED. */
  verify(secret: string): Promise<Principal | undefined>;
  /** Newest first; only those that `owner` made when it is given. Expired ones are listed until they are revoked. */
  list(owner?: string): Promise<ApiToken[]>;
  /** With every token that was made with it. Throws TOKEN_NOT_FOUND; a token that is not `owner`'s does not exist for them. */
  revoke(id: string, owner?: string): Promise<void>;
}

/** API tokens of our own. A secret has 256 random bits, so one round of SHA-256 keeps it safe; nothing slower is needed. */
export function createApiTokens(store: Store, clock: Clock): ApiTokens {
  /**
   * Rows that have been asked for, by hash; on PGlite only, where no other process can revoke one. A read that began before a
   * revocation must not put its row back after it, so revocations are counted.
   */
  const known = new Map<string, typeof apiTokens.$inferSelect>();
  let revocations = 0;

  async function rowOf(hash: string): Promise<typeof apiTokens.$inferSelect | undefined> {
    const kept = known.get(hash);
    if (kept) return kept;
    const before = revocations;
    const [row] = await store.query((db) => db.select().from(apiTokens).where(eq(apiTokens.secret_hash, hash)));
    if (row && store.kind === 'pglite' && before === revocations) known.set(hash, row);
    return row;
  }

  return {
    create: async (input) => {
      parseSelector(input.scope.selector);
      const now = clock.now();
      const secret = `aiops_${randomBytes(32).toString('base64url')}`;
      const row = {
        id: randomUUID(),
        name: input.name,
        role: input.role,
        scope_selector: input.scope.selector,
        secret_hash: hashOf(secret),
        created_by: input.created_by,
        created_at: now,
        expires_at: futureTime(input.expires_at, now),
        last_used_at: null,
      };
      await store.query((db) => db.insert(apiTokens).values(row));
      return { token: toToken(row), secret };
    },

    verify: async (secret) => {
      if (!SECRET.test(secret)) return undefined;
      const row = await rowOf(hashOf(secret));
      if (!row) return undefined;
      const now = clock.now();
      if (row.expires_at && row.expires_at <= now) {
        throw new AppError('AUTH_EXPIRED', `The API token expired at ${row.expires_at.toISOString()}.`, {
          hint: 'Create a new one.',
        });
      }
      if (!row.last_used_at || now.getTime() - row.last_used_at.getTime() >= LAST_USED_STEP_MS) {
        await store.query((db) => db.update(apiTokens).set({ last_used_at: now }).where(eq(apiTokens.id, row.id)));
        row.last_used_at = now;
      }
      return {
        id: principalId(row.id),
        display_name: row.name,
        role: row.role,
        scope: { selector: row.scope_selector },
        ...(row.expires_at ? { expires_at: row.expires_at.toISOString() } : {}),
      };
    },

    list: async (owner) => {
      const rows = await store.query((db) =>
        db
          .select()
          .from(apiTokens)
          .where(owner === undefined ? undefined : eq(apiTokens.created_by, owner))
          .orderBy(desc(apiTokens.created_at), desc(apiTokens.id)),
      );
      return rows.map(toToken);
    },

    revoke: async (id, owner) => {
      const found = await store.transaction(async (tx) => {
        const mine = and(eq(apiTokens.id, id), owner === undefined ? undefined : eq(apiTokens.created_by, owner));
        let gone = isUuid(id) ? await tx.delete(apiTokens).where(mine).returning({ id: apiTokens.id }) : [];
        const existed = gone.length > 0;
        while (gone.length > 0) {
          const makers = gone.map((token) => principalId(token.id));
          gone = await tx
            .delete(apiTokens)
            .where(inArray(apiTokens.created_by, makers))
            .returning({ id: apiTokens.id });
        }
        return existed;
      });
      revocations += 1;
      known.clear();
      if (!found) throw new AppError('TOKEN_NOT_FOUND', 'No API token of that id belongs to you.');
    },
  };
}

function principalId(tokenId: string): string {
  return `token:${tokenId}`;
}

function futureTime(text: string | null, now: Date): Date | null {
  if (text === null) return null;
  const time = new Date(text);
  if (time > now) return time;
  const message = 'expires_at: must be an ISO 8601 time in the future.';
  throw new AppError('VALIDATION_FAILED', message, { details: { issues: [{ field: 'expires_at', message }] } });
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function toToken(row: typeof apiTokens.$inferSelect): ApiToken {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    scope: { selector: row.scope_selector },
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
  };
}
