/**
 * A hub of its own in a process of its own, so that its memory is its own: asks many spokes one range query a few times and tells
 * how long that took and by how much the process grew at most. With `ROUNDS` 0 it only opens what a hub opens.
 * Environment: `SPOKES_FILE` (JSON, what `spoke-doubles` announced), `ROUNDS`, and `START`, `END`, `STEP` in Unix seconds.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createFanout } from '../../../backend/collectors/fanout/fanout.ts';
import { createMetricsSource } from '../../../backend/collectors/metrics/metrics-source.ts';
import { createMetricsCollector } from '../../../backend/collectors/metrics/metrics.ts';
import { NO_GUARD } from '../../../backend/collectors/query-guard/query-guard.ts';
import { testCluster } from '../../../backend/model/test-cluster.ts';
import { systemClock } from '../../../backend/platform/clock.ts';
import { createLogger } from '../../../backend/platform/logger.ts';
import { createMetrics } from '../../../backend/platform/metrics.ts';
import { createAddressPolicy } from '../../../backend/spokes/address-policy.ts';
import { createSpokes } from '../../../backend/spokes/spokes.ts';
import { createTransport } from '../../../backend/spokes/transport.ts';
import { Doubles } from '../doubles.ts';
import { RANGE_QUERY } from '../range-body.ts';
import { timed } from '../rounds.ts';
import { median } from '../statistics.ts';
import { announce } from './announce.ts';

const { spokes: doubles } = Doubles.parse(JSON.parse(readFileSync(process.env['SPOKES_FILE'] ?? '', 'utf8')));
const rounds = Number(process.env['ROUNDS']);
const [start, end, step] = ['START', 'END', 'STEP'].map((name) => Number(process.env[name]));
if (start === undefined || end === undefined || step === undefined) throw new Error('no grid');

const logger = createLogger({ level: 'silent' });
const transport = createTransport({
  policy: createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] }),
  clock: systemClock,
  logger,
  metrics: createMetrics(),
  version: 'bench',
});
const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
const fanout = createFanout({ clock: systemClock, logger, spokes, cacheMaxBytes: 0, maxPerSecond: 10_000 });
const source = createMetricsSource({ fanout, spokes });
const collector = createMetricsCollector({
  clock: systemClock,
  source,
  prometheus: spokes.prometheus,
  guard: NO_GUARD,
});
const clusters = doubles.map(({ name, url }) => testCluster(name, { endpoints: { prometheus_url: url } }));

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');
if (typeof collectGarbage === 'function') collectGarbage();
const beforeMb = process.memoryUsage.rss() / 1e6;

const ms: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  ms.push(
    await timed(async () => {
      const { signal } = new AbortController();
      const answer = await collector.query({
        query: RANGE_QUERY,
        clusters,
        range: { start, end, step },
        budgetMs: 25_000,
        signal,
        scope: '',
      });
      if (!answer.complete) throw new Error(`not complete: ${JSON.stringify(answer.results.find((r) => r.error))}`);
    }),
  );
}
// The first round opens the connections; time is measured on the others, memory on all.
const peakMb = process.resourceUsage().maxRSS / 1e3;
announce({ ms: median(ms.slice(1)), grown_mb: peakMb - beforeMb }, () => transport.close());
