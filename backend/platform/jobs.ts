import { AsyncLocalStorage } from 'node:async_hooks';
import { sql } from 'drizzle-orm';
import { type Db, fromDrizzle, fromPglite, PgBoss } from 'pg-boss';
import type { Logger } from './logger.ts';
import type { Database, Driver, Store } from './store/store.ts';

/** What happens to a job when its handler rejects, or its process dies. All in seconds. */
export interface JobRules {
  /** A run that takes longer counts as lost with its process, and another one begins. */
  readonly expireInSeconds: number;
  readonly retryLimit: number;
  /** Doubles from one retry to the next, up to `retryDelayMax`. */
  readonly retryDelay: number;
  readonly retryDelayMax: number;
}

/**
 * Work that has to be done, whatever happens to the process meanwhile: at least once, by any process on this database. A
 * handler must therefore be idempotent. Times are the database's.
 */
export interface Jobs {
  /** Declares a kind of job. Before {@link send} and {@link work}. */
  define(name: string, rules: JobRules): Promise<void>;
  /** Runs the handler for each job of that kind, one after the other, until {@link stop}. `data` is what `send` was given. */
  work(name: string, handler: (data: unknown) => Promise<void>): Promise<void>;
  /** Queues a job as part of `tx`: it exists exactly if that transaction commits. */
  send(tx: Database, name: string, data: Readonly<Record<string, unknown>>): Promise<void>;
  /** Looks for jobs of that kind now; without it, one is found within {@link POLL_SECONDS}. */
  wake(name: string): void;
  /** Lets the handlers that run finish, for a few seconds. What is not finished runs again later. */
  stop(): Promise<void>;
}

/** How long a job of another process that died may wait. In this one {@link Jobs.wake} is used. */
const POLL_SECONDS = 5;
const STOP_TIMEOUT_MS = 5_000;
/** Keeps its tables apart from ours, whose migrations know nothing of them. */
const SCHEMA = 'jobs';
const YEAR_SECONDS = 31_536_000;
const DAY_SECONDS = 86_400;

/** pg-boss over the connections of the store. Creates its tables, or brings them up to date, under a lock of its own. */
export async function startJobs({ store, logger }: { store: Store; logger: Logger }): Promise<Jobs> {
  const own = bossDatabase(store.driver);
  /**
   * The transaction that a `send` is part of. What else it reads on the way must go there as well: the embedded database has one
   * connection, and a statement beside the transaction would wait for its end for ever.
   */
  const within = new AsyncLocalStorage<Db>();
  const boss = new PgBoss({
    db: { executeSql: (text, values) => (within.getStore() ?? own).executeSql(text, values) },
    backend: store.kind,
    schema: SCHEMA,
    schedule: false,
  });
  // An error of a poll or of maintenance is reported here and nowhere else; unheard, it would end the process.
  boss.on('error', (error) => logger.warn({ err: error }, 'the job queue met an error; it goes on'));
  boss.on('warning', (warning) => logger.warn({ warning }, 'the job queue warns'));
  await boss.start();
  const workers = new Map<string, string>();
  return {
    define: async (name, rules) => {
      const options = {
        ...rules,
        retryBackoff: true,
        retentionSeconds: YEAR_SECONDS,
        deleteAfterSeconds: DAY_SECONDS,
      };
      await boss.createQueue(name, options); // does nothing when it is there
      await boss.updateQueue(name, options);
    },
    work: async (name, handler) => {
      const options = { pollingIntervalSeconds: POLL_SECONDS };
      const worker = await boss.work<unknown, void, typeof options>(name, options, async (jobs) => {
        for (const job of jobs) {
          try {
            await handler(job.data);
          } catch (error) {
            logger.warn({ err: error, job: name, data: job.data }, 'a job failed; it is tried again later');
            throw error;
          }
        }
      });
      workers.set(name, worker);
    },
    send: async (tx, name, data) => {
      await within.run(fromDrizzle(tx, sql), () => boss.send(name, { ...data }));
    },
    wake: (name) => {
      const worker = workers.get(name);
      if (worker !== undefined) boss.notifyWorker(worker);
    },
    stop: () => boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS, close: false }),
  };
}

function bossDatabase(driver: Driver): Db {
  if (driver.kind === 'pglite') {
    const { executeSql } = fromPglite(driver.client);
    return { executeSql };
  }
  return {
    executeSql: async (text, values) => {
      // Several statements in one text give a list of results, which the driver's types do not know of.
      const result: unknown = await driver.pool.query(text, values);
      return { rows: rowsOf(result) };
    },
  };
}

function rowsOf(result: unknown): unknown[] {
  if (Array.isArray(result)) return result.flatMap(rowsOf);
  return typeof result === 'object' && result !== null && 'rows' in result && Array.isArray(result.rows)
    ? result.rows
    : [];
}
