/** The one suite of everything that stores, run on PGlite and on a real PostgreSQL. Each part stands beside its code. */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { tokensSuite } from './access/tokens.suite.ts';
import { alertHistorySuite } from './collectors/alerts/history/history.suite.ts';
import { alertRecordSuite } from './collectors/alerts/history/record.suite.ts';
import { gpuWatchSuite } from './collectors/gpu/gpu-watch.suite.ts';
import { traceWatchSuite } from './collectors/traces/trace-watch.suite.ts';
import { conversationsSuite } from './conversations/conversations.suite.ts';
import { systemClock } from './platform/clock.ts';
import { outboxSuite } from './platform/outbox.suite.ts';
import { recordsSuite } from './platform/records.suite.ts';
import type { StoreUnderTest } from './platform/store/store-under-test.ts';
import { openStore, type Store } from './platform/store/store.ts';
import { storeSuite } from './platform/store/store.suite.ts';
import { startTestPostgres } from './platform/store/test-postgres.ts';
import { emptyStore, openTestStore, silentLogger } from './platform/store/test-store.ts';
import { discoverySuite } from './registry/discovery/schedule.suite.ts';
import { deletionSuite } from './registry/deletion.suite.ts';
import { healthRecordSuite } from './registry/health-record.suite.ts';
import { credentialsSuite } from './registry/credentials/credentials.suite.ts';
import { healthSuite } from './registry/health.suite.ts';
import { importsSuite } from './registry/import/imports.suite.ts';
import { leaseScheduleSuite } from './registry/lease-schedule.suite.ts';
import { lifecycleSuite } from './registry/lifecycle.suite.ts';
import { registrySuite } from './registry/registry.suite.ts';

const KINDS: Record<Store['kind'], () => Promise<Store>> = {
  pglite: () => openTestStore(),
  postgres: async () => {
    const server = await startTestPostgres();
    const store = await openStore({
      databaseUrl: server.url,
      dataDir: '/nonexistent',
      logger: silentLogger,
      clock: systemClock,
    });
    return {
      ...store,
      close: async () => {
        // Together: a test that failed may have left a connection in use, which only the server's end sets free.
        await Promise.all([store.close(), server.stop()]);
      },
    };
  },
};

describe.each(Object.entries(KINDS))('repositories on %s', (_kind, open) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  }, 120_000);
  beforeEach(() => emptyStore(store));
  afterAll(() => store.close());

  const underTest: StoreUnderTest = () => store;
  storeSuite(underTest);
  outboxSuite(underTest);
  recordsSuite(underTest);
  tokensSuite(underTest);
  conversationsSuite(underTest);
  registrySuite(underTest);
  lifecycleSuite(underTest);
  deletionSuite(underTest);
  credentialsSuite(underTest);
  healthRecordSuite(underTest);
  leaseScheduleSuite(underTest);
  healthSuite(underTest);
  discoverySuite(underTest);
  importsSuite(underTest);
  alertRecordSuite(underTest);
  alertHistorySuite(underTest);
  traceWatchSuite(underTest);
  gpuWatchSuite(underTest);
});
