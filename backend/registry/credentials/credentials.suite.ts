import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ClusterCreate, type ClusterCreateInput } from '../../model/cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import { listEventsAfter } from '../../platform/outbox.ts';
import { silentLogger } from '../../platform/store/test-store.ts';
import type { StoreUnderTest } from '../../platform/store/store-under-test.ts';
import { createAddressPolicy } from '../../spokes/address-policy.ts';
import { createClusterRegistry } from '../registry.ts';
import { startExpiryWarnings, warnOfExpiry } from './expiry-warnings.ts';
import { rotateMasterKey } from './master-key.ts';
import type { SealedStore } from './sealed-store.ts';
import { testKeyring, testVault } from './test-vault.ts';

const TOKEN = { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-token-4711' } as const;
const DAY_MS = 86_400_000;

/** A store of sealed texts that keeps every revision until it is told otherwise, and fails when it is told to. */
function memoryStore() {
  const kept = new Map<string, Map<string, string>>();
  let broken = false;
  const of = (clusterId: string) => {
    if (broken) throw new Error('the store is away');
    const revisions = kept.get(clusterId) ?? new Map<string, string>();
    kept.set(clusterId, revisions);
    return revisions;
  };
  const store: SealedStore = {
    add: async (id, revision) => void of(id).set(revision.id, revision.sealed),
    read: async (id, revision) => of(id).get(revision),
    drop: async (id, revision) => void of(id).delete(revision),
    erase: async (id) => {
      of(id);
      kept.delete(id);
    },
  };
  return { store, kept, breakDown: (now: boolean) => (broken = now) };
}

export function credentialsSuite(store: StoreUnderTest): void {
  function setUp(options: { sealedStore?: SealedStore } = {}) {
    const clock = new ManualClock();
    let nudges = 0;
    const nudge = () => void (nudges += 1);
    const registry = createClusterRegistry({
      store: store(),
      clock,
      policy: createAddressPolicy({ allow: [], deny: [] }),
      nudge: () => undefined,
      queueDeletion: async () => undefined,
    });
    const create = (input: Partial<ClusterCreateInput> = {}) =>
      registry.create(
        ClusterCreate.parse({ name: 'prod-1', api_server_url: 'https://api.prod-1.example:6443', ...input }),
      );
    const keyring = testKeyring();
    const vault = testVault({ store: store(), clock, keyring, nudge, ...options });
    const changes = async () =>
      (await listEventsAfter(store(), 0, 1_000))
        .filter((event) => event.event_type === 'CLUSTER_CREDENTIALS_UPDATED')
        .map((event) => event.payload);
    return { clock, registry, create, keyring, vault, changes, nudges: () => nudges, nudge };
  }

  describe('stored credentials', () => {
    it('come back as they were set, and the newest replace the others', async () => {
      const { registry, create, vault, changes, nudges } = setUp();
      const { id } = await create();
      expect(await vault.get(id)).toBeUndefined();
      await vault.set(id, TOKEN);
      await vault.set(id, { auth_type: 'BASIC', username: 'u', password: 'p' });
      expect(await vault.get(id)).toEqual({ auth_type: 'BASIC', username: 'u', password: 'p' });
      expect((await registry.get(id)).has_credentials).toBe(true);
      expect((await registry.list())[0]?.has_credentials).toBe(true);
      expect(await changes()).toEqual([
        { action: 'SET', auth_type: 'SERVICE_ACCOUNT', expires_at: null },
        { action: 'SET', auth_type: 'BASIC', expires_at: null },
      ]);
      expect(nudges()).toBe(2);
      await expect(vault.set(crypto.randomUUID(), TOKEN)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
    });

    it('make health and discovery due at once', async () => {
      const { create, vault, clock } = setUp();
      const { id } = await create();
      const later = new Date(clock.now().getTime() + DAY_MS).toISOString();
      await store().query((db) => db.execute(sql`update clusters.health_schedule set next_run_at = ${later}`));
      await store().query((db) => db.execute(sql`update clusters.discovery_schedule set next_run_at = ${later}`));
      await vault.set(id, TOKEN);
      const due = sql`
        select 1 from clusters.health_schedule h join clusters.discovery_schedule d using (cluster_id)
        where h.next_run_at <= ${clock.now().toISOString()} and d.next_run_at <= ${clock.now().toISOString()}`;
      expect((await store().query((db) => db.execute(due))).rows).toHaveLength(1);
    });

    it('are removed once, and told', async () => {
      const { registry, create, vault, changes } = setUp();
      const { id } = await create();
      await vault.set(id, TOKEN);
      await vault.remove(id);
      expect(await vault.get(id)).toBeUndefined();
      expect((await registry.get(id)).has_credentials).toBe(false);
      expect((await changes()).at(-1)).toEqual({ action: 'REMOVED', auth_type: 'SERVICE_ACCOUNT', expires_at: null });
      await expect(vault.remove(id)).rejects.toMatchObject({ code: 'CREDENTIALS_NOT_FOUND' });
      await expect(vault.remove(crypto.randomUUID())).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
    });

    it('cannot be set for a cluster that is being deleted, and go with it', async () => {
      const { registry, create, vault } = setUp();
      const { id } = await create();
      await vault.set(id, TOKEN);
      await registry.remove(id);
      await expect(vault.set(id, TOKEN)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
      await vault.erase(id);
      await vault.erase(id);
      expect(await vault.get(id)).toBeUndefined();
    });

    it('are nowhere in the database or the events in plain text', async () => {
      const { create, vault } = setUp();
      const { id } = await create();
      await vault.set(id, TOKEN);
      for (const table of ['clusters.credentials', 'clusters.clusters', 'platform.outbox']) {
        const { rows } = await store().query((db) => db.execute(sql.raw(`select * from ${table}`)));
        expect(rows.length).toBeGreaterThan(0);
        expect(JSON.stringify(rows)).not.toContain('canary');
      }
    });

    it('do not open when a row was copied to another cluster', async () => {
      const { create, vault } = setUp();
      const [a, b] = [await create(), await create({ name: 'prod-2' })];
      await vault.set(a.id, TOKEN);
      await vault.set(b.id, TOKEN);
      await store().query((db) =>
        db.execute(
          sql`update clusters.credentials set sealed = (select sealed from clusters.credentials where cluster_id = ${a.id}) where cluster_id = ${b.id}`,
        ),
      );
      expect(await vault.get(a.id)).toEqual(TOKEN);
      await expect(vault.get(b.id)).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
    });
  });

  describe('credentials that are kept elsewhere', () => {
    it('leave only a name in the database, and one revision where they are kept', async () => {
      const elsewhere = memoryStore();
      const { create, vault } = setUp({ sealedStore: elsewhere.store });
      const { id } = await create();
      await vault.set(id, TOKEN);
      await vault.set(id, { auth_type: 'BASIC', username: 'u', password: 'p' });
      const { rows } = await store().query((db) =>
        db.execute<{ sealed: string }>(sql`select sealed from clusters.credentials`),
      );
      expect(rows[0]?.sealed).toMatch(/^secret:r\d+-[0-9a-f]{8}$/);
      expect(elsewhere.kept.get(id)?.size).toBe(1);
      expect(JSON.stringify([...(elsewhere.kept.get(id) ?? [])])).not.toContain('"p"');
      expect(await vault.get(id)).toEqual({ auth_type: 'BASIC', username: 'u', password: 'p' });
      await vault.remove(id);
      expect(elsewhere.kept.get(id)?.size).toBe(0);
    });

    it('stay the old ones when a process dies before the row names the new', async () => {
      const elsewhere = memoryStore();
      const { create, vault } = setUp({ sealedStore: elsewhere.store });
      const { id } = await create();
      await vault.set(id, TOKEN);
      await elsewhere.store.add(id, {
        id: 'r1-dead',
        sealed: 'v1.what a killed process had begun',
        current: undefined,
      });
      expect(await vault.get(id)).toEqual(TOKEN);
      await vault.erase(id);
      expect(elsewhere.kept.has(id)).toBe(false);
    });

    it('change nothing when the store is away', async () => {
      const elsewhere = memoryStore();
      const { create, vault, changes } = setUp({ sealedStore: elsewhere.store });
      const { id } = await create();
      elsewhere.breakDown(true);
      await expect(vault.set(id, TOKEN)).rejects.toThrow('the store is away');
      expect(await changes()).toEqual([]);
      elsewhere.breakDown(false);
      expect(await vault.get(id)).toBeUndefined();
    });

    it('are moved there by a re-wrap, and back', async () => {
      const elsewhere = memoryStore();
      const { create, vault, keyring, clock } = setUp();
      const { id } = await create();
      await vault.set(id, TOKEN);
      const there = testVault({ store: store(), clock, keyring, sealedStore: elsewhere.store });
      expect(await there.get(id)).toEqual(TOKEN);
      expect(await there.rewrap()).toEqual({ rewrapped: 1, failed: [] });
      expect(elsewhere.kept.get(id)?.size).toBe(1);
      expect(await there.get(id)).toEqual(TOKEN);
      await expect(vault.get(id)).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
      expect(await there.rewrap()).toEqual({ rewrapped: 0, failed: [] });
    });
  });

  describe('a new master key', () => {
    it('wraps everything, old keys stay until they wrap nothing', async () => {
      const { create, vault, keyring } = setUp();
      const ids = [(await create()).id, (await create({ name: 'prod-2' })).id];
      for (const id of ids) await vault.set(id, TOKEN);
      expect(await rotateMasterKey({ store: store(), vault, keyring }, { newKey: true, dropUnused: false })).toEqual({
        key_version: 2,
        rewrapped: 2,
        failed: [],
        dropped: [],
      });
      expect([...(await vault.keysInUse())]).toEqual([[2, 2]]);
      for (const id of ids) expect(await vault.get(id)).toEqual(TOKEN);
      expect(await rotateMasterKey({ store: store(), vault, keyring }, { newKey: false, dropUnused: true })).toEqual({
        key_version: 2,
        rewrapped: 0,
        failed: [],
        dropped: [1],
      });
      expect(keyring.keys().map((key) => key.version)).toEqual([2]);
      for (const id of ids) expect(await vault.get(id)).toEqual(TOKEN);
    });

    it('names what it cannot re-wrap, keeps its key and goes on', async () => {
      const { create, vault, keyring } = setUp();
      const [broken, whole] = [await create(), await create({ name: 'prod-2' })];
      await vault.set(broken.id, TOKEN);
      await vault.set(whole.id, TOKEN);
      await store().query((db) =>
        db.execute(sql`update clusters.credentials set sealed = 'v0.nonsense' where cluster_id = ${broken.id}`),
      );
      const result = await rotateMasterKey({ store: store(), vault, keyring }, { newKey: true, dropUnused: true });
      expect(result).toMatchObject({ rewrapped: 1, dropped: [], failed: [{ cluster_name: 'prod-1' }] });
      expect(await vault.get(whole.id)).toEqual(TOKEN);
    });
  });

  describe('credentials that end', () => {
    const jwt = (exp: number) =>
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`;

    it('are warned of once, seven days before, and told once when they have ended', async () => {
      const { create, vault, clock, registry, changes, nudge } = setUp();
      const { id } = await create();
      const ends = new Date(clock.now().getTime() + 10 * DAY_MS);
      await vault.set(id, { auth_type: 'SERVICE_ACCOUNT', api_token: jwt(ends.getTime() / 1000) });
      expect((await registry.get(id)).credentials_expire_at).toBe(ends.toISOString());
      const warn = () => warnOfExpiry({ store: store(), clock, nudge });
      expect(await warn()).toBe(0);
      await clock.advance(3 * DAY_MS);
      expect([await warn(), await warn()]).toEqual([1, 0]);
      await clock.advance(7 * DAY_MS);
      expect([await warn(), await warn()]).toEqual([1, 0]);
      const told = { auth_type: 'SERVICE_ACCOUNT', expires_at: ends.toISOString() };
      expect((await changes()).slice(1)).toEqual([
        { action: 'EXPIRING', ...told },
        { action: 'EXPIRED', ...told },
      ]);
      await vault.set(id, { auth_type: 'SERVICE_ACCOUNT', api_token: jwt(ends.getTime() / 1000 + 3 * 86_400) });
      expect(await warn()).toBe(1);
    });

    it('are looked for every hour', async () => {
      const { create, vault, clock, nudge, changes } = setUp();
      const { id } = await create();
      await vault.set(id, { ...TOKEN, expires_at: new Date(clock.now().getTime() + 7.02 * DAY_MS).toISOString() });
      const warnings = startExpiryWarnings({ store: store(), clock, logger: silentLogger, nudge });
      await expect.poll(() => clock.advance(600_000).then(changes)).toHaveLength(2);
      await warnings.stop();
    });

    it('are told by one of two processes', async () => {
      const { create, vault, clock, nudge, changes } = setUp();
      const { id } = await create();
      await vault.set(id, { ...TOKEN, expires_at: new Date(clock.now().getTime() + DAY_MS).toISOString() });
      const warn = () => warnOfExpiry({ store: store(), clock, nudge });
      expect((await Promise.all([warn(), warn(), warn()])).reduce((sum, told) => sum + told, 0)).toBe(1);
      expect(await changes()).toHaveLength(2);
    });
  });
}
