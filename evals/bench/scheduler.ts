/**
 * `node evals/bench/scheduler.ts [--clusters 10,100,1000] [--processes 1,2] [--seconds 60]`: what it costs to keep the health
 * schedule of a fleet of SPOKEs, each with an API server and a Prometheus over TLS and stored credentials, on PostgreSQL; and
 * whether several processes on one database ever check a cluster twice.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import { systemClock } from '../../backend/platform/clock.ts';
import { openKeyring } from '../../backend/platform/keyring.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { openStore } from '../../backend/platform/store/store.ts';
import { startTestPostgres } from '../../backend/platform/store/test-postgres.ts';
import { createCredentialVault } from '../../backend/registry/credentials/vault.ts';
import { CHECK_RULES } from '../../backend/registry/health-score.ts';
import { insertClusters } from '../../backend/registry/test-clusters.ts';
import { startChild } from './child.ts';
import type { DoublesReport } from './servers/health-doubles.ts';
import type { MonitorReport } from './servers/health-monitor.ts';
import { quantile } from './statistics.ts';

export interface SchedulerResult {
  readonly clusters: number;
  readonly processes: number;
  /** Scheduled checks in the measured time, and how many the interval of 30 s asks for. */
  readonly checks: number;
  readonly checksDue: number;
  readonly latenessP95Ms: number;
  readonly latenessMaxMs: number;
  /** Of all monitor processes together, in cores. */
  readonly cores: number;
  readonly statementsPerCheck: number;
  readonly statementsPerSecond: number;
  /** Of the largest process. */
  readonly rssMb: number;
  readonly handshakesPerCheck: number;
  /** Times that a cluster was asked again at once, or while measured before half of its interval had passed. */
  readonly duplicates: number;
  /** From the first to the last second: how often an API server was asked, and how many scheduled checks began. */
  readonly asked: number;
  readonly begun: number;
  /** Checks in the history, which says of how many that something was down. Nothing ever is. */
  readonly recorded: number;
  readonly falseAlarms: number;
  /** Longest time in which some cluster was not asked, in seconds. */
  readonly longestGapSeconds: number;
}

const INTERVAL_MS = CHECK_RULES.SPOKE.intervalSeconds * 1000;
/** First checks make connections, and the second come after half an interval to one and a half: that long nothing is measured. */
const SPREAD_MS = 1.5 * INTERVAL_MS;
const FIRST_CHECKS_WITHIN_MS = 180_000;
const AT_ONCE_MS = 5_000;

export async function measureScheduler(options: {
  clusters: number;
  processes: number;
  seconds: number;
  folder: string;
}): Promise<SchedulerResult> {
  const folder = await mkdtemp(path.join(options.folder, 'scheduler-'));
  const doublesReport = path.join(folder, 'doubles.json');
  const monitorReports = Array.from({ length: options.processes }, (_, n) => path.join(folder, `monitor-${n}.json`));
  const keyFile = path.join(folder, 'key');
  const database = await startTestPostgres();
  try {
    const doubles = await startChild({
      server: 'health-doubles',
      env: { REPORT: doublesReport },
      folder,
      ready: z.object({ url: z.url(), ca: z.string() }),
    });
    try {
      await register(options.clusters, { databaseUrl: database.url, keyFile, ...doubles.ready });
      const monitors = await Promise.all(
        monitorReports.map((report) =>
          startChild({
            server: 'health-monitor',
            env: { DATABASE_URL: database.url, KEY_FILE: keyFile, REPORT: report },
            folder,
            ready: z.object({}),
          }),
        ),
      );
      await untilAllChecked(database.url);
      await delay(SPREAD_MS + options.seconds * 1000);
      await Promise.all(monitors.map((monitor) => monitor.stop()));
    } finally {
      await doubles.stop();
    }
    // proof of both: written by the servers of this benchmark, in exactly these types
    const served = JSON.parse(await readFile(doublesReport, 'utf8')) as DoublesReport;
    const reports = await Promise.all(
      monitorReports.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as MonitorReport),
    );
    return { ...evaluate(options, served, reports), ...(await history(database.url)) };
  } finally {
    await database.stop();
  }
}

async function register(
  count: number,
  given: { databaseUrl: string; keyFile: string; url: string; ca: string },
): Promise<void> {
  const [clock, logger] = [systemClock, createLogger({ level: 'warn' })];
  const store = await openStore({ databaseUrl: given.databaseUrl, dataDir: '/nonexistent', logger, clock });
  try {
    const keyring = await openKeyring(given.keyFile, { create: true });
    const vault = createCredentialVault({ store, clock, keyring, logger, nudge: () => undefined });
    const inputs = Array.from({ length: count }, (_, n) => {
      const name = `spoke-${String(n + 1).padStart(4, '0')}`;
      const url = `${given.url}/${name}`;
      return { name, api_server_url: url, endpoints: { prometheus_url: url }, tls: { ca: given.ca } };
    });
    for (const { id } of await insertClusters(store, clock, inputs)) {
      const credentials = { auth_type: 'SERVICE_ACCOUNT' as const, api_token: 'x'.repeat(1_000) };
      await vault.put(id, { authType: 'SERVICE_ACCOUNT', credentials, expiresAt: undefined }, 'SET');
    }
  } finally {
    await store.close();
  }
}

async function untilAllChecked(databaseUrl: string): Promise<void> {
  const deadline = performance.now() + FIRST_CHECKS_WITHIN_MS;
  for (;;) {
    const { open } = await one(databaseUrl, 'select count(*) as open from clusters.clusters where checked_at is null');
    if (open === 0) return;
    if (performance.now() > deadline) throw new Error(`${open} clusters still wait for their first check.`);
    await delay(1_000);
  }
}

/** What the monitors wrote. */
async function history(databaseUrl: string): Promise<Pick<SchedulerResult, 'recorded' | 'falseAlarms'>> {
  const { recorded = 0 } = await one(databaseUrl, 'select sum(checks) as recorded from clusters.health_rollups');
  const { alarms = 0 } = await one(
    databaseUrl,
    "select count(*) as alarms from clusters.health_transitions where new_state <> 'ONLINE'",
  );
  return { recorded, falseAlarms: alarms };
}

/** The one row of numbers that a statement gives. */
async function one(databaseUrl: string, statement: string): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, string>>(statement);
    return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]));
  } finally {
    await client.end();
  }
}

function evaluate(
  { clusters, processes, seconds }: { clusters: number; processes: number; seconds: number },
  served: DoublesReport,
  reports: readonly MonitorReport[],
): Omit<SchedulerResult, 'recorded' | 'falseAlarms'> {
  if (served.unexpected.length > 0)
    throw new Error(`Unexpected requests came: ${served.unexpected.slice(0, 3).join(', ')}`);
  const end = Math.min(...reports.map((report) => report.samples.at(-1)?.at ?? 0));
  const start = end - seconds * 1000;
  const during = ({ at }: { readonly at: number }) => at >= start && at < end;
  const spans = reports.map(({ samples }) => {
    const [first, last] = [samples.find(during), samples.findLast(during)];
    if (!first || !last) throw new Error('A monitor did not run long enough to be measured.');
    return { first, last, rates: 1000 / (last.at - first.at) };
  });
  const sum = (pick: (span: (typeof spans)[number]) => number) => spans.reduce((total, span) => total + pick(span), 0);
  const checks = reports.flatMap((report) => report.checks.filter(during));
  const late = checks.map((check) => check.lateMs);
  const statementsPerSecond = sum(({ first, last, rates }) => (last.statements - first.statements) * rates);
  // A cluster that was never asked has a gap as long as the whole measurement.
  const asked = [
    ...Object.values(served.asked),
    ...Array.from({ length: clusters - Object.keys(served.asked).length }, () => []),
  ];
  const gaps = asked.flatMap((times) => {
    const measured = [start, ...times.filter((at) => at >= start && at < end), end];
    return measured.slice(1).map((at, index) => at - (measured[index] ?? at));
  });
  // Whoever checks a cluster a second time does so when the first one does, or anywhere within its interval.
  const between = Object.values(served.asked).flatMap((times) =>
    times.slice(1).map((at, index) => ({ at, ms: at - (times[index] ?? at) })),
  );
  const twice = between.filter(({ at, ms }) => ms < AT_ONCE_MS || (at >= start && at < end && ms < INTERVAL_MS / 2));
  return {
    clusters,
    processes,
    checks: checks.length,
    checksDue: Math.round((clusters * seconds * 1000) / INTERVAL_MS),
    latenessP95Ms: quantile(late, 0.95),
    latenessMaxMs: Math.max(...late),
    cores: sum(({ first, last, rates }) => ((last.cpuMs - first.cpuMs) * rates) / 1000),
    statementsPerCheck: (statementsPerSecond * seconds) / checks.length,
    statementsPerSecond,
    rssMb: Math.max(...spans.map(({ last }) => last.rssMb)),
    handshakesPerCheck: served.handshakes.filter((at) => at >= start && at < end).length / checks.length,
    duplicates: twice.length,
    asked: Object.values(served.asked).flat().length,
    begun: reports.flatMap((report) => report.checks).length,
    longestGapSeconds: Math.max(...gaps) / 1000,
  };
}

const COLUMNS: readonly (readonly [head: string, cell: (result: SchedulerResult) => string])[] = [
  ['clusters', (r) => String(r.clusters)],
  ['processes', (r) => String(r.processes)],
  ['checks (due)', (r) => `${r.checks} (${r.checksDue})`],
  ['late p95', (r) => `${r.latenessP95Ms.toFixed(0)} ms`],
  ['late max', (r) => `${r.latenessMaxMs.toFixed(0)} ms`],
  ['of a core', (r) => `${(r.cores * 100).toFixed(1)} %`],
  ['statements/check', (r) => r.statementsPerCheck.toFixed(2)],
  ['statements/s', (r) => r.statementsPerSecond.toFixed(1)],
  ['RSS', (r) => `${r.rssMb.toFixed(0)} MiB`],
  ['handshakes/check', (r) => r.handshakesPerCheck.toFixed(2)],
  ['twice', (r) => String(r.duplicates)],
  ['begun/asked/recorded', (r) => `${r.begun}/${r.asked}/${r.recorded}`],
  ['false alarms', (r) => String(r.falseAlarms)],
  ['longest gap', (r) => `${r.longestGapSeconds.toFixed(1)} s`],
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clusters: { type: 'string', default: '10,100,1000' },
      processes: { type: 'string', default: '1,2' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const numbers = (list: string) => list.split(',').map((text) => z.coerce.number().int().positive().parse(text));
  const counts = numbers(values.clusters);
  const [seconds = 60] = numbers(values.seconds);
  const folder = await mkdtemp(path.join(tmpdir(), 'aiops-bench-'));
  try {
    process.stdout.write(`${COLUMNS.map(([head]) => head).join(' | ')}\n`);
    for (const processes of numbers(values.processes)) {
      // Several processes only matter where there is most to do.
      for (const clusters of processes === 1 ? counts : [Math.max(...counts)]) {
        const result = await measureScheduler({ clusters, processes, seconds, folder });
        process.stdout.write(`${COLUMNS.map(([, cell]) => cell(result)).join(' | ')}\n`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
