import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { type RequestListener, createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/*
 * Real Prometheus and Alertmanager, and small local servers, for tests only. Everything listens on loopback at a free port and
 * lives in a temporary folder.
 */

const run = promisify(execFile);
const UNPACKED = join(import.meta.dirname, '../../.cache/debian/usr/bin');

/** Path of a Debian program: unpacked below `.cache/` by the bootstrap, or its bare name for a search along PATH. */
function program(name: string): string {
  const unpacked = join(UNPACKED, name);
  return existsSync(unpacked) ? unpacked : name;
}

function missing(name: string, cause: unknown): Error {
  return new Error(
    `${name} is neither on PATH nor in .cache/debian/usr/bin; npm test fetches it, or: apt-get install prometheus prometheus-alertmanager openssl`,
    { cause },
  );
}

async function runTool(name: string, args: readonly string[], cwd: string): Promise<void> {
  try {
    await run(program(name), args, { cwd });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw missing(name, error);
    throw error;
  }
}

export interface TestServer {
  readonly url: string;
  /** Ends the process and removes its folder. Harmless when repeated. */
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** OpenMetrics text to backfill; `# EOF` is added. */
  readonly samples?: string;
  /** YAML of the configuration file. */
  readonly config?: string;
  /** YAML of a rule file, referenced as `rules.yml`. */
  readonly rules?: string;
  readonly args?: readonly string[];
}

/** A real Prometheus; ready when this resolves. */
export async function startPrometheus({
  samples,
  config,
  rules,
  args = [],
}: PrometheusOptions = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aiops-prometheus-'));
  if (samples !== undefined) {
    await writeFile(join(folder, 'om.txt'), `${samples}\n# EOF\n`);
    await runTool('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', 'om.txt', 'tsdb'], folder);
  }
  if (rules !== undefined) await writeFile(join(folder, 'rules.yml'), rules);
  await writeFile(join(folder, 'prometheus.yml'), config ?? 'global: {scrape_interval: 1h}\n');
  return startProcess('prometheus', folder, (port) => [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=tsdb',
    '--storage.tsdb.retention.time=100y',
    '--log.level=warn',
    `--web.listen-address=127.0.0.1:${port}`,
    ...args,
  ]);
}

/** Whether Debian's `victoria-metrics`, which nothing but its contract tests needs, is installed. */
export function hasVictoriaMetrics(): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'victoria-metrics')));
}

/** A real VictoriaMetrics with samples in the text format, times in milliseconds; ready when this resolves. */
export async function startVictoriaMetrics(samples: string): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aiops-victoria-'));
  const server = await startProcess(
    'victoria-metrics',
    folder,
    (port) => [
      '-storageDataPath=vm',
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=100y',
      '-loggerLevel=ERROR',
    ],
    { ready: '/health' },
  );
  await fetch(`${server.url}/api/v1/import/prometheus`, { method: 'POST', body: samples });
  await fetch(`${server.url}/internal/force_flush`);
  return server;
}

/** A real Alertmanager without gossip; ready when this resolves. By default it notifies nobody. */
export async function startAlertmanager(
  config = 'route: {receiver: none}\nreceivers: [{name: none}]\n',
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aiops-alertmanager-'));
  await writeFile(join(folder, 'am.yml'), config);
  // An unpacked one looks for its templates below the working folder (`scripts/debian.mjs`).
  const unpacked = join(UNPACKED, '..');
  if (existsSync(unpacked)) await symlink(unpacked, join(folder, 'usr'));
  return startProcess('prometheus-alertmanager', folder, (port) => [
    '--config.file=am.yml',
    '--storage.path=data',
    '--cluster.listen-address=',
    '--log.level=warn',
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
}

/** Two processes may pick the same free port at the same time; the one that loses is started again on another. */
async function startProcess(
  name: string,
  folder: string,
  argsFor: (port: number) => string[],
  { attempts = 4, ready = '/-/ready' }: { readonly attempts?: number; readonly ready?: string } = {},
): Promise<TestServer> {
  const port = await freePort();
  const child = spawn(program(name), argsFor(port), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-2000)));
  const failed = new Promise<Error>((resolve) => child.once('error', (error) => resolve(missing(name, error))));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = `http://127.0.0.1:${port}`;
  const outcome = await Promise.race([failed, exited, whenReady(`${url}${ready}`, child)]);
  if (outcome instanceof Error) throw outcome;
  if (outcome !== 'ready') {
    if (attempts > 1 && log.includes('address already in use'))
      return startProcess(name, folder, argsFor, { attempts: attempts - 1, ready });
    throw new Error(`${name} did not start: ${log}`);
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function whenReady(url: string, child: ChildProcess): Promise<'ready'> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined); // not listening yet
    if (answer?.status === 200) return 'ready';
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return new Promise(() => undefined); // the exit is reported by its own event
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = addressOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function addressOf(server: { address(): AddressInfo | string | null }): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return address;
}

export interface Certificates {
  /** PEM of the CA that signed all of them. */
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  /** For the same names, expired the day before yesterday. */
  readonly expired: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** A throw-away CA with certificates for 127.0.0.1 and spoke.test, made by openssl; nothing of it outlives the call. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'aiops-tls-'));
  const openssl = (...args: string[]) => runTool('openssl', args, folder);
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const day = (offset: number) =>
    `${new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  try {
    await writeFile(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:spoke.test\n');
    await writeFile(join(folder, 'index.txt'), '');
    const ca =
      '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\ncertificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\nrand_serial=yes\nunique_subject=no\npolicy=p\n[p]\ncommonName=supplied\n';
    await writeFile(join(folder, 'ca.cnf'), ca);
    await openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA');
    const issue = async (name: string, from: string, to: string) => {
      await openssl('req', ...ec, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      await openssl(
        'ca',
        '-batch',
        '-notext',
        '-config',
        'ca.cnf',
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.pem`,
        '-startdate',
        from,
        '-enddate',
        to,
        '-extfile',
        'names',
      );
      return { cert: await read(`${name}.pem`), key: await read(`${name}.key`) };
    };
    return {
      server: await issue('server', day(-1), day(1)),
      expired: await issue('expired', day(-9), day(-2)),
      client: await issue('client', day(-1), day(1)),
      ca: await read('ca.pem'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface HttpDouble extends TestServer {
  readonly port: number;
  /** Connections open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections since the start. */
  readonly accepted: number;
}

export interface HttpDoubleOptions {
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** A loopback address of its own, such as 127.0.0.2. */
  readonly host?: string;
}

/** A small HTTP(S) server whose every answer is the test's. */
export async function startHttp(
  listener: RequestListener,
  { tls, host = '127.0.0.1' }: HttpDoubleOptions = {},
): Promise<HttpDouble> {
  const server = tls
    ? createHttpsServer(
        {
          cert: tls.cert,
          key: tls.key,
          ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true }),
        },
        listener,
      )
    : createHttpServer(listener);
  return listen(server, host, tls ? 'https' : 'http');
}

/** A TCP server that accepts and then does what the test says; by default it reads and never answers. */
export async function startTcp(
  onConnection: (socket: Socket) => void = (socket) => void socket.resume(),
): Promise<HttpDouble> {
  return listen(createServer(onConnection), '127.0.0.1', 'http');
}

async function listen(server: Server, host: string, scheme: 'http' | 'https'): Promise<HttpDouble> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket)); // a client that goes away is part of many tests
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = addressOf(server);
  return {
    url: `${scheme}://${host}:${port}`,
    port,
    sockets,
    get accepted() {
      return accepted;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
