import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFanout } from '../../backend/collectors/fanout/fanout.ts';
import { createGpusCollector } from '../../backend/collectors/gpu/gpus.ts';
import { createMetricsSource } from '../../backend/collectors/metrics/metrics-source.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { type TestServer, startPrometheus } from '../../backend/spokes/test-servers.ts';
import { loopbackTransport } from '../../backend/spokes/test-transport.ts';
import { type Card, cardsOf } from './gpu-cards.ts';
import { startKubeDouble } from './kube-api/double.ts';
import { nvidiaSmi } from './kube-api/exec-nvidia-smi.ts';
import { clusterObjects } from './kube-api/objects/cluster-objects.ts';
import { type ClusterSpec, DEMO_CLUSTERS } from './specs.ts';
import { createWorld } from './world.ts';

/** GPUs that no DCGM exporter tells of, read by nvidia-smi in the driver's pod: exec over WebSocket, and a real Prometheus without them. */

const EPOCH = 1_780_000_000;
const NOW = EPOCH + 600;
const NODE = 'prod-us-1-gpu-0';

const transport = loopbackTransport();
const started: { stop(): Promise<void> }[] = [];
let prometheus: TestServer;
beforeAll(async () => {
  prometheus = await startPrometheus();
});
afterAll(async () => {
  await Promise.all([...started, prometheus].map((one) => one.stop()));
  await transport.close();
});

function worldOf(over: Partial<ClusterSpec>) {
  const spec = DEMO_CLUSTERS.find(({ name }) => name === 'prod-us-1');
  if (!spec) throw new Error('the demo has no prod-us-1');
  return createWorld({ ...spec, ...over }, { seed: 'test', epoch: EPOCH, incidentDelaySeconds: 0 });
}

const HOT: Partial<ClusterSpec> = { gpuTroubles: [{ kind: 'THERMAL', gpu: 2 }] };

/** The one node with GPUs, asked with commands allowed; `change` makes other cards of those that the simulation has. */
async function nodeOf(over: Partial<ClusterSpec>, change: (card: Card) => Card = (card) => card) {
  const world = worldOf(over);
  const double = await startKubeDouble({
    token: 'admin',
    features: world.inventory.spec.features,
    objects: () => clusterObjects(world.inventory, EPOCH, NOW),
    cardsOf: (node) => cardsOf(world, node, NOW).map(change),
  });
  started.push(double);
  const cluster = testCluster('prod-us-1', {
    api_server_url: double.url,
    tls: { ca: double.caPem, insecure_skip_verify: false },
    has_credentials: true,
    exec_enabled: true,
    endpoints: { prometheus_url: prometheus.url },
  });
  const spokes = createSpokes({
    transport,
    credentialsOf: () => Promise.resolve({ auth_type: 'SERVICE_ACCOUNT', api_token: 'admin' }),
  });
  const logger = createLogger({ level: 'silent' });
  const fanout = createFanout({ clock: systemClock, logger, spokes, cacheMaxBytes: 0 });
  const source = createMetricsSource({ fanout, spokes });
  const question = { clusters: [cluster], budgetMs: 20_000, scope: '', signal: new AbortController().signal };
  const gpus = createGpusCollector({ clock: systemClock, fanout, spokes, source });
  return (await gpus.node({ ...question, node: NODE })).node;
}

describe('a node whose GPUs no exporter tells of', () => {
  it('is read by nvidia-smi and shows what the DCGM exporter would', async () => {
    const node = await nodeOf(HOT);
    expect(node).toMatchObject({ source: 'NVIDIA_SMI', gpu_count: 4, model: 'NVIDIA H200' });
    expect(node).toMatchObject({ not_used: [{ source: 'DCGM', why: expect.stringContaining('no DCGM metrics') }] });
    const cards = cardsOf(worldOf(HOT), NODE, NOW);
    for (const [index, gpu] of node.gpus.entries()) {
      const of = (field: string) => cards[index]?.values.get(`DCGM_FI_DEV_${field}`);
      expect(of('GPU_TEMP')).toBeGreaterThan(0);
      expect(gpu).toMatchObject({
        index,
        uuid: cards[index]?.uuid,
        driver_version: '580.159.03',
        memory_total_mb: 143_771,
        memory_used_mb: of('FB_USED'),
        utilization_gpu_percent: of('GPU_UTIL'),
        temperature_celsius: of('GPU_TEMP'),
        memory_temperature_celsius: of('MEMORY_TEMP'),
        power_draw_watts: Number(of('POWER_USAGE')?.toFixed(2)),
        sm_clock_mhz: of('SM_CLOCK'),
        fan_speed_percent: null,
        mig_enabled: false,
        ecc: { corrected_volatile: 0, uncorrected_volatile: 0 },
        remapped_rows: { pending: false, failed: false },
      });
      // The name has a comma.
      expect(gpu.processes).toMatchObject([
        { process_name: expect.stringMatching(/worker, card \d$/), type: 'COMPUTE' },
      ]);
    }
    const reasons = node.gpus.map(({ throttling }) => throttling?.map(({ reason }) => reason));
    expect(reasons).toEqual([[], [], ['SW_THERMAL'], []]);
    expect(node.findings.map(({ code }) => code)).toContain('HOT');
  });

  it('says no load where cards are in parts, and asks an old driver by its own names', async () => {
    const node = await nodeOf(HOT, (card) => ({ ...card, hasMig: true, driver: '470.256.02' }));
    expect(node.source).toBe('NVIDIA_SMI');
    expect(node.gpus[2]).toMatchObject({
      mig_enabled: true,
      utilization_gpu_percent: null,
      throttling: [{ reason: 'SW_THERMAL' }],
      processes: [{ used_memory_mb: null }],
    });
  });

  it('is told by what it offers once a card fell off the bus, with the reason', async () => {
    const node = await nodeOf({});
    expect(node).toMatchObject({ source: 'ALLOCATABLE', gpu_count: 4, gpus: [] });
    const why = node.not_used.find(({ source }) => source === 'NVIDIA_SMI')?.why;
    expect(why).toMatch(/a GPU fell off the bus/);
  });
});

describe('nvidia-smi of the simulation', () => {
  const cards = (over: Partial<ClusterSpec> = HOT) => cardsOf(worldOf(over), NODE, NOW);
  const ask = (query: string, of = cards(), seesHost = true) => nvidiaSmi([query, '--format=csv'], of, seesHost);

  it('writes units in header and cells unless they are not wanted', () => {
    const query = '--query-gpu=index,name,memory.total,fan.speed';
    const [header, first] = ask(query).stdout.split('\n');
    expect(header).toBe('index, name, memory.total [MiB], fan.speed [%]');
    expect(first).toBe('0, NVIDIA H200, 143771 MiB, [N/A]');
    const bare = nvidiaSmi([query, '--format=csv,noheader,nounits'], cards(), true).stdout;
    expect(bare.split('\n')[0]).toBe('0, NVIDIA H200, 143771, [N/A]');
  });

  it('ends the whole query at a field that it does not know', () => {
    const { stdout, code } = ask('--query-gpu=index,no.such,name');
    expect(stdout.trim()).toBe('Field "no.such" is not a valid field to query.');
    expect(code).toBe(2);
    expect(ask('--query-gpu=clocks_throttle_reasons.active').code).toBe(2);
  });

  it('names processes only to those in the namespace of the host, with the memory under another name', () => {
    const query = '--query-compute-apps=gpu_uuid,pid,used_memory,process_name';
    const header = 'gpu_uuid, pid, used_gpu_memory [MiB], process_name';
    expect(ask(query, cards(), false)).toEqual({ stdout: `${header}\n`, code: 0 });
    expect(ask(query).stdout.trim().split('\n')).toHaveLength(5);
  });

  it('ends with the code of what is wrong', () => {
    expect(ask('--query-gpu=index', []).code).toBe(6);
    expect(ask('--query-gpu=index', cards({})).code).toBe(15);
    expect(nvidiaSmi(['--help-me'], cards(), true).code).toBe(2);
    expect(nvidiaSmi(['--query-gpu=index'], cards(), true).code).toBe(2);
  });
});
