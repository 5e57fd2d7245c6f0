import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { apiTokens } from './schema.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const ROW = {
  id: '0190f0a0-0000-4000-8000-000000000001',
  name: 'one',
  role: 'viewer' as const,
  scope_selector: '',
  secret_hash: 'h1',
  created_by: 'local',
  created_at: new Date('2026-03-01T10:00:00.123Z'),
};

export function storeSuite(store: StoreUnderTest): void {
  describe('store', () => {
    it('answers a ping', async () => {
      await expect(store().ping()).resolves.toBeUndefined();
    });

    it('commits a transaction that resolves and gives its value', async () => {
      const value = await store().transaction(async (tx) => {
        await tx.insert(apiTokens).values(ROW);
        return 7;
      });
      expect(value).toBe(7);
      expect(await store().query((db) => db.select().from(apiTokens))).toHaveLength(1);
    });

    it('rolls back a transaction that rejects and passes an AppError on as it is', async () => {
      const error = new AppError('CLUSTER_ALREADY_EXISTS', 'no');
      const attempt = store().transaction(async (tx) => {
        await tx.insert(apiTokens).values(ROW);
        throw error;
      });
      await expect(attempt).rejects.toBe(error);
      expect(await store().query((db) => db.select().from(apiTokens))).toHaveLength(0);
    });

    it('keeps times to the millisecond in UTC', async () => {
      await store().query((db) => db.insert(apiTokens).values(ROW));
      const [row] = await store().query((db) => db.select().from(apiTokens));
      expect(row?.created_at.toISOString()).toBe('2026-03-01T10:00:00.123Z');
    });

    it('turns a refused statement into INTERNAL_ERROR that carries no parameter', async () => {
      await store().query((db) => db.insert(apiTokens).values(ROW));
      const error = await store()
        .query((db) => db.insert(apiTokens).values({ ...ROW, secret_hash: 'canary-4711' }))
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'INTERNAL_ERROR', cause: { code: '23505' } });
      expect(
        `${String(error)} ${JSON.stringify(error)} ${String(error instanceof Error && error.cause)}`,
      ).not.toContain('canary-4711');
    });

    it('turns text that PostgreSQL cannot hold into VALIDATION_FAILED', async () => {
      const attempt = store().query((db) => db.insert(apiTokens).values({ ...ROW, name: 'a\u0000b' }));
      await expect(attempt).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    });

    it('runs transactions side by side or one after the other, but never into each other', async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store().transaction(async (tx) => {
            await tx.insert(apiTokens).values({ ...ROW, id: crypto.randomUUID(), secret_hash: `t${i}` });
            const { rows } = await tx.execute<{ n: string }>(sql`select count(*)::text as n from platform.api_tokens`);
            expect(Number(rows[0]?.n)).toBeGreaterThan(0);
          }),
        ),
      );
      expect(await store().query((db) => db.select().from(apiTokens))).toHaveLength(20);
    });
  });
}
