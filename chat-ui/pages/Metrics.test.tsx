import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MetricResult, MetricsAnswer } from '../../backend/model/metrics.ts';
import type { PlotOptions } from '../components/chart/plot.ts';
import { openApp } from '../test-app.tsx';
import { alert, alertsAnswer, cluster, errorResponse, json, page, type SentRequest, uuid } from '../test-support.ts';

// A document without layout has no canvas; test/browser/observability.test.ts draws for real.
vi.mock('../components/chart/plot.ts', () => ({
  drawPlot: (_host: HTMLElement, { marks, onPlaces }: PlotOptions) => {
    onPlaces(marks.map((_, n) => ({ left: n, top: 1 })));
    return { point: () => undefined, destroy: () => undefined };
  },
}));

const ALPHA = cluster(1, 'alpha');
const BETA = cluster(2, 'beta');

function result(n: number, name: string, rest: Partial<MetricResult> = {}): MetricResult {
  const metric = { __name__: 'up', cluster: name, job: '<b>job</b>' };
  const values: [number, string][] = [
    [60, '1'],
    [120, '0.10000000000000001'],
  ];
  return {
    cluster_id: uuid(n),
    cluster_name: name,
    status: 'SUCCESS',
    query_time_ms: 12,
    cached: false,
    result_type: 'MATRIX',
    data: [{ metric, values }],
    ...rest,
  };
}

function answer(results: MetricResult[], rest: Partial<MetricsAnswer> = {}): MetricsAnswer {
  return {
    query: 'up',
    results,
    complete: true,
    clusters_queried: results.length,
    clusters_succeeded: results.length,
    total_query_time_ms: 12,
    range: { start: 0, end: 120, step: 60 },
    notes: [],
    ...rest,
  };
}

const BOTH = answer([result(1, 'alpha'), result(2, 'beta')]);

function server(metrics: (request: SentRequest) => Response | Promise<Response> = () => json(BOTH)) {
  return (request: SentRequest) => {
    if (request.path.startsWith('/alerts')) return json(alertsAnswer([ALPHA, BETA], []));
    return request.path.startsWith('/metrics') ? metrics(request) : page([ALPHA, BETA]);
  };
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy route is there as soon as it is asked for.
beforeAll(() => import('./Metrics.tsx'));
afterEach(() => app?.close());

const asked = () => app?.sent.filter(({ path }) => path.startsWith('/metrics/query')) ?? [];
const names = () => app?.all('.grid-body [role=rowheader]').map((e) => e.textContent);

describe('Metrics page', () => {
  it('asks nothing before there is a query', async () => {
    app = await openApp('/observability/metrics', server());
    expect([app.state(), asked().length]).toEqual(['idle', 0]);
    expect(app.one('h1').textContent).toBe('Metrics');
  });

  it('asks what the URL says, in the words of the API', async () => {
    app = await openApp('/observability/metrics?q=up&clusters=alpha,beta&from=-3h&to=now&step=5m&agg=SUM', server());
    expect(asked().map(({ path, body }) => [path, body])).toEqual([
      [
        '/metrics/query_range',
        { query: 'up', clusters: ['alpha', 'beta'], aggregation: 'SUM', start: '-3h', end: 'now', step: '5m' },
      ],
    ]);
    await app.press('Instant');
    expect(asked().at(-1)).toMatchObject({ path: '/metrics/query', body: { time: 'now', aggregation: 'SUM' } });
    await app.close();
    app = await openApp('/observability/metrics?q=up&clusters=environment%3DLAB', server());
    expect(asked()[0]?.body).toEqual({ query: 'up', clusters: 'environment=LAB', start: '-1h', end: 'now' });
  });

  it('lists series with values as they were sent, filters and isolates them by the URL', async () => {
    app = await openApp('/observability/metrics?q=up', server());
    expect(app.state()).toBe('ready');
    expect(names()).toEqual(['up{cluster="alpha",job="<b>job</b>"}', 'up{cluster="beta",job="<b>job</b>"}']);
    expect(app.all('.cell-last').map((e) => e.textContent)).toContain('0.10000000000000001');
    expect(app.all('main b b, .grid b')).toEqual([]);
    await app.type('.series input', 'beta');
    expect(names()).toHaveLength(1);
    await app.type('.series input', 'gamma');
    expect(app.state()).toBe('filtered-empty');
    await app.press('Clear the filter');
    await app.press('up{cluster="beta"');
    expect(app.text()).toContain('One of 2 series');
    expect(app.all('.ts-key')).toHaveLength(1);
  });

  it('tells an answer in part from a whole one: who is missing, and totals as lower bounds', async () => {
    const failed = result(2, 'beta', { status: 'ERROR', data: [], error: { code: 'X', message: '<i>refused</i>' } });
    app = await openApp(
      '/observability/metrics?q=up',
      server(() => json(answer([result(1, 'alpha'), failed], { complete: false, notes: ['Step raised.'] }), 206)),
    );
    expect(app.state()).toBe('partial');
    expect(app.text()).toContain('1 of 2 clusters answered');
    expect(app.text()).toContain('beta <i>refused</i>');
    expect(app.text()).toContain('≥ 1 series');
    expect(app.text()).toContain('Step raised.');
  });

  it('asks only those that failed again, at the same times, and puts their answer in place', async () => {
    const failed = result(2, 'beta', { status: 'ERROR', data: [], error: { code: 'X', message: 'refused' } });
    const responses = [
      json(answer([result(1, 'alpha'), failed], { complete: false }), 206),
      json(answer([result(2, 'beta')])),
    ];
    app = await openApp(
      '/observability/metrics?q=up',
      server(() => responses.shift() ?? json(BOTH)),
    );
    await app.press('Ask that one again');
    expect(asked().at(-1)?.body).toEqual({ query: 'up', clusters: [uuid(2)], start: '0', end: '120', step: '60s' });
    expect(app.state()).toBe('ready');
    expect(names()).toHaveLength(2);
    expect(app.text()).toContain('2 of 2 clusters answered whole');
  });

  it('takes the unit from what targets say of a metric whose name does not tell it', async () => {
    const described = {
      metric: 'gpu_util',
      type: 'gauge',
      help: 'In use (in %).',
      unit: '',
      cluster_count: 1,
      clusters: [],
    };
    app = await openApp(
      '/observability/metrics?q=gpu_util',
      server(({ path }) => (path.startsWith('/metrics/metadata') ? json({ metrics: [described] }) : json(BOTH))),
    );
    const told = app.sent.find(({ path }) => path.startsWith('/metrics/metadata'))?.path;
    expect(told).toBe(`/metrics/metadata?metric=gpu_util&limit=10&cluster_ids=${uuid(1)}&cluster_ids=${uuid(2)}`);
    expect(app.text()).toContain('Unit: percent.');
  });

  it('draws exemplars as diamonds that lead to their trace, one of them a tab stop', async () => {
    const one = (at: number, rest: object) => ({ metric: { cluster: 'alpha' }, labels: {}, value: '0.2', at, ...rest });
    const exemplars = [one(100, { trace_id: 'a'.repeat(32) }), one(20, { labels: { note: '<b>x</b>' } })];
    app = await openApp(
      '/observability/metrics?q=up&clusters=alpha',
      server(({ path }) =>
        path.startsWith('/metrics/exemplars')
          ? json({ exemplars, total: 2, clusters: [], complete: true })
          : json(BOTH),
      ),
    );
    expect(app.all('.ts-diamond')).toEqual([]);
    await app.press('Exemplars');
    expect(app.sent.find(({ path }) => path.startsWith('/metrics/exemplars'))?.path).toBe(
      '/metrics/exemplars?query=up&limit=500&start=0&end=120&clusters=alpha',
    );
    expect(app.text()).toContain('2 of 2 exemplars drawn');
    const diamonds = app.all('.ts-diamond');
    expect(diamonds.map((e) => [e.tagName, e.getAttribute('href'), e.tabIndex])).toEqual([
      ['SPAN', null, 0],
      ['A', `/observability/traces/${'a'.repeat(32)}?clusters=alpha`, -1],
    ]);
    app.one('.ts-diamond').focus();
    await app.key('ArrowRight');
    expect(document.activeElement).toBe(diamonds[1]);
    expect(app.one('.ts-told').textContent).toContain('Exemplar 1970-01-01');
    expect(app.all('.ts-told b')).toEqual([]);
  });

  it('names the alerts that fired meanwhile, worst first, and says when they cannot be read', async () => {
    const fired = (name: string, severity: 'CRITICAL' | 'INFO') => ({
      ...alert(ALPHA, name, { severity, starts_at: '1970-01-01T00:00:10.000Z' }),
      episode_id: uuid(3),
    });
    const episodes = [fired('Minor', 'INFO'), fired('Down', 'CRITICAL')];
    const answers = [
      () => json({ episodes, total: 2, clusters: [], complete: true }),
      () => errorResponse(403, 'PERMISSION_DENIED', { permission: 'alerts:read' }),
    ];
    const metrics = server();
    app = await openApp('/observability/metrics?q=up&alerts=true', (request) =>
      request.path.startsWith('/alerts/history') ? (answers.shift() ?? metrics)(request) : metrics(request),
    );
    expect(app.all('.ts-band').map((e) => e.textContent)).toEqual(['Critical Down · alpha', 'Info Minor · alpha']);
    expect(app.text()).toContain('2 of 2 alerts drawn');
    await app.click('.toggle-chip');
    expect([app.all('.ts-band').length, location.search.includes('alerts')]).toEqual([0, false]);
    await app.click('.toggle-chip');
    expect(app.text()).toContain('Could not read the alerts');
  });

  it('shows series that were merged over clusters instead of those of each', async () => {
    const merged: MetricsAnswer['merged'] = { result_type: 'MATRIX', data: [{ metric: {}, values: [[60, '2']] }] };
    const apart = [result(1, 'alpha', { data: [] }), result(2, 'beta', { data: [] })];
    app = await openApp(
      '/observability/metrics?q=up&agg=SUM',
      server(() => json(answer(apart, { aggregation: 'SUM', merged, complete: false }), 206)),
    );
    expect(names()).toEqual(['{}']);
    expect(app.text()).toContain('Values are of those alone.');
    await app.press('Ask all again');
    expect(asked().at(-1)?.body).toEqual({ query: 'up', aggregation: 'SUM', start: '-1h', end: 'now' });
  });

  it.each([
    ['empty', () => json(answer([result(1, 'alpha', { data: [] })])), 'No series matches'],
    ['denied', () => errorResponse(403, 'PERMISSION_DENIED', { permission: 'metrics:read' }), 'metrics:read'],
    ['error', () => errorResponse(504, 'QUERY_TIMEOUT'), 'QUERY_TIMEOUT'],
  ] as const)('is in the state %s with no number that nobody knows', async (state, respond, words) => {
    app = await openApp('/observability/metrics?q=up', server(respond));
    expect(app.state()).toBe(state);
    expect(app.text()).toContain(words);
    expect(app.all('.ts-chart, [role=grid]')).toEqual([]);
  });

  it('keeps an answer whose refresh failed, and says how old it is', async () => {
    let respond = () => json(BOTH);
    app = await openApp(
      '/observability/metrics?q=up',
      server(() => respond()),
    );
    respond = () => errorResponse(503, 'CLUSTER_UNREACHABLE');
    await app.press('Run');
    expect(app.state()).toBe('stale');
    expect(app.text()).toContain('Shown as of');
    expect(names()).toHaveLength(2);
  });

  it('asks again as often as the URL says, while the range ends now', async () => {
    app = await openApp('/observability/metrics?q=up&refresh=30s', server());
    await app.pass(29_000);
    expect(asked()).toHaveLength(1);
    await app.pass(1000);
    expect(asked()).toHaveLength(2);
    await app.pass(30_000);
    expect(asked()).toHaveLength(3);
    await app.close();
    const past = 'from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z';
    app = await openApp(`/observability/metrics?q=up&refresh=30s&${past}`, server());
    await app.pass(120_000);
    expect(asked()).toHaveLength(1);
  });

  it('marks the position of what is wrong, until the text changes', async () => {
    app = await openApp(
      '/observability/metrics?q=sum(up))',
      server(() => errorResponse(400, 'INVALID_PROMQL', { position: 7 })),
    );
    expect(app.state()).toBe('error');
    expect(app.one('.error-mark').textContent).toBe(')');
    expect(app.one('textarea').getAttribute('aria-invalid')).toBe('true');
    await app.type('textarea', 'sum(up)');
    expect(app.all('.error-mark')).toEqual([]);
  });

  it('stops the question when it is cancelled, and remembers what was run', async () => {
    app = await openApp(
      '/observability/metrics',
      server((request) =>
        request.path.includes('/query') ? new Promise<Response>(() => undefined) : json({ values: [] }),
      ),
    );
    await app.type('textarea', 'up');
    await app.press('Run');
    expect([app.state(), location.search]).toEqual(['loading', '?q=up']);
    await app.press('Cancel');
    expect(app.state()).toBe('cancelled');
    expect(app.history.of('promql').value).toEqual(['up']);
  });

  it('reads a time range as it is written, and says which end is wrong', async () => {
    app = await openApp('/observability/metrics?q=up&tz=utc', server());
    await app.press('Last 1h');
    await app.fill('From', 'yesterday');
    await app.press('Apply');
    expect(app.text()).toContain('Write now, a time before now');
    await app.fill('From', '2026-03-01 08:00');
    await app.fill('To', '2026-03-01 09:00');
    await app.press('Apply');
    expect(asked().at(-1)?.body).toMatchObject({ start: '2026-03-01T08:00:00.000Z', end: '2026-03-01T09:00:00.000Z' });
    expect(app.text()).toContain('2026-03-01 08:00:00 – 2026-03-01 09:00:00 UTC');
  });
});
