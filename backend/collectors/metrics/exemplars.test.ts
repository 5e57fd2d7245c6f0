import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { testCluster } from '../../model/test-cluster.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { createSpokes } from '../../spokes/spokes.ts';
import { type HttpDouble, startHttp, startPrometheus } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createFanout } from '../fanout/fanout.ts';
import { createExemplars, traceIdOf } from './exemplars.ts';
import { createMetricsSource } from './metrics-source.ts';

const transport = loopbackTransport();
const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
const logger = createLogger({ level: 'silent' });
const fanout = createFanout({ clock: systemClock, logger, spokes, cacheMaxBytes: 0 });
const exemplars = createExemplars(createMetricsSource({ fanout, spokes }));
const question = { query: 'rate(lat_bucket[5m])', start: 100, end: 200, limit: 10 };
const ask = { budgetMs: 10_000, signal: new AbortController().signal, scope: '' };
const ID = 'a'.repeat(32);

const running: { stop(): Promise<void> }[] = [];
afterEach(() => Promise.all(running.splice(0).map((server) => server.stop())));
afterAll(() => transport.close());

async function serving(data: unknown): Promise<{ server: HttpDouble; asked: URL[] }> {
  const asked: URL[] = [];
  const server = await startHttp((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://x'));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'success', data }));
  });
  running.push(server);
  return { server, asked };
}

const one = (value: string, timestamp: number, labels: Record<string, string> = {}) => ({ labels, value, timestamp });
const at = (name: string, url: string) => testCluster(name, { endpoints: { prometheus_url: url } });
const series = (pod: string, ...found: object[]) => ({
  seriesLabels: { __name__: 'lat_bucket', pod },
  exemplars: found,
});

describe('exemplars', () => {
  it('are those of every cluster, newest first, each with its cluster and the trace it is of', async () => {
    const a = await serving([series('x', one('0.25', 150.5, { traceID: ID }), one('1.0', 120))]);
    const b = await serving([series('y', one('+Inf', 190, { span: 'z' }))]);
    const answer = await exemplars({
      ...question,
      clusters: [at('alpha', a.server.url), at('beta', b.server.url)],
      ...ask,
    });
    expect(
      answer.exemplars.map(({ metric, value, at: when, trace_id }) => [metric['cluster'], value, when, trace_id]),
    ).toEqual([
      ['beta', '+Inf', 190, undefined],
      ['alpha', '0.25', 150.5, ID],
      ['alpha', '1.0', 120, undefined],
    ]);
    expect([answer.total, answer.complete]).toEqual([3, true]);
    expect(
      a.asked.map(({ pathname, searchParams }) => [pathname, searchParams.get('query'), searchParams.get('start')]),
    ).toEqual([['/api/v1/query_exemplars', question.query, '100']]);
  });

  it('are cut to the newest, and all that came are counted', async () => {
    const many = Array.from({ length: 50 }, (_, n) => one(String(n), 100 + n));
    const { server } = await serving([series('x', ...many)]);
    const answer = await exemplars({ ...question, limit: 2, clusters: [at('alpha', server.url)], ...ask });
    expect([answer.exemplars.map(({ value }) => value), answer.total]).toEqual([['49', '48'], 50]);
  });

  it('of a server that does not answer as promised are its error, and the answer is then in part', async () => {
    const good = await serving([]);
    const bad = await serving([{ seriesLabels: {} }]);
    const answer = await exemplars({
      ...question,
      clusters: [at('a', good.server.url), at('b', bad.server.url)],
      ...ask,
    });
    expect(answer.clusters.map(({ status, error }) => [status, error?.code])).toEqual([
      ['SUCCESS', undefined],
      ['ERROR', 'SPOKE_ERROR'],
    ]);
    expect(answer.complete).toBe(false);
  });

  it('are none of a query without a selector, which a real Prometheus answers without data', async () => {
    const server = await startPrometheus({ samples: '# TYPE demo gauge\ndemo 1 1700000000' });
    running.push(server);
    const clusters = [at('alpha', server.url)];
    for (const query of ['vector(1)', 'demo']) {
      const answer = await exemplars({ ...question, query, clusters, ...ask });
      expect([answer.complete, answer.total, answer.clusters[0]?.error]).toEqual([true, 0, undefined]);
    }
  });

  it('of a real Prometheus that keeps them are as their program told them', async () => {
    const target = await startHttp((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' });
      response.end(
        [
          '# TYPE lat histogram',
          `lat_bucket{le="1"} 1 # {trace_id="${ID}"} 0.25`,
          'lat_bucket{le="+Inf"} 1',
          'lat_sum 0.25',
          'lat_count 1',
          '# EOF\n',
        ].join('\n'),
      );
    });
    running.push(target);
    const server = await startPrometheus({
      args: ['--enable-feature=exemplar-storage'],
      config: `scrape_configs: [{job_name: app, scrape_interval: 100ms, scrape_timeout: 100ms, static_configs: [{targets: ["${new URL(target.url).host}"]}]}]\n`,
    });
    running.push(server);
    const now = Date.now() / 1000;
    const wanted = { ...question, start: now - 60, end: now + 60, clusters: [at('alpha', server.url)], ...ask };
    await expect
      .poll(async () => (await exemplars(wanted)).exemplars[0], { timeout: 10_000 })
      .toMatchObject({
        metric: { __name__: 'lat_bucket', cluster: 'alpha', job: 'app', le: expect.stringMatching(/^1/) },
        labels: { trace_id: ID },
        value: '0.25',
        trace_id: ID,
      });
  });

  it('refuses what does not parse before anybody is asked', async () => {
    const { server, asked } = await serving([]);
    const wrong = exemplars({ ...question, query: 'rate(', clusters: [at('alpha', server.url)], ...ask });
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_PROMQL' });
    expect(asked).toEqual([]);
  });
});

describe('the trace of an exemplar', () => {
  it.each([
    [{ trace_id: ID.toUpperCase() }, ID],
    [{ TraceID: 'abc123' }, 'abc123'.padStart(32, '0')],
    [{ 'trace.id': 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' }, ID],
    [{ trace_id: '<script>', traceID: ID }, ID],
    [{ trace_id: '0000000000000000' }, undefined],
    [{ trace_id: '' }, undefined],
    [{ span_id: ID }, undefined],
    [{ trace_id: `${ID}a` }, undefined],
  ])('in %j is %s', (labels, id) => {
    expect(traceIdOf(labels)).toBe(id);
  });
});
