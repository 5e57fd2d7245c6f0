import type { PGlite } from '@electric-sql/pglite';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type { Pool } from 'pg';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { DataFolderLock } from './data-folder-lock.ts';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';

/** What `execute` of both drivers gives at least; the rest of their results differs. */
interface Rows<Row> {
  rows: Row[];
}
interface RowsHKT extends PgQueryResultHKT {
  type: Rows<this['row']>;
}

/** One drizzle type for PostgreSQL and PGlite, for a connection pool as for a transaction. */
export type Database = PgDatabase<RowsHKT>;

export type Driver =
  | { readonly kind: 'pglite'; readonly client: PGlite }
  | { readonly kind: 'postgres'; readonly pool: Pool };

export interface Store {
  readonly kind: 'pglite' | 'postgres';
  /** For the job queue, which speaks to the driver itself (`platform/jobs.ts`); for nothing else. */
  readonly driver: Driver;
  /** For tools that need the database itself. Repositories go through {@link Store.query} and {@link Store.transaction}. */
  readonly db: Database;
  /** Runs reads, or one statement that writes. Errors come out as AppError (`storeError`). */
  query<T>(run: (db: Database) => Promise<T>): Promise<T>;
  /**
   * Commits when `run` resolves and rolls back when it rejects; READ COMMITTED. Use only the given `tx` inside: with PGlite,
   * which has a single connection, waiting for `db` in there never ends.
   */
  transaction<T>(run: (tx: Database) => Promise<T>): Promise<T>;
  /** Resolves when the database answers. Throws STORE_UNAVAILABLE. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** `postgres://…`; without it PGlite runs in `<dataDir>/pglite`. */
  readonly databaseUrl?: string;
  readonly dataDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The lock on `dataDir` when the caller holds it already and keeps it; otherwise PGlite takes one until `close`. */
  readonly lock?: DataFolderLock;
}

/**
 * Opens the database and brings its tables up to date; several processes may do so at once. Throws STORE_UNAVAILABLE when it
 * cannot be reached, when another process holds the data folder, or when a newer version of the program has been here.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const started = options.clock.monotonicMs();
  const store =
    options.databaseUrl === undefined
      ? await openPglite(options.dataDir, options)
      : await openPostgres(options.databaseUrl, options);
  options.logger.info(
    { kind: store.kind, duration_ms: Math.round(options.clock.monotonicMs() - started) },
    'store open',
  );
  return store;
}
