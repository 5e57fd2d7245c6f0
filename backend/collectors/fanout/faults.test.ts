import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { type Clock, sleep, systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { createSpokes } from '../../spokes/spokes.ts';
import { freePort, makeCertificates, startHttp, startTcp } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createFanout } from './fanout.ts';
import { createMetricsSource } from '../metrics/metrics-source.ts';
import { createMetricsCollector } from '../metrics/metrics.ts';
import { NO_GUARD } from '../query-guard/query-guard.ts';

/*
 * What spokes do wrong on the network, against small servers that do exactly that, through the real transport, client, fan-out
 * and collector. Numbers are those of the list of faults that must hold.
 */

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** The system's clock, which can be put forward. */
function movableClock(): Clock & { forward(ms: number): void } {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    monotonicMs: () => performance.now() + offset,
    after: systemClock.after,
    forward: (ms) => (offset += ms),
  };
}

function make() {
  const clock = movableClock();
  const transport = loopbackTransport({ clock });
  open.push(() => transport.close());
  const spokes = createSpokes({ transport, credentialsOf: async () => undefined, clock });
  const logger = createLogger({ level: 'silent' });
  const fanout = createFanout({ clock, logger, spokes, random: () => 0, maxPerSecond: 1000 });
  const collector = createMetricsCollector({
    clock,
    source: createMetricsSource({ fanout, spokes }),
    prometheus: spokes.prometheus,
    guard: NO_GUARD,
  });
  const query = async (clusters: Cluster[], over: { query?: string; budgetMs?: number; time?: number } = {}) => {
    const signal = new AbortController().signal;
    const startedMs = performance.now();
    const answer = await collector.query({ query: 'up', clusters, budgetMs: 5000, signal, scope: '', ...over });
    return { ...answer, tookMs: performance.now() - startedMs };
  };
  return { clock, collector, query };
}

async function spoke(listener: RequestListener, tls?: { cert: string; key: string }) {
  const server = await startHttp(listener, tls === undefined ? {} : { tls });
  open.push(() => server.stop());
  return server;
}

const cluster = (name: string, url: string) => testCluster(name, { endpoints: { prometheus_url: url } });
const VECTOR = JSON.stringify({
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: { job: 'a' }, value: [1, '1'] }] },
});
const healthy: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(VECTOR);
};

describe('fault 1, a spoke that is down', () => {
  it('leaves the answers of the others, and the whole marked partial', async () => {
    const { query } = make();
    const up = await spoke(healthy);
    const answer = await query([cluster('up-1', up.url), cluster('down-1', `http://127.0.0.1:${await freePort()}`)]);
    expect(answer.complete).toBe(false);
    expect(answer.results).toMatchObject([
      { cluster_name: 'down-1', status: 'ERROR', error: { code: 'CLUSTER_UNREACHABLE' }, data: [] },
      { cluster_name: 'up-1', status: 'SUCCESS', data: [{ metric: { job: 'a', cluster: 'up-1' } }] },
    ]);
  });
});

describe('fault 2, a spoke that is slow', () => {
  it('is answered for at the deadline, 250 ms later at the latest, although it sends a byte now and then', async () => {
    const { query } = make();
    const up = await spoke(healthy);
    const slow = await spoke((_request, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
    });
    const answer = await query([cluster('up-1', up.url), cluster('slow-1', slow.url)], { budgetMs: 400 });
    expect(answer.tookMs).toBeGreaterThan(390);
    expect(answer.tookMs).toBeLessThan(650);
    expect(answer.results.map(({ status }) => status)).toEqual(['TIMEOUT', 'SUCCESS']);
  });
});

describe('fault 3, a connection that nobody is on the other end of', () => {
  it('is freed by the deadline, with every socket', async () => {
    const { query } = make();
    const silent = await startTcp();
    open.push(() => silent.stop());
    const one = cluster('silent-1', silent.url);
    const queries = ['up', 'up == 1', 'up > 0'].map((text) => query([one], { query: text, budgetMs: 300 }));
    const answers = await Promise.all(queries);
    expect(answers.map(({ results: [result] }) => result?.status)).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT']);
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(550);
    await sleep(systemClock, 50); // the spoke hears of it a moment later
    expect(silent.sockets.size).toBe(0);
  });
});

describe('fault 4, JSON that is cut', () => {
  const cutBody: RequestListener = (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(VECTOR.slice(0, 60));
  };
  const cutConnection: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': VECTOR.length });
    response.write(VECTOR.slice(0, 60), () => response.destroy());
  };

  it.each([
    ['by the spoke', cutBody, 'not complete JSON', 1],
    ['by the network', cutConnection, 'broke off', 3],
  ])('%s is a typed error, and nothing of it is kept', async (_by, cut, message, requests) => {
    const { query } = make();
    let asked = 0;
    let behave = cut;
    const { url } = await spoke((request, response) => {
      asked += 1;
      behave(request, response);
    });
    const one = cluster('cut-1', url);
    const broken = await query([one]);
    expect(broken.results[0]).toMatchObject({
      status: 'ERROR',
      error: { code: 'SPOKE_ERROR', message: expect.stringContaining(message) },
      cached: false,
      data: [],
    });
    expect(asked).toBe(requests);
    behave = healthy;
    expect((await query([one])).results[0]).toMatchObject({ status: 'SUCCESS', cached: false });
    expect((await query([one])).results[0]).toMatchObject({ status: 'SUCCESS', cached: true });
  });
});

describe('fault 5, a storm of 5xx', () => {
  it('opens the breaker at five requests, sends one after 30 s, and then goes on', async () => {
    const { clock, query } = make();
    let asked = 0;
    let status = 503;
    const { url } = await spoke((request, response) => {
      asked += 1;
      if (status === 200) healthy(request, response);
      else response.writeHead(status).end('no');
    });
    const one = cluster('storm-1', url);
    const outcomes: unknown[] = [];
    for (let i = 0; i < 100; i += 1) outcomes.push((await query([one], { query: `up > ${i}` })).results[0]?.status);
    expect(asked).toBe(5);
    expect(outcomes.slice(-97)).toEqual(Array.from({ length: 97 }, () => 'SKIPPED'));
    const refused = await query([one]);
    expect(refused).toMatchObject({ complete: false, results: [{ error: { code: 'BREAKER_OPEN' } }] });
    clock.forward(30_000);
    await Promise.all([query([one]), query([one], { query: 'down' })]);
    expect(asked).toBe(6);
    status = 200;
    clock.forward(30_000);
    expect(await query([one])).toMatchObject({ complete: true });
    expect(await query([one], { query: 'down' })).toMatchObject({ complete: true });
  });

  it('adds at most a tenth to the requests while answers come between', async () => {
    const { query } = make();
    let asked = 0;
    const { url } = await spoke((request, response) => {
      asked += 1;
      if (asked % 2 === 0) healthy(request, response);
      else response.writeHead(502).end('no');
    });
    const one = cluster('flaky-1', url);
    for (let i = 0; i < 40; i += 1) await query([one], { query: `up > ${i}` });
    expect(asked).toBeGreaterThan(40);
    expect(asked).toBeLessThanOrEqual(44);
  });
});

describe('fault 6, a certificate that has expired', () => {
  it('is an error of its own, and is never tried without the check', async () => {
    const { query } = make();
    const { ca, expired } = await makeCertificates();
    let asked = 0;
    const server = await spoke(() => (asked += 1), expired);
    const one = { ...cluster('expired-1', server.url), tls: { ca, insecure_skip_verify: false } };
    const answer = await query([one]);
    expect(answer.results[0]).toMatchObject({
      status: 'ERROR',
      error: { code: 'CLUSTER_UNREACHABLE', message: expect.stringContaining('TLS certificate has expired') },
    });
    expect([server.accepted, asked]).toEqual([1, 0]);
  });
});

describe('fault 7, a clock that is five minutes off', () => {
  it.each([-300, 300])('%i s away changes no window: both are the hub’s', async (skewSeconds) => {
    const { clock, collector } = make();
    const windows: URLSearchParams[] = [];
    const { url } = await spoke((request, response) => {
      windows.push(new URL(request.url ?? '', 'http://spoke').searchParams);
      response.setHeader('date', new Date(Date.now() + skewSeconds * 1000).toUTCString());
      const time = Number(windows.at(-1)?.get('time') ?? windows.at(-1)?.get('start'));
      const result =
        windows.at(-1)?.has('time') === true
          ? [{ metric: {}, value: [time, '1'] }]
          : [{ metric: {}, values: [[time, '1']] }];
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          status: 'success',
          data: { resultType: 'value' in (result[0] ?? {}) ? 'vector' : 'matrix', result },
        }),
      );
    });
    const question = {
      clusters: [cluster('skewed-1', url)],
      budgetMs: 5000,
      signal: new AbortController().signal,
      scope: '',
    };
    const now = clock.now().getTime() / 1000;
    const instant = await collector.query({ query: 'up', ...question });
    expect(Math.abs(Number(windows[0]?.get('time')) - now)).toBeLessThan(2);
    expect(Math.abs((instant.results[0]?.data[0]?.values[0]?.[0] ?? 0) - now)).toBeLessThan(2);
    const range = { start: 1_700_000_000, end: 1_700_003_600, step: 60 };
    const answer = await collector.query({ query: 'up', range, ...question });
    expect(['start', 'end', 'step'].map((name) => windows[1]?.get(name))).toEqual(['1700000000', '1700003600', '60']);
    expect(answer.results[0]?.data[0]?.values).toEqual([[1_700_000_000, '1']]);
  });

  it.each([-300, 300])('%i s away leaves a Retry-After with a date as long as it was meant', async (skewSeconds) => {
    const { query } = make();
    const askedMs: number[] = [];
    const { url } = await spoke((request, response) => {
      askedMs.push(performance.now());
      if (askedMs.length > 1) return healthy(request, response);
      const now = Math.floor(Date.now() / 1000) * 1000 + skewSeconds * 1000;
      response.writeHead(503, { date: new Date(now).toUTCString(), 'retry-after': new Date(now + 1000).toUTCString() });
      response.end('later');
    });
    expect(await query([cluster('skewed-1', url)])).toMatchObject({ complete: true });
    const waited = (askedMs[1] ?? 0) - (askedMs[0] ?? 0);
    expect(waited).toBeGreaterThan(990);
    expect(waited).toBeLessThan(1500);
  });
});
