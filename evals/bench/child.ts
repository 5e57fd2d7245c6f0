import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';

export interface Child<Ready> {
  /** What the child said of itself when it was ready. */
  readonly ready: Ready;
  /** Resolves when the process is gone. May be called again. */
  stop(): Promise<void>;
}

export interface ChildOptions<Ready> {
  /** File below `servers/`, without its ending. */
  readonly server: string;
  /** The whole environment of the child: nothing of the shell around leaks into a measurement. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly folder: string;
  /** Shape of the one message by which it says that it serves. */
  readonly ready: z.ZodType<Ready>;
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 13_000;
let started = 0;

/** Starts a server of the benchmark in a process of its own. It ends with its parent, however that ends. */
export async function startChild<Ready>({ server, env, folder, ready }: ChildOptions<Ready>): Promise<Child<Ready>> {
  const logFile = path.join(folder, `${server}-${(started += 1)}.log`);
  const log = openSync(logFile, 'w');
  const child = fork(path.join(import.meta.dirname, 'servers', `${server}.ts`), {
    env,
    stdio: ['ignore', log, log, 'ipc'],
    execArgv: [],
  });
  closeSync(log);
  const exited = once(child, 'exit');
  const stop = async () => {
    if (hasEnded(child)) return;
    child.disconnect();
    const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(overdue);
  };
  try {
    const [message]: unknown[] = await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(READY_WITHIN_MS) }),
      exited.then(() => Promise.reject(new Error('it ended'))),
    ]);
    return { ready: ready.parse(message), stop };
  } catch (error) {
    await stop();
    const lastWords = (await readFile(logFile, 'utf8')).trim().slice(-2000);
    throw new Error(`The benchmark's ${server} did not come up:\n${lastWords}`, { cause: error });
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
