import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { MetricsAnswer } from '../../model/metrics.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { createSpokes } from '../../spokes/spokes.ts';
import { type TestServer, freePort, startPrometheus } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createFanout } from '../fanout/fanout.ts';
import { createMetricsSource } from '../metrics/metrics-source.ts';
import { createMetricsCollector } from '../metrics/metrics.ts';
import { NO_GUARD, type QueryGuard } from '../query-guard/query-guard.ts';
import { createFederatedQuery } from './federated-query.ts';

const transport = loopbackTransport();
const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
const fanout = createFanout({ clock: systemClock, logger: createLogger({ level: 'silent' }), spokes });
const source = createMetricsSource({ fanout, spokes });
const collector = createMetricsCollector({
  clock: systemClock,
  source,
  prometheus: spokes.prometheus,
  guard: NO_GUARD,
});
const ask = { budgetMs: 10_000, signal: new AbortController().signal, scope: '' };

const end = 1_700_000_040;
const start = end - 600;
const names = ['edge-1', 'edge-2', 'hub-1'];
const servers: TestServer[] = [];
let clusters: Cluster[] = [];
let silent: Cluster;

/** Each cluster has a pod of its own and one that every cluster has; the value is 1, 2, 3. */
function samplesOf(index: number): string {
  const lines = ['# TYPE load gauge'];
  for (const pod of ['all', `only-${index}`])
    for (let t = start; t <= end; t += 30) lines.push(`load{pod="${pod}"} ${index + 1} ${t}`);
  lines.push('# TYPE node gauge');
  for (let t = start; t <= end; t += 30) lines.push(`node{pod="all",node="n${index}"} 1 ${t}`);
  return lines.join('\n');
}

beforeAll(async () => {
  servers.push(...(await Promise.all(names.map((_, index) => startPrometheus({ samples: samplesOf(index) })))));
  clusters = names.map((name, i) => testCluster(name, { endpoints: { prometheus_url: servers[i]?.url } }));
  silent = testCluster('far-1', { endpoints: { prometheus_url: `http://127.0.0.1:${await freePort()}` } });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await transport.close();
});

const fleet = (query: string, over: object = {}) =>
  collector.query({ query, clusters, time: end, aggregation: 'FLEET', ...ask, ...over });

function values({ merged }: MetricsAnswer): [Record<string, string>, string | undefined][] {
  return (merged?.data ?? []).map(({ metric, values: samples }) => [metric, samples[0]?.[1]]);
}

describe('aggregation FLEET', () => {
  it('answers once for all clusters, with an outcome for each', async () => {
    const answer = await fleet('sum by (pod) (load)');
    expect(answer).toMatchObject({ aggregation: 'FLEET', complete: true, clusters_succeeded: 3 });
    expect(answer.merged?.result_type).toBe('VECTOR');
    expect(values(answer)).toEqual([
      [{ pod: 'all' }, '6'],
      [{ pod: 'only-0' }, '1'],
      [{ pod: 'only-1' }, '2'],
      [{ pod: 'only-2' }, '3'],
    ]);
    expect(answer.results.map(({ cluster_name, status, data }) => [cluster_name, status, data])).toEqual(
      names.map((name) => [name, 'SUCCESS', []]),
    );
    expect(answer.notes).toEqual([
      'Asked of each cluster: sum by (pod, cluster) (load). The rest was computed over their answers.',
    ]);
  });

  it('averages over samples, not over clusters', async () => {
    expect(values(await fleet('avg(load{pod=~"all|only-0"})'))).toEqual([[{}, '1.75']]);
  });

  it('ranks an instant over the fleet', async () => {
    expect(values(await fleet('topk(2, load{pod="all"})')).map(([metric]) => metric['cluster'])).toEqual([
      'hub-1',
      'edge-2',
    ]);
  });

  it('evaluates a range on the grid that was asked', async () => {
    const answer = await fleet('count(load) > bool 3', { time: undefined, range: { start, end, step: 150 } });
    expect(answer.range).toEqual({ start, end, step: 150 });
    expect(answer.merged).toEqual({
      result_type: 'MATRIX',
      data: [{ metric: {}, values: [0, 1, 2, 3, 4].map((k) => [start + k * 150, '1']) }],
    });
  });

  it('gives series that need no merging as they are, with their cluster', async () => {
    expect(values(await fleet('load{pod="all"} * 1.5'))).toEqual(
      names.map((cluster, i) => [{ cluster, pod: 'all' }, String((i + 1) * 1.5)]),
    );
  });

  it('does not ask clusters that the query’s own matchers leave out', async () => {
    const answer = await fleet('sum(load{cluster=~"edge-.*"})');
    expect(answer.results.map((one) => one.cluster_name)).toEqual(['edge-1', 'edge-2']);
    expect(values(answer)).toEqual([[{}, '6']]);
    expect(answer.notes).toContain('1 cluster cannot match the query and was not asked.');
  });

  it('asks nobody for what needs no series', async () => {
    const answer = await fleet('1 + 1');
    expect(answer.merged).toEqual({ result_type: 'SCALAR', data: [{ metric: {}, values: [[end, '2']] }] });
    expect(answer.results).toEqual([]);
  });

  it('joins within clusters where the query says so, and refuses a join that is not unique over the fleet', async () => {
    const joined = await fleet('load * on (cluster, pod) group_left (node) node');
    expect(values(joined).map(([metric]) => metric['node'])).toEqual(['n0', 'n1', 'n2']);
    await expect(fleet('load * on (pod) group_left (node) node')).rejects.toMatchObject({
      code: 'QUERY_REFUSED',
      details: { rule: 'evaluation', rewrite: 'match within each cluster: on (cluster, pod)' },
    });
  });

  it('has the error of a part as its own', async () => {
    await expect(fleet('load / ignoring (pod) load')).rejects.toMatchObject({
      code: 'QUERY_REFUSED',
      details: { rule: 'evaluation' },
    });
  });

  it('refuses what has no exact answer, and says where', async () => {
    await expect(fleet('rate(sum(load)[5m:1m])')).rejects.toMatchObject({
      code: 'QUERY_REFUSED',
      details: { rule: 'not_decomposable', at: 0 },
    });
  });

  it('refuses to make an answer of more than half its budget, which would hold up everybody', async () => {
    const query = createFederatedQuery({
      clock: systemClock,
      source,
      guard: NO_GUARD,
      budget: { maxSeries: 100, maxPoints: 100 },
    });
    const range = { start, end, step: 60 };
    // Six series of eleven points from the clusters; one of eleven, or six of them, in the answer.
    const one = { query: 'quantile(0.5, load)', clusters, range, aggregation: 'FLEET' as const, ...ask };
    await expect(query(one)).resolves.toMatchObject({ complete: true });
    for (const wide of ['sort(load)', 'load * on (pod, cluster) load'])
      await expect(query({ ...one, query: wide })).rejects.toMatchObject({
        code: 'QUERY_REFUSED',
        details: { rule: 'fleet_points', limit: 50, observed: 66 },
      });
  });

  it('refuses to hold more than its budget', async () => {
    const small = createFederatedQuery({
      clock: systemClock,
      source,
      guard: NO_GUARD,
      budget: { maxSeries: 4, maxPoints: 100 },
    });
    await expect(
      small({ query: 'quantile(0.5, load)', aggregation: 'FLEET', clusters, time: end, ...ask }),
    ).rejects.toMatchObject({
      code: 'QUERY_REFUSED',
      details: { rule: 'fleet_series', limit: 4 },
    });
  });

  it('has the guard judge what the clusters are asked, and leaves out whom it refuses', async () => {
    const judged: string[] = [];
    const [refusedCluster] = clusters;
    const guard: QueryGuard = {
      check: async ({ query, grid }) => {
        judged.push(`${query} ${grid?.step}`);
        const error = new AppError('QUERY_REFUSED', 'too much', { details: { rule: 'cluster_samples' } });
        return { step: 120, notes: ['raised'], refused: new Map([[refusedCluster?.id ?? '', error]]) };
      },
    };
    const guarded = createMetricsCollector({ clock: systemClock, source, prometheus: spokes.prometheus, guard });
    const query = { query: 'avg(load{cluster!="x"})', clusters, aggregation: 'FLEET' as const, ...ask };
    const answer = await guarded.query({ ...query, range: { start, end, step: 60 } });
    expect(judged).toEqual(['count by (cluster) (load) or avg by (cluster) (load) 60']);
    expect(answer.range?.step).toBe(120);
    expect(answer.merged?.data[0]?.values.length).toBe(6);
    expect(answer.results.map(({ status }) => status)).toEqual(['ERROR', 'SUCCESS', 'SUCCESS']);
    expect(answer.notes).toContain('raised');
  });

  it('says what a silent cluster means for the numbers', async () => {
    const answer = await fleet('sum(load) > 1', { clusters: [...clusters, silent] });
    expect(answer.complete).toBe(false);
    expect(values(answer)).toEqual([[{}, '12']]);
    expect(answer.notes.at(-1)).toBe(
      'Without far-1: sums (of values that are not negative) and counts are lower bounds; ' +
        'what a comparison, unless or scalar() over merged values says is undecidable.',
    );
  });

  it('does not say that something is absent while a cluster is silent', async () => {
    expect(values(await fleet('absent(nothing{a="b"})'))).toEqual([[{ a: 'b' }, '1']]);
    expect(values(await fleet('absent(load)', { clusters: [...clusters, silent] }))).toEqual([]);
    await expect(fleet('absent(nothing)', { clusters: [...clusters, silent] })).rejects.toMatchObject({
      code: 'QUERY_REFUSED',
      details: { rule: 'undecidable', missing: ['far-1'] },
    });
  });

  it('has no answer, rather than an empty one, when nobody answered', async () => {
    const answer = await fleet('sum(load)', { clusters: [silent] });
    expect(answer).toMatchObject({ complete: false, clusters_succeeded: 0 });
    expect(answer.merged).toBeUndefined();
  });

  it('ends when its caller goes away', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(fleet('sum(load)', { signal: gone })).rejects.toThrow('gone');
  });

  it('is not cut by a limit', async () => {
    await expect(fleet('load', { limit: 5 })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { issues: [{ field: 'limit' }] },
    });
  });
});

describe('aggregation over clusters', () => {
  const over = (aggregation: 'SUM' | 'AVG' | 'MIN' | 'MAX' | 'COUNT', query: string) =>
    collector.query({ query, clusters, time: end, aggregation, ...ask });

  it.each([
    ['SUM', '9'],
    ['AVG', '3'],
    ['MIN', '1.5'],
    ['MAX', '4.5'],
    ['COUNT', '3'],
  ] as const)('%s takes what each cluster answers to the whole query', async (aggregation, value) => {
    expect(values(await over(aggregation, 'sum(load) * avg(load) / max(load) * 0.75'))).toEqual([[{}, value]]);
  });

  it('keeps every label but the cluster, and drops the name', async () => {
    expect(values(await over('SUM', 'load{pod="all"}'))).toEqual([[{ pod: 'all' }, '6']]);
  });

  it('takes scalars too', async () => {
    expect(values(await over('COUNT', '42'))).toEqual([[{}, '3']]);
  });
});
