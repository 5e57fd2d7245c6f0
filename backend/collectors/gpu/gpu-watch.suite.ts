import { describe, expect, it, onTestFinished } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { type GPU, type GPUNode, GpuUpdate } from '../../model/gpu.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import { createEventBus } from '../../platform/event-bus.ts';
import { listEventsAfter } from '../../platform/outbox.ts';
import type { StoreUnderTest } from '../../platform/store/store-under-test.ts';
import { silentLogger } from '../../platform/store/test-store.ts';
import { insertClusters } from '../../registry/test-clusters.ts';
import { blankGpu } from './blank-gpu.ts';
import { startGpuWatch } from './gpu-watch.ts';

const CAPABILITIES = {
  gpu_count: 1,
  gpu_types: [],
  has_prometheus: true,
  has_thanos: false,
  has_tempo: false,
  has_loki: false,
  has_service_mesh: false,
  has_odf: false,
  has_gpu_operator: true,
  has_dcgm: true,
  has_nfd: true,
  has_sriov: false,
  has_ptp: false,
  has_cnf_workloads: false,
  cnf_types: [],
  node_count: 1,
  node_roles: {},
  unknown: [],
  discovered_at: '2026-03-01T10:00:00.000Z',
};

export function gpuWatchSuite(store: StoreUnderTest): void {
  async function setUp({ hasGpus = true, stale = false } = {}) {
    const clock = new ManualClock();
    const [row] = await insertClusters(store(), clock, [{ name: 'prod-1' }]);
    if (!row) throw new Error('no cluster');
    const cluster: Cluster = testCluster('prod-1', {
      id: row.id,
      capabilities: { ...CAPABILITIES, has_gpu_nodes: hasGpus },
    });
    const gpu: GPU = { ...blankGpu(), index: 0, uuid: 'GPU-a', utilization_gpu_percent: 50, xids: [] };
    let asked = 0;
    const nodeOf = (): GPUNode => ({
      cluster_id: row.id,
      cluster_name: 'prod-1',
      node_name: 'n1',
      source: 'DCGM',
      not_used: [],
      last_updated: clock.now().toISOString(),
      age_seconds: 1,
      stale,
      gpu_count: 1,
      model: null,
      driver_version: null,
      sharing: null,
      replicas: null,
      allocation: null,
      pods: null,
      gpus: [{ ...gpu }],
      findings: [],
    });
    const watch = startGpuWatch({
      store: store(),
      registry: { get: () => Promise.resolve(cluster) },
      gpus: {
        nodes: () => {
          asked += 1;
          const nodes = [nodeOf()];
          return Promise.resolve({
            nodes,
            total: 1,
            total_gpus: 1,
            coverage: [],
            clusters_without_gpus: 0,
            clusters: [],
            complete: true,
          });
        },
      },
      bus: createEventBus(silentLogger),
      clock,
      logger: silentLogger,
      nudge: () => undefined,
      background: false,
    });
    onTestFinished(() => watch.stop());
    const told = async () => {
      const events = await listEventsAfter(store(), 0, 100);
      return events.flatMap(({ event_type, payload }) =>
        event_type === 'GPU_UPDATE' ? [GpuUpdate.parse(payload).gpus[0]?.values['utilization_gpu_percent']] : [],
      );
    };
    return { clock, gpu, look: () => watch.lookNow(row.id), told, asked: () => asked };
  }

  describe('the watch over GPUs', () => {
    it('tells a value that moved by its step, an XID, and everything after a minute', async () => {
      const { clock, gpu, look, told } = await setUp();
      await look();
      gpu.utilization_gpu_percent = 59;
      await look();
      expect(await told()).toEqual([50]);
      gpu.utilization_gpu_percent = 60;
      await look();
      gpu.xids = [{ xid: 79, severity: 'CRITICAL', meaning: null, count: null }];
      await look();
      gpu.utilization_gpu_percent = null;
      await look();
      expect(await told()).toEqual([50, 60, 60, null]);
      await clock.advance(60_000);
      await look();
      expect(await told()).toHaveLength(5);
    });

    it('asks nothing of a cluster without GPUs', async () => {
      const without = await setUp({ hasGpus: false });
      await without.look();
      expect(without.asked()).toBe(0);
    });

    it('tells nothing that is old', async () => {
      const { look, told, asked } = await setUp({ stale: true });
      await look();
      expect([await told(), asked()]).toEqual([[], 1]);
    });
  });
}
