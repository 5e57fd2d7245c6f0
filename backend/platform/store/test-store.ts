/** For tests: stores with nothing in them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { type Clock, systemClock } from '../clock.ts';
import { createLogger } from '../logger.ts';
import { openStore, type Store } from './store.ts';
import { copyMigratedStore } from './test-template.ts';

export const silentLogger = createLogger({ level: 'silent' });

/** PGlite in a folder of its own. Share one among the tests of a file and {@link emptyStore} it. */
export async function openTestStore(clock: Clock = systemClock): Promise<Store & { readonly dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aiops-store-'));
  await copyMigratedStore(dataDir);
  const store = await openStore({ dataDir, logger: silentLogger, clock });
  const close = async (): Promise<void> => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...store, dataDir, close };
}

/** Deletes every row of every table; sequences go on. */
export async function emptyStore(store: Store): Promise<void> {
  await store.query((db) =>
    db.execute(sql`
      truncate clusters.clusters, intelligence.chat_sessions, platform.api_tokens, platform.outbox, platform.audit_log,
        platform.evidence cascade`),
  );
}
