import { z } from 'zod';
import { createFanout } from '../../backend/collectors/fanout/fanout.ts';
import { createMetricsSource } from '../../backend/collectors/metrics/metrics-source.ts';
import { createMetricsCollector } from '../../backend/collectors/metrics/metrics.ts';
import { NO_GUARD } from '../../backend/collectors/query-guard/query-guard.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { createAddressPolicy } from '../../backend/spokes/address-policy.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { createTransport } from '../../backend/spokes/transport.ts';
import { startChild } from './child.ts';
import { Doubles } from './doubles.ts';
import { RANGE_QUERY } from './range-body.ts';
import type { Row } from './report.ts';
import { interleave, timed } from './rounds.ts';
import { median } from './statistics.ts';

/*
 * One range query over many spokes through the real transport, fan-out and collector, against asking the slowest of them
 * alone. Whatever the difference is, the hub has added.
 */

const SLOWEST_MS = 150;
const SERIES = 40;
const GRID = { start: 1_700_000_040, end: 1_700_003_640, step: 60 };
const SAMPLES_PER_SPOKE = SERIES * ((GRID.end - GRID.start) / GRID.step + 1);
/** The rounds repeat one question, which is to be asked and not to be served from the cache. */
const EVERY_TIME = { cacheMaxBytes: 0, maxPerSecond: 10_000 };
const WARM_UP = { rounds: 3, budgetMs: 3_000 };
const MEASURED = { rounds: 15, budgetMs: 7_000 };

export async function measureFleetQuery(folder: string): Promise<Row[]> {
  return [await measure(20, folder), await measure(100, folder)];
}

async function measure(count: number, folder: string): Promise<Row> {
  const env = {
    SPOKES: String(count),
    SLOWEST_MS: String(SLOWEST_MS),
    SERIES: String(SERIES),
    START: String(GRID.start),
    END: String(GRID.end),
    STEP: String(GRID.step),
  };
  const doubles = await startChild({ server: 'spoke-doubles', env, folder, ready: Doubles });
  const logger = createLogger({ level: 'silent' });
  const transport = createTransport({
    policy: createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] }),
    clock: systemClock,
    logger,
    metrics: createMetrics(),
    version: 'bench',
  });
  try {
    const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
    const fanout = createFanout({ clock: systemClock, logger, spokes, ...EVERY_TIME });
    const collector = createMetricsCollector({
      clock: systemClock,
      source: createMetricsSource({ fanout, spokes }),
      prometheus: spokes.prometheus,
      guard: NO_GUARD,
    });
    const clusters = doubles.ready.spokes.map(({ name, url }) =>
      testCluster(name, { endpoints: { prometheus_url: url } }),
    );
    const [slowest] = doubles.ready.spokes.toSorted((a, b) => b.delay_ms - a.delay_ms);
    const direct = `${slowest?.url}/api/v1/query_range?${new URLSearchParams({
      query: RANGE_QUERY,
      start: String(GRID.start),
      end: String(GRID.end),
      step: String(GRID.step),
    }).toString()}`;

    const whole = async () => {
      const { signal } = new AbortController();
      const answer = await collector.query({
        query: RANGE_QUERY,
        clusters,
        range: GRID,
        budgetMs: 10_000,
        signal,
        scope: '',
      });
      if (!answer.complete) throw new Error(`The answer is not complete: ${JSON.stringify(answer.results[0])}`);
      requireSamples(
        answer.results.flatMap((result) => result.data),
        count,
      );
    };
    const alone = async () => {
      const answer = Direct.parse(await (await fetch(direct)).json());
      requireSamples(answer.data.result, 1);
    };

    const sides = [
      { run: whole, ms: [] as number[] },
      { run: alone, ms: [] as number[] },
    ] as const;
    await interleave(sides, WARM_UP, ({ run }) => run());
    await interleave(sides, MEASURED, async ({ run, ms }) => void ms.push(await timed(run)));
    const [ours, baseline] = [median(sides[0].ms), median(sides[1].ms)];
    return {
      measure: `range query over ${count} spokes, p50`,
      ours,
      baseline,
      unit: 'ms',
      bar: '≤ 1.15 × slowest spoke alone + 20 ms',
      met: ours <= 1.15 * baseline + 20,
    };
  } finally {
    await transport.close();
    await doubles.stop();
  }
}

/** Checks the frame only: the baseline is spared what the product checks of every sample. */
const Direct = z.object({ data: z.object({ result: z.array(z.custom<{ values: unknown[] }>()) }) });

function requireSamples(series: readonly { readonly values: readonly unknown[] }[], spokes: number): void {
  const samples = series.reduce((sum, { values }) => sum + values.length, 0);
  if (samples !== spokes * SAMPLES_PER_SPOKE)
    throw new Error(`${samples} samples came instead of ${spokes * SAMPLES_PER_SPOKE}`);
}
