import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ClusterCreate } from '../model/cluster.ts';
import { ManualClock } from '../platform/clock.ts';
import { createEventBus } from '../platform/event-bus.ts';
import { type Jobs, startJobs } from '../platform/jobs.ts';
import { listEventsAfter } from '../platform/outbox.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { silentLogger } from '../platform/store/test-store.ts';
import { createAddressPolicy } from '../spokes/address-policy.ts';
import { type ClusterDeletion, createClusterDeletion } from './deletion.ts';
import { createClusterRegistry } from './registry.ts';

export function deletionSuite(store: StoreUnderTest): void {
  function setUp(queueDeletion: ClusterDeletion['queue']) {
    const registry = createClusterRegistry({
      store: store(),
      clock: new ManualClock(),
      policy: createAddressPolicy({ allow: [], deny: [] }),
      nudge: () => undefined,
      queueDeletion,
    });
    const create = () =>
      registry.create(ClusterCreate.parse({ name: 'prod-1', api_server_url: 'https://api.prod-1.example:6443' }));
    const deletions = async () =>
      (await listEventsAfter(store(), 0, 1_000))
        .filter((e) => e.event_type === 'CLUSTER_DELETED')
        .map((e) => e.cluster_name);
    return { registry, create, deletions };
  }
  const count = async (table: string): Promise<number> => {
    const { rows } = await store().query((db) =>
      db.execute<{ n: number }>(sql.raw(`select count(*)::int as n from ${table}`)),
    );
    return rows[0]?.n ?? 0;
  };

  describe('removal of a cluster', () => {
    let jobs: Jobs;
    const cleanups: (() => Promise<void>)[] = [];

    async function withDeletion(removeCredentials: (id: string) => Promise<void>) {
      jobs = await startJobs({ store: store(), logger: silentLogger });
      const deletion = await createClusterDeletion({ store: store(), jobs, logger: silentLogger });
      const bus = createEventBus(silentLogger);
      const forgotten: string[] = [];
      const start = async () => {
        const running = await deletion.start({ removeCredentials, forget: (id) => void forgotten.push(id), bus });
        cleanups.push(() => running.stop());
      };
      const parts = setUp(deletion.queue);
      const wake = async () => {
        for (const event of await listEventsAfter(store(), 0, 1_000)) bus.publish(event);
      };
      return { ...parts, start, wake, forgotten };
    }
    const cleanUp = async () => {
      for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
      await jobs.stop();
    };
    const eventuallyGone = async (wake: () => Promise<void>) => {
      for (let tries = 0; tries < 200; tries += 1) {
        if ((await count('clusters.clusters')) === 0) return;
        await wake();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error('the row is still there');
    };

    it('hides it everywhere at once, frees its name, and clears the rest away in its own time', async () => {
      const secrets: string[] = [];
      const { registry, create, start, wake, forgotten, deletions } = await withDeletion(async (id) => {
        secrets.push(id);
      });
      try {
        const { id } = await create();
        await registry.remove(id);
        expect(await registry.list()).toEqual([]);
        expect(await registry.page({}, { page: 1, pageSize: 20 })).toEqual({ items: [], total: 0 });
        for (const wanted of [id, 'prod-1', `~${id}`])
          await expect(registry.get(wanted)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
        await expect(registry.update(id, { region: 'eu' })).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
        await expect(registry.remove(id)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
        expect(await count('clusters.health_schedule')).toBe(0);
        const again = await create();
        expect(again.id).not.toBe(id);
        await registry.remove(again.id);
        expect(await deletions()).toEqual(['prod-1', 'prod-1']);
        await start();
        await eventuallyGone(wake);
        expect([...new Set(secrets)].sort()).toEqual([id, again.id].sort());
        expect([...new Set(forgotten)].sort()).toEqual([id, again.id].sort());
      } finally {
        await cleanUp();
      }
    });

    it('is tried again by its job when the secret cannot be removed, and the row stays until it can', async () => {
      let failures = 2;
      const { registry, create, start, wake } = await withDeletion(async () => {
        if ((failures -= 1) >= 0) throw new Error('the store of secrets does not answer');
      });
      try {
        await start();
        const { id } = await create();
        await registry.remove(id);
        await eventuallyGone(wake);
        expect(failures).toBe(-1);
      } finally {
        await cleanUp();
      }
    });

    it('is finished by the next process when one dies between the mark and the job', async () => {
      const { registry, create, start, wake } = await withDeletion(async () => undefined);
      try {
        const { id } = await create();
        await registry.remove(id);
        await store().query((db) => db.execute(sql`delete from jobs.job`));
        await start();
        await eventuallyGone(wake);
        expect(await registry.list()).toEqual([]);
      } finally {
        await cleanUp();
      }
    });

    it('queues its job exactly if it commits', async () => {
      const { create } = await withDeletion(async () => undefined);
      try {
        const { id } = await create();
        const before = await count('jobs.job');
        const failing = setUp(async (tx, clusterId) => {
          await jobs.send(tx, 'delete-cluster', { cluster_id: clusterId });
          throw new Error('just before the commit');
        });
        await expect(failing.registry.remove(id)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
        expect(await count('jobs.job')).toBe(before);
        expect((await failing.registry.get(id)).name).toBe('prod-1');
      } finally {
        await cleanUp();
      }
    });
  });
}
