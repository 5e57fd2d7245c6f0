import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const READY_WITHIN_MS = 30_000;
const POLL_MS = 25;
const TERM_GRACE_MS = 3000;
const ATTEMPTS = 5;

/** A server of another project (Prometheus, Alertmanager) on a loopback port of its own. */
export interface ServerProcess {
  /** host:port; fixed once `start` has succeeded or `fixAddress` was called. */
  address(): string;
  /** Keeps the port from here on, also for a server that is not running. */
  fixAddress(): void;
  pid(): number | undefined;
  /** Resolves when it answers `/-/ready`. Does nothing when it runs. Throws with the end of its log when it does not come up. */
  start(): Promise<void>;
  /** SIGKILL, as a crash. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, then SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ServerProcessOptions {
  readonly name: string;
  readonly command: string;
  args(address: string): readonly string[];
  readonly logFile: string;
  /** Working folder; default that of this process. */
  readonly cwd?: string;
  /** setpriv of util-linux: with it the kernel ends the server when this process dies in whatever way. */
  readonly setpriv: string | undefined;
}

export async function createServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  let port = await freePort();
  let fixed = false;
  let child: ChildProcess | undefined;
  const address = () => `127.0.0.1:${port}`;
  const end = async (first: 'SIGTERM' | 'SIGKILL') => {
    const ending = child;
    if (!ending || hasEnded(ending)) return;
    const gone = once(ending, 'exit');
    ending.kill(first);
    const timer = setTimeout(() => ending.kill('SIGKILL'), TERM_GRACE_MS);
    await gone;
    clearTimeout(timer);
  };
  /** Undefined when it is ready, else why not. */
  const tryStart = async (): Promise<string | undefined> => {
    // Asked first: else whoever holds the port could answer the readiness probe in our server's place.
    if (!(await isFree(port))) return 'address already in use';
    child = launch(options, address());
    if (await becomesReady(child, `http://${address()}/-/ready`)) return undefined;
    await end('SIGKILL');
    return (await readFile(options.logFile, 'utf8')).trim().slice(-1500);
  };
  return {
    address,
    fixAddress: () => {
      fixed = true;
    },
    pid: () => (child && !hasEnded(child) ? child.pid : undefined),
    start: async () => {
      if (child && !hasEnded(child)) return;
      for (let attempt = 1; ; attempt++) {
        const failure = await tryStart();
        if (failure === undefined) break;
        const clash = failure.includes('address already in use');
        if (!clash || attempt === ATTEMPTS)
          throw new Error(`${options.name} did not start on ${address()}: ${failure}`);
        if (fixed) await wait(300);
        else port = await freePort();
      }
      fixed = true;
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

function launch(options: ServerProcessOptions, address: string): ChildProcess {
  const log = openSync(options.logFile, 'w');
  const command = [options.command, ...options.args(address)];
  const [file = options.command, ...args] = options.setpriv
    ? [options.setpriv, '--pdeathsig', 'KILL', '--', ...command]
    : command;
  const child = spawn(file, args, { cwd: options.cwd, stdio: ['ignore', log, log] });
  closeSync(log);
  // Without a listener a failed spawn would end this process; `becomesReady` sees that there is no pid.
  child.on('error', () => undefined);
  return child;
}

/** False when it exits or stays silent. */
async function becomesReady(child: ChildProcess, url: string): Promise<boolean> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (child.pid === undefined || hasEnded(child)) return false;
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return !hasEnded(child);
    await wait(POLL_MS);
  }
  return false;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Below the range that Linux gives to outgoing connections, so that none of those takes the port before the server does. */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;

/** A loopback port that nobody listens on right now. Nothing holds it: the caller is ready for a clash. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${LOWEST_PORT} and ${HIGHEST_PORT} on 127.0.0.1`);
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
