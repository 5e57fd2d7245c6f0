import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { Capabilities } from '../../backend/model/cluster.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { openStore } from '../../backend/platform/store/store.ts';
import { insertClusters } from '../../backend/registry/test-clusters.ts';
import { createCertificateAuthority } from '../fleet/certificates.ts';
import { startChild } from './child.ts';
import type { Row } from './report.ts';
import { quantile } from './statistics.ts';

export const CLUSTERS = 5_000;
const CALLS = 200;
const BAR_MS = 200;
const INSERT_AT_ONCE = 500;

/** What a page of the cluster list takes over HTTP with 5,000 clusters on the embedded database, one caller after the other. */
export async function measureClusterList(folder: string): Promise<Row[]> {
  return withFilledServer(folder, { AIOPS_AUTH_MODE: 'token' }, async ({ url, token: whole }) => {
    const base = new URL('/api/v1/', url);
    const scoped = await scopedToken(base, whole);
    const cases: readonly [string, string, string][] = [
      ['first page', 'clusters', whole],
      ['last page', `clusters?page=${CLUSTERS / 100}&page_size=100`, whole],
      ['by label, type and part of a name', 'clusters?label=tier%3Dgold&cluster_type=EDGE&name=7', whole],
      ['with GPUs', 'clusters?has_gpu=true&page=3', whole],
      ['first page in a scope', 'clusters?page_size=100', scoped],
      ['one cluster by its name', 'clusters/by-name/bench-4321', whole],
    ];
    const rows: Row[] = [];
    for (const [what, route, token] of cases) rows.push(await measure(what, new URL(route, base), token));
    return rows;
  });
}

/** The product's server over {@link CLUSTERS} clusters that have been there for a while. */
export async function withFilledServer<T>(
  folder: string,
  env: Readonly<Record<string, string>>,
  use: (server: { url: string; token: string }) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(path.join(folder, 'list-'));
  const dataDir = path.join(dir, 'data');
  await fill(dataDir);
  const server = await startChild({
    server: 'product-server',
    env: {
      HOME: dir,
      AIOPS_DATA_DIR: dataDir,
      AIOPS_PORT: '0',
      AIOPS_ENCRYPTION_KEY_FILE: path.join(dir, 'key'),
      LOG_LEVEL: 'error',
      ...env,
    },
    folder,
    // Without sign-in there is no token.
    ready: z.object({ url: z.url(), token: z.string().default('') }),
  });
  try {
    return await use(server.ready);
  } finally {
    await server.stop();
  }
}

async function measure(what: string, url: URL, token: string): Promise<Row> {
  const times: number[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    const started = performance.now();
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    const text = await answer.text();
    times.push(performance.now() - started);
    if (!answer.ok) throw new Error(`${url.pathname} answered ${answer.status}: ${text.slice(0, 200)}`);
  }
  const p95 = quantile(times, 0.95);
  const measureName = `cluster list of ${CLUSTERS}: ${what}, p95`;
  return { measure: measureName, ours: p95, baseline: BAR_MS, unit: 'ms', bar: `< ${BAR_MS} ms`, met: p95 < BAR_MS };
}

async function scopedToken(base: URL, token: string): Promise<string> {
  const answer = await fetch(new URL('tokens', base), {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'scoped', clusters: 'tier=gold,environment=PRODUCTION' }),
  });
  return z.object({ secret: z.string() }).parse(await answer.json()).secret;
}

/** A fleet as it looks after a while: with labels, certificates, health and capabilities. No check is due while it is measured. */
async function fill(dataDir: string): Promise<void> {
  const store = await openStore({ dataDir, logger: createLogger({ level: 'silent' }), clock: systemClock });
  try {
    const ca = createCertificateAuthority('bench', new Date()).certificatePem;
    for (let first = 0; first < CLUSTERS; first += INSERT_AT_ONCE) {
      const inputs = Array.from({ length: INSERT_AT_ONCE }, (_, at) => ({
        name: `bench-${String(first + at).padStart(4, '0')}`,
        cluster_type: at % 3 === 0 ? ('EDGE' as const) : ('SPOKE' as const),
        environment: at % 2 === 0 ? ('PRODUCTION' as const) : ('LAB' as const),
        region: `region-${at % 12}`,
        labels: { tier: at % 5 === 0 ? 'gold' : 'silver', site: `site-${at % 100}`, owner: 'bench' },
        endpoints: { prometheus_url: `https://prom-${first + at}.example` },
        tls: { ca },
      }));
      await insertClusters(store, systemClock, inputs);
    }
    const seen = Capabilities.parse({
      ...Object.fromEntries(Object.keys(Capabilities.shape).map((field) => [field, null])),
      has_gpu_nodes: true,
      gpu_count: 8,
      node_count: 12,
      node_roles: { worker: 9, master: 3 },
      unknown: [],
      discovered_at: new Date().toISOString(),
    });
    await store.query((db) =>
      db.execute(
        sql`update clusters.clusters set capabilities = ${JSON.stringify(seen)}::jsonb, state = 'ONLINE', health_score = 100`,
      ),
    );
    for (const table of ['health_schedule', 'discovery_schedule'])
      await store.query((db) =>
        db.execute(sql.raw(`update clusters.${table} set next_run_at = now() + interval '1 day'`)),
      );
  } finally {
    await store.close();
  }
}
