import { Random } from '../../backend/collectors/federation/test-random.ts';

export const CLUSTERS = ['alpha', 'beta', 'gamma'] as const;
/** Unix seconds; a whole number of minutes. */
export const START = 1_700_000_040;
export const END = START + 2400;
const SCRAPE = 15;

interface Series {
  readonly labels: Record<string, string>;
  readonly samples: [seconds: number, value: string][];
}

interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly series: Series[];
}

/** Scrapes of one series, some of them missing: single ones, and now and then ten minutes. */
function times(random: Random, flaky: number): number[] {
  const offset = random.pick([0, 0, 3.5, 7]);
  const list: number[] = [];
  for (let t = START + offset; t <= END; t += SCRAPE) {
    if (random.chance(flaky * 0.1)) t += 600;
    else if (!random.chance(flaky)) list.push(t);
  }
  return list;
}

/** Quarters, so that sums are exact in whatever order they are taken and differences come from logic only. */
const quarters = (random: Random, span: number): number => random.int(span * 4) / 4;

function gauge(random: Random, labels: Record<string, string>, flaky: number, value: () => string): Series {
  return { labels, samples: times(random, flaky).map((t) => [t, value()]) };
}

/** A counter that grows, stands still and starts again. */
function counter(random: Random, labels: Record<string, string>): Series {
  let value = quarters(random, 50);
  const samples = times(random, 0.03).map((t): [number, string] => {
    value = random.chance(0.02) ? 0 : value + (random.chance(0.2) ? 0 : quarters(random, 20));
    return [t, String(value)];
  });
  return { labels, samples };
}

function buckets(random: Random, labels: Record<string, string>): Series[] {
  const bounds = ['0.1', '0.5', '1', '5', '+Inf'];
  const counts = bounds.map(() => 0);
  const series = bounds.map((le): Series => ({
    labels: { ...labels, __name__: 'latency_seconds_bucket', le },
    samples: [],
  }));
  const [sums, totals]: [Series, Series] = [
    { labels: { ...labels, __name__: 'latency_seconds_sum' }, samples: [] },
    { labels: { ...labels, __name__: 'latency_seconds_count' }, samples: [] },
  ];
  let sum = 0;
  for (const t of times(random, 0.02)) {
    for (let hit = random.int(5); hit > 0; hit -= 1) {
      const place = random.int(bounds.length);
      sum += 0.25;
      for (let i = place; i < bounds.length; i += 1) counts[i] = (counts[i] ?? 0) + 1;
    }
    series.forEach((one, i) => one.samples.push([t, String(counts[i])]));
    sums.samples.push([t, String(sum)]);
    totals.samples.push([t, String(counts.at(-1))]);
  }
  return [...series, sums, totals];
}

/** What one cluster holds: label values that other clusters have too, metrics and series that only some have. */
export function clusterData(cluster: string, seed: number): Family[] {
  const random = new Random(seed);
  const jobs = random.some(['api', 'db', 'web', cluster], 0.8);
  const pods = ['p-0', 'p-1', 'p-2'].filter(() => random.chance(0.8));
  const named = (name: string) => (labels: Record<string, string>) => ({ __name__: name, ...labels });
  const pairs = jobs.flatMap((job) => pods.map((pod) => ({ job, pod })));
  const special = ['NaN', '+Inf', '-Inf', '0', '-2.5', '1e+300', '7'];
  // A part of its own for each series, so that no two values of a rank are equal; of equal ones nobody promises which comes first.
  let own = CLUSTERS.findIndex((one) => one === cluster) * 80;
  const unique = (span: number, below: number) => {
    own += 1;
    const part = own / 1024;
    return () => String(quarters(random, span) - below + part);
  };
  const specials = (): string => random.pick(special);
  return [
    {
      name: 'load',
      type: 'gauge',
      series: pairs.map((pair) => gauge(random, named('load')(pair), 0.05, unique(1000, 200))),
    },
    {
      name: 'memory',
      type: 'gauge',
      series: pairs
        .filter(() => random.chance(0.7))
        .map(({ job, pod }) =>
          gauge(random, named('memory')({ job, pod, zone: random.pick(['z1', 'z2']) }), 0.1, unique(5000, 0)),
        ),
    },
    {
      name: 'up',
      type: 'gauge',
      series: pairs.map((pair) => gauge(random, named('up')(pair), 0.02, () => (random.chance(0.8) ? '1' : '0'))),
    },
    {
      name: 'pod_info',
      type: 'gauge',
      series: pods.map((pod) =>
        gauge(random, named('pod_info')({ pod, node: `${cluster}-n${random.int(2)}` }), 0.01, () => '1'),
      ),
    },
    {
      name: 'special',
      type: 'gauge',
      series: jobs.map((job) => gauge(random, named('special')({ job }), 0.05, specials)),
    },
    ...(cluster === 'beta'
      ? [
          {
            name: 'only_beta',
            type: 'gauge' as const,
            series: [gauge(random, named('only_beta')({ job: 'api' }), 0.3, () => String(quarters(random, 9)))],
          },
        ]
      : []),
    {
      name: 'requests',
      type: 'counter',
      series: pairs.flatMap(({ job, pod }) =>
        random.some(['200', '500'], 0.8).map((code) => counter(random, named('requests_total')({ job, pod, code }))),
      ),
    },
    { name: 'latency_seconds', type: 'histogram', series: jobs.flatMap((job) => buckets(random, { job })) },
  ];
}

/** OpenMetrics text for promtool. `labels` are added to every series. */
export function openMetrics(parts: readonly { families: readonly Family[]; labels: Record<string, string> }[]): string {
  const lines: string[] = [];
  const names = [...new Set(parts.flatMap(({ families }) => families.map(({ name }) => name)))];
  for (const name of names) {
    const first = parts.flatMap(({ families }) => families).find((family) => family.name === name);
    lines.push(`# TYPE ${name} ${first?.type ?? 'gauge'}`);
    for (const { families, labels } of parts) {
      for (const { series } of families.filter((family) => family.name === name)) {
        for (const one of series) {
          const { __name__: metric, ...rest } = { ...one.labels, ...labels };
          const text = Object.entries(rest)
            .map(([label, value]) => `${label}="${value}"`)
            .join(',');
          for (const [t, value] of one.samples) lines.push(`${metric}{${text}} ${value} ${t}`);
        }
      }
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

/** When an expression is asked: one instant, or a range; inside the data, at its edges, or beyond. Milliseconds. */
export function randomGrid(random: Random): { startMs: number; stepMs: number; count: number } {
  const from = random.pick([
    START + 600,
    START + 1200 + 0.25,
    START + 1807,
    END - 5,
    END + 200,
    START + 900,
    START - 60,
  ]);
  if (random.chance(0.5)) return { startMs: from * 1000, stepMs: 1000, count: 1 };
  const stepMs = random.pick([15_000, 30_000, 60_000, 7500, 333_000]);
  return { startMs: from * 1000, stepMs, count: 2 + random.int(14) };
}
