import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { AppError } from '../../model/errors.ts';
import type { Logger } from '../logger.ts';
import { storeError, unavailable } from './errors.ts';
import { MIGRATIONS_FOLDER, migrateLocked } from './migrate.ts';
import { storeOver } from './store-over.ts';
import type { Store } from './store.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** The server gives up on a statement after this; ours are milliseconds long. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** We give up a little later, for the connection whose other end is gone without a word. */
const ANSWER_TIMEOUT_MS = 20_000;

/** A pool of at most 10 connections. A lost connection is replaced at the next statement. */
export async function openPostgres(databaseUrl: string, { logger }: { logger: Logger }): Promise<Store> {
  requirePostgresUrl(databaseUrl);
  const connection = {
    connectionString: databaseUrl,
    application_name: 'aiops-nextgen',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
  await migrateOnce(connection, logger);

  const pool = new pg.Pool({
    ...connection,
    max: 10,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: ANSWER_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
  });
  // An idle connection that breaks is reported here and nowhere else; unheard, it would end the process.
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection was lost'));
  const db = drizzle(pool);
  return storeOver({ kind: 'postgres', pool }, db, () => pool.end());
}

/** Migrates on a connection of its own, which has no statement timeout: waiting for another server's migration is right. */
async function migrateOnce(connection: pg.ClientConfig, logger: Logger): Promise<void> {
  const client = new pg.Client(connection);
  client.on('error', (error) => logger.warn({ err: error }, 'the database connection of the migration was lost'));
  try {
    await client.connect().catch((error: unknown) => {
      throw unavailable(error); // a wrong password or certificate, too, is a database that is not there for us
    });
    const db = drizzle(client);
    await migrateLocked(db, () => migrate(db, { migrationsFolder: MIGRATIONS_FOLDER }));
  } catch (error) {
    throw storeError(error);
  } finally {
    await client.end();
  }
}

/** The URL holds a password, so it is never quoted, and the parser's error (which quotes it) is dropped on purpose. */
function requirePostgresUrl(text: string): void {
  if (URL.canParse(text) && /^postgres(?:ql)?:$/.test(new URL(text).protocol)) return;
  throw new AppError(
    'VALIDATION_FAILED',
    'The database URL is not of the form postgres://user:password@host:port/database.',
  );
}
