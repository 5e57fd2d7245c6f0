import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { createApiTokens } from './tokens.ts';

const INPUT = {
  name: 'claude',
  role: 'viewer' as const,
  scope: { selector: 'environment=PRODUCTION' },
  expires_at: null,
  created_by: 'local',
};

export function tokensSuite(store: StoreUnderTest): void {
  describe('API tokens', () => {
    it('makes a secret that stands for its principal', async () => {
      const tokens = createApiTokens(store(), new ManualClock());
      const { token, secret } = await tokens.create(INPUT);
      expect(secret).toMatch(/^aiops_[A-Za-z0-9_-]{43}$/);
      expect(await tokens.verify(secret)).toEqual({
        id: `token:${token.id}`,
        display_name: 'claude',
        role: 'viewer',
        scope: { selector: 'environment=PRODUCTION' },
      });
    });

    it('does not know any other secret', async () => {
      const tokens = createApiTokens(store(), new ManualClock());
      const { secret } = await tokens.create(INPUT);
      for (const other of [
        '',
        'aiops_',
        `${secret}x`,
        secret.slice(0, -1),
        secret.toUpperCase(),
        `aiops_${'A'.repeat(43)}`,
        "' or ''='",
      ]) {
        expect(await tokens.verify(other)).toBeUndefined();
      }
    });

    it('keeps no secret in the database', async () => {
      const { secret } = await createApiTokens(store(), new ManualClock()).create(INPUT);
      const { rows } = await store().query((db) => db.execute(sql`select * from platform.api_tokens`));
      expect(JSON.stringify(rows)).not.toContain(secret.slice('aiops_'.length));
    });

    it('refuses an expired secret with AUTH_EXPIRED, to the millisecond', async () => {
      const clock = new ManualClock();
      const tokens = createApiTokens(store(), clock);
      const { secret } = await tokens.create({ ...INPUT, expires_at: '2026-03-01T11:00:00.000Z' });
      await clock.advance(3_600_000 - 1);
      expect(await tokens.verify(secret)).toBeDefined();
      await clock.advance(1);
      await expect(tokens.verify(secret)).rejects.toMatchObject({ code: 'AUTH_EXPIRED' });
    });

    it('refuses an expiry in the past and a scope that is no selector', async () => {
      const tokens = createApiTokens(store(), new ManualClock());
      await expect(tokens.create({ ...INPUT, expires_at: '2026-03-01T10:00:00.000Z' })).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
      });
      await expect(tokens.create({ ...INPUT, expires_at: 'tomorrow' })).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
      });
      await expect(tokens.create({ ...INPUT, scope: { selector: 'nonsense' } })).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
      });
      expect(await tokens.list()).toEqual([]);
    });

    it('notes the last use to the minute', async () => {
      const clock = new ManualClock();
      const tokens = createApiTokens(store(), clock);
      const { secret, token } = await tokens.create(INPUT);
      expect(token.last_used_at).toBeNull();
      const lastUse = async () => {
        await tokens.verify(secret);
        return (await tokens.list())[0]?.last_used_at;
      };
      expect(await lastUse()).toBe('2026-03-01T10:00:00.000Z');
      await clock.advance(59_999);
      expect(await lastUse()).toBe('2026-03-01T10:00:00.000Z');
      await clock.advance(1);
      expect(await lastUse()).toBe('2026-03-01T10:01:00.000Z');
    });

    it('revokes with a token everything that was made with it', async () => {
      const tokens = createApiTokens(store(), new ManualClock());
      const base = { role: 'viewer', scope: { selector: '' }, expires_at: null } as const;
      const first = await tokens.create({ ...base, name: 'first', created_by: 'local' });
      const child = await tokens.create({ ...base, name: 'child', created_by: `token:${first.token.id}` });
      const grandchild = await tokens.create({ ...base, name: 'grandchild', created_by: `token:${child.token.id}` });
      const other = await tokens.create({ ...base, name: 'other', created_by: 'local' });
      await tokens.revoke(first.token.id);
      for (const gone of [first, child, grandchild]) expect(await tokens.verify(gone.secret)).toBeUndefined();
      expect(await tokens.verify(other.secret)).toMatchObject({ id: `token:${other.token.id}` });
    });

    it('lists and revokes for an owner only what is theirs', async () => {
      const tokens = createApiTokens(store(), new ManualClock());
      const mine = await tokens.create({ ...INPUT, created_by: 'me' });
      const theirs = await tokens.create({ ...INPUT, created_by: 'them' });
      expect((await tokens.list('me')).map((t) => t.id)).toEqual([mine.token.id]);
      expect(await tokens.list()).toHaveLength(2);
      await expect(tokens.revoke(theirs.token.id, 'me')).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
      expect(await tokens.verify(theirs.secret)).toBeDefined();
      await tokens.revoke(theirs.token.id);
      expect(await tokens.verify(theirs.secret)).toBeUndefined();
      for (const id of [theirs.token.id, 'not-an-id']) {
        await expect(tokens.revoke(id)).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
      }
    });
  });
}
