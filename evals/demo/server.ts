import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findSetpriv } from '../fleet/binaries.ts';

export interface DemoServer {
  readonly url: string;
  /** Resolves with a sentence when the process has ended, whoever ended it. */
  readonly exited: Promise<string>;
  /** Resolves when the process is gone. May be called again. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;
/** A little more than the server takes to let requests finish. */
const STOP_WITHIN_MS = 13_000;

/** Settings of the surrounding shell that would lead the demo away from its own empty database. */
const FOREIGN = /^(?:DATABASE_URL|POSTGRES_|REDIS_|AIOPS_)/;

/** The server as an operator would run it: built when there is a build, in a process of its own. Resolves when it is ready. */
export async function startServer(request: {
  readonly root: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  readonly signal: AbortSignal;
}): Promise<DemoServer> {
  const { root, folder, dataDir, port, signal } = request;
  const built = path.join(root, 'dist', 'mcp-server', 'main.js');
  const program = existsSync(built) ? built : path.join(root, 'mcp-server', 'main.ts');
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const logFile = path.join(folder, 'server.log');
  const log = openSync(logFile, 'w');
  const setpriv = findSetpriv();
  const command = [process.execPath, program, 'serve'];
  // The server must not outlive a demo that was killed: the kernel then asks it to stop.
  const [file = process.execPath, ...args] = setpriv ? [setpriv, '--pdeathsig', 'TERM', '--', ...command] : command;
  const child = spawn(file, args, {
    cwd: root,
    // A group of its own: Ctrl-C in the terminal reaches the demo, which stops the server first and then the fleet.
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...Object.fromEntries(inherited),
      AIOPS_HOST: '127.0.0.1',
      AIOPS_PORT: String(port),
      AIOPS_AUTH_MODE: 'none',
      AIOPS_OUTBOUND_ALLOW: '127.0.0.0/8',
      AIOPS_DATA_DIR: dataDir,
      AIOPS_ENCRYPTION_KEY_FILE: path.join(folder, 'encryption.key'),
    },
  });
  closeSync(log);
  let gone = false;
  const exited = once(child, 'exit').then(async () => {
    gone = true;
    const lastWords = (await readFile(logFile, 'utf8').catch(() => 'it is gone'))
      .trim()
      .split('\n')
      .slice(-15)
      .join('\n');
    return `The server ended. The end of its log (${logFile}):\n${lastWords}`;
  });
  const stop = async () => {
    if (gone) return;
    child.kill('SIGTERM');
    const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(overdue);
  };

  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(`${url}/ready`))) {
    if (gone) throw new Error(await exited);
    if (signal.aborted || performance.now() > deadline) {
      await stop();
      signal.throwIfAborted();
      throw new Error(`The server was not ready within ${READY_WITHIN_MS / 1000} s; its log is ${logFile}.`);
    }
    await wait(POLL_MS);
  }
  return { url, exited, stop };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
