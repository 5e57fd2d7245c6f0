/**
 * The demo: the simulated fleet, the real server on an empty data folder, and the clusters registered through its REST API. Stays until
 * Ctrl-C, and then leaves no process and no port. `AIOPS_DEMO_PORT` (8080) and `AIOPS_DEMO_SEED` may be set.
 */
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { closingWords, greeting } from './demo/words.ts';
import { registerClusters, waitForHealth } from './demo/registration.ts';
import { startServer } from './demo/server.ts';
import type { DemoServer } from './demo/server.ts';
import { repositoryRoot } from './fleet/binaries.ts';
import { startFleet } from './fleet/fleet.ts';
import type { Fleet } from './fleet/fleet.ts';
import { isFree } from './fleet/server-process.ts';

const INCIDENT_DELAY_SECONDS = 90;

const startedAt = performance.now();
const say = (line: string) => process.stdout.write(`${line}\n`);
const progress = (line: string) => {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  say(`[${seconds} s] ${line}`);
};

const port = readPort(process.env['AIOPS_DEMO_PORT'] ?? '8080');
const root = repositoryRoot();
const folder = path.join(root, '.cache', port === 8080 ? 'demo' : `demo-${port}`);
const dataDir = path.join(folder, 'data');

const stopping = new AbortController();
let fleet: Fleet | undefined;
let server: DemoServer | undefined;
/** Whether anything was started that then had to be stopped. */
let begun = false;

process.exitCode = await run();

async function run(): Promise<number> {
  // Ctrl-C in a terminal may come twice, from the terminal and from npm: the second changes nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) return;
      say('');
      progress('stopping …');
      stopping.abort(new Error('stopped'));
    });
  }
  const interrupted = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  try {
    await start();
    const crashed = server?.exited.then((why) => {
      if (!stopping.signal.aborted) throw new Error(why);
    });
    await Promise.race([interrupted, crashed]);
    return 0;
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    stopping.abort(new Error('stopped'));
    await server?.stop();
    await fleet?.stop();
    if (begun) say(closingWords());
  }
}

async function start(): Promise<void> {
  if (!(await isFree(port))) {
    throw new Error(
      `Port ${port} on 127.0.0.1 is in use, perhaps by another demo or server. Stop that, or choose another port: AIOPS_DEMO_PORT=${port + 1} npm run demo`,
    );
  }
  await claim(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });

  begun = true;
  progress('starting five simulated clusters with 24 h of history, and the server …');
  const fleetStart = new Date();
  const failing = new AbortController();
  const signal = AbortSignal.any([stopping.signal, failing.signal]);
  const fleetReady = startFleet({
    seed: process.env['AIOPS_DEMO_SEED'] ?? 'aiops',
    dir: path.join(folder, 'fleet'),
    now: fleetStart,
    incidentDelaySeconds: INCIDENT_DELAY_SECONDS,
    signal,
    onProgress: ({ cluster, ready, total }) => progress(`cluster ${cluster} is up (${ready}/${total})`),
  }).then((started) => (fleet = started));
  const serverReady = startServer({ root, folder, dataDir, port, signal }).then((started) => {
    server = started;
    progress(`server is up at ${started.url}`);
    return started;
  });
  // What fails first ends the other; both settle before we go on, so that whatever did start is known and gets stopped.
  for (const one of [fleetReady, serverReady]) one.catch((error: unknown) => failing.abort(error));
  await Promise.allSettled([fleetReady, serverReady]);
  signal.throwIfAborted();
  const [runningFleet, { url }] = await Promise.all([fleetReady, serverReady]);

  const equipped = await registerClusters(url, runningFleet, signal);
  progress(`${equipped.size} clusters registered with their credentials`);
  const states = await waitForHealth(url, equipped, signal);
  progress('first health check done; ready');
  say(
    greeting({
      url,
      states,
      launcher: path.join(root, 'bin', 'aiops'),
      dataDir,
      kubeconfig: runningFleet.kubeconfigPath,
      incidentStart: new Date(fleetStart.getTime() + INCIDENT_DELAY_SECONDS * 1000),
      now: new Date(),
      prometheusPid: runningFleet.cluster('stage-1').pids.prometheus,
    }),
  );
}

/**
 * Keeps a second demo from clearing the folder while the first one's server is not listening yet. A socket in Linux's abstract namespace
 * is free again as soon as its process is gone, however it went.
 */
async function claim(name: string): Promise<void> {
  const holder = createServer().unref();
  holder.listen(`\0aiops-demo:${name}`);
  await once(holder, 'listening').catch(() => {
    throw new Error(
      `Another demo is starting on port ${port}; Ctrl-C it first, or choose another port with AIOPS_DEMO_PORT.`,
    );
  });
}

function readPort(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  process.stderr.write(`AIOPS_DEMO_PORT: ${JSON.stringify(text)} is not a port (1 to 65535).\n`);
  return process.exit(2);
}
