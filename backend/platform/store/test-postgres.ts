/** For tests: a real PostgreSQL of its own on a free port of loopback, gone when the test is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

export interface TestPostgres {
  /** URL of a database that is empty at first. */
  readonly url: string;
  /** As a crash or a power cut would: no shutdown, nothing flushed. */
  kill(): Promise<void>;
  /** Starts the server again on the same data and port after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 30_000;

/** Throws with a sentence on how to install PostgreSQL where there is none: a test that cannot run has failed. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const { initdb, postgres } = await findPostgres();
  const user = await unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), 'aiops-pg-'));
  const password = randomBytes(18).toString('base64url');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) for (const path of [folder, passwordFile]) await chown(path, user.uid, user.gid);

  const data = join(folder, 'data');
  const options = { cwd: folder, ...user };
  const initArguments = [
    '-D',
    data,
    '-U',
    'aiops',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '-N',
  ];
  await runToEnd(spawn(initdb, initArguments, { ...options, stdio: ['ignore', 'ignore', 'pipe'] }));

  const port = await freePort();
  const url = `postgres://aiops:${password}@127.0.0.1:${port}/postgres`;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: '60',
  };
  const serverArguments = [
    '-D',
    data,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
  ];
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const child = spawn(postgres, serverArguments, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    server = child;
    // A test run that ends without its `afterAll` must not leave a server behind.
    const dieWithUs = (): void => void child.kill('SIGQUIT');
    process.once('exit', dieWithUs);
    child.once('exit', () => process.off('exit', dieWithUs));
    await untilItAnswers(url, child);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = server;
    server = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  const stop = async (): Promise<void> => {
    await end('SIGINT'); // "fast shutdown": does not wait for clients to leave
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, kill: () => end('SIGQUIT'), restart: start, stop };
}

/** The newest of Debian's installations, else what stands in PATH. */
async function findPostgres(): Promise<{ initdb: string; postgres: string }> {
  const debian = '/usr/lib/postgresql';
  const versions = (await readdir(debian).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => join(debian, version, 'bin', '/'));
  for (const folder of [...folders, '']) {
    const programs = { initdb: `${folder}initdb`, postgres: `${folder}postgres` };
    if ((await Promise.all(Object.values(programs).map(runs))).every(Boolean)) return programs;
  }
  throw new Error(
    'These tests need a PostgreSQL server and found neither /usr/lib/postgresql/*/bin/initdb nor initdb in PATH. ' +
      'On Debian: apt-get install --no-install-recommends postgresql',
  );
}

function runs(program: string): Promise<boolean> {
  const child = spawn(program, ['--version'], { stdio: 'ignore' });
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

/** PostgreSQL refuses to run as root, so as root it gets the identity of `postgres`, else of `nobody`. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody');
  if (!account) throw new Error('PostgreSQL cannot run as root, and there is no user postgres or nobody to run it as.');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function runToEnd(child: ChildProcess): Promise<void> {
  const errors = collect(child);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`initdb failed: ${errors()}`);
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const errors = collect(child);
  const deadline = performance.now() + START_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined); // reported by connect already
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`PostgreSQL did not start: ${errors()}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4_000);
  });
  return () => text.trim();
}
