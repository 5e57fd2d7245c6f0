import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { createSpokes } from '../../spokes/spokes.ts';
import { type TestServer, freePort, startPrometheus, startTcp } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createFanout } from '../fanout/fanout.ts';
import { createMetricsSource } from './metrics-source.ts';
import { createMetricsCollector } from './metrics.ts';
import { DEFAULT_LIMITS, type GuardLimits } from '../query-guard/budget.ts';
import { createSeriesCounter } from '../query-guard/count-series.ts';
import { type GuardMode, createQueryGuard } from '../query-guard/query-guard.ts';

const transport = loopbackTransport();
const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
const fanout = createFanout({
  clock: systemClock,
  logger: createLogger({ level: 'silent' }),
  spokes,
  cacheMaxBytes: 0,
});
const source = createMetricsSource({ fanout, spokes });
const blocked: string[] = [];
function collectorWithin(limits: Partial<GuardLimits>, mode: GuardMode = 'enforce') {
  const guard = createQueryGuard({
    clock: systemClock,
    mode,
    limits: { ...DEFAULT_LIMITS, ...limits },
    count: createSeriesCounter(source),
    onBlocked: (rule, how) => blocked.push(`${rule} ${how}`),
  });
  return createMetricsCollector({ clock: systemClock, source, prometheus: spokes.prometheus, guard });
}
const collector = collectorWithin({});
const ask = { budgetMs: 10_000, signal: new AbortController().signal, scope: '' };

const end = Math.floor(Date.now() / 60_000) * 60;
const start = end - 3600;
const names = ['edge-1', 'edge-2', 'hub-1'];
const servers = new Map<string, TestServer>();
let clusters: Cluster[] = [];

/** A counter, a gauge with awkward values and a label that only this cluster has. */
function samplesOf(index: number): string {
  const lines = ['# TYPE requests counter'];
  for (const pod of ['a', 'b', 'c']) {
    for (let t = start; t <= end; t += 60)
      lines.push(`requests_total{pod="${pod}",only_${index}="x"} ${((t - start) / 60) * (index + 1) + 0.1} ${t}`);
  }
  lines.push('# TYPE odd gauge');
  for (let t = start; t <= end; t += 60)
    lines.push(`odd{v="${index}"} ${['NaN', '+Inf', '-Inf', '1e-9', '123456789.123456789'][(t / 60) % 5]} ${t}`);
  return lines.join('\n');
}

async function direct(name: string, path: string, params: Record<string, string>): Promise<unknown> {
  const answer = await fetch(`${servers.get(name)?.url}/api/v1${path}?${new URLSearchParams(params).toString()}`);
  return answer.json();
}

/** Label sets without the label that we add, with their samples; in one order. */
function comparable(series: readonly { metric: Record<string, string>; values?: unknown; value?: unknown }[]) {
  return series
    .map(({ metric: { cluster: _added, ...metric }, values, value }) => ({ metric, values: values ?? [value] }))
    .toSorted((a, b) => (JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1));
}

async function errorOf(promise: Promise<unknown>): Promise<AppError> {
  const error: unknown = await promise.then(
    () => 'it was answered',
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error('no AppError', { cause: error });
}

beforeAll(async () => {
  await Promise.all(
    names.map(async (name, index) => servers.set(name, await startPrometheus({ samples: samplesOf(index) }))),
  );
  clusters = names.map((name) => testCluster(name, { endpoints: { prometheus_url: servers.get(name)?.url } }));
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  await transport.close();
});

describe('a query over real Prometheus servers', () => {
  const queries = [
    'requests_total',
    'odd',
    'sum by (pod) (rate(requests_total[5m]))',
    'odd * 0',
    'requests_total{pod="none"}',
    '42',
  ];

  it.each(queries)('equals, sample for sample, what each answers itself over a range: %s', async (query) => {
    const answer = await collector.query({ query, clusters, range: { start, end, step: 60 }, ...ask });
    expect(answer.complete).toBe(true);
    expect(answer.range).toEqual({ start, end, step: 60 });
    expect(answer.results.map((result) => result.cluster_name)).toEqual(names);
    for (const { cluster_name, data, result_type } of answer.results) {
      const body = await direct(cluster_name, '/query_range', {
        query,
        start: String(start),
        end: String(end),
        step: '60',
      });
      expect(result_type).toBe('MATRIX');
      expect(comparable(data)).toEqual(comparable(resultOf(body)));
      expect(data.every((series) => series.metric['cluster'] === cluster_name)).toBe(true);
    }
  });

  it.each(queries.slice(0, 5))('equals what each answers itself for one instant: %s', async (query) => {
    const answer = await collector.query({ query, clusters, time: end, ...ask });
    for (const { cluster_name, data, result_type } of answer.results) {
      expect(result_type).toBe('VECTOR');
      expect(comparable(data)).toEqual(
        comparable(resultOf(await direct(cluster_name, '/query', { query, time: String(end) }))),
      );
    }
  });

  it('asks every cluster for one and the same instant', async () => {
    const answer = await collector.query({ query: 'time()', clusters, ...ask });
    const times = new Set(
      answer.results.flatMap((result) => result.data.flatMap((series) => series.values.map(([t, v]) => `${t} ${v}`))),
    );
    expect(times.size).toBe(1);
  });

  it('keeps the order of a ranking and sorts everything else by labels', async () => {
    const named = (value: number, k: string) => `label_replace(vector(${value}), "k", "${k}", "", "")`;
    const query = `sort_desc(${named(1, 'a')} or ${named(3, 'b')} or ${named(2, 'c')})`;
    const ranked = await collector.query({ query, clusters: clusters.slice(0, 1), time: end, ...ask });
    expect(ranked.results[0]?.data.map((series) => series.metric['k'])).toEqual(['b', 'c', 'a']);
    const plain = await collector.query({ query: 'requests_total', clusters: clusters.slice(0, 1), time: end, ...ask });
    expect(plain.results[0]?.data.map((series) => series.metric['pod'])).toEqual(['a', 'b', 'c']);
  });

  it('refuses bad PromQL before any cluster is asked', async () => {
    const unreachable = testCluster('gone-1', { endpoints: { prometheus_url: 'http://127.0.0.1:1' } });
    const error = await errorOf(collector.query({ query: 'sum(', clusters: [unreachable], ...ask }));
    expect([error.code, error.details['position']]).toEqual(['INVALID_PROMQL', 4]);
  });

  it('makes a query that every spoke refuses the error of the caller', async () => {
    const error = await errorOf(collector.query({ query: 'rate(requests_total)', clusters, time: end, ...ask }));
    expect([error.code, error.details['position']]).toEqual(['INVALID_PROMQL', 5]);
    expect(error.message).toContain('expected type range vector');
  });

  it('raises a step that gives more points than a spoke answers, and notes a step that it chose', async () => {
    const long = { start: end - 30 * 86_400, end, step: 1 };
    const raised = await collector.query({ query: 'odd', clusters, range: long, ...ask });
    expect(raised).toMatchObject({ complete: true, range: { step: 300 } });
    expect(raised.notes[0]).toContain('raised from 1s to 300s');
    const answer = await collector.query({ query: 'odd', clusters, range: { start, end }, ...ask });
    expect(answer.range?.step).toBe(15);
    expect(answer.notes).toEqual(['step 15s was chosen for 241 points; pass step to change it.']);
  });

  it('cuts to the limit at servers that know none, and calls that partial', async () => {
    const answer = await collector.query({ query: 'requests_total', clusters, time: end, limit: 2, ...ask });
    expect(answer.results.map(({ status, data }) => [status, data.length])).toEqual(names.map(() => ['PARTIAL', 2]));
    expect(answer.results[0]?.warnings?.[0]).toContain('truncated due to limit');
  });

  it('tells a server that is too old for quoted names from a wrong query', async () => {
    const answer = await collector.query({ query: '{"odd.name"}', clusters, time: end, ...ask });
    expect(answer.results[0]?.error?.message).toMatch(/Prometheus 2\.\S+ knows no quoted names/);
    const labels = { clusters, matchers: [], start, end, limit: 10, ...ask };
    expect(await collector.labels({ ...labels, label: 'odd.name' })).toMatchObject({ values: [], complete: true });
  });

  it('notes that the label cluster cannot be matched on', async () => {
    const answer = await collector.query({ query: 'odd{cluster="edge-1"}', clusters, time: end, ...ask });
    expect(answer.notes[0]).toContain('clusters argument');
  });

  it('skips a cluster without Prometheus and stays complete', async () => {
    const bare = testCluster('bare-1', { endpoints: {} });
    const answer = await collector.query({ query: 'odd', clusters: [...clusters, bare], time: end, ...ask });
    expect(answer).toMatchObject({ complete: true, clusters_queried: 3, clusters_succeeded: 3 });
    expect(answer.results[0]).toMatchObject({ cluster_name: 'bare-1', status: 'SKIPPED', data: [] });
  });

  it('refuses data that carries the name of another cluster, for that cluster alone', async () => {
    const answer = await collector.query({
      query: 'label_replace(odd, "cluster", "edge-1", "", "")',
      clusters,
      time: end,
      ...ask,
    });
    expect(answer.results.map((result) => result.status)).toEqual(['SUCCESS', 'ERROR', 'ERROR']);
    expect(answer.results[1]?.error?.message).toContain('cluster="edge-1" already');
    expect(answer.complete).toBe(false);
  });

  it('lists label names and values as the union of all clusters', async () => {
    const window = { clusters, matchers: [], start, end, limit: 100, ...ask };
    const all = await collector.labels(window);
    expect(all.values).toEqual(['__name__', 'only_0', 'only_1', 'only_2', 'pod', 'v']);
    expect(await collector.labels({ ...window, label: 'v' })).toMatchObject({
      values: ['0', '1', '2'],
      total: 3,
      complete: true,
    });
    expect(await collector.labels({ ...window, label: '__name__', matchers: ['odd'] })).toMatchObject({
      values: ['odd'],
    });
    expect(await collector.labels({ ...window, label: 'v', limit: 2 })).toMatchObject({ values: ['0', '1'], total: 3 });
    expect((await errorOf(collector.labels({ ...window, matchers: ['rate(odd[5m])'] }))).code).toBe('INVALID_PROMQL');
    expect((await errorOf(collector.labels({ ...window, start: end, end: start }))).code).toBe('VALIDATION_FAILED');
  });

  it('lists the label sets of series, each with its cluster', async () => {
    const asked = { clusters, matchers: ['odd', 'requests_total{pod="a"}'], start, end, limit: 100, ...ask };
    const answer = await collector.series(asked);
    expect(answer).toMatchObject({ total: 6, complete: true });
    expect(answer.series.slice(0, 3)).toEqual([
      { __name__: 'odd', v: '0', cluster: 'edge-1' },
      { __name__: 'requests_total', pod: 'a', only_0: 'x', cluster: 'edge-1' },
      { __name__: 'odd', v: '1', cluster: 'edge-2' },
    ]);
    expect(await collector.series({ ...asked, limit: 1 })).toMatchObject({ series: [{ cluster: 'edge-1' }] });
    expect((await errorOf(collector.series({ ...asked, matchers: ['1'] }))).code).toBe('INVALID_PROMQL');
  });

  it('has no metadata of servers that scrape nothing', async () => {
    const answer = await collector.metadata({ clusters, limit: 10, ...ask });
    expect(answer).toMatchObject({ metrics: [], total: 0, complete: true });
  });

  it('raises the step until the answers fit, and says so', async () => {
    // requests_total has 3 series at each cluster; an hour at 15 s is 241 points.
    const range = { start, end, step: 15 };
    const tight = collectorWithin({ clusterAnswer: 400 });
    const answer = await tight.query({ query: 'requests_total', clusters, range, ...ask });
    expect(answer).toMatchObject({ complete: true, range: { step: 30 } });
    expect(answer.notes.at(-1)).toContain('raised from 15s to 30s');
  });

  it('refuses one cluster by the budget of the fleet and asks the others', async () => {
    const range = { start, end, step: 60 };
    const tight = collectorWithin({ fleetAnswer: 2 * 3 * 61 });
    const answer = await tight.query({ query: 'requests_total', clusters, range, ...ask });
    expect(answer.range?.step).toBe(60);
    expect(answer.results.map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'ERROR']);
    expect(answer.results[2]?.error).toMatchObject({
      code: 'QUERY_REFUSED',
      details: { rule: 'fleet_answer', limit: 366, observed: 549, next_tool: 'get_metric_labels' },
    });
    expect(answer.complete).toBe(false);
  });

  it('refuses a selector of everything before any cluster is asked, and in shadow mode only counts it', async () => {
    const query = 'count by (__name__) ({__name__=~"(.+)"})';
    const error = await errorOf(collector.query({ query, clusters, time: end, ...ask }));
    expect([error.code, error.details['rule'], error.details['observed']]).toEqual([
      'QUERY_REFUSED',
      'catch_all',
      '{__name__=~"(.+)"}',
    ]);
    blocked.length = 0;
    const shadow = await collectorWithin({}, 'shadow').query({ query, clusters, time: end, ...ask });
    expect(shadow.complete).toBe(true);
    expect(blocked).toEqual(['catch_all shadow']);
  });

  it('answers within the deadline with what it has when clusters are down or hang', async () => {
    const silent = await startTcp();
    const hung = testCluster('hung-1', { endpoints: { prometheus_url: silent.url } });
    const gone = testCluster('gone-1', { endpoints: { prometheus_url: `http://127.0.0.1:${await freePort()}` } });
    const startedMs = performance.now();
    const answer = await collector.query({
      query: 'odd',
      clusters: [...clusters, hung, gone],
      time: end,
      ...ask,
      budgetMs: 500,
    });
    expect(performance.now() - startedMs).toBeLessThan(750);
    expect(answer.results.map((result) => [result.cluster_name, result.status])).toEqual([
      ['edge-1', 'SUCCESS'],
      ['edge-2', 'SUCCESS'],
      ['gone-1', 'ERROR'],
      ['hub-1', 'SUCCESS'],
      ['hung-1', 'TIMEOUT'],
    ]);
    expect(answer).toMatchObject({ complete: false, clusters_queried: 5, clusters_succeeded: 3 });
    await silent.stop();
  });

  it('names a Prometheus that was killed and gives the data of the others', async () => {
    await servers.get('edge-2')?.stop();
    const answer = await collector.query({ query: 'requests_total', clusters, time: end, ...ask, budgetMs: 3000 });
    expect(answer.complete).toBe(false);
    expect(answer.results.map((result) => [result.cluster_name, result.status, result.data.length])).toEqual([
      ['edge-1', 'SUCCESS', 3],
      ['edge-2', 'ERROR', 0],
      ['hub-1', 'SUCCESS', 3],
    ]);
    expect(answer.results[1]?.error).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(answer.results[1]?.error?.message).toContain('refused');
  });
});

function resultOf(body: unknown): MetricSeries[] {
  const { data } = body as { data: { result: MetricSeries[] } }; // proof: the shape is what the client's own tests assert
  return data.result;
}
