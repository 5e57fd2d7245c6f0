import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { acquireDataFolder } from './data-folder-lock.ts';
import { openStore, type Store } from './store.ts';
import { startTestPostgres, type TestPostgres } from './test-postgres.ts';
import { silentLogger } from './test-store.ts';

const parts = { logger: silentLogger, clock: systemClock };
const count = async (store: Store): Promise<number> => {
  const { rows } = await store.query((db) =>
    db.execute<{ n: string }>(sql`select count(*)::text as n from platform.evidence`),
  );
  return Number(rows[0]?.n);
};
const put = (store: Store) =>
  store.query((db) =>
    db.execute(sql`
      insert into platform.evidence (id, owner, tool, content, created_at, expires_at)
      values (${crypto.randomUUID()}, 'o', 't', '1', now(), now())`),
  );

describe('store on PGlite', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'aiops-store-'));
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  it('refuses a second store on the folder, keeps what was written over a reopening, and stays inside its own folder', async () => {
    const first = await openStore({ dataDir, ...parts });
    await expect(openStore({ dataDir, ...parts })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { pid: process.pid },
    });
    await put(first);
    expect((await readdir(dataDir)).sort()).toEqual(['aiops.lock', 'pglite']);
    await first.close();
    await first.close();
    expect(await readdir(dataDir)).toEqual(['pglite']);
    await expect(first.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });

    const lock = await acquireDataFolder(dataDir);
    const second = await openStore({ dataDir, lock, ...parts });
    expect(await count(second)).toBe(1);
    await second.close();
    expect(await readdir(dataDir)).toContain('aiops.lock'); // the caller's lock is the caller's to release
    await lock.release();
  }, 60_000);

  it('leaves the exit code of the process alone', () => {
    expect(process.exitCode ?? 0).toBe(0);
  });
});

describe('store on PostgreSQL', () => {
  let server: TestPostgres;
  const open = (databaseUrl: string) => openStore({ databaseUrl, dataDir: '/nonexistent', ...parts });
  beforeAll(async () => {
    server = await startTestPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  it('lets several servers open one empty database at once', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(server.url)));
    for (const store of stores) await expect(store.ping()).resolves.toBeUndefined();
    await Promise.all(stores.map((s) => s.close()));
  });

  it('loses nothing acknowledged when the server is killed, says STORE_UNAVAILABLE meanwhile, and recovers by itself', async () => {
    const store = await open(server.url);
    const before = await count(store);
    await put(store);
    await server.kill();
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.transaction((tx) => tx.execute(sql`select 1`))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await server.restart();
    await store.ping();
    expect(await count(store)).toBe(before + 1);
    await store.close();
  }, 60_000);

  it('refuses a database that a newer version has migrated', async () => {
    const store = await open(server.url);
    await store.query((db) =>
      db.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('future', 9999999999999)`),
    );
    await expect(open(server.url)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('newer version') as string,
    });
    await store.query((db) => db.execute(sql`delete from drizzle.__drizzle_migrations where hash = 'future'`));
    await store.close();
  });

  it.each([
    ['a wrong password', () => server.url.replace(/:[^:@]+@/, ':canary-4711@')],
    ['a database that is not there', () => server.url.replace(/\/postgres$/, '/nowhere')],
    ['a port where nothing listens', () => server.url.replace(/:\d+\//, ':1/')],
  ])('says STORE_UNAVAILABLE for %s, without the password', async (_what, url) => {
    const error = await open(url()).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const password = new URL(url()).password;
    expect(`${String(error)} ${JSON.stringify(error)} ${String(error instanceof Error && error.cause)}`).not.toContain(
      password,
    );
  });

  it('gives up on a server that takes the connection and says nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = mute.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const started = performance.now();
    await expect(open(`postgres://u:p@127.0.0.1:${port}/db`)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(performance.now() - started).toBeLessThan(9_000);
    mute.close();
  }, 20_000);

  it.each(['mysql://u:canary-4711@h/db', 'canary-4711', ''])('refuses the URL %j without quoting it', async (url) => {
    const error = await open(url).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('canary');
  });
});
