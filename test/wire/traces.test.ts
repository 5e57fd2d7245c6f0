/** Traces over the Tempos of the simulated fleet: what is asked of many clusters and joined. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFanout } from '../../backend/collectors/fanout/fanout.ts';
import type { MetricsQuery } from '../../backend/collectors/metrics/metrics.ts';
import type { MetricsAnswer } from '../../backend/model/metrics.ts';
import { type TracesCollector, createTracesCollector } from '../../backend/collectors/traces/traces.ts';
import type { Cluster } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { loopbackTransport } from '../../backend/spokes/test-transport.ts';
import type { SimulatedRequest } from '../../evals/fleet/requests.ts';
import { type StartedTempos, startTempos } from '../../evals/fleet/tempo/started-double.ts';

const nowSeconds = Date.UTC(2026, 2, 1, 12) / 1000;
const transport = loopbackTransport();
/** Series of the service graph by the query they answer, of prod-eu-1 only; the others answer that they have none. */
let series: Readonly<Record<string, readonly (readonly [client: string, server: string, value: string])[]>> = {};

function counted(query: string, asked: readonly Cluster[]): MetricsAnswer {
  const found = Object.entries(series).find(([part]) => query.includes(part))?.[1] ?? [];
  const results = asked.map((cluster) => ({
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    status: 'SUCCESS' as const,
    query_time_ms: 1,
    cached: false,
    result_type: 'VECTOR' as const,
    data:
      cluster.name === 'prod-eu-1'
        ? found.map(([client, server, value]) => ({
            metric: { client, server, cluster: cluster.name },
            values: [[nowSeconds, value] as [number, string]],
          }))
        : [],
  }));
  return {
    query,
    results,
    complete: true,
    clusters_queried: results.length,
    clusters_succeeded: results.length,
    total_query_time_ms: 1,
    notes: [],
  };
}

let doubles: StartedTempos;
let traces: TracesCollector;
let clusters: Cluster[];

beforeAll(async () => {
  doubles = await startTempos(() => nowSeconds * 1000);
  const spokes = createSpokes({ transport, credentialsOf: () => Promise.resolve(undefined) });
  const logger = createLogger({ level: 'silent' });
  const fanout = createFanout({ clock: systemClock, logger, spokes, cacheMaxBytes: 0 });
  const metrics = { query: ({ query, clusters: asked }: MetricsQuery) => Promise.resolve(counted(query, asked)) };
  traces = createTracesCollector({ fanout, spokes, metrics });
  clusters = [
    ...[...doubles.tempos].map(([name, { url }]) => testCluster(name, { endpoints: { tempo_url: url } })),
    testCluster('edge-1', { cluster_type: 'EDGE', endpoints: { tempo_url: 'http://127.0.0.1:9' } }),
    testCluster('plain-1', { endpoints: {} }),
  ];
});
afterAll(async () => {
  await transport.close();
  await doubles.stop();
});
afterEach(() => {
  for (const { modes, faults } of doubles.tempos.values()) {
    for (const mode of Object.keys(modes)) Reflect.deleteProperty(modes, mode);
    faults.set([]);
  }
});

const question = (names?: readonly string[]) => ({
  clusters: names === undefined ? clusters : clusters.filter(({ name }) => names.includes(name)),
  named: names !== undefined,
  budgetMs: 20_000,
  signal: new AbortController().signal,
  scope: '',
});
const hour = { start: nowSeconds - 3600, end: nowSeconds };
const search = (over: Partial<Parameters<TracesCollector['search']>[0]> = {}, names?: readonly string[]) =>
  traces.search({ ...question(names), ...hour, filter: {}, limit: 20, ...over });
const get = (
  traceId: string,
  over: { readonly below?: string; readonly lines?: number; readonly spans?: number } = {},
) => traces.get({ ...question(), traceId, lines: 60, spans: 1000, ...over });
const double = (name: string) => {
  const found = doubles.tempos.get(name);
  if (!found) throw new Error(name);
  return found;
};
/** A request of the last minutes but one that fits. */
function request(fits: (request: SimulatedRequest) => boolean, cluster = 'prod-eu-1'): SimulatedRequest {
  const ns = (seconds: number) => BigInt(seconds) * 1_000_000_000n;
  for (const one of doubles.requests.between(cluster, ns(nowSeconds - 3000), ns(nowSeconds - 60)))
    if (one.cluster === cluster && fits(one)) return one;
  throw new Error('no such request');
}
const failure = async (call: Promise<unknown>): Promise<AppError> => {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`it did not fail as it should: ${String(thrown)}`);
};

describe('a search over clusters', () => {
  it('gives the newest of all, in one order, and says who was not asked and why', async () => {
    const answer = await search();
    expect(answer.traces).toHaveLength(20);
    expect(answer.more).toBe(true);
    const times = answer.traces.map(({ start_time }) => start_time);
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? 1 : -1)));
    expect(answer.clusters.map(({ cluster_name, status, warnings }) => [cluster_name, status, warnings?.[0]])).toEqual([
      ['edge-1', 'SKIPPED', 'EDGE clusters are asked for metrics only'],
      ['plain-1', 'SKIPPED', 'no Tempo endpoint is registered'],
      ['prod-eu-1', 'SUCCESS', undefined],
      ['prod-us-1', 'SUCCESS', undefined],
      ['stage-1', 'SUCCESS', undefined],
    ]);
    expect([answer.complete, answer.notes]).toEqual([true, []]);
  });

  it('finds by every filter what the requests of the fleet say is there', async () => {
    const wanted = request(({ failed, route }) => failed && route === '/cart');
    const root = wanted.spans[0];
    const found = await search({
      filter: {
        traceId: wanted.traceId,
        serviceName: 'store*',
        operationName: 'POST /*',
        minDurationMs: Number(wanted.durationNs / 1_000_000n),
        maxDurationMs: Number(wanted.durationNs / 1_000_000n) + 1,
        tags: { 'http.response.status_code': '503', 'resource.k8s.pod.name': root?.pod ?? '' },
        hasErrors: true,
      },
    });
    expect(found.traces).toMatchObject([
      {
        trace_id: wanted.traceId,
        cluster_name: 'prod-eu-1',
        root_service: 'storefront',
        root_operation: 'POST /cart',
        has_errors: true,
      },
    ]);
    expect(found.more).toBe(false);
  });

  it('joins what two clusters found of one trace', async () => {
    const wanted = request(({ spans }) => spans.some(({ cluster }) => cluster === 'prod-us-1'));
    const { traces: found } = await search({ filter: { traceId: wanted.traceId } });
    expect(found).toMatchObject([
      {
        trace_id: wanted.traceId,
        cluster_name: 'prod-eu-1',
        clusters: ['prod-eu-1', 'prod-us-1'],
        root_service: 'storefront',
        span_count: wanted.spans.length,
        service_count: 2,
      },
    ]);
  });

  it('takes raw TraceQL, and says where every Tempo stumbles', async () => {
    const { traces: found } = await search({
      query: '{ resource.service.name = "catalog" && kind = client }',
      limit: 3,
    });
    expect(found.every(({ spans }) => spans.length > 0)).toBe(true);
    const error = await failure(search({ query: '{ name = }' }));
    expect([error.code, error.details['position']]).toEqual(['INVALID_TRACEQL', 9]);
    expect((await failure(search({ query: ' ' }))).code).toBe('INVALID_TRACEQL');
  });

  it('says that an old Tempo gives the first it finds, not the newest', async () => {
    double('stage-1').modes.old = true;
    for (let times = 0; times < 2; times++) {
      const answer = await search({ limit: 2 }, ['stage-1']);
      expect(answer.notes[0]).toMatch(/^stage-1: the first 2 found, not the newest 2/);
      expect(answer.traces[0]).toMatchObject({ span_count: null, service_count: null });
    }
  });

  it('names who does not answer and keeps the rest', async () => {
    double('prod-us-1').faults.set([{ kind: 'STATUS', status: 403, body: '' }]);
    const answer = await search();
    expect(answer.complete).toBe(false);
    expect(answer.clusters.find(({ cluster_name }) => cluster_name === 'prod-us-1')?.error?.message).toMatch(
      /RBAC on queries/,
    );
    expect(answer.traces.length).toBe(20);
  });

  it('is refused where a named cluster has no Tempo', async () => {
    expect((await failure(search({}, ['plain-1']))).code).toBe('TEMPO_NOT_AVAILABLE');
  });
});

describe('one trace', () => {
  it('is joined over clusters, with the path of its time through both', async () => {
    const wanted = request(({ spans, failed }) => !failed && spans.some(({ cluster }) => cluster === 'prod-us-1'));
    const { trace, analysis, spans, tree, complete, notes } = await get(wanted.traceId);
    expect(trace).toMatchObject({
      trace_id: wanted.traceId,
      cluster_name: 'prod-eu-1',
      clusters: ['prod-eu-1', 'prod-us-1'],
      root_service: 'storefront',
      span_count: wanted.spans.length,
      has_errors: false,
    });
    expect(spans.map(({ span_id }) => span_id).toSorted()).toEqual(wanted.spans.map(({ spanId }) => spanId).toSorted());
    expect(analysis.critical_path.map(({ service_name, cluster_name }) => `${service_name}@${cluster_name}`)).toEqual(
      expect.arrayContaining(['storefront@prod-eu-1', 'catalog@prod-us-1']),
    );
    expect(analysis.critical_path.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(trace.duration_ms, 1);
    expect(tree[0]).toContain(`prod-eu-1 storefront "${wanted.method} ${wanted.route}" SERVER +0ms`);
    expect([complete, analysis.orphan_count, analysis.clock_skews, notes]).toEqual([true, 0, [], []]);
  });

  it('tells where an error came from: the call that checkout refused', async () => {
    const wanted = request(({ reason }) => reason?.includes('connection refused') ?? false);
    const { analysis } = await get(wanted.traceId);
    expect(analysis.error_origins).toMatchObject([
      {
        service_name: 'storefront',
        operation_name: 'POST /orders',
        calls: 'checkout',
        message: wanted.reason,
        depth: 1,
      },
    ]);
  });

  it('says what is missing when the cluster of the root does not answer', async () => {
    const wanted = request(({ spans }) => spans.some(({ cluster }) => cluster === 'prod-us-1'));
    double('prod-eu-1').faults.set([{ kind: 'STATUS', status: 401 }]);
    const { trace, analysis, complete, notes } = await get(wanted.traceId);
    expect([trace.root_service, trace.cluster_name, complete]).toEqual([null, 'prod-us-1', false]);
    expect([analysis.orphan_count, analysis.missing_parents.length]).toEqual([1, 1]);
    expect(notes[0]).toMatch(/root span is in none/);
  });

  it('says that a part is not whole, and why', async () => {
    const wanted = request(({ spans }) => spans.length > 2);
    double('prod-eu-1').modes.partial = true;
    const { clusters: outcomes, complete } = await get(wanted.traceId);
    expect(complete).toBe(false);
    expect(outcomes.find(({ status }) => status === 'PARTIAL')?.warnings?.[0]).toMatch(
      /not whole: Trace exceeds maximum size/,
    );
  });

  it('notices that the clocks of two clusters differ', async () => {
    const wanted = request(({ spans }) => spans.some(({ cluster }) => cluster === 'prod-us-1'));
    double('prod-us-1').modes.skewMs = 1500;
    const { analysis, notes } = await get(wanted.traceId);
    expect(analysis.clock_skews).toMatchObject([{ cluster_name: 'prod-us-1', caller_cluster: 'prod-eu-1', calls: 1 }]);
    expect(Math.abs((analysis.clock_skews[0]?.offset_ms ?? 0) - 1500)).toBeLessThan(100);
    expect(notes.at(-1)).toMatch(/clock of prod-us-1 is 1\d{3}(?:\.\d+)? ms ahead of that of prod-eu-1/);
  });

  it('shows the tree below one span, and its spans page by page', async () => {
    const wanted = request(({ spans }) => spans.length === 4);
    const client = wanted.spans[1]?.spanId ?? '';
    expect((await get(wanted.traceId, { below: client })).tree_of).toEqual({ shown: 3, total: 3 });
    expect((await failure(get(wanted.traceId, { below: 'nothing' }))).details['issues']).toMatchObject([
      { field: 'span_id' },
    ]);
    const page = await traces.spans({ ...question(), traceId: wanted.traceId, page: 2, pageSize: 3 });
    expect([page.items.length, page.total, page.total_pages]).toEqual([1, 4, 2]);
  });

  it('is not there, or nobody can tell', async () => {
    const id = 'abc'.padStart(32, '0');
    expect((await failure(get(id))).code).toBe('TRACE_NOT_FOUND');
    for (const { faults } of doubles.tempos.values()) faults.set([{ kind: 'STATUS', status: 403, body: '' }]);
    expect((await failure(get(id))).code).toBe('TEMPO_NOT_AVAILABLE');
  });
});

describe('names', () => {
  it('of services and operations come with the clusters that know them', async () => {
    const asked = { ...question(), ...hour, limit: 100 };
    const services = await traces.names(asked);
    expect(services.names).toEqual(
      ['catalog', 'checkout', 'storefront'].map((name) => ({ name, clusters: ['prod-eu-1', 'prod-us-1', 'stage-1'] })),
    );
    const operations = await traces.names({ ...asked, operationsOf: 'cata*' });
    expect(operations.names.map(({ name }) => name)).toEqual(['GET /items', 'SELECT items']);
  });
});

describe('the service graph', () => {
  it('comes from metrics where there are any, and names who has none', async () => {
    series = {
      _request_total: [
        ['storefront', 'checkout', '120.04'],
        ['user', 'storefront', '900'],
        ['idle', 'x', '0'],
      ],
      _request_failed_total: [['storefront', 'checkout', '7.3']],
      _server_seconds_bucket: [
        ['storefront', 'checkout', '0.2345678'],
        ['user', 'storefront', 'NaN'],
      ],
    };
    const asked = {
      ...question(),
      ...hour,
      source: 'AUTO',
      metric: 'traces_service_graph_request',
      limit: 100,
    } as const;
    const graph = await traces.graph(asked);
    const own = await traces.graph({ ...asked, service: 'check*' });
    series = {};
    expect(graph).toMatchObject({
      source: 'METRICS',
      complete: true,
      edges: [
        { client: 'user', server: 'storefront', cluster_name: 'prod-eu-1', requests: 900, failed: 0, p95_ms: null },
        { client: 'storefront', server: 'checkout', requests: 120, failed: 7.3, p95_ms: 234.568 },
      ],
      notes: [
        expect.stringMatching(
          /^No series traces_service_graph_request_total in prod-us-1, stage-1, edge-1, plain-1\.$/,
        ),
      ],
    });
    expect(own.edges.map(({ server }) => server)).toEqual(['checkout']);
  });

  it('comes from sampled traces where no metrics count it, and says so', async () => {
    const graph = await traces.graph({
      ...question(),
      ...hour,
      source: 'AUTO',
      metric: 'traces_service_graph_request',
      limit: 100,
    });
    expect([graph.source, graph.complete]).toEqual(['TRACES', true]);
    expect(graph.sampled_traces).toBeGreaterThan(50);
    expect(graph.notes[0]).toMatch(/No cluster has series/);
    const calls = new Set(graph.edges.map(({ client, server }) => `${client} ${server}`));
    for (const call of ['user storefront', 'storefront catalog', 'storefront checkout', 'catalog postgresql'])
      expect(calls).toContain(call);
  });

  it('of one service has only its edges, and those that failed', async () => {
    const graph = await traces.graph({
      ...question(['prod-eu-1']),
      ...hour,
      service: 'checkout',
      source: 'TRACES',
      metric: 'x',
      limit: 100,
    });
    expect(graph.edges.every(({ client, server }) => client === 'checkout' || server === 'checkout')).toBe(true);
    expect(graph.edges.find(({ server }) => server === 'checkout')).toMatchObject({ client: 'storefront' });
  });

  it('tells which cluster the search missed', async () => {
    double('prod-us-1').faults.set([{ kind: 'STATUS', status: 401 }]);
    const graph = await traces.graph({ ...question(), ...hour, source: 'TRACES', metric: 'x', limit: 10 });
    expect(graph.clusters.find(({ cluster_name }) => cluster_name === 'prod-us-1')?.status).toBe('ERROR');
    expect(graph.complete).toBe(false);
  });
});
