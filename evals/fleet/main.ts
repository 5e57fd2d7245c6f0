/** Runs the fleet alone: `node evals/fleet/main.ts [seed]`. Ctrl-C stops it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFleet } from './fleet.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);
const seed = process.argv[2] ?? 'aiops';
const dir = await mkdtemp(path.join(tmpdir(), 'aiops-fleet-'));
const fleet = await startFleet({
  seed,
  dir,
  onProgress: ({ cluster, ready, total }) => print(`${ready}/${total} ${cluster}`),
});
for (const { name, apiServerUrl, prometheusUrl, alertmanagerUrl, tempoUrl, lokiUrl, pids } of fleet.clusters) {
  print(
    `${name}\n  Kubernetes   ${apiServerUrl}\n  Prometheus   ${prometheusUrl}${pids.prometheus ? '' : ' (down)'}\n  Alertmanager ${alertmanagerUrl}\n  Tempo        ${tempoUrl ?? '(none)'}\n  Loki         ${lokiUrl ?? '(none)'}`,
  );
}
print(`kubeconfig ${fleet.kubeconfigPath}`);

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void fleet.stop().then(() => rm(dir, { recursive: true }));
  });
}
