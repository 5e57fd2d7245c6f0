import { describe, expect, it } from 'vitest';
import type { MetricSeries, MetricsAnswer } from '../../model/metrics.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ConsumerResource, UsageBy } from '../../model/usage.ts';
import { ManualClock } from '../../platform/clock.ts';
import type { MetricsCollector, MetricsQuery } from '../metrics/metrics.ts';
import { parsePromql } from '../metrics/promql.ts';
import { RANKINGS, USAGE, matchersFor } from './definitions.ts';
import { scoreOf, wordsOf } from './find-metrics.ts';
import { trendQuery } from './trends.ts';
import { createMetricUsage } from './usage-services.ts';

const [edge, hub] = [testCluster('edge-1'), testCluster('hub-1')];
const question = { clusters: [edge, hub], budgetMs: 1000, scope: '', signal: new AbortController().signal };
const clock = new ManualClock('2026-03-01T10:00:00.000Z');
const NOW = Date.parse('2026-03-01T10:00:00Z') / 1000;

type Answering = (query: MetricsQuery, cluster: string) => MetricSeries[] | 'ERROR';

function metricsOf(answer: Answering, parts: Partial<MetricsCollector> = {}) {
  const asked: MetricsQuery[] = [];
  const query = async (wanted: MetricsQuery): Promise<MetricsAnswer> => {
    asked.push(wanted);
    const results = wanted.clusters.map(({ id, name }) => {
      const data = answer(wanted, name);
      const base = { cluster_id: id, cluster_name: name, query_time_ms: 1, cached: false };
      return data === 'ERROR'
        ? { ...base, status: 'ERROR' as const, error: { code: 'X', message: 'broken' }, data: [] }
        : { ...base, status: 'SUCCESS' as const, data };
    });
    const failed = results.some(({ status }) => status === 'ERROR');
    return {
      query: wanted.query,
      results,
      complete: !failed,
      clusters_queried: results.length,
      clusters_succeeded: results.length,
      total_query_time_ms: 1,
      ...(wanted.range ? { range: { ...wanted.range, step: wanted.range.step ?? 30 } } : {}),
      notes: [],
    };
  };
  const unused = () => Promise.reject(new Error('not asked in this test'));
  const metrics = { query, labels: unused, metadata: unused, ...parts };
  return { asked, usage: createMetricUsage({ metrics, clock }) };
}

const one = (labels: Record<string, string>, value: number): MetricSeries => ({
  metric: { ...labels, cluster: 'x' },
  values: [[NOW, String(value)]],
});

describe('the PromQL of usage and rankings', () => {
  const scopes = UsageBy.options.map((by) => ({
    by,
    matchers: matchersFor({ namespaces: ['a.b', 'c'], workloads: ['web'] }),
  }));
  const definitions = [...Object.entries(USAGE), ...Object.entries(RANKINGS)];

  it.each(definitions)('of %s parses in every grouping that it has, with and without a window', (_name, measure) => {
    for (const scope of scopes.filter(({ by }) => measure.by.includes(by))) {
      expect(() => parsePromql(measure.query(scope))).not.toThrow();
      expect(() => parsePromql(`topk(5, ${measure.query({ ...scope, window: '1h' })})`)).not.toThrow();
    }
  });

  it('takes names as names, not as patterns', () => {
    expect(matchersFor({ namespaces: ['shop'] })).toEqual(['namespace="shop"']);
    expect(matchersFor({ namespaces: ['a.b', 'c'], workloads: ['we.b'], node: 'n"1' })).toEqual([
      String.raw`namespace=~"a\\.b|c"`,
      String.raw`pod=~"(?:we\\.b)(?:-.*)?"`,
      String.raw`node="n\"1"`,
    ]);
  });
});

describe('get_top_consumers', () => {
  const top = { resource: 'memory', by: 'pod', least: false, limit: 2, ...question } as const;

  it('has each cluster rank its own and ranks those again', async () => {
    const { usage, asked } = metricsOf((_query, cluster) =>
      cluster === 'edge-1'
        ? [one({ namespace: 'a', pod: 'p1' }, 5), one({ namespace: 'a', pod: 'p2' }, 1)]
        : [one({ namespace: 'b', pod: 'p3' }, 3)],
    );
    const answer = await usage.top(top);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.query).toMatch(/^topk\(2, sum by \(namespace, pod\)/);
    expect(answer.items).toEqual([
      { cluster: 'edge-1', labels: { namespace: 'a', pod: 'p1' }, value: 5 },
      { cluster: 'hub-1', labels: { namespace: 'b', pod: 'p3' }, value: 3 },
    ]);
    expect((await usage.top({ ...top, least: true })).items.map(({ value }) => value)).toEqual([1, 3]);
  });

  it('names what a cluster has no metric for, and whom it could not ask', async () => {
    const { usage } = metricsOf((_query, cluster) => (cluster === 'edge-1' ? 'ERROR' : []));
    expect(await usage.top({ ...top, resource: 'gpu' })).toMatchObject({
      items: [],
      complete: false,
      missing: [{ metric: 'DCGM_FI_DEV_GPU_UTIL', source: 'DCGM exporter', cluster_count: 1, clusters: ['hub-1'] }],
    });
  });

  it('takes no restarts for none, and a metric whose values are all 0 for one that is there', async () => {
    const { usage } = metricsOf((_query, cluster) =>
      cluster === 'edge-1'
        ? [one({ namespace: 'a', pod: 'p1' }, 2), one({ namespace: 'a', pod: 'p2' }, 0)]
        : [one({ namespace: 'b', pod: 'p3' }, 0)],
    );
    const answer = await usage.top({ ...top, resource: 'restarts' });
    expect(answer.items.map(({ labels }) => labels['pod'])).toEqual(['p1']);
    expect(answer.missing).toEqual([]);
  });

  it('calls no metric missing where only what was asked for is not there', async () => {
    const { usage } = metricsOf(() => []);
    expect((await usage.top({ ...top, namespaces: ['no-such'] })).missing).toEqual([]);
    const narrowed = { ...question, by: 'pod', orderBy: 'memory', limit: 2, namespaces: ['no-such'] } as const;
    expect((await usage.usage(narrowed)).missing).toEqual([]);
    expect((await usage.usage({ ...narrowed, namespaces: [] })).missing.length).toBeGreaterThan(0);
  });

  it('refuses a grouping that means nothing for the resource', async () => {
    const { usage } = metricsOf(() => []);
    await expect(usage.top({ ...top, resource: 'restarts', by: 'node' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      message: 'by: restarts cannot be ranked by node; use cluster, namespace, pod.',
    });
    expect(ConsumerResource.options.every((resource) => RANKINGS[resource].by.includes('pod'))).toBe(true);
  });
});

describe('get_resource_usage', () => {
  it('puts measures of the same group into one row, with shares of what both are known of', async () => {
    const { usage, asked } = metricsOf(({ query }, cluster) => {
      if (cluster === 'hub-1') return [];
      const own = { namespace: 'shop' };
      if (query.startsWith('topk(5, sum by (namespace) (max by')) return [one(own, 600), one({ namespace: 'ml' }, 100)];
      if (query.includes('kube_pod_container_resource_limits{resource="memory"')) return [one(own, 800)];
      return query.includes('kube_pod_info') ? [one(own, 4)] : [];
    });
    const answer = await usage.usage({ by: 'namespace', orderBy: 'memory', limit: 5, ...question });
    expect(answer.rows).toEqual([
      {
        cluster: 'edge-1',
        labels: { namespace: 'shop' },
        values: { memory_bytes: 600, memory_limits: 800, pods: 4 },
        percent: { memory_of_limits: 75 },
      },
      { cluster: 'edge-1', labels: { namespace: 'ml' }, values: { memory_bytes: 100 }, percent: {} },
    ]);
    expect(answer.missing.find(({ measure }) => measure === 'cpu_cores')).toMatchObject({
      cluster_count: 2,
      source: 'cAdvisor (kubelet /metrics/cadvisor)',
    });
    expect(answer.missing.find(({ measure }) => measure === 'memory_bytes')).toMatchObject({ clusters: ['hub-1'] });
    // All at the same moment, each narrowed to the groups that lead.
    expect(new Set(asked.map(({ time }) => time)).size).toBe(1);
    for (const { query } of asked.filter((wanted) => !wanted.query.startsWith('topk'))) {
      expect(query).toContain('and on (namespace) topk(5,');
      expect(() => parsePromql(query)).not.toThrow();
    }
  });

  it('is in part where one of the questions failed', async () => {
    const { usage } = metricsOf(({ query }, cluster) =>
      cluster === 'edge-1' && query.includes('kube_pod_info') ? 'ERROR' : [],
    );
    const answer = await usage.usage({ by: 'cluster', orderBy: 'cpu', limit: 5, ...question });
    expect(answer.clusters.map(({ cluster_name, status }) => `${cluster_name} ${status}`)).toEqual([
      'edge-1 PARTIAL',
      'hub-1 SUCCESS',
    ]);
    expect(answer.complete).toBe(false);
  });
});

describe('get_metric_trends', () => {
  const ranged = (labels: Record<string, string>, start: number, value: (i: number) => number): MetricSeries => ({
    metric: labels,
    values: Array.from({ length: 121 }, (_, i) => [start + i * 30, String(value(i))]),
  });

  it('sets each series against itself in the window before, the most changed first', async () => {
    const { usage, asked } = metricsOf(({ range }, cluster) => {
      if (cluster !== 'edge-1' || !range) return [];
      const isNow = range.end === NOW;
      return [
        ranged({ pod: 'calm' }, range.start, () => 100),
        ranged({ pod: 'leaks' }, range.start, (i) => (isNow ? 100 + i : 100)),
        ...(isNow ? [] : [ranged({ pod: 'gone' }, range.start, () => 1)]),
      ];
    });
    const answer = await usage.trends({ query: 'm', windowSeconds: 3600, offsetSeconds: 3600, limit: 5, ...question });
    expect(asked.map(({ range }) => [range?.start, range?.end])).toEqual([
      [NOW - 3600, NOW],
      [NOW - 7200, NOW - 3600],
    ]);
    expect(answer.series.map(({ labels }) => labels['pod'])).toEqual(['leaks', 'calm']);
    expect(answer.series[0]).toMatchObject({
      trend: 'RISING',
      change_percent: 120,
      previous_avg: 100,
      vs_previous_percent: 60,
      per_hour: 120,
    });
    expect(answer).toMatchObject({ total: 2, gone: 1, complete: true });
  });

  it('shows the rate of a counter and says so', () => {
    expect(trendQuery('http_requests_total{job="a"}', 3600)).toEqual({
      query: 'rate(http_requests_total{job="a"}[5m])',
      notes: ['http_requests_total is a counter, so its rate over 5m is shown.'],
    });
    for (const query of ['up', 'rate(http_requests_total[1m])', 'sum(http_requests_total)'])
      expect(trendQuery(query, 3600)).toEqual({ query, notes: [] });
    expect(() => trendQuery('sum(', 3600)).toThrow(/PromQL/);
  });
});

describe('find_metrics', () => {
  const described = (metric: string, type: string, help: string) => ({
    metric,
    type,
    help,
    unit: '',
    cluster_count: 2,
    clusters: ['edge-1', 'hub-1'],
  });
  const outcomes = { clusters: [], complete: true };

  it('ranks by name, then help, and gives labels and a query to start with', async () => {
    const labelsAsked: (readonly string[])[] = [];
    const { usage } = metricsOf(() => [], {
      metadata: async () => ({
        metrics: [
          described('container_memory_working_set_bytes', 'gauge', 'Current working set in bytes.'),
          described('http_requests_total', 'counter', 'Requests.'),
          described('http_request_duration_seconds', 'histogram', 'Duration of requests.'),
          described('node_memory_MemFree_bytes', 'gauge', 'Memory information field MemFree_bytes.'),
        ],
        total: 4,
        ...outcomes,
      }),
      labels: async ({ label, matchers }) => {
        if (label === undefined) labelsAsked.push(matchers);
        const values =
          label === undefined
            ? ['__name__', 'namespace', 'pod']
            : ['job:memory:sum', 'http_request_duration_seconds_bucket'];
        return { values, total: values.length, ...outcomes };
      },
    });
    const memory = await usage.find({ words: 'container memory', limit: 5, ...question });
    expect(memory.metrics.map(({ metric }) => metric)).toEqual([
      'container_memory_working_set_bytes',
      'job:memory:sum',
      'node_memory_MemFree_bytes',
    ]);
    expect(memory.metrics[0]).toMatchObject({
      labels: ['namespace', 'pod'],
      cluster_count: 2,
      example: 'topk(10, container_memory_working_set_bytes)',
    });
    expect(memory.metrics[1]).toMatchObject({ cluster_count: null });
    expect(memory).toMatchObject({ total: 3, searched: 5 });
    const latency = await usage.find({ words: 'latency', limit: 1, ...question });
    expect(latency.metrics[0]?.example).toBe(
      'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))',
    );
    const requests = await usage.find({ words: 'http requests', limit: 1, ...question });
    expect(requests.metrics[0]).toMatchObject({
      metric: 'http_requests_total',
      example: 'sum by (namespace) (rate(http_requests_total[5m]))',
    });
    expect(labelsAsked[0]).toEqual(['{__name__=~"container_memory_working_set_bytes(_bucket|_count|_sum)?"}']);
  });

  it('scores nothing for words that are nowhere', () => {
    expect(scoreOf({ metric: 'up', help: '', unit: '' }, wordsOf('kafka lag'))).toBe(0);
    expect(wordsOf('A, a! CPU cpu')).toEqual(['cpu']);
  });
});
