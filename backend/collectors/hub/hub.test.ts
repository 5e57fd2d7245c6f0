import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import type { UsableCredentials } from '../../spokes/auth.ts';
import { createSpokes } from '../../spokes/spokes.ts';
import { type HttpDouble, type TestServer, startHttp, startPrometheus } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createFanout } from '../fanout/fanout.ts';
import { createMetricsSource } from '../metrics/metrics-source.ts';
import { createMetricsCollector } from '../metrics/metrics.ts';
import { createSeriesCounter } from '../query-guard/count-series.ts';
import { NO_GUARD } from '../query-guard/query-guard.ts';
import { injectMatcher, matcherFor } from './inject.ts';

/*
 * One real Prometheus holds the metrics of three clusters, as a hub does. In front of it stands a proxy that counts and, where a
 * test says so, misbehaves. What the hub answers for each cluster must be what a query of that cluster's series alone answers.
 */

const tokens = new Map<string, string>();
const transport = loopbackTransport();
const spokes = createSpokes({
  transport,
  credentialsOf: async (id): Promise<UsableCredentials | undefined> =>
    tokens.has(id) ? { auth_type: 'NONE', global_metrics_token: tokens.get(id) } : undefined,
});
const logger = createLogger({ level: 'silent' });
const fanout = createFanout({ clock: systemClock, logger, spokes, cacheMaxBytes: 0 });
const source = createMetricsSource({ fanout, spokes });
const collector = createMetricsCollector({
  clock: systemClock,
  source,
  prometheus: spokes.prometheus,
  guard: NO_GUARD,
});
const ask = { budgetMs: 20_000, signal: new AbortController().signal, scope: '' };

const LABEL = 'managed_cluster';
/** With a character that a regular expression takes for more than itself. */
const VALUES = ['a.1', 'ab1', 'c'];
const end = Math.floor(Date.now() / 60_000) * 60;
const start = end - 1800;
let prometheus: TestServer;
let hub: HttpDouble;
let clusters: Cluster[] = [];
const asked: { readonly query: string; readonly token: string }[] = [];
let answerInstead: ((query: string) => unknown) | undefined;

function samples(): string {
  const lines = ['# TYPE requests counter'];
  VALUES.forEach((value, index) => {
    for (const [pod, ns] of [['p1', 'x'], ['p2', 'y'], ['p3', 'x']] as const)
      for (let t = start; t <= end; t += 60)
        lines.push(`requests_total{${LABEL}="${value}",pod="${pod}",ns="${ns}"} ${((t - start) / 60) * (index + 1)} ${t}`);
  }); // prettier-ignore
  lines.push('# TYPE info gauge');
  VALUES.slice(0, 2).forEach((value) => {
    for (const pod of ['p1', 'p2'])
      for (let t = start; t <= end; t += 60)
        lines.push(`info{${LABEL}="${value}",pod="${pod}",team="t-${pod}"} 1 ${t}`);
  });
  lines.push('# TYPE lat histogram');
  VALUES.forEach((value, index) => {
    for (const [le, n] of [['0.1', 1], ['1', 5], ['+Inf', 9 + index]] as const)
      for (let t = start; t <= end; t += 60)
        lines.push(`lat_bucket{${LABEL}="${value}",le="${le}"} ${(n * (t - start)) / 60} ${t}`);
    for (let t = start; t <= end; t += 60) lines.push(`lat_count{${LABEL}="${value}"} ${((9 + index) * (t - start)) / 60} ${t}`);
  }); // prettier-ignore
  return lines.join('\n');
}

/** Passes a question on to the Prometheus behind, and takes note of it. */
async function answerAsHub(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // proof: no encoding was set
  const body = Buffer.concat(chunks).toString('utf8');
  const url = new URL(request.url ?? '', 'http://hub');
  const params = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
  const query = params.get('query') ?? params.getAll('match[]').join(' ');
  if (query !== '') asked.push({ query, token: request.headers.authorization ?? '' });
  const instead = answerInstead?.(query);
  const answer = await fetch(`${prometheus.url}${url.pathname}?${params.toString()}`);
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(instead === undefined ? await answer.text() : JSON.stringify(instead));
}

beforeAll(async () => {
  prometheus = await startPrometheus({ samples: samples() });
  hub = await startHttp((request, response) => void answerAsHub(request, response));
  clusters = VALUES.map((cluster_value, index) =>
    testCluster(`cluster-${index}`, {
      endpoints: {},
      global_metrics: { url: hub.url, cluster_label: LABEL, cluster_value },
      has_credentials: true,
    }),
  );
  for (const { id } of clusters) tokens.set(id, 'shared');
});
afterAll(async () => {
  await hub.stop();
  await prometheus.stop();
  await transport.close();
});

/** What the hub's Prometheus answers over the series of one cluster alone, as label sets without the label. */
async function alone(query: string, value: string, range: boolean): Promise<unknown> {
  const params = {
    query: injectMatcher(query, matcherFor(LABEL, [value])),
    ...(range ? { start: String(start), end: String(end), step: '300' } : { time: String(end) }),
  };
  const url = `${prometheus.url}/api/v1/query${range ? '_range' : ''}?${new URLSearchParams(params).toString()}`;
  const { status, data } = (await (await fetch(url)).json()) as {
    status: string;
    data?: { result: (MetricSeries & { value?: unknown })[] };
  }; // proof: the API of a real Prometheus, whose shape the client's own tests assert
  if (status !== 'success' || !data) return 'an error';
  return comparable(data.result.map(({ metric, values, value }) => ({ metric, values: values ?? [value] })));
}

function comparable(series: readonly { metric: Record<string, string>; values: unknown }[]): unknown {
  return series
    .map(({ metric, values }) => ({
      metric: Object.fromEntries(Object.entries(metric).filter(([name]) => name !== LABEL && name !== 'cluster')),
      values,
    }))
    .map((one) =>
      JSON.stringify({ ...one, metric: Object.entries(one.metric).toSorted(([a], [b]) => (a < b ? -1 : 1)) }),
    )
    .sort();
}

async function throughHub(query: string, range: boolean) {
  asked.length = 0;
  return collector.query({
    query,
    clusters,
    ...(range ? { range: { start, end, step: 300 } } : { time: end }),
    ...ask,
  });
}

const ONCE = [
  'requests_total',
  'sum(requests_total)',
  'sum by (ns) (rate(requests_total{pod!="p2"}[5m]))',
  'avg without (pod) (requests_total offset 5m)',
  'topk(1, requests_total)',
  'bottomk by (ns) (1, requests_total)',
  'quantile(0.5, requests_total)',
  'count_values("v", requests_total)',
  'sum(requests_total) by (ns) / on (ns) group_left () count by (ns) (requests_total)',
  'requests_total * on (pod) group_left (team) info',
  'requests_total unless on (pod) info',
  'requests_total > 10 or info',
  'max_over_time(sum(requests_total)[10m:1m])',
  'histogram_quantile(0.9, sum by (le) (rate(lat_bucket[5m])))',
  '-requests_total{pod="p1"} + 1',
  'label_replace(requests_total, "node", "$1", "pod", "p(.)")',
  'sum(requests_total @ end())',
  `sum by (${LABEL}, ns) (requests_total)`,
  'stddev(requests_total) > bool 3',
  '{__name__=~"requests_.*"}',
  'time()',
];
const EACH = [
  'absent(info)',
  'sum(info) or vector(0)',
  'scalar(sum(requests_total))',
  'sort_desc(info) + scalar(sum(info))',
];

describe('clusters behind one hub', () => {
  it.each(ONCE)('are asked once, and each gets what it alone would: %s', async (query) => {
    for (const range of [false, true]) {
      const answer = await throughHub(query, range);
      expect(asked).toHaveLength(1);
      expect(answer).toMatchObject({ complete: true, clusters_succeeded: 3, notes: [] });
      for (const [index, value] of VALUES.entries()) {
        const { data = [], cluster_name } = answer.results[index] ?? {};
        expect(data.every(({ metric }) => metric['cluster'] === cluster_name && !(LABEL in metric))).toBe(true);
        if (query !== 'time()') expect(comparable(data)).toEqual(await alone(query, value, range));
      }
    }
  });

  it.each(EACH)(
    'are asked one by one, and that is said, where one question cannot tell them apart: %s',
    async (query) => {
      const answer = await throughHub(query, false);
      expect(asked).toHaveLength(3);
      expect(answer.notes[0]).toMatch(/asked once for each cluster: /);
      for (const [index, value] of VALUES.entries()) {
        const { data = [], result_type } = answer.results[index] ?? {};
        if (result_type === 'VECTOR') expect(comparable(data)).toEqual(await alone(query, value, false));
      }
    },
  );

  it('keep a ranking within each', async () => {
    const answer = await throughHub('sort_desc(requests_total)', false);
    for (const { data } of answer.results) {
      const values = data.map(({ values: [sample] }) => Number(sample?.[1]));
      expect(values).toEqual(values.toSorted((a, b) => b - a));
    }
  });

  it('have their own errors when the query fails for the data of one', async () => {
    // Two of them have two series of info for one pod after the label is gone; the third has none.
    const query = 'sum without (pod) (requests_total) * on (ns) sum by (ns, pod) (requests_total)';
    const answer = await throughHub(query, false);
    expect(answer.notes[0]).toContain('over all of them the query fails');
    for (const [index, value] of VALUES.entries()) {
      const expected = (await alone(query, value, false)) === 'an error' ? 'ERROR' : 'SUCCESS';
      expect(answer.results[index]?.status).toBe(expected);
    }
  });

  it('give labels and series as if they were asked themselves', async () => {
    const window = { clusters: clusters.slice(0, 2), start, end, ...ask };
    const series = await collector.series({ ...window, matchers: ['info{pod="p1"}'], limit: 10 });
    expect(series.series).toEqual([
      { __name__: 'info', cluster: 'cluster-0', pod: 'p1', team: 't-p1' },
      { __name__: 'info', cluster: 'cluster-1', pod: 'p1', team: 't-p1' },
    ]);
    const values = await collector.labels({ ...window, label: LABEL, matchers: [], limit: 10 });
    expect(values.values).toEqual(['a.1', 'ab1']);
    expect((await collector.metadata({ ...window, limit: 10 })).complete).toBe(true);
  });

  it('give exemplars as if they were asked themselves', async () => {
    const one = (cluster: string, value: string) => ({
      seriesLabels: { __name__: 'lat_bucket', [LABEL]: cluster },
      exemplars: [{ labels: { trace_id: 'a' }, value, timestamp: end }],
    });
    answerInstead = () => ({ status: 'success', data: [one('a.1', '0.1'), one('ab1', '0.2')] });
    asked.length = 0;
    const two = { clusters: clusters.slice(0, 2), start, end, ...ask };
    const { exemplars } = await collector.exemplars({ ...two, query: 'rate(lat_bucket[5m])', limit: 10 });
    answerInstead = undefined;
    expect(exemplars.map(({ metric, value }) => [metric, value])).toEqual([
      [{ __name__: 'lat_bucket', cluster: 'cluster-0' }, '0.1'],
      [{ __name__: 'lat_bucket', cluster: 'cluster-1' }, '0.2'],
    ]);
    expect(asked.map(({ query }) => query)).toEqual([`rate(lat_bucket{${matcherFor(LABEL, ['a.1', 'ab1'])}}[5m])`]);
  });

  it('are left out of the question of the others while they are paused', async () => {
    const [first, ...others] = clusters;
    if (!first) throw new Error('three clusters');
    asked.length = 0;
    const paused = { ...first, collection_paused: true };
    const answer = await collector.query({
      query: 'sum(requests_total)',
      time: end,
      ...ask,
      clusters: [paused, ...others],
    });
    expect(answer.results.map(({ status }) => status)).toEqual(['SKIPPED', 'SUCCESS', 'SUCCESS']);
    expect(asked.map(({ query }) => query)).toEqual([`sum by (${LABEL}) (requests_total{${LABEL}=~"ab1|c"})`]);
  });

  it('with another token are asked apart, and no token goes where it was not given for', async () => {
    const [first, second, third] = clusters;
    if (!first || !second || !third) throw new Error('three clusters');
    tokens.set(second.id, 'other');
    for (const { id } of clusters) spokes.forget(id);
    const answer = await throughHub('sum(requests_total)', false);
    expect(answer.complete).toBe(true);
    expect(asked.map(({ token, query }) => `${token} ${query}`).sort()).toEqual([
      `Bearer other sum(requests_total{${LABEL}="ab1"})`,
      `Bearer shared sum by (${LABEL}) (requests_total{${LABEL}=~"a\\\\.1|c"})`,
    ]);
    tokens.set(second.id, 'shared');
    for (const { id } of clusters) spokes.forget(id);
  });

  it('are all refused when the hub does not heed the matcher', async () => {
    answerInstead = () => ({
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: { [LABEL]: 'somebody-else' }, value: [end, '1'] }] },
    });
    const answer = await throughHub('requests_total', false);
    answerInstead = undefined;
    expect(answer.results.map(({ status }) => status)).toEqual(['ERROR', 'ERROR', 'ERROR']);
    expect(answer.results[0]?.error?.message).toContain('managed_cluster="somebody-else"');
  });

  it('are one question each time that an answer for the fleet needs one of them', async () => {
    asked.length = 0;
    const query = { query: 'avg(requests_total)', clusters, time: end, aggregation: 'FLEET' as const, ...ask };
    const answer = await collector.query(query);
    expect(answer.complete).toBe(true);
    // Three pods at 30, 60 and 90 requests.
    expect(answer.merged?.data[0]?.values).toEqual([[end, '60']]);
    expect(asked).toHaveLength(2); // the sum, or the mean, and the count
  });

  it('have their series counted for the query guard in one question', async () => {
    asked.length = 0;
    const counts = await createSeriesCounter(source)(['requests_total', 'info{pod="p1"}'], end, { clusters, ...ask });
    expect(asked).toHaveLength(1);
    expect(clusters.map(({ id }) => counts.get(id))).toEqual([
      [3, 1],
      [3, 1],
      [3, 0],
    ]);
  });

  it('yield to a Prometheus of the cluster itself', async () => {
    const own = testCluster('own-1', {
      endpoints: { prometheus_url: prometheus.url },
      global_metrics: { url: hub.url, cluster_label: LABEL, cluster_value: 'c' },
    });
    asked.length = 0;
    const answer = await collector.query({ query: 'count(requests_total)', clusters: [own], time: end, ...ask });
    expect(asked).toEqual([]);
    expect(answer.results[0]?.data[0]?.values).toEqual([[end, '9']]);
  });
});

describe('a query that was rewritten for a hub', () => {
  const { expr } = fc.letrec<{ expr: string; vector: string }>((tie) => ({
    expr: tie('vector'),
    vector: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'promql' },
      fc.constantFrom('requests_total', 'info', 'requests_total{ns="x"}', 'rate(requests_total[5m])', 'info offset 1m', '{__name__="info",}'),
      fc
        .tuple(fc.constantFrom('sum', 'min', 'max', 'count', 'avg', 'group'), fc.constantFrom('', 'by (ns)', 'by ()', 'without (pod)'), tie('vector'))
        .map(([op, grouping, of]) => `${op} ${grouping} (${of})`),
      fc
        .tuple(tie('vector'), fc.constantFrom('and', 'or', 'unless', 'or on (pod)', 'and ignoring (team)', 'unless on ()'), tie('vector'))
        .map(([a, op, b]) => `(${a}) ${op} (${b})`),
      fc.tuple(fc.constantFrom('abs', 'ceil', '-', 'clamp_max'), tie('vector')).map(([f, of]) => (f === 'clamp_max' ? `clamp_max(${of}, 7)` : `${f}(${of})`)),
      tie('vector').map((of) => `max_over_time((${of})[5m:1m])`),
      tie('vector').map((of) => `(${of}) > 3`),
    ),
  })); // prettier-ignore

  it('answers for each cluster what the query of its series alone answers', async () => {
    await fc.assert(
      fc.asyncProperty(expr, async (query) => {
        const answer = await throughHub(query, false);
        for (const [index, value] of VALUES.entries()) {
          const { data = [], status } = answer.results[index] ?? {};
          const expected = await alone(query, value, false);
          expect(status === 'ERROR' ? 'an error' : comparable(data)).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});
