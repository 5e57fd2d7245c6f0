import { createFanout } from '../../backend/collectors/fanout/fanout.ts';
import { createMetricsSource } from '../../backend/collectors/metrics/metrics-source.ts';
import { createMetricsCollector } from '../../backend/collectors/metrics/metrics.ts';
import { NO_GUARD } from '../../backend/collectors/query-guard/query-guard.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { RANGE_QUERY, rangeBody } from './range-body.ts';
import type { Row } from './report.ts';
import { interleave, timed } from './rounds.ts';
import { median } from './statistics.ts';

/*
 * What decoding, checking, labelling and merging range results costs over JSON.parse of the same bytes, with no network. The
 * baseline lets each value go at once, while a merged answer holds them all; most of the difference is the garbage collector's work
 * of keeping them.
 */

const CLUSTERS = 20;
const SERIES = 60;
/** One hour at 15 s. */
const GRID = { start: 1_700_000_040, end: 1_700_003_640, step: 15 };
/** The rounds repeat one question, which is to be asked and not to be served from the cache. */
const EVERY_TIME = { cacheMaxBytes: 0, maxPerSecond: 10_000 };
const WARM_UP = { rounds: 5, budgetMs: 3_000 };
const MEASURED = { rounds: 25, budgetMs: 7_000 };
const BYTES_PER_MB = 1_000_000;

const unused = () => Promise.reject(new Error('metrics are asked by request alone'));

export async function measureDecodeMerge(): Promise<Row[]> {
  const names = Array.from({ length: CLUSTERS }, (_, index) => `spoke-${String(index + 1).padStart(3, '0')}`);
  const clusters = names.map((name) => testCluster(name));
  const bodies = new Map(clusters.map(({ id, name }) => [id, rangeBody(name, SERIES, GRID)]));
  const megabytes = [...bodies.values()].reduce((sum, body) => sum + body.length, 0) / BYTES_PER_MB;

  const spokes = createSpokes({
    credentialsOf: async () => undefined,
    transport: {
      request: async ({ clusterId }) => {
        const body = bodies.get(clusterId);
        if (!body) throw new Error(`no body for ${clusterId}`);
        return { status: 200, headers: { 'content-type': 'application/json' }, body };
      },
      stream: unused,
      dial: unused,
      forget: () => undefined,
      close: async () => undefined,
    },
  });
  const fanout = createFanout({ clock: systemClock, logger: createLogger({ level: 'silent' }), spokes, ...EVERY_TIME });
  const collector = createMetricsCollector({
    clock: systemClock,
    source: createMetricsSource({ fanout, spokes }),
    prometheus: spokes.prometheus,
    guard: NO_GUARD,
  });

  const sides = [
    {
      rates: [] as number[],
      run: async () => {
        const { signal } = new AbortController();
        const answer = await collector.query({
          query: RANGE_QUERY,
          clusters,
          range: GRID,
          budgetMs: 60_000,
          signal,
          scope: '',
        });
        if (answer.clusters_succeeded !== CLUSTERS) throw new Error(JSON.stringify(answer.results[0]).slice(0, 500));
      },
    },
    {
      rates: [] as number[],
      run: async () => {
        for (const body of bodies.values()) JSON.parse(body.toString('utf8'));
      },
    },
  ] as const;
  await interleave(sides, WARM_UP, ({ run }) => run());
  await interleave(sides, MEASURED, async ({ run, rates }) => void rates.push(megabytes / ((await timed(run)) / 1000)));
  const [ours, baseline] = [median(sides[0].rates), median(sides[1].rates)];
  return [
    {
      measure: `decode and merge, ${CLUSTERS} range results of ${megabytes.toFixed(1)} MB`,
      ours,
      baseline,
      unit: 'MB/s',
      bar: '≥ 50 % of JSON.parse',
      met: ours >= 0.5 * baseline,
    },
  ];
}
