import { sql } from 'drizzle-orm';
import { storeError } from './errors.ts';
import type { Database, Store } from './store.ts';

/** The store over an open, migrated database of either kind. `close` is called once, however often the store is closed. */
export function storeOver(driver: Store['driver'], db: Database, close: () => Promise<void>): Store {
  let closing: Promise<void> | undefined;
  return {
    kind: driver.kind,
    driver,
    db,
    query: (run) => translated(() => run(db)),
    transaction: (run) => translated(() => db.transaction((tx) => run(tx))),
    ping: () => translated(async () => void (await db.execute(sql`select 1`))),
    close: () => (closing ??= close()),
  };
}

async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw storeError(thrown);
  }
}
