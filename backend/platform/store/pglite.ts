import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { acquireDataFolder, type DataFolderLock } from './data-folder-lock.ts';
import { storeError } from './errors.ts';
import { MIGRATIONS_FOLDER, migrateLocked } from './migrate.ts';
import { storeOver } from './store-over.ts';
import type { Store } from './store.ts';

/**
 * PostgreSQL inside this process, on a folder. PGlite itself has no lock and two processes on one folder destroy it, so the
 * lock comes before the first byte is read.
 */
export async function openPglite(dataDir: string, { lock }: { lock?: DataFolderLock }): Promise<Store> {
  const ownLock = lock === undefined ? await acquireDataFolder(dataDir) : undefined;
  try {
    const folder = join(dataDir, 'pglite');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await openLocked(folder, async () => ownLock?.release());
  } catch (error) {
    await ownLock?.release();
    throw storeError(error);
  }
}

async function openLocked(folder: string, unlock: () => Promise<void>): Promise<Store> {
  const client = await PGlite.create(folder);
  const db = drizzle(client);
  try {
    await migrateLocked(db, () => migrate(db, { migrationsFolder: MIGRATIONS_FOLDER }));
  } catch (error) {
    await client.close();
    throw error;
  }
  return storeOver({ kind: 'pglite', client }, db, async () => {
    try {
      await client.close();
    } finally {
      await unlock();
    }
  });
}
