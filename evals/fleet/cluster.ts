/**
 * The process of one simulated cluster: it answers scrapes and the Kubernetes API itself, and owns a real Prometheus and a real
 * Alertmanager. Started by `fleet.ts`; when the channel to the fleet closes, in whatever way, it ends with everything it owns.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import path from 'node:path';
import { findSetpriv } from './binaries.ts';
import { TEXT_CONTENT_TYPE, exposeText } from './exposition.ts';
import { cardsOf } from './gpu-cards.ts';
import { backfill } from './history.ts';
import type { KubeCommand } from './kube-api/control.ts';
import { createKubeApi } from './kube-api/kube-api.ts';
import { clusterObjects } from './kube-api/objects/cluster-objects.ts';
import { listen } from './listener.ts';
import type { Listener } from './listener.ts';
import { Request } from './messages.ts';
import type { ClusterState, Reply, ServerKind, Setup } from './messages.ts';
import { alertingRules, alertmanagerConfig, prometheusConfig } from './server-config.ts';
import { createServerProcess } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';
import { createLokiDouble } from './loki/double.ts';
import { createLogLines } from './loki/lines.ts';
import { createTempoDouble } from './tempo/double.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

interface RunningCluster {
  state(): ClusterState;
  start(kind: ServerKind): Promise<void>;
  kill(kind: ServerKind): Promise<void>;
  kube(command: KubeCommand): void;
  stop(): Promise<void>;
}

async function setUp(setup: Setup, signal: AbortSignal, own: (server: ServerProcess) => void): Promise<RunningCluster> {
  const { spec, folder, binaries } = setup;
  const world = createWorld(spec, setup);
  const setpriv = findSetpriv();
  const inFolder = (name: string) => path.join(folder, name);

  const exporters = await listen(() => exporterServer(world));
  const kube = kubeApi(setup, world);
  const api = await listen(() => kube.createServer());
  const tempo = await tempoOf(setup, world);
  const loki = await lokiOf(setup, world);
  const alertmanager = await createServerProcess({
    name: `Alertmanager of ${spec.name}`,
    command: binaries.alertmanager,
    args: (address) => [
      `--config.file=${inFolder('alertmanager.yml')}`,
      `--storage.path=${inFolder('alertmanager')}`,
      `--web.listen-address=${address}`,
      `--web.external-url=http://${address}`,
      // Empty: no gossip, else it would open port 9094 on every interface.
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    logFile: inFolder('alertmanager.log'),
    // An unpacked one looks for its templates in usr/share below its working folder (scripts/debian.mjs).
    cwd: path.resolve(binaries.alertmanager, '../../..'),
    setpriv,
  });
  own(alertmanager);
  const prometheus = await createServerProcess({
    name: `Prometheus of ${spec.name}`,
    command: binaries.prometheus,
    args: (address) => [
      `--config.file=${inFolder('prometheus.yml')}`,
      `--storage.tsdb.path=${inFolder('tsdb')}`,
      '--storage.tsdb.retention.time=30d',
      `--web.listen-address=${address}`,
      `--web.external-url=http://${address}`,
      // The default of a minute would let an alert that fires before Alertmanager is discovered come a minute late.
      '--rules.alert.resend-delay=1s',
      '--log.level=warn',
    ],
    logFile: inFolder('prometheus.log'),
    setpriv,
  });
  own(prometheus);

  await writeFile(inFolder('alertmanager.yml'), alertmanagerConfig());
  await writeFile(inFolder('rules.yml'), alertingRules());
  await alertmanager.start();
  await writeFile(
    inFolder('prometheus.yml'),
    prometheusConfig({
      targets: world.targets,
      exporters: exporters.address,
      alertmanager: alertmanager.address(),
      rulesFile: inFolder('rules.yml'),
    }),
  );
  const startPrometheus = async () => {
    const tsdb = inFolder('tsdb');
    if (!existsSync(tsdb)) {
      const end = Math.floor(Date.now() / 1000);
      await backfill({ world, hours: setup.historyHours, end, folder: tsdb, promtool: binaries.promtool, signal });
    }
    await prometheus.start();
  };
  if (spec.prometheusRuns) await startPrometheus();
  prometheus.fixAddress();

  /** What this process serves itself, by kind. */
  const listeners = { api, tempo, loki };
  const listenerOf = (kind: keyof typeof listeners): Listener => {
    const listener = listeners[kind];
    if (!listener) throw new Error(`cluster ${spec.name} has no ${kind}`);
    return listener;
  };
  return {
    state: () => ({
      ...stateOf(api, prometheus, alertmanager),
      ...(tempo && { tempo: tempo.address }),
      ...(loki && { loki: loki.address }),
    }),
    start: (kind) => {
      if (kind !== 'prometheus' && kind !== 'alertmanager') return listenerOf(kind).open();
      return kind === 'prometheus' ? startPrometheus() : alertmanager.start();
    },
    kill: (kind) => {
      if (kind !== 'prometheus' && kind !== 'alertmanager') return listenerOf(kind).close();
      return kind === 'prometheus' ? prometheus.kill() : alertmanager.kill();
    },
    kube: (command) => kube.control(command),
    stop: async () => {
      await Promise.all([
        prometheus.stop(),
        alertmanager.stop(),
        api.close(),
        tempo?.close(),
        loki?.close(),
        exporters.close(),
      ]);
    },
  };
}

function stateOf(api: Listener, prometheus: ServerProcess, alertmanager: ServerProcess): ClusterState {
  const [prometheusPid, alertmanagerPid] = [prometheus.pid(), alertmanager.pid()];
  return {
    api: api.address,
    prometheus: prometheus.address(),
    alertmanager: alertmanager.address(),
    pids: {
      cluster: process.pid,
      ...(prometheusPid !== undefined && { prometheus: prometheusPid }),
      ...(alertmanagerPid !== undefined && { alertmanager: alertmanagerPid }),
    },
  };
}

function exporterServer(world: World) {
  const byPath = new Map(world.targets.map((target) => [target.path, target]));
  return createHttpServer((request, response) => {
    const target = byPath.get(request.url ?? '');
    const now = Date.now() / 1000;
    if (!target) response.writeHead(404).end();
    else if (!target.isUp(now)) response.writeHead(503).end();
    else response.writeHead(200, { 'content-type': TEXT_CONTENT_TYPE }).end(exposeText(target, now));
  });
}

/** Only what has requests to tell has a Tempo. */
async function tempoOf({ spec, historyHours }: Setup, { requests }: World): Promise<Listener | undefined> {
  if (!spec.workloads.includes('SHOP')) return undefined;
  const double = createTempoDouble({
    cluster: spec.name,
    requests,
    now: () => Date.now(),
    keptHours: Math.max(1, historyHours),
  });
  return listen(() => double.createServer());
}

/** An edge sends metrics only. */
async function lokiOf({ spec, seed, historyHours }: Setup, world: World): Promise<Listener | undefined> {
  if (spec.clusterType === 'EDGE' || spec.clusterType === 'FAR_EDGE') return undefined;
  const double = createLokiDouble({
    lines: createLogLines({ seed, ...world }),
    now: () => Date.now(),
    keptHours: Math.max(1, historyHours),
  });
  return listen(() => double.createServer());
}

function kubeApi({ spec, token, certificatePem, privateKeyPem, expiredCertificate, epoch }: Setup, world: World) {
  return createKubeApi({
    gitVersion: spec.kubernetesVersion,
    token,
    features: spec.features,
    certificate: { certificatePem, privateKeyPem },
    expiredCertificate,
    createdAt: new Date((epoch - 61 * 86_400) * 1000),
    objects: () => clusterObjects(world.inventory, epoch, Date.now() / 1000),
    cardsOf: (node) => cardsOf(world, node, Date.now() / 1000),
  });
}

function serveFleet(): void {
  const abandoned = new AbortController();
  const owned: ServerProcess[] = [];
  let cluster: RunningCluster | undefined;

  const handle = async (request: Request): Promise<ClusterState> => {
    if (request.verb === 'SET_UP') {
      cluster = await setUp(request.setup, abandoned.signal, (server) => owned.push(server));
      return cluster.state();
    }
    if (!cluster) throw new Error(`${request.verb} before SET_UP`);
    if (request.verb === 'START') await cluster.start(request.kind);
    else if (request.verb === 'KILL') await cluster.kill(request.kind);
    else if (request.verb === 'KUBE') cluster.kube(request.command);
    else await cluster.stop();
    return cluster.state();
  };
  const reply = (message: Reply) => {
    if (process.connected) process.send?.(message);
  };
  process.on('message', (message) => {
    const request = Request.parse(message);
    handle(request).then(
      (state) => reply({ id: request.id, outcome: 'DONE', state }),
      (error: unknown) =>
        reply({ id: request.id, outcome: 'FAILED', message: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once('disconnect', () => {
    abandoned.abort();
    void Promise.all(owned.map((server) => server.kill())).then(() => process.exit(0));
  });
}

serveFleet();
