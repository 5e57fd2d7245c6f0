import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Fleet, startFleet } from '../../evals/fleet/fleet.ts';
import { DEMO_CLUSTERS } from '../../evals/fleet/specs.ts';
import { type ServerProcess, eventually, rest, startServerProcess } from './server-process.ts';

export interface Demo {
  readonly url: string;
  readonly fleet: Fleet;
  readonly server: ServerProcess;
  stop(): Promise<void>;
}

/** Clusters of the test fleet: the hub, the one with the incident, one with GPUs, and one whose Prometheus is down. */
const NAMES = ['hub-1', 'prod-eu-1', 'prod-us-1', 'edge-lab-1'];

/** A small live fleet with the built server in front of it, every cluster registered and checked once. */
export async function startDemo(options: { env?: NodeJS.ProcessEnv; names?: readonly string[] } = {}): Promise<Demo> {
  const dir = await mkdtemp(path.join(tmpdir(), 'aiops-fleet-'));
  const names = options.names ?? NAMES;
  const fleet = await startFleet({
    seed: 'test',
    dir: path.join(dir, 'fleet'),
    clusters: DEMO_CLUSTERS.filter((spec) => names.includes(spec.name)),
    historyHours: 2,
    incidentDelaySeconds: -1200,
  });
  let server: ServerProcess | undefined;
  const stop = async () => {
    await server?.stop();
    await fleet.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    server = await startServerProcess(options.env);
    await registerFleet(server, fleet);
    return { url: server.url, fleet, server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Registers every cluster of the fleet through REST and waits for its first health check. */
export async function registerFleet(server: ServerProcess, fleet: Fleet): Promise<void> {
  const token = server.localToken === '' ? {} : { token: server.localToken };
  for (const [index, registration] of fleet.registrations().entries()) {
    const created = await rest(server.url, 'POST', '/api/v1/clusters', { body: registration, ...token });
    if (created.status !== 201) throw new Error(`registration failed: ${JSON.stringify(created.body)}`);
    const credentials = { auth_type: 'SERVICE_ACCOUNT', api_token: fleet.clusters[index]?.apiToken };
    const set = await rest(server.url, 'POST', `/api/v1/clusters/${String(created.body['id'])}/credentials`, {
      body: credentials,
      ...token,
    });
    if (set.status !== 200) throw new Error(`credentials failed: ${JSON.stringify(set.body)}`);
  }
  await eventually('every cluster has been checked', async () => {
    const { body } = await rest(server.url, 'GET', '/api/v1/fleet/summary', token);
    const states = body['by_state'] as Record<string, number>;
    return (
      body['total_clusters'] === fleet.clusters.length &&
      states['UNKNOWN'] === undefined &&
      states['PROVISIONING'] === undefined
    );
  });
}
