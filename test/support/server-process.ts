import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readDataFolderOwner } from '../../backend/platform/store/data-folder-lock.ts';
import { copyMigratedStore } from '../../backend/platform/store/test-template.ts';
import { PROJECT_ROOT } from '../../mcp-server/version.ts';

export const MAIN = path.join(PROJECT_ROOT, 'dist', 'mcp-server', 'main.js');

export interface ServerProcess {
  readonly url: string;
  /** Token of the CLI on this machine, from the lock file. */
  readonly localToken: string;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly child: ChildProcess;
  /** What it wrote to standard error so far: its log. */
  log(): string;
  /** Runs `aiops <args>` on the same data folder. Never rejects for an exit code. */
  cli(args: readonly string[], stdin?: string): Promise<{ code: number; stdout: string; stderr: string }>;
  stop(): Promise<void>;
}

/** The built server as its own process, on a free port and a data folder of its own, which has been started on before. */
export async function startServerProcess(settings: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
  if (!existsSync(MAIN)) throw new Error('dist/ is not built; npm test builds it first (npm run build)');
  const folder = await mkdtemp(path.join(tmpdir(), 'aiops-e2e-'));
  const dataDir = path.join(folder, 'data');
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: folder,
    AIOPS_DATA_DIR: dataDir,
    AIOPS_PORT: '0',
    AIOPS_OUTBOUND_ALLOW: '127.0.0.0/8',
    AIOPS_ENCRYPTION_KEY_FILE: path.join(folder, 'encryption.key'),
    ...settings,
  };
  if (env['DATABASE_URL'] === undefined) await copyMigratedStore(dataDir);
  const child = spawn(process.execPath, [MAIN, 'serve'], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url, token } = await ready(
      child,
      dataDir,
      () => printed,
      () => log,
    );
    return {
      url,
      localToken: token,
      dataDir,
      env,
      child,
      log: () => log,
      cli: (args, stdin) => runCli(args, env, stdin),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `aiops <args>` with the given environment. */
export function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdin?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
    child.stdin?.end(stdin ?? '');
  });
}

async function ready(
  child: ChildProcess,
  dataDir: string,
  printed: () => string,
  log: () => string,
): Promise<{ url: string; token: string }> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${log()}`);
    const fromPrint = /is ready at (http:\/\/\S+)/.exec(printed())?.[1];
    const owner = await readDataFolderOwner(dataDir);
    if (fromPrint !== undefined) return { url: fromPrint, token: owner?.token ?? '' };
    await pause(100);
  }
  throw new Error(`the server was not ready within 60 s: ${log()}`);
}

/** A REST call; the body is JSON on the way out and back. */
export async function rest(
  url: string,
  method: string,
  route: string,
  options: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(`${url}${route}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    headers: response.headers,
  };
}

/** Polls until `check` gives something else than undefined or false; fails after `ms` naming `what`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  ms = 30_000,
): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > until) throw new Error(`not within ${ms / 1000} s: ${what}`);
    await pause(100);
  }
}
