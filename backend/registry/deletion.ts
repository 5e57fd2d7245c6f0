import { and, asc, eq, isNotNull } from 'drizzle-orm';
import { z } from 'zod';
import type { EventBus } from '../platform/event-bus.ts';
import type { Jobs } from '../platform/jobs.ts';
import type { Logger } from '../platform/logger.ts';
import { clusters } from '../platform/store/schema.ts';
import type { Database, Store } from '../platform/store/store.ts';

const JOB = 'delete-cluster';
const JobData = z.strictObject({ cluster_id: z.uuid() });
/** With 300 s between two, this is a month of a Kubernetes API that does not answer. */
const RULES = { expireInSeconds: 120, retryLimit: 10_000, retryDelay: 1, retryDelayMax: 300 };

/** What makes the rest of a removed cluster go. */
export interface ClusterDeletion {
  /** Part of the transaction that marks the cluster. */
  queue(tx: Database, clusterId: string): Promise<void>;
  /** Begins to do what is queued, and first what an earlier process left undone. `forget` closes what is kept of a cluster in this process. */
  start(parts: {
    /** Deletes the stored credentials wherever they are; does nothing when there are none. */
    removeCredentials: (clusterId: string) => Promise<void>;
    forget: (clusterId: string) => void;
    bus: EventBus;
  }): Promise<{ stop(): Promise<void> }>;
}

/**
 * Removing a cluster has two halves. The first is one transaction: the cluster is marked, loses its name and its schedules, the
 * event is written and this job is queued. The second is the job, which any process may run, and run again: credentials first,
 * because only the row tells of a secret that is kept elsewhere; then kept connections; then the row, with everything that hangs on it.
 */
export async function createClusterDeletion(parts: {
  store: Store;
  jobs: Jobs;
  logger: Logger;
}): Promise<ClusterDeletion> {
  const { store, jobs, logger } = parts;
  await jobs.define(JOB, RULES);
  return {
    queue: (tx, clusterId) => jobs.send(tx, JOB, { cluster_id: clusterId }),
    start: async ({ removeCredentials, forget, bus }) => {
      const stopping = new AbortController();

      async function finish(clusterId: string): Promise<void> {
        const marked = and(eq(clusters.id, clusterId), isNotNull(clusters.deleting_at));
        const [row] = await store.query((db) => db.select({ id: clusters.id }).from(clusters).where(marked));
        if (!row) return; // done before
        await removeCredentials(clusterId);
        forget(clusterId);
        await store.query((db) => db.delete(clusters).where(marked));
        logger.info({ cluster_id: clusterId }, 'a removed cluster is gone');
      }

      /** A process that died in the middle keeps its job for a while; who starts does not wait for that. */
      async function finishLeftovers(): Promise<void> {
        const left = await store.query((db) =>
          db
            .select({ id: clusters.id })
            .from(clusters)
            .where(isNotNull(clusters.deleting_at))
            .orderBy(asc(clusters.deleting_at)),
        );
        for (const { id } of left) {
          if (stopping.signal.aborted) return;
          await finish(id).catch((error: unknown) =>
            logger.warn(
              { err: error, cluster_id: id },
              'a removed cluster could not be cleared away; its job tries again',
            ),
          );
        }
      }

      await jobs.work(JOB, (data) => finish(JobData.parse(data).cluster_id));
      const unsubscribe = bus.subscribe(({ event_type }) => {
        if (event_type === 'CLUSTER_DELETED') jobs.wake(JOB);
      });
      const leftovers = finishLeftovers().catch((error: unknown) =>
        logger.warn({ err: error }, 'what removed clusters left behind could not be read'),
      );
      return {
        stop: async () => {
          stopping.abort();
          unsubscribe();
          await leftovers;
        },
      };
    },
  };
}
