/** For tests of what happens to clusters once they are registered: clusters straight in the database. */
import { inArray } from 'drizzle-orm';
import { type Cluster, ClusterCreate, type ClusterCreateInput } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import {
  alertSchedule,
  clusters,
  discoverySchedule,
  gpuSchedule,
  healthSchedule,
  traceSchedule,
} from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';
import { newRow, selectClusters, toCluster } from './cluster-rows.ts';

/** As a registration leaves them: due at once for health and discovery. No event is written. */
export async function insertClusters(
  store: Store,
  clock: Clock,
  inputs: readonly (Partial<ClusterCreateInput> & { name: string })[],
): Promise<Cluster[]> {
  const now = clock.now();
  const rows = inputs.map((input) =>
    newRow(
      ClusterCreate.parse({ api_server_url: `https://api.${input.name}.example`, ...input }),
      { source: 'MANUAL', source_key: null },
      now,
    ),
  );
  const due = rows.map((row) => ({ cluster_id: row.id, next_run_at: now }));
  await store.transaction(async (tx) => {
    await tx.insert(clusters).values(rows);
    await tx.insert(healthSchedule).values(due);
    await tx.insert(discoverySchedule).values(due);
    await tx.insert(alertSchedule).values(due);
    await tx.insert(traceSchedule).values(due);
    await tx.insert(gpuSchedule).values(due);
  });
  return rows.map((row) => toCluster(row, null));
}

/** The part of the registry that reads one cluster, by id. */
export function readerOf(store: Store): { get(id: string): Promise<Cluster> } {
  return {
    get: async (id) => {
      const [cluster] = await store.query((db) => selectClusters(db, { where: inArray(clusters.id, [id]) }));
      if (!cluster) throw new AppError('CLUSTER_NOT_FOUND', `There is no cluster ${id}.`);
      return cluster;
    },
  };
}
