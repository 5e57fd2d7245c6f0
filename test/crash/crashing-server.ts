import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../backend/platform/clock.ts';
import { type Store, openStore } from '../../backend/platform/store/store.ts';
import { copyMigratedStore } from '../../backend/platform/store/test-template.ts';
import { silentLogger } from '../../backend/platform/store/test-store.ts';
import type { KubeDouble } from '../../evals/fleet/kube-api/double.ts';
import { MAIN, eventually, rest } from '../support/server-process.ts';

/** The built server on one data folder that outlives it, to be killed and started again. */
export interface CrashingServer {
  /** Does nothing while it runs. */
  start(): Promise<void>;
  /** Runs the calls `lanes` at a time until the process is killed, after so many ms; gives the status of each that was answered. */
  killDuring(calls: readonly Call[], lanes: number, afterMs: number): Promise<(number | undefined)[]>;
  call(method: string, route: string, body?: unknown): ReturnType<typeof rest>;
  /** The database, once the process is gone. */
  inspect<T>(look: (store: Store) => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

export interface Call {
  readonly method: string;
  readonly route: string;
  readonly body?: unknown;
  readonly token?: string;
}

/** `secrets` keeps credentials as Secrets in that cluster instead of the database. */
export async function createCrashingServer(secrets?: { double: KubeDouble; token: string }): Promise<CrashingServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aiops-crash-'));
  const dataDir = path.join(folder, 'data');
  await copyMigratedStore(dataDir);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: folder,
    AIOPS_DATA_DIR: dataDir,
    AIOPS_PORT: '0',
    AIOPS_OUTBOUND_ALLOW: '127.0.0.0/8',
    AIOPS_ENCRYPTION_KEY_FILE: path.join(folder, 'encryption.key'),
  };
  if (secrets) {
    const [tokenFile, caFile] = [path.join(folder, 'token'), path.join(folder, 'ca.crt')];
    await writeFile(tokenFile, secrets.token, { mode: 0o600 });
    await writeFile(caFile, secrets.double.caPem);
    Object.assign(env, {
      AIOPS_CREDENTIAL_STORE: 'kubernetes',
      AIOPS_KUBERNETES_API_URL: secrets.double.url,
      AIOPS_KUBERNETES_TOKEN_FILE: tokenFile,
      AIOPS_KUBERNETES_CA_FILE: caFile,
    });
  }
  let child: ChildProcess | undefined;
  let url = '';

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  return {
    start: async () => {
      if (child) return;
      const started = spawn(process.execPath, [MAIN, 'serve'], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      started.once('exit', () => {
        if (child === started) child = undefined;
      });
      let [printed, log] = ['', ''];
      started.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
      started.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
      const ready = async () => {
        if (started.exitCode !== null) throw new Error(`the server ended with ${started.exitCode}: ${log}`);
        return /is ready at (http:\/\/\S+)/.exec(printed)?.[1];
      };
      url = await eventually('the server is ready', ready, 60_000);
    },
    killDuring: async (calls, lanes, afterMs) => {
      const statuses: (number | undefined)[] = calls.map(() => undefined);
      let next = 0;
      const killed = new AbortController();
      const lane = async () => {
        for (let at = next++; at < calls.length && !killed.signal.aborted; at = next++) {
          const { method, route, ...options }: Call = calls[at] ?? { method: 'GET', route: '/' };
          try {
            statuses[at] = (await rest(url, method, route, options)).status;
          } catch {
            return; // the server is gone, which is the point; what was not answered may have happened or not
          }
        }
      };
      const running = Promise.all(Array.from({ length: lanes }, lane));
      await pause(afterMs);
      killed.abort();
      await kill();
      await running;
      return statuses;
    },
    call: (method, route, body) => rest(url, method, route, body === undefined ? {} : { body }),
    inspect: async (look) => {
      await kill();
      const store = await openStore({ dataDir, logger: silentLogger, clock: systemClock });
      try {
        return await look(store);
      } finally {
        await store.close();
      }
    },
    remove: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
