import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import pLimit from 'p-limit';
import type { ClusterCreateInput } from '../../backend/model/cluster.ts';
import { findBinaries } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { createCertificateAuthority } from './certificates.ts';
import { spawnCluster } from './cluster-channel.ts';
import type { ClusterChannel } from './cluster-channel.ts';
import type { KubeCommandInput } from './kube-api/control.ts';
import { managedCluster } from './kube-api/objects/managed-clusters.ts';
import { kubeconfig } from './kubeconfig.ts';
import type { ClusterState, ServerKind } from './messages.ts';
import { DEMO_CLUSTERS } from './specs.ts';
import type { ClusterSpec } from './specs.ts';

export interface FleetOptions {
  /** Two fleets with the same seed, specs and start time show the same values. */
  readonly seed: string;
  /** Default: the five clusters of the demo. */
  readonly clusters?: readonly ClusterSpec[];
  /** A folder of the fleet's own; made when missing. Whatever a former fleet left there must be gone. */
  readonly dir: string;
  /** Hours of history at one sample a minute; default 24. */
  readonly historyHours?: number;
  /** From the fleet's start to the start of the incident; default 90. Negative: it has been going on for that long. */
  readonly incidentDelaySeconds?: number;
  /** The fleet's start, default the present. Live values always follow the machine's clock. */
  readonly now?: Date;
  readonly binaries?: Binaries;
  /** Aborting it while the fleet starts stops what has started and rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Called as each cluster comes up. */
  onProgress?(event: { readonly cluster: string; readonly ready: number; readonly total: number }): void;
}

export interface FleetCluster {
  readonly name: string;
  readonly spec: ClusterSpec;
  readonly apiServerUrl: string;
  readonly apiToken: string;
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  /** Undefined where the cluster has no shop, whose requests it would hold. */
  readonly tempoUrl: string | undefined;
  /** Undefined at an edge. */
  readonly lokiUrl: string | undefined;
  /** As of the last start or kill through the fleet. A server that is down has none. */
  readonly pids: ClusterState['pids'];
}

export interface Fleet {
  readonly clusters: readonly FleetCluster[];
  readonly caPem: string;
  /** A kubeconfig (mode 0600) with a context for every cluster. */
  readonly kubeconfigPath: string;
  registrations(): ClusterCreateInput[];
  /** Throws when there is no such cluster. */
  cluster(name: string): FleetCluster;
  /** The server dies as in a crash; its port refuses connections. Resolves when it is gone. */
  kill(name: string, kind: ServerKind): Promise<void>;
  /** Resolves when it is ready, at the address it had before. */
  start(name: string, kind: ServerKind): Promise<void>;
  /** Changes what the cluster's Kubernetes API shows or how it misbehaves, from the next request on. */
  kube(name: string, command: KubeCommandInput): Promise<void>;
  /** Resolves when no process and no port is left. May be called again. */
  stop(): Promise<void>;
}

const HOSTS = ['127.0.0.1', 'localhost'];
const DAY_MS = 86_400_000;

/** Starts every cluster; resolves when all are ready. When one fails, all are stopped and its error is thrown. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const specs = options.clusters ?? DEMO_CLUSTERS;
  const now = options.now ?? new Date();
  const binaries = options.binaries ?? findBinaries();
  const authority = createCertificateAuthority('simulated-fleet', now);
  const channels = new Map<
    string,
    { readonly channel: ClusterChannel; readonly spec: ClusterSpec; readonly token: string }
  >();
  await mkdir(options.dir, { recursive: true, mode: 0o700 });

  const stop = async () => {
    await Promise.all([...channels.values()].map(({ channel }) => channel.stop()));
  };
  // Writing a day of history keeps a core busy: more clusters at once than cores would only make each start later.
  const limit = pLimit(Math.max(2, availableParallelism()));
  let ready = 0;
  const bringUp = async (spec: ClusterSpec) => {
    options.signal?.throwIfAborted();
    const folder = path.join(options.dir, spec.name);
    await mkdir(folder);
    const token = randomBytes(24).toString('base64url');
    const channel = spawnCluster(spec.name, path.join(folder, 'cluster.log'));
    channels.set(spec.name, { channel, spec, token });
    await channel.setUp({
      spec,
      seed: options.seed,
      epoch: Math.floor(now.getTime() / 1000),
      incidentDelaySeconds: options.incidentDelaySeconds ?? 90,
      peers: [...specs],
      historyHours: options.historyHours ?? 24,
      folder,
      token,
      ...authority.issue(spec.name, HOSTS),
      expiredCertificate: authority.issue(spec.name, HOSTS, {
        from: new Date(now.getTime() - 10 * DAY_MS),
        to: new Date(now.getTime() - DAY_MS),
      }),
      binaries,
    });
    options.onProgress?.({ cluster: spec.name, ready: ++ready, total: specs.length });
  };
  const abandon = () => void stop();
  options.signal?.addEventListener('abort', abandon);
  const results = await Promise.allSettled(specs.map((spec) => limit(bringUp, spec)));
  options.signal?.removeEventListener('abort', abandon);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    options.signal?.throwIfAborted();
    throw failed.reason;
  }

  const clusters = specs.flatMap((spec) => channels.get(spec.name) ?? []).map(describe);
  const named = <T>(found: T | undefined, name: string): T => {
    if (found === undefined)
      throw new Error(`the fleet has no cluster ${name}; it has ${specs.map((spec) => spec.name).join(', ')}`);
    return found;
  };
  const channelOf = (name: string) => named(channels.get(name), name).channel;
  const kubeconfigPath = path.join(options.dir, 'kubeconfig');
  const entries = clusters.map(({ name, apiServerUrl, apiToken }) => ({ name, apiServerUrl, token: apiToken }));
  await announceToHubs(clusters, authority.certificatePem, channelOf);
  await writeFile(kubeconfigPath, kubeconfig(entries, authority.certificatePem), { mode: 0o600 });

  return {
    clusters,
    caPem: authority.certificatePem,
    kubeconfigPath,
    registrations: () => clusters.map((cluster) => registration(cluster, authority.certificatePem)),
    cluster: (name) =>
      named(
        clusters.find((cluster) => cluster.name === name),
        name,
      ),
    kill: async (name, kind) => channelOf(name).kill(kind),
    start: async (name, kind) => channelOf(name).start(kind),
    kube: async (name, command) => channelOf(name).kube(command),
    stop,
  };
}

/** A hub with ACM manages every other cluster of its fleet; the edge laboratory is out of its sight. */
async function announceToHubs(
  clusters: readonly FleetCluster[],
  caPem: string,
  channelOf: (name: string) => ClusterChannel,
): Promise<void> {
  for (const hub of clusters.filter(({ spec }) => spec.features.includes('ACM'))) {
    for (const { spec, apiServerUrl } of clusters.filter((cluster) => cluster !== hub)) {
      const available = spec.clusterType === 'EDGE' ? 'Unknown' : 'True';
      const object = managedCluster({ spec, apiServerUrl, caPem, available });
      await channelOf(hub.name).kube({ action: 'PUT', object });
    }
  }
}

function describe({
  channel,
  spec,
  token,
}: {
  channel: ClusterChannel;
  spec: ClusterSpec;
  token: string;
}): FleetCluster {
  const { api, prometheus, alertmanager, tempo, loki } = channel.state();
  return {
    name: spec.name,
    spec,
    apiServerUrl: `https://${api}`,
    apiToken: token,
    prometheusUrl: `http://${prometheus}`,
    alertmanagerUrl: `http://${alertmanager}`,
    tempoUrl: tempo === undefined ? undefined : `http://${tempo}`,
    lokiUrl: loki === undefined ? undefined : `http://${loki}`,
    get pids() {
      return channel.state().pids;
    },
  };
}

function registration(cluster: FleetCluster, ca: string): ClusterCreateInput {
  const { spec } = cluster;
  return {
    name: spec.name,
    display_name: spec.displayName,
    api_server_url: cluster.apiServerUrl,
    cluster_type: spec.clusterType,
    platform: spec.features.includes('OPENSHIFT') ? 'OPENSHIFT' : 'KUBERNETES',
    region: spec.region,
    environment: spec.environment,
    labels: spec.labels,
    endpoints: {
      prometheus_url: cluster.prometheusUrl,
      alertmanager_url: cluster.alertmanagerUrl,
      ...(cluster.tempoUrl === undefined ? {} : { tempo_url: cluster.tempoUrl }),
      ...(cluster.lokiUrl === undefined ? {} : { loki_url: cluster.lokiUrl }),
    },
    tls: { ca },
    // DPDK applications of the simulation are read by a command in their pods.
    exec_enabled: spec.features.includes('SRIOV'),
  };
}
