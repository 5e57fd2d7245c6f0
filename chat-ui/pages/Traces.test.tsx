import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceGraphAnswer, TraceSearchAnswer } from '../../backend/model/trace.ts';
import { analysis, span, trace, traceAnswer } from '../observability/traces/test-traces.ts';
import { openApp } from '../test-app.tsx';
import { alertsAnswer, cluster, errorResponse, json, page, type SentRequest, uuid } from '../test-support.ts';

const ALPHA = cluster(1, 'alpha');
const OK = { cluster_id: uuid(1), cluster_name: 'alpha', status: 'SUCCESS', query_time_ms: 3, cached: false } as const;

function found(rest: Partial<TraceSearchAnswer> = {}): TraceSearchAnswer {
  return {
    query: '{}',
    start: '2026-03-01T09:00:00.000Z',
    end: '2026-03-01T10:00:00.000Z',
    traces: [
      { ...trace({ root_operation: '<img src=x>', has_errors: true, duration_ms: 250 }), matched_spans: 1, spans: [] },
      { ...trace({ trace_id: 'b'.repeat(32), has_errors: null, span_count: null }), matched_spans: 1, spans: [] },
    ],
    more: false,
    clusters: [OK],
    complete: true,
    notes: [],
    ...rest,
  };
}

const GRAPH: ServiceGraphAnswer = {
  source: 'TRACES',
  sampled_traces: 7,
  start: '2026-03-01T09:00:00.000Z',
  end: '2026-03-01T10:00:00.000Z',
  edges: [
    { client: 'web', server: 'cart', cluster_name: 'alpha', requests: 5, failed: 0, p95_ms: 12 },
    { client: 'cart', server: 'db', cluster_name: 'alpha', requests: 3, failed: 2, p95_ms: null },
  ],
  total_edges: 2,
  clusters: [OK],
  complete: true,
  notes: [],
};

const SPANS = [
  span('root', { duration_ms: 100 }),
  span('cart', { parent_span_id: 'root', service_name: 'cart', duration_ms: 60 }),
  span('db', {
    parent_span_id: 'cart',
    service_name: 'db',
    status: 'ERROR',
    status_message: 'deadlock',
    tags: { 'db.statement': '<b>select</b>' },
  }),
];
const STEP = { span_id: 'cart', cluster_name: 'alpha', service_name: 'cart', operation_name: 'op cart' };
const TRACE = traceAnswer(SPANS, {
  analysis: analysis({ critical_path: [{ ...STEP, at_ms: 0, ms: 60, share: 0.6 }], critical_path_steps: 1 }),
});

function server(traces: (request: SentRequest) => Response | Promise<Response>) {
  return (request: SentRequest) => {
    if (request.path.startsWith('/alerts')) return json(alertsAnswer([ALPHA], []));
    return request.path.startsWith('/traces') ? traces(request) : page([ALPHA]);
  };
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy routes are there as soon as they are asked for.
beforeAll(() => Promise.all([import('./Traces.tsx'), import('./Trace.tsx')]));
afterEach(() => app?.close());

const asked = () => app?.sent.filter(({ path }) => path === '/traces/search') ?? [];
const rows = () => app?.all('.grid-body [role=row]') ?? [];

describe('Traces page', () => {
  it('asks only those that failed again, in the same window', async () => {
    const failed = { ...OK, cluster_id: uuid(2), cluster_name: 'beta', status: 'TIMEOUT' } as const;
    const again = { ...trace({ trace_id: 'c'.repeat(32), clusters: ['beta'] }), matched_spans: 1, spans: [] };
    const responses = [
      json(found({ clusters: [OK, failed], complete: false }), 206),
      json(found({ clusters: [{ ...failed, status: 'SUCCESS' }], traces: [again] })),
    ];
    app = await openApp(
      '/observability/traces?service=shop',
      server(() => responses.shift() ?? json(found())),
    );
    expect([app.state(), rows().length]).toEqual(['partial', 2]);
    await app.press('Ask that one again');
    const { start, end } = found();
    expect(asked().at(-1)?.body).toEqual({ service_name: 'shop', limit: 20, clusters: [uuid(2)], start, end });
    expect([app.state(), rows().length]).toEqual(['ready', 3]);
  });

  it('lists the newest traces; what is not told is a dash', async () => {
    app = await openApp(
      '/observability/traces',
      server(() => json(found())),
    );
    expect(app.state()).toBe('ready');
    expect(rows().map((row) => row.querySelector('.cell-status')?.textContent)).toEqual(['Errors', '—']);
    expect(app.text()).toContain('<img src=x>');
    expect(app.all('main img')).toEqual([]);
    expect(app.one('.grid-body a').getAttribute('href')).toMatch(/^\/observability\/traces\/0+1$/);
    expect(app.all('nav[aria-label=Observability] a').map((a) => a.textContent)).toEqual(['Metrics', 'Traces', 'Logs']);
  });

  it('searches by fields that stand in the URL, and refuses what cannot be asked', async () => {
    app = await openApp(
      '/observability/traces?clusters=alpha',
      server(() => json(found())),
    );
    await app.fill('Service', 'shop*');
    await app.fill('At least', 'fast');
    await app.press('Run');
    expect(asked()).toHaveLength(1);
    expect(app.text()).toContain('Write a duration');
    await app.fill('At least', '250ms');
    await app.press('Run');
    expect(location.search).toBe('?service=shop*&min=250ms&clusters=alpha');
    expect(asked().at(-1)?.body).toMatchObject({ service_name: 'shop*', min_duration_ms: 250, clusters: ['alpha'] });
  });

  it('asks TraceQL as it is written, marks its error and remembers it', async () => {
    app = await openApp(
      '/observability/traces',
      server(({ body }) =>
        body instanceof Object && 'query' in body
          ? errorResponse(400, 'INVALID_TRACEQL', { position: 2 })
          : json(found()),
      ),
    );
    await app.press('TraceQL');
    await app.type('textarea', '{ x');
    await app.press('Run');
    expect([app.state(), asked().at(-1)?.body]).toMatchObject(['error', { query: '{ x' }]);
    expect(app.one('.error-mark').textContent).toBe('x');
    expect(app.history.of('traceql').value).toEqual(['{ x']);
  });

  it.each([
    ['empty', () => json(found({ traces: [] })), 'No trace matches'],
    [
      'partial',
      () => json(found({ complete: false, clusters: [{ ...OK, status: 'TIMEOUT' }] }), 206),
      '0 of 1 clusters',
    ],
    ['denied', () => errorResponse(403, 'PERMISSION_DENIED', { permission: 'traces:read' }), 'traces:read'],
    ['error', () => errorResponse(503, 'TEMPO_NOT_AVAILABLE'), 'None of these clusters has a Tempo'],
  ] as const)('is in the state %s', async (state, respond, words) => {
    app = await openApp('/observability/traces', server(respond));
    expect(app.state()).toBe(state);
    expect(app.text()).toContain(words);
  });

  it('tells who calls whom, where the numbers are from, and leads to the traces', async () => {
    app = await openApp(
      '/observability/traces?show=services',
      server(() => json(GRAPH)),
    );
    expect(app.state()).toBe('ready');
    expect(app.text()).toContain('Seen in the 7 newest traces');
    expect(rows().map((row) => row.querySelector('[role=rowheader]')?.textContent)).toEqual([
      'web → cart',
      'cart → db',
    ]);
    await app.fill('Order', 'failed');
    expect(rows()[0]?.textContent).toContain('2 (66.67 %)');
    expect(app.one('.grid-body a').getAttribute('href')).toBe('/observability/traces?service=db');
  });
});

describe('Trace page', () => {
  const open = (search = '') => `/observability/traces/${trace().trace_id}${search}`;

  it('is a tree over time: levels, errors, the critical path, read by keys', async () => {
    app = await openApp(
      open(),
      server(() => json(TRACE)),
    );
    expect(app.state()).toBe('ready');
    expect(app.one('h1').textContent).toBe('shop GET /');
    expect(app.one('[role=treegrid]').getAttribute('aria-rowcount')).toBe('4');
    expect(rows().map((row) => [row.getAttribute('aria-level'), row.dataset['critical']])).toEqual([
      ['1', 'false'],
      ['2', 'true'],
      ['3', 'false'],
    ]);
    expect(rows()[2]?.textContent).toContain(', error');
    app.one('.grid-body [tabindex="0"]').focus();
    await app.key('ArrowRight');
    expect(document.activeElement?.textContent).toContain('op cart');
    await app.key('ArrowLeft');
    expect([rows().length, document.activeElement?.getAttribute('aria-expanded')]).toEqual([2, 'false']);
    expect(document.activeElement?.textContent).toContain('an error below');
    await app.key('ArrowRight');
    await app.key('End');
    await app.key('Enter');
    expect(location.search).toBe('?span=db');
    expect(app.text()).toContain('deadlock');
    expect(app.text()).toContain('<b>select</b>');
  });

  it('opens at the span of the URL and goes to a span of the analysis', async () => {
    app = await openApp(
      open('?span=db'),
      server(() => json(TRACE)),
    );
    expect(app.one('.span-panel').textContent).toContain('deadlock');
    await app.press('cart op cart');
    expect(app.one('.span-panel').textContent).toContain('60 ms');
  });

  it('reads the spans that did not come along, on demand', async () => {
    const part = traceAnswer(SPANS.slice(0, 1), { tree_of: { shown: 1, total: 3 } });
    app = await openApp(
      open(),
      server(({ path }) =>
        path.includes('/spans')
          ? json({ items: SPANS, total: 3, page: 1, page_size: 1000, total_pages: 1, clusters: [], complete: true })
          : json(part),
      ),
    );
    expect(app.text()).toContain('1 of 3 spans are shown');
    await app.press('Show all');
    expect(rows()).toHaveLength(3);
  });

  it('says that there is no such trace, and which clusters of the answer are missing', async () => {
    app = await openApp(
      open(),
      server(() => errorResponse(404, 'TRACE_NOT_FOUND')),
    );
    expect(app.state()).toBe('empty');
    await app.close();
    app = await openApp(
      open(),
      server(() =>
        json({ ...TRACE, complete: false, clusters: [OK, { ...OK, cluster_name: 'beta', status: 'ERROR' }] }, 206),
      ),
    );
    expect([app.state(), app.text().includes('1 of 2 clusters answered')]).toEqual(['partial', true]);
  });
});
