import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CnfCollector, createCnfCollector } from '../../backend/collectors/cnf/cnf.ts';
import { SCRIPT } from '../../backend/collectors/cnf/dpdk.ts';
import { dpdkMappingOf } from '../../backend/collectors/cnf/dpdk-metrics.ts';
import { createFanout } from '../../backend/collectors/fanout/fanout.ts';
import { createMetricsSource } from '../../backend/collectors/metrics/metrics-source.ts';
import type { Cluster } from '../../backend/model/cluster.ts';
import { CnfSummary, DpdkStatsAnswer, PtpStatusAnswer, SriovStatusAnswer } from '../../backend/model/cnf.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { ManualClock, systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { CNF_NAMESPACES, cnfPrefixesOf } from '../../backend/registry/discovery/cnf.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { type TestServer, startPrometheus } from '../../backend/spokes/test-servers.ts';
import { loopbackTransport } from '../../backend/spokes/test-transport.ts';
import { historyText } from './exposition.ts';
import { type KubeDouble, startKubeDouble } from './kube-api/double.ts';
import { clusterObjects } from './kube-api/objects/cluster-objects.ts';
import { type ClusterSpec, DEMO_CLUSTERS } from './specs.ts';
import { createWorld } from './world.ts';

/** Network functions of two simulated sites, one of them in trouble, over real Prometheus servers and the API server double. */

const EPOCH = 1_780_000_000;
const INCIDENT_SECONDS = 600;
/** Ten minutes into the incident. */
const NOW = EPOCH + 2 * INCIDENT_SECONDS;

function specOf(name: string, over: Partial<ClusterSpec>): ClusterSpec {
  const spec = DEMO_CLUSTERS.find((one) => one.name === name);
  if (!spec) throw new Error(`the demo has no ${name}`);
  return { ...spec, ...over };
}

interface Site {
  readonly cluster: Cluster;
  readonly double: KubeDouble;
  readonly prometheus: TestServer;
  readonly pods: readonly { readonly name: string; readonly namespace: string; readonly vfs: readonly unknown[] }[];
}

const transport = loopbackTransport();
const started: { stop(): Promise<void> }[] = [];
let core: Site;
let edge: Site;
let bare: Site;

async function startSite(spec: ClusterSpec): Promise<Site> {
  const { inventory, targets } = createWorld(spec, {
    seed: 'test',
    epoch: EPOCH,
    incidentDelaySeconds: INCIDENT_SECONDS,
  });
  const own = targets.filter(({ job }) => job === 'ptp-monitor' || job === 'sriov-network-metrics-exporter');
  const text = [...historyText(own, { start: NOW - 3600, end: NOW, step: 15 })].join('').replace('# EOF\n', '');
  const [double, prometheus] = await Promise.all([
    startKubeDouble({ token: 'admin', features: spec.features, objects: () => clusterObjects(inventory, EPOCH, NOW) }),
    startPrometheus(own.length === 0 ? {} : { samples: text.trimEnd() }),
  ]);
  started.push(double, prometheus);
  const cluster = testCluster(spec.name, {
    api_server_url: double.url,
    tls: { ca: double.caPem, insecure_skip_verify: false },
    has_credentials: true,
    exec_enabled: true,
    endpoints: { prometheus_url: prometheus.url },
  });
  return { cluster, double, prometheus, pods: inventory.pods };
}

beforeAll(async () => {
  [core, edge, bare] = await Promise.all([
    startSite(specOf('hub-1', {})),
    startSite(specOf('edge-lab-1', { nodes: 4, cnfTroubles: ['PTP_HOLDOVER', 'VFS_EXHAUSTED'] })),
    startSite(specOf('stage-1', {})),
  ]);
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.stop()));
  await transport.close();
});

function collector(at = NOW, mapping: readonly string[] = []): CnfCollector {
  const spokes = createSpokes({
    transport,
    credentialsOf: () => Promise.resolve({ auth_type: 'SERVICE_ACCOUNT', api_token: 'admin' }),
  });
  const fanout = createFanout({
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    spokes,
    cacheMaxBytes: 0,
  });
  return createCnfCollector({
    fanout,
    spokes,
    source: createMetricsSource({ fanout, spokes }),
    clock: new ManualClock(new Date(at * 1000).toISOString()),
    prefixes: cnfPrefixesOf(CNF_NAMESPACES),
    dpdk: dpdkMappingOf(mapping),
  });
}

const question = (...clusters: Cluster[]) => ({
  clusters,
  budgetMs: 10_000,
  scope: '',
  signal: new AbortController().signal,
});

describe('clocks', () => {
  it('are locked where all is well: one grandmaster by GNSS, one that follows, each with its source', async () => {
    const answer = PtpStatusAnswer.parse(await collector().ptp({ ...question(core.cluster), limit: 100 }));
    expect(answer).toMatchObject({
      complete: true,
      total: 2,
      by_state: { LOCKED: 2, HOLDOVER: 0, FREERUN: 0, UNKNOWN: 0 },
      total_findings: 0,
    });
    expect(new Set(answer.nodes.map(({ clock_type }) => clock_type))).toEqual(new Set(['GM', 'OC']));
    expect(new Set(answer.nodes.map(({ path: [source] }) => source))).toEqual(
      new Set(['GNSS (3D fix)', 'unknown grandmaster, clock class 6']),
    );
    expect(answer.max_abs_offset_ns).toBeGreaterThan(0);
    expect(answer.max_abs_offset_ns).toBeLessThan(100);
    expect(answer.sources.map(({ source, status }) => `${source} ${status}`)).toEqual([
      'linuxptp metrics OK',
      'PtpConfig OK',
    ]);
    expect(answer.nodes[0]?.thresholds.source).toBe('PTP_CONFIG');
  });

  it('that lost their source are in holdover for as long as that is, and many at once are a storm', async () => {
    const answer = PtpStatusAnswer.parse(await collector().ptp({ ...question(edge.cluster), limit: 100 }));
    expect(answer.by_state).toMatchObject({ HOLDOVER: 4 });
    const seconds = answer.nodes[0]?.clocks[0]?.state_seconds ?? 0;
    expect(Math.abs(seconds - INCIDENT_SECONDS)).toBeLessThanOrEqual(30);
    expect(answer.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      ...Array.from({ length: 4 }, () => 'CRITICAL PTP_HOLDOVER_EXPIRING'),
      'CRITICAL PTP_SYNC_STORM',
    ]);
  });

  it('are unknown, not well, once nothing measures them', async () => {
    const answer = await collector(NOW + 1200).ptp({ ...question(core.cluster), limit: 100 });
    expect(answer).toMatchObject({ by_state: { LOCKED: 0, UNKNOWN: 2 }, max_abs_offset_ns: null, total_findings: 0 });
    expect(answer.nodes[0]).toMatchObject({ stale: true, in_sync: null, at: new Date(NOW * 1000).toISOString() });
    expect(answer.sources[0]).toMatchObject({ status: 'STALE', detail: '2 of 2 hosts are no longer measured' });
  });

  it('say which source is absent where there is none, and that is no gap', async () => {
    const answer = await collector().ptp({ ...question(bare.cluster), limit: 100 });
    expect(answer).toMatchObject({ complete: true, total: 0, max_abs_offset_ns: null });
    expect(answer.sources.map(({ status }) => status)).toEqual(['ABSENT', 'ABSENT']);
  });

  it('are told by PtpConfig alone where the cluster has no Prometheus, as unknown', async () => {
    const answer = await collector().ptp({ ...question({ ...core.cluster, endpoints: {} }), limit: 100 });
    expect(answer).toMatchObject({ complete: true, total: 2, by_state: { UNKNOWN: 2 } });
    expect(answer.nodes[0]).toMatchObject({ profile: 'slave', in_sync: null, clocks: [], at: null });
    expect(answer.sources[0]).toMatchObject({ status: 'UNREADABLE', detail: 'the cluster has no Prometheus' });
  });

  it('are told in part where the metrics fail', async () => {
    const gone = { ...core.cluster, endpoints: { prometheus_url: 'http://127.0.0.1:1' } };
    const answer = await collector().ptp({ ...question(gone), limit: 100 });
    expect(answer).toMatchObject({ complete: false, total: 2, clusters: [{ status: 'PARTIAL' }] });
    expect(answer.clusters[0]?.warnings?.[0]).toMatch(/^metrics: /);
  });
});

describe('virtual functions', () => {
  it('are joined to their pods on node and address, with rates of what they carry', async () => {
    const answer = SriovStatusAnswer.parse(await collector().sriov({ ...question(core.cluster), limit: 100 }));
    expect(answer).toMatchObject({
      complete: true,
      total: 2,
      by_sync_status: { Succeeded: 2 },
      vfs: { allocatable: 8, requested: 4 },
      total_findings: 0,
    });
    const used = answer.nodes.flatMap(({ node, vfs }) => vfs.filter(({ pod }) => pod).map((vf) => ({ node, ...vf })));
    // Both nodes have the same addresses, and each of the two pods its own two functions.
    expect(used.map(({ pci_address }) => pci_address)).toEqual([
      '0000:02:0a.0',
      '0000:02:0a.1',
      '0000:02:0a.0',
      '0000:02:0a.1',
    ]);
    expect(new Set(used.map(({ pod }) => pod?.name)).size).toBe(2);
    for (const { pod, per_second } of used) {
      expect(pod).toMatchObject({ namespace: 'upf-core', container: 'upf', resource: 'openshift.io/mlxnics' });
      expect(per_second?.rx_packets).toBeGreaterThan(100_000);
    }
    const idle = answer.nodes[0]?.vfs.find(({ pod }) => pod === null);
    expect(idle?.per_second).toMatchObject({ rx_packets: 0 });
  });

  it('that are all taken are found on the node, with the pod that waits', async () => {
    const answer = SriovStatusAnswer.parse(await collector().sriov({ ...question(edge.cluster), limit: 100 }));
    expect(answer.findings).toMatchObject([
      { severity: 'CRITICAL', code: 'SRIOV_VFS_EXHAUSTED', object: { kind: 'Node' } },
    ]);
    expect(answer.findings[0]?.evidence).toContainEqual({ path: 'waiting_pods', value: 'du-site-1/oran-du-waiting' });
    expect(answer.nodes[0]?.resources).toEqual([
      { name: 'openshift.io/mlxnics', allocatable: 4, requested: 4, free: 0 },
    ]);
  });

  it('that the operator could not make are found with its words', async () => {
    const node = `${edge.cluster.name}-worker-1`;
    edge.double.control({
      action: 'PUT',
      object: {
        apiVersion: 'sriovnetwork.openshift.io/v1',
        kind: 'SriovNetworkNodeState',
        metadata: { name: node, namespace: 'openshift-sriov-network-operator' },
        status: { syncStatus: 'Failed', lastSyncError: 'cannot set\nnumVfs' },
      },
    });
    const { findings, nodes } = await collector().sriov({ ...question(edge.cluster), limit: 100 });
    expect(nodes[0]).toMatchObject({ node, sync_status: 'Failed' });
    const found = findings.find(({ code }) => code === 'SRIOV_SYNC_FAILED');
    expect(found?.message).toContain('cannot set numVfs');
  });

  it('have no number for what pods ask where pods may not be read', async () => {
    core.double.control({ action: 'FAULTS', faults: [{ kind: 'STATUS', status: 403, path: '/api/v1/pods' }] });
    try {
      const answer = await collector().sriov({ ...question(core.cluster), limit: 100 });
      expect(answer.vfs).toEqual({ allocatable: 8, requested: null });
      expect(answer.total_findings).toBe(0);
      expect(answer.sources.find(({ source }) => source === 'pods')).toMatchObject({ status: 'UNREADABLE' });
    } finally {
      core.double.control({ action: 'FAULTS', faults: [] });
    }
  });
});

describe('network functions', () => {
  it('are found by label and namespace, with networks, hugepages and devices of their pods', async () => {
    const { workloads, by_type, by_status } = await collector().workloads({
      ...question(core.cluster, edge.cluster),
      limit: 100,
    });
    // The replica that waits for a function stands by itself.
    expect(by_type).toEqual({ UPF: 1, VDU: 2, VCU: 1 });
    expect(by_status).toEqual({ READY: 3, DEGRADED: 0, DOWN: 1 });
    expect(workloads[0]).toMatchObject({ kind: 'Pod', name: 'oran-du-waiting', status: 'DOWN' });
    expect(workloads.find(({ type }) => type === 'UPF')).toMatchObject({
      cluster: 'hub-1',
      namespace: 'upf-core',
      kind: 'Deployment',
      name: 'upf',
      found_by: 'LABEL',
      desired_pods: 2,
      pods: 2,
      ready_pods: 2,
      node_count: 2,
      status: 'READY',
      networks: [{ name: 'upf-core/midhaul', interfaces: ['net1', 'net2'] }],
      hugepages: { '1Gi': 4 * 1024 ** 3 },
      devices: { 'openshift.io/mlxnics': 4 },
    });
  });
});

describe('DPDK ports', () => {
  const dpdkPod = () => core.pods.find(({ vfs }) => vfs.length > 0) ?? { name: '', namespace: '' };
  const { clusters: _none, ...rest } = question();

  it('are told by the program in the pod, past 2^53 to the last digit', async () => {
    const { name: pod, namespace } = dpdkPod();
    const answer = DpdkStatsAnswer.parse(await collector().dpdk({ ...rest, cluster: core.cluster, namespace, pod }));
    expect(answer).toMatchObject({ source: 'EXEC', version: 'DPDK 23.11.0', container: 'upf', total_findings: 0 });
    expect(answer.ports.map(({ port, link }) => [port, link?.speed_mbps])).toEqual([
      ['0', 25_000],
      ['1', 25_000],
    ]);
    const { ipackets = '', ibytes = '' } = answer.ports[0]?.stats ?? {};
    expect(BigInt(ibytes)).toBe(BigInt(ipackets) * 840n);
    expect(BigInt(ibytes)).toBeGreaterThan(2n ** 53n);
  });

  it('are an error that says what to do where nothing can tell', async () => {
    const { name: pod, namespace } = dpdkPod();
    const ask = (over: Partial<Cluster>, pod_: string) =>
      collector().dpdk({ ...rest, cluster: { ...core.cluster, ...over }, namespace, pod: pod_ });
    await expect(ask({ exec_enabled: false }, pod)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('exec_enabled'),
    });
    await expect(ask({}, 'nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(
      collector().dpdk({ ...rest, cluster: core.cluster, namespace, pod, filePrefix: 'other' }),
    ).rejects.toMatchObject({ code: 'SPOKE_ERROR', message: expect.stringContaining('Error connecting') });
  });

  it('come from the metrics that the site maps, where they have the pod', async () => {
    const mapping = [
      'ipackets=sriov_kubepoddevice',
      'label.pod=exported_pod',
      'label.namespace=exported_namespace',
      'label.port=pciAddr',
    ];
    const { name: pod, namespace } = dpdkPod();
    const answer = await collector(NOW, mapping).dpdk({ ...rest, cluster: core.cluster, namespace, pod });
    expect(answer).toMatchObject({ source: 'METRICS', ports: [{ stats: { ipackets: '1' } }, {}] });
  });

  it('are asked by a line that a real shell turns into input of the program, whatever the arguments are', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'aiops-dpdk-'));
    try {
      const program = path.join(folder, 'dpdk-telemetry.py');
      await writeFile(program, '#!/bin/sh\necho "args $@"\ncat\n');
      await chmod(program, 0o700);
      const env = { PATH: `${folder}:/usr/bin:/bin` };
      const args = ['-c', SCRIPT, 'sh', 'rte', '/info', '/ethdev/stats,0; $(touch x)'];
      const { stdout } = await promisify(execFile)('sh', args, { env, cwd: folder });
      expect(stdout).toBe('args -f rte\n/info\n/ethdev/stats,0; $(touch x)\nquit\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the summary', () => {
  it('counts what the parts count, and a cluster without any of it is no gap', async () => {
    const answer = CnfSummary.parse(await collector().summary(question(core.cluster, edge.cluster, bare.cluster)));
    expect(answer).toMatchObject({
      complete: true,
      workloads: { total: 4 },
      ptp: { total: 6, by_state: { LOCKED: 2, HOLDOVER: 4 } },
      sriov: { total: 6 },
    });
    expect(answer.total_findings).toBe(
      answer.by_severity.CRITICAL + answer.by_severity.WARNING + answer.by_severity.INFO,
    );
    expect(answer.clusters).toHaveLength(3);
  });
});
