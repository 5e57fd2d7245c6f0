/**
 * The product's health monitor in a process of its own, over everything that it stands on: store, outbox relay, transport,
 * stored credentials. Environment: `DATABASE_URL`, `KEY_FILE`, and `REPORT`, the file that gets a {@link MonitorReport} at the end.
 */
import { writeFileSync } from 'node:fs';
import pg from 'pg';
import { systemClock } from '../../../backend/platform/clock.ts';
import { createEventBus } from '../../../backend/platform/event-bus.ts';
import { openKeyring } from '../../../backend/platform/keyring.ts';
import { createLogger } from '../../../backend/platform/logger.ts';
import { createMetrics } from '../../../backend/platform/metrics.ts';
import { startOutboxRelay } from '../../../backend/platform/outbox-relay.ts';
import { openStore } from '../../../backend/platform/store/store.ts';
import { createCredentialVault } from '../../../backend/registry/credentials/vault.ts';
import { startHealthMonitor } from '../../../backend/registry/health.ts';
import { createSpokeProbe } from '../../../backend/registry/probe.ts';
import { createClusterRegistry } from '../../../backend/registry/registry.ts';
import { createAddressPolicy } from '../../../backend/spokes/address-policy.ts';
import { createSpokes } from '../../../backend/spokes/spokes.ts';
import { createTransport } from '../../../backend/spokes/transport.ts';
import { announce } from './announce.ts';

export interface MonitorReport {
  /** Once a second, everything since the start of the process. */
  readonly samples: {
    readonly at: number;
    readonly cpuMs: number;
    readonly rssMb: number;
    readonly statements: number;
  }[];
  /** Of every scheduled check, when it began (Unix milliseconds) and how much after its time. */
  readonly checks: { readonly at: number; readonly lateMs: number }[];
}

const { DATABASE_URL: databaseUrl, KEY_FILE: keyFile, REPORT: report } = process.env;
if (databaseUrl === undefined || keyFile === undefined || report === undefined)
  throw new Error('DATABASE_URL, KEY_FILE and REPORT must be set.');

let statements = 0;
const query = pg.Client.prototype.query;
pg.Client.prototype.query = function counted(this: pg.Client, ...given: unknown[]): unknown {
  statements += 1;
  return Reflect.apply(query, this, given);
} as typeof query; // proof: it passes on what it is given and gives back what it gets

const seen: MonitorReport = { samples: [], checks: [] };
const [clock, logger] = [systemClock, createLogger({ level: 'warn' })];
const store = await openStore({ databaseUrl, dataDir: '/nonexistent', logger, clock });
const bus = createEventBus(logger);
const relay = startOutboxRelay({ store, bus, clock, logger });
const policy = createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] });
const transport = createTransport({ policy, clock, logger, metrics: createMetrics(), version: 'bench' });
const keyring = await openKeyring(keyFile, { create: false });
const vault = createCredentialVault({ store, clock, keyring, logger, nudge: relay.nudge });
const spokes = createSpokes({ transport, clock, credentialsOf: (id) => vault.get(id) });
const registry = createClusterRegistry({
  store,
  clock,
  policy,
  nudge: relay.nudge,
  queueDeletion: () => Promise.reject(new Error('no cluster is deleted here')),
});
const monitor = startHealthMonitor({
  store,
  registry,
  probe: createSpokeProbe(spokes),
  bus,
  clock,
  logger,
  nudge: relay.nudge,
  lateness: { observe: (seconds) => seen.checks.push({ at: Date.now(), lateMs: seconds * 1000 }) },
});
const sampling = setInterval(() => {
  const { user, system } = process.cpuUsage();
  const rssMb = process.memoryUsage.rss() / 1_048_576;
  seen.samples.push({ at: Date.now(), cpuMs: (user + system) / 1000, rssMb, statements });
}, 1_000);

announce({}, async () => {
  clearInterval(sampling);
  await monitor.stop();
  await relay.stop();
  await transport.close();
  await store.close();
  writeFileSync(report, JSON.stringify(seen));
});
