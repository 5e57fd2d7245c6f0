import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ClusterCreate } from '../../backend/model/cluster.ts';
import { startFleet } from './fleet.ts';
import type { Fleet, FleetCluster } from './fleet.ts';
import { isFree } from './server-process.ts';
import { DEMO_CLUSTERS, TEST_CLUSTERS } from './specs.ts';

const HISTORY_HOURS = 1;
const Samples = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]).optional(),
        values: z.array(z.tuple([z.number(), z.string()])).optional(),
      }),
    ),
  }),
});

async function query(cluster: FleetCluster, promql: string) {
  const response = await fetch(`${cluster.prometheusUrl}/api/v1/query?query=${encodeURIComponent(promql)}`);
  return Samples.parse(await response.json()).data.result;
}

const identity = (labels: Record<string, string>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ');

/** Label sets that have samples in the window (Unix seconds), sorted. */
async function seriesBetween(cluster: FleetCluster, matcher: string, start: number, end: number): Promise<string[]> {
  const search = new URLSearchParams({ 'match[]': matcher, start: start.toFixed(3), end: end.toFixed(3) });
  const response = await fetch(`${cluster.prometheusUrl}/api/v1/series?${search.toString()}`);
  const { data } = z.object({ data: z.array(z.record(z.string(), z.string())) }).parse(await response.json());
  return data.map((labels) => identity(labels)).sort();
}

async function firing(cluster: FleetCluster): Promise<string[]> {
  const response = await fetch(`${cluster.alertmanagerUrl}/api/v2/alerts`);
  const alerts = z.array(z.object({ labels: z.record(z.string(), z.string()) })).parse(await response.json());
  return alerts.map(({ labels }) => labels['alertname'] ?? '').sort();
}

function callApi(
  fleet: Fleet,
  cluster: FleetCluster,
  target: string,
  token?: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const call = request(cluster.apiServerUrl + target, { ca: fleet.caPem, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

async function until(seconds: number, what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await wait(100);
  }
}

function pidsOf({ pids }: FleetCluster): number[] {
  return [pids.cluster, pids.prometheus, pids.alertmanager].filter((pid) => pid !== undefined);
}

/** Command lines of processes that name the folder. */
function processesNaming(folder: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && lives(Number(entry)))
    .map((entry) => readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' '))
    .filter((command) => command.includes(folder));
}

/** Alive and not a zombie. */
function lives(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

describe('fleet', () => {
  let folder: string;
  let fleet: Fleet;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'aiops-fleet-'));
    fleet = await startFleet({
      seed: 'test',
      dir: path.join(folder, 'fleet'),
      clusters: TEST_CLUSTERS,
      historyHours: HISTORY_HOURS,
      incidentDelaySeconds: -600,
    });
  });
  afterAll(async () => {
    await fleet.stop();
    rmSync(folder, { recursive: true });
  });

  it('joins history and live scrape in the same series without a gap', async () => {
    for (const cluster of fleet.clusters) {
      const scraped = 'up{job=~"node-exporter|kube-state-metrics"}';
      await until(20, `${cluster.name} scraped twice`, async () => {
        const counts = await query(cluster, `min(count_over_time(${scraped}[${HISTORY_HOURS}h]))`);
        return Number(counts[0]?.value?.[1]) >= HISTORY_HOURS * 60 + 2;
      });
      // Everything known over the hour is alive now, except what the incident took down: no series of history stands alone.
      const own = '{__name__=~".+",__name__!~"scrape_.+|ALERTS.*",container!="checkout",pod!~"checkout-.+"}';
      const now = Date.now() / 1000;
      const alive = await seriesBetween(cluster, own, now - 15, now);
      expect(alive.length).toBeGreaterThan(100);
      expect(await seriesBetween(cluster, own, now - HISTORY_HOURS * 3600, now - 300)).toEqual(alive);

      for (const { values = [] } of await query(cluster, `${scraped}[${HISTORY_HOURS}h]`)) {
        const steps = values.slice(1).map(([time], index) => time - (values[index]?.[0] ?? 0));
        expect(Math.max(...steps)).toBeLessThanOrEqual(60.5);
        expect(steps.at(-1)).toBeLessThan(6);
      }
    }
  });

  it('continues counters from history to live without a step', async () => {
    const cluster = fleet.cluster('prod-us-1');
    for (const counter of [
      'node_cpu_seconds_total',
      'container_cpu_usage_seconds_total',
      'http_requests_total',
      'http_request_duration_seconds_bucket',
    ]) {
      const [resets] = await query(cluster, `sum(resets(${counter}[1h]))`);
      expect(resets?.value?.[1]).toBe('0');
    }
    const [{ values = [] } = {}] = await query(cluster, 'node_network_receive_bytes_total{node="prod-us-1-gpu-0"}[1h]');
    const rates = values.slice(1).map(([time, value], index) => {
      const [before, past] = values[index] ?? [0, '0'];
      return (Number(value) - Number(past)) / (time - before);
    });
    expect(Math.max(...rates) / Math.min(...rates)).toBeLessThan(3);
  });

  it('scrapes clocks and virtual functions of the site that has them', async () => {
    const hub = fleet.cluster('hub-1');
    const scraped = (metric: string) =>
      query(hub, `count(${metric}) and on () (time() - max(timestamp(${metric})) < 30)`);
    await until(30, 'a live scrape of both exporters', async () => {
      const found = await Promise.all(['openshift_ptp_clock_state', 'sriov_vf_rx_packets'].map(scraped));
      return found.every(([series]) => Number(series?.value?.[1]) > 0);
    });
    const [joined] = await query(
      hub,
      'count(sriov_vf_rx_packets * on (pciAddr, node) group_left (exported_pod) sriov_kubepoddevice)',
    );
    expect(joined?.value?.[1]).toBe('4');
  });

  it('fires Watchdog everywhere and the alerts of the incident in one cluster, with the labels of a real chain', async () => {
    const hit = fleet.cluster('prod-eu-1');
    await until(45, 'the alerts of the incident', async () => {
      const names = await firing(hit);
      return ['ContainerOomKilled', 'HttpErrorRateHigh', 'HttpLatencyHigh', 'Watchdog'].every((name) =>
        names.includes(name),
      );
    });
    for (const cluster of fleet.clusters.filter((one) => one !== hit)) {
      await until(20, `Watchdog of ${cluster.name}`, async () => (await firing(cluster)).length > 0);
      expect(await firing(cluster)).toEqual(['Watchdog']);
    }
    const [error] = await query(hit, 'ALERTS{alertname="HttpErrorRateHigh"}');
    expect(error?.metric).toMatchObject({
      namespace: 'shop',
      service: 'storefront',
      severity: 'critical',
      alertstate: 'firing',
    });
  });

  it('answers the Kubernetes API over TLS of its own authority, namespaces by token only', async () => {
    const [hub, eu] = [fleet.cluster('hub-1'), fleet.cluster('prod-eu-1')];
    expect(await callApi(fleet, hub, '/readyz')).toEqual({ status: 200, body: 'ok' });
    expect((await callApi(fleet, hub, '/version')).body).toContain(hub.spec.kubernetesVersion);
    expect((await callApi(fleet, eu, '/api/v1/namespaces?limit=500', eu.apiToken)).body).toContain('"shop"');
    expect((await callApi(fleet, eu, '/api/v1/namespaces', hub.apiToken)).status).toBe(401);
    expect((await callApi(fleet, eu, '/api/v1/namespaces')).status).toBe(403);
  });

  it('switches faults and objects of one Kubernetes API while it runs', async () => {
    const [hub, us] = [fleet.cluster('hub-1'), fleet.cluster('prod-us-1')];
    const managed = '/apis/cluster.open-cluster-management.io/v1/managedclusters';
    expect((await callApi(fleet, hub, managed, hub.apiToken)).body).toContain(us.apiServerUrl);
    expect((await callApi(fleet, us, managed, us.apiToken)).status).toBe(404);
    await fleet.kube('prod-us-1', { action: 'FAULTS', faults: [{ kind: 'STATUS', status: 503 }] });
    expect((await callApi(fleet, us, '/readyz')).status).toBe(503);
    expect((await callApi(fleet, hub, '/readyz')).status).toBe(200);
    await fleet.kube('prod-us-1', { action: 'FAULTS', faults: [{ kind: 'EXPIRED_CERTIFICATE' }] });
    await expect(callApi(fleet, us, '/readyz')).rejects.toThrow('certificate has expired');
    await fleet.kube('prod-us-1', { action: 'FAULTS', faults: [] });
    expect((await callApi(fleet, us, '/readyz')).status).toBe(200);
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'upf-core' } };
    await fleet.kube('prod-us-1', { action: 'PUT', object });
    expect((await callApi(fleet, us, '/api/v1/namespaces/upf-core', us.apiToken)).status).toBe(200);
    await expect(
      fleet.kube('prod-us-1', { action: 'PUT', object: { ...object, kind: 'ManagedCluster', apiVersion: 'x/v1' } }),
    ).rejects.toThrow('has no x/v1 ManagedCluster');
  });

  it('gives every cluster with a shop a Tempo, which holds a failed request and can be killed and started', async () => {
    expect(fleet.registrations().map(({ endpoints }) => endpoints?.tempo_url !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    const search = `${fleet.cluster('prod-eu-1').tempoUrl}/api/search?limit=1&q=${encodeURIComponent('{ status = error }')}`;
    const found = async () => (await fetch(search)).json() as Promise<{ traces: { traceID: string }[] }>; // proof: asserted below
    expect((await found()).traces).toMatchObject([{ traceID: expect.stringMatching(/^[0-9a-f]+$/) }]);
    await fleet.kill('prod-eu-1', 'tempo');
    await expect(fetch(search)).rejects.toThrow('fetch failed');
    await fleet.start('prod-eu-1', 'tempo');
    expect((await found()).traces).toHaveLength(1);
    await expect(fleet.kill('hub-1', 'tempo')).rejects.toThrow('has no tempo');
  });

  it('gives every cluster a Loki whose lines agree with what Prometheus scraped, and which can be killed and started', async () => {
    expect(fleet.registrations().every(({ endpoints }) => endpoints?.loki_url !== undefined)).toBe(true);
    const { lokiUrl, prometheusUrl } = fleet.cluster('prod-eu-1');
    const time = Math.floor(Date.now() / 1000) - 5;
    const ask = async (api: string, query: string) => {
      const answer = await fetch(`${api}/query?time=${time}&query=${encodeURIComponent(query)}`);
      const body = (await answer.json()) as { data: { result: { value: [number, string] }[] } }; // proof: asserted below
      return Number(body.data.result[0]?.value[1]);
    };
    const starts = () =>
      ask(`${lokiUrl}/loki/api/v1`, 'sum(count_over_time({app="checkout"} |= "starting checkout" [24h]))');
    const restarts = await ask(
      `${prometheusUrl}/api/v1`,
      'sum(kube_pod_container_status_restarts_total{container="checkout"})',
    );
    expect(restarts).toBeGreaterThan(0);
    // One more when it restarted after the last scrape.
    expect([restarts, restarts + 1]).toContain(await starts());
    await fleet.kill('prod-eu-1', 'loki');
    await expect(starts()).rejects.toThrow('fetch failed');
    await fleet.start('prod-eu-1', 'loki');
    expect(await starts()).toBeGreaterThan(0);
  });

  it('gives registrations that the registry takes and a kubeconfig with every context, readable by the owner only', () => {
    expect(fleet.registrations().map((input) => ClusterCreate.parse(input).name)).toEqual([
      'hub-1',
      'prod-eu-1',
      'prod-us-1',
    ]);
    const config = JSON.parse(readFileSync(fleet.kubeconfigPath, 'utf8'));
    expect(config.contexts.map((context: { name: string }) => context.name)).toEqual([
      'hub-1',
      'prod-eu-1',
      'prod-us-1',
    ]);
    expect(statSync(fleet.kubeconfigPath).mode & 0o777).toBe(0o600);
  });

  it.each(['prometheus', 'alertmanager', 'api'] as const)(
    'kills %s as a crash would and brings it back at its address',
    async (kind) => {
      const cluster = fleet.cluster('hub-1');
      const reach = async () => {
        if (kind === 'api') return (await callApi(fleet, cluster, '/readyz')).status;
        return (await fetch(`${kind === 'prometheus' ? cluster.prometheusUrl : cluster.alertmanagerUrl}/-/ready`))
          .status;
      };
      expect(await reach()).toBe(200);
      await fleet.kill('hub-1', kind);
      await expect(reach()).rejects.toThrow(/fetch failed|ECONNREFUSED/);
      expect(Object.keys(cluster.pids)).not.toContain(kind);
      await fleet.start('hub-1', kind);
      expect(await reach()).toBe(200);
    },
  );

  it('names its clusters when asked for one that it does not have', async () => {
    await expect(fleet.kill('nowhere', 'api')).rejects.toThrow(/hub-1, prod-eu-1, prod-us-1/);
  });
});

describe('life of a fleet', () => {
  it('leaves no process and no port behind a stop, and a cluster without its Prometheus is up but for that', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aiops-fleet-'));
    const edge = DEMO_CLUSTERS.filter((spec) => spec.name === 'edge-lab-1');
    const fleet = await startFleet({ seed: 'test', dir: path.join(folder, 'fleet'), clusters: edge, historyHours: 1 });
    try {
      const cluster = fleet.cluster('edge-lab-1');
      expect((await callApi(fleet, cluster, '/readyz')).status).toBe(200);
      await expect(fetch(cluster.prometheusUrl)).rejects.toThrow('fetch failed');
      await fleet.start('edge-lab-1', 'prometheus');
      expect((await query(cluster, 'count(count_over_time(up[1h]) > 50)'))[0]?.value?.[1]).toBe('5');
      const pids = pidsOf(cluster);
      expect(pids.filter(lives)).toHaveLength(3);

      await fleet.stop();
      expect(pids.filter(lives)).toEqual([]);
      const urls = [cluster.apiServerUrl, cluster.prometheusUrl, cluster.alertmanagerUrl];
      expect(await Promise.all(urls.map((url) => isFree(Number(new URL(url).port))))).toEqual([true, true, true]);
      await fleet.stop();
    } finally {
      await fleet.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['the fleet', 'a cluster'] as const)(
    'leaves no process behind when %s is killed without warning',
    async (victim) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'aiops-fleet-'));
      const program = `
      import { startFleet } from ${JSON.stringify(path.join(import.meta.dirname, 'fleet.ts'))};
      import { TEST_CLUSTERS } from ${JSON.stringify(path.join(import.meta.dirname, 'specs.ts'))};
      const fleet = await startFleet({ seed: 'x', dir: ${JSON.stringify(path.join(folder, 'fleet'))}, clusters: TEST_CLUSTERS.slice(0, 1), historyHours: 0 });
      console.log(JSON.stringify(fleet.clusters[0].pids));`;
      const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const [line] = await once(parent.stdout, 'data');
        const pids = z
          .object({ cluster: z.int(), prometheus: z.int(), alertmanager: z.int() })
          .parse(JSON.parse(String(line)));
        expect(Object.values(pids).filter(lives)).toHaveLength(3);
        process.kill(victim === 'the fleet' ? (parent.pid ?? 0) : pids.cluster, 'SIGKILL');
        await until(5, 'every process gone', () => !Object.values(pids).some(lives));
      } finally {
        parent.kill('SIGKILL');
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('leaves no process behind when its start is abandoned', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aiops-fleet-'));
    const dir = path.join(folder, 'fleet');
    const abandon = new AbortController();
    const starting = startFleet({ seed: 'x', dir, clusters: TEST_CLUSTERS, signal: abandon.signal });
    const outcome = starting.then(
      () => 'started',
      (error: unknown) => error,
    );
    await until(5, 'an Alertmanager', () => existsSync(path.join(dir, 'prod-eu-1', 'alertmanager')));
    abandon.abort(new Error('enough'));
    expect(await outcome).toEqual(new Error('enough'));
    expect(processesNaming(dir)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it('stops what it had started when one cluster cannot start, and says why', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aiops-fleet-'));
    try {
      const binaries = { prometheus: '/bin/false', promtool: '/bin/true', alertmanager: '/bin/false' };
      const starting = startFleet({
        seed: 'x',
        dir: path.join(folder, 'fleet'),
        clusters: TEST_CLUSTERS,
        historyHours: 0,
        binaries,
      });
      await expect(starting).rejects.toThrow(/Alertmanager of .+ did not start/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
