import { eq } from 'drizzle-orm';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { ManualClock } from '../../platform/clock.ts';
import { createEventBus } from '../../platform/event-bus.ts';
import { discoverySchedule } from '../../platform/store/schema.ts';
import type { StoreUnderTest } from '../../platform/store/store-under-test.ts';
import { silentLogger } from '../../platform/store/test-store.ts';
import type { Discovered } from '../registry.ts';
import { insertClusters, readerOf } from '../test-clusters.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { Discovery } from './discover.ts';
import { startDiscovery } from './schedule.ts';

const DARK = { unknown: 'not looked at' };

export function discoverySuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    const asked: string[] = [];
    const stored: { id: string; found: Discovered }[] = [];
    let answer: 'FOUND' | 'FAILED' | 'HANG' = 'FOUND';
    const found = (): Discovery => ({
      capabilities: capabilitiesOf(
        {
          groups: DARK,
          nodes: DARK,
          namespaces: DARK,
          services: DARK,
          prometheuses: DARK,
          lokiStacks: DARK,
          tempoStacks: DARK,
          tempoMonolithics: DARK,
          istios: DARK,
          meshControlPlanes: DARK,
          storageClusters: DARK,
          clusterPolicies: DARK,
          resourceSlices: DARK,
        },
        { endpoints: {}, at: clock.now() },
      ),
      openshift: null,
      platform: 'KUBERNETES',
      platform_version: null,
      endpoints_found: [{ endpoint: 'loki_url', url: 'https://loki.example', from: 'Route a/b' }],
    });
    const discover = (cluster: Cluster, { signal }: { signal: AbortSignal }): Promise<Discovery> => {
      asked.push(cluster.name);
      if (answer === 'FOUND') return Promise.resolve(found());
      if (answer === 'FAILED') return Promise.reject(new AppError('DISCOVERY_FAILED', 'No answer.'));
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    const bus = createEventBus(silentLogger);
    const registry = {
      ...readerOf(store()),
      setCapabilities: (id: string, discovered: Discovered) => {
        stored.push({ id, found: discovered });
        return Promise.resolve();
      },
    };
    const start = () => {
      const monitor = startDiscovery({
        store: store(),
        registry,
        discover,
        bus,
        clock,
        logger: silentLogger,
        random: () => 0.5,
      });
      onTestFinished(() => monitor.stop());
      return monitor;
    };
    const row = async (id: string) => {
      const [found] = await store().query((db) =>
        db.select().from(discoverySchedule).where(eq(discoverySchedule.cluster_id, id)),
      );
      return { next: found?.next_run_at.toISOString(), leased: found?.lease_until !== null };
    };
    const create = async (...names: string[]) =>
      (
        await insertClusters(
          store(),
          clock,
          names.map((name) => ({ name })),
        )
      ).map(({ id }) => id);
    return { clock, asked, stored, start, row, create, answering: (now: typeof answer) => (answer = now) };
  }

  describe('discovery monitor', () => {
    it('discovers a new cluster at once, stores what it found, and comes back in 24 h', async () => {
      const { stored, start, row, create, asked } = setUp();
      const [id = ''] = await create('new-1');
      start();
      await expect.poll(() => row(id)).toEqual({ next: '2026-03-02T10:00:00.000Z', leased: false });
      expect(asked).toEqual(['new-1']);
      expect(stored).toHaveLength(1);
      expect(stored[0]?.found).not.toHaveProperty('endpoints_found');
    });

    it('comes back in ten minutes to a cluster that did not answer, and stores nothing', async () => {
      const { stored, start, row, create, answering } = setUp();
      answering('FAILED');
      const [id = ''] = await create('dark-1');
      start();
      await expect.poll(() => row(id)).toEqual({ next: '2026-03-01T10:10:00.000Z', leased: false });
      expect(stored).toEqual([]);
    });

    it('shares the work between processes, each cluster once', async () => {
      const { start, create, asked, row } = setUp();
      const ids = await create(...Array.from({ length: 12 }, (_, n) => `c-${n}`));
      start();
      start();
      for (const id of ids)
        await expect
          .poll(() => row(id), { timeout: 5_000 })
          .toMatchObject({ leased: false, next: '2026-03-02T10:00:00.000Z' });
      expect(asked.sort()).toEqual(Array.from({ length: 12 }, (_, n) => `c-${n}`).sort());
    });

    it('discovers now when asked, whatever the schedule says, and tells the endpoints found', async () => {
      const { start, row, create, asked, clock } = setUp();
      const [id = ''] = await create('asked-1');
      const monitor = start();
      await expect.poll(() => row(id)).toMatchObject({ leased: false, next: '2026-03-02T10:00:00.000Z' });
      await clock.advance(1_000);
      const { endpoints_found } = await monitor.discoverNow(id);
      expect(endpoints_found).toHaveLength(1);
      expect(asked).toHaveLength(2);
      await expect(monitor.discoverNow('00000000-0000-4000-8000-000000000000')).rejects.toMatchObject({
        code: 'CLUSTER_NOT_FOUND',
      });
    });

    it('gives back what it was at when it stops, still due', async () => {
      const { start, row, create, asked, answering } = setUp();
      answering('HANG');
      const [id = ''] = await create('held-1');
      const monitor = start();
      await expect.poll(() => asked).toEqual(['held-1']);
      await monitor.stop();
      expect(await row(id)).toEqual({ next: '2026-03-01T10:00:00.000Z', leased: false });
    });
  });
}
