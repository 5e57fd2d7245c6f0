import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findBinaries, findSetpriv } from '../../evals/fleet/binaries.ts';
import { createServerProcess } from '../../evals/fleet/server-process.ts';
import { CLUSTERS, clusterData, openMetrics } from './world.ts';

export interface Servers {
  /** Base URL by cluster name. */
  readonly clusters: ReadonlyMap<string, string>;
  /** One Prometheus that holds all the data, each series with the label `cluster`. */
  readonly whole: string;
  stop(): Promise<void>;
}

/** Real Prometheus servers over TSDBs that promtool made: one a cluster, and one that holds what all of them hold. */
export async function startServers(seed: number): Promise<Servers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aiops-differential-'));
  const { prometheus, promtool } = findBinaries();
  const data = CLUSTERS.map((cluster, i) => ({ cluster, families: clusterData(cluster, seed + i) }));
  const texts = new Map<string, string>(
    data.map(({ cluster, families }) => [cluster, openMetrics([{ families, labels: {} }])]),
  );
  texts.set('whole', openMetrics(data.map(({ cluster, families }) => ({ families, labels: { cluster } }))));
  const config = path.join(folder, 'prometheus.yml');
  await writeFile(config, 'global: {scrape_interval: 1h}\n');

  const started = [...texts].map(async ([name, text]) => {
    const input = path.join(folder, `${name}.om`);
    const tsdb = path.join(folder, name);
    await writeFile(input, text);
    await promisify(execFile)(promtool, [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      '--quiet',
      '--max-block-duration=24h',
      input,
      tsdb,
    ]);
    const server = await createServerProcess({
      name,
      command: prometheus,
      args: (address) => [
        `--config.file=${config}`,
        `--storage.tsdb.path=${tsdb}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      logFile: path.join(folder, `${name}.log`),
      setpriv: findSetpriv(),
    });
    await server.start();
    return { name, server };
  });
  const servers = await Promise.all(started);
  const urls = new Map(servers.map(({ name, server }) => [name, `http://${server.address()}`]));
  const whole = urls.get('whole') ?? '';
  urls.delete('whole');
  return {
    clusters: urls,
    whole,
    stop: async () => {
      await Promise.all(servers.map(({ server }) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
