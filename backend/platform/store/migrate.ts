import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { AppError } from '../../model/errors.ts';
import type { Database } from './store.ts';

/** The migrations lie beside this file, in the source tree as in the built program. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/** Key of the advisory lock that lets one process at a time migrate: "AIOPS" read as bytes. */
const MIGRATION_LOCK = 0x41_49_4f_50_53;

/**
 * Runs `migrate` while no other process does. drizzle's own migrator takes no lock, so two servers that start together
 * would both create the tables. `connection` must be a single connection, because the lock belongs to it.
 */
export async function migrateLocked(connection: Database, migrate: () => Promise<void>): Promise<void> {
  await connection.execute(sql`select pg_advisory_lock(${MIGRATION_LOCK})`);
  try {
    await migrate();
    await refuseNewerSchema(connection);
  } finally {
    await connection.execute(sql`select pg_advisory_unlock(${MIGRATION_LOCK})`);
  }
}

/** A database that a later version has migrated may lack what this version writes: better not to start than to damage it. */
async function refuseNewerSchema(connection: Database): Promise<void> {
  const ours = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).map((m) => m.folderMillis);
  const { rows } = await connection.execute<{ newest: string }>(
    sql`select coalesce(max(created_at), 0)::text as newest from drizzle.__drizzle_migrations`,
  );
  if (Number(rows[0]?.newest ?? 0) <= Math.max(...ours)) return;
  throw new AppError('STORE_UNAVAILABLE', 'The database belongs to a newer version of this program.', {
    hint: 'Start that version, or restore a backup made by this one.',
  });
}
