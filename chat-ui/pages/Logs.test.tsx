import { act } from 'preact/test-utils';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorLogsAnswer } from '../../backend/model/logs.ts';
import { logEntry, logsAnswer } from '../observability/logs/test-logs.ts';
import { openApp } from '../test-app.tsx';
import { alertsAnswer, cluster, errorResponse, json, page, type SentRequest, settled } from '../test-support.ts';

const ALPHA = cluster(1, 'alpha');
const QUERY = encodeURIComponent('{namespace="shop"}');

function server(logs: (request: SentRequest) => Response | Promise<Response>) {
  return (request: SentRequest) => {
    if (request.path.startsWith('/logs')) return logs(request);
    return request.path.startsWith('/alerts') ? json(alertsAnswer([ALPHA], [])) : page([ALPHA]);
  };
}
const open = async (url: string, logs: (request: SentRequest) => Response | Promise<Response>) =>
  (app = await openApp(url, server(logs)));

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy routes are there as soon as they are asked for.
beforeAll(() => import('./Logs.tsx'));
afterEach(() => app?.close());

const asked = () => app?.sent.filter(({ path }) => path === '/logs/query_range').map(({ body }) => body) ?? [];
const messages = () => app?.all('.log-message').map((e) => e.textContent);

describe('Logs page', () => {
  it('asks nothing before there is a query, and says how it is tabbed', async () => {
    await open('/observability/logs', () => json(logsAnswer([])));
    expect([app?.state(), asked()]).toEqual(['idle', []]);
    expect(app?.all('nav[aria-label=Logs] a').map((a) => a.textContent)).toEqual(['Lines', 'Live', 'Error patterns']);
  });

  it('reads lines page after page with what the page before gave', async () => {
    await open(`/observability/logs?q=${QUERY}&clusters=alpha`, ({ body }) =>
      typeof body === 'object' && body !== null && 'cursor' in body
        ? json(logsAnswer([logEntry(1)]))
        : json(logsAnswer([logEntry(3), logEntry(2)], { next_cursor: 'c1' })),
    );
    expect([app?.state(), messages()]).toEqual(['ready', ['line 3', 'line 2']]);
    await app?.press('Older');
    expect(messages()).toEqual(['line 3', 'line 2', 'line 1']);
    const first = {
      query: '{namespace="shop"}',
      clusters: ['alpha'],
      start: '-1h',
      end: 'now',
      limit: 100,
      direction: 'BACKWARD',
    };
    expect(asked()).toEqual([first, { ...first, cursor: 'c1' }]);
  });

  it('opens a line with its labels, its trace and ways to narrow; what it says stays text', async () => {
    const trace = '042bac59ad78c9ee78778cf56a072117';
    const line = logEntry(2, { message: '<img src=x>', structured_metadata: { trace_id: trace }, level: 'ERROR' });
    await open(`/observability/logs?q=${QUERY}`, () => json(logsAnswer([line, logEntry(1)])));
    await app?.click('.log-row');
    expect(new URLSearchParams(location.search).get('line')).toBe(`alpha.${line.timestamp_ns}`);
    expect(app?.all('main img')).toEqual([]);
    const links = app?.all('.log-detail a').map((a) => [a.textContent, a.getAttribute('href')]) ?? [];
    expect(links.find(([text]) => text === 'Its trace')?.[1]).toContain(`/observability/traces/${trace}?`);
    const pod = new URL(links.find(([text]) => text === 'pod=cart-1')?.[1] ?? '', 'http://x').searchParams.get('q');
    expect(pod).toBe('{namespace="shop", pod="cart-1"}');
    app?.one('.log-row[tabindex="0"]').focus();
    await app?.key('ArrowDown');
    expect(document.activeElement?.getAttribute('aria-rowindex')).toBe('2');
    await app?.key('Enter');
    expect(app?.all('[aria-expanded=true]').map((row) => row.getAttribute('aria-rowindex'))).toEqual(['2']);
  });

  it('shows the levels chosen in the URL, and counts those that were read', async () => {
    const entries = [logEntry(2, { level: 'ERROR' }), logEntry(1)];
    await open(`/observability/logs?q=${QUERY}`, () => json(logsAnswer(entries)));
    expect(app?.all('.toggle-chip').map((chip) => chip.textContent)).toEqual(['Error1', 'Info1']);
    await app?.click('.toggle-chip');
    expect([messages(), location.search.includes('level=error'), asked().length]).toEqual([['line 2'], true, 1]);
    await app?.close();
    await open(`/observability/logs?q=${QUERY}&level=fatal`, () => json(logsAnswer(entries)));
    expect(app?.state()).toBe('filtered-empty');
  });

  it('marks where a query is wrong', async () => {
    await open('/observability/logs?q=%7Bfoo%3D%7D', () => errorResponse(400, 'INVALID_LOGQL', { position: 5 }));
    expect([app?.state(), app?.one('.error-mark').textContent]).toEqual(['error', '}']);
    expect(app?.one('.field-problem').textContent).toContain('INVALID_LOGQL');
  });

  it('tells loading, empty, partial, failed, denied and no Loki apart', async () => {
    const cases = [
      [() => new Promise<Response>(() => undefined), 'loading'],
      [() => json(logsAnswer([])), 'empty'],
      [() => json(logsAnswer([logEntry(1)], { complete: false })), 'partial'],
      [() => errorResponse(503, 'X'), 'error'],
      [() => errorResponse(403, 'PERMISSION_DENIED', { permission: 'logs:read' }), 'denied'],
    ] as const;
    for (const [answer, state] of cases) {
      await open(`/observability/logs?q=${QUERY}`, answer);
      expect(app?.state()).toBe(state);
      await app?.close();
    }
    await open(`/observability/logs?q=${QUERY}`, () => errorResponse(503, 'LOKI_NOT_AVAILABLE'));
    expect(app?.text()).toContain('None of these clusters has logs');
  });

  it('draws what a metric query counts', async () => {
    const series = [{ metric: { cluster: 'alpha' }, values: [[1772355600, '3'] as [number, string]] }];
    await open(`/observability/logs?q=x`, () => json(logsAnswer([], { result_type: 'MATRIX', series, step: 60 })));
    expect([app?.state(), app?.text().includes('1 series')]).toEqual(['ready', true]);
  });
});

describe('live logs', () => {
  it('follow the query, add lines as they come, and say who is not followed', async () => {
    await open(`/observability/logs?show=live&q=${QUERY}&clusters=alpha`, () => json({}));
    const tail = app?.sockets.find(({ path }) => path.includes('/logs/tail'));
    expect(tail?.path).toBe('/api/v1/logs/tail?query=%7Bnamespace%3D%22shop%22%7D&clusters=alpha&start=now');
    await act(async () => {
      const skipped = [{ cluster_name: 'edge', warnings: ['metrics only'] }];
      tail?.handlers.onText(JSON.stringify({ type: 'started', followed: [{ cluster_name: 'alpha' }], skipped }));
      tail?.handlers.onText(JSON.stringify({ type: 'entries', entries: [logEntry(1), logEntry(2)] }));
      app?.clock.advance(300);
      await settled();
    });
    expect([app?.state(), messages()]).toEqual(['live', ['line 2', 'line 1']]);
    expect(app?.text()).toContain('edge: metrics only');
  });

  it('keep the place of whoever reads: new lines wait behind a pill', async () => {
    await open(`/observability/logs?show=live&q=${QUERY}`, () => json({}));
    const tail = app?.sockets.find(({ path }) => path.includes('/logs/tail'));
    const come = (n: number) =>
      act(async () => {
        tail?.handlers.onText(JSON.stringify({ type: 'entries', entries: [logEntry(n)] }));
        app?.clock.advance(300);
        await settled();
      });
    await come(1);
    app?.one('.log-row').focus();
    await come(2);
    expect([messages(), app?.one('.waiting').textContent]).toEqual([['line 1'], '1 new line, show']);
    await app?.press('1 new line');
    expect(messages()).toEqual(['line 2', 'line 1']);
  });

  it('that are refused say so at the query', async () => {
    await open('/observability/logs?show=live&q=%7Bfoo%3D%7D', () =>
      errorResponse(400, 'INVALID_LOGQL', { position: 5 }),
    );
    expect([app?.state(), app?.one('.error-mark').textContent]).toEqual(['error', '}']);
  });
});

it('error patterns tell what is new, and lead to their lines', async () => {
  const answer: ErrorLogsAnswer = {
    templates: [
      {
        template: 'cannot reach <_>',
        count: 5,
        previous_count: 0,
        novelty: 'NEW',
        clusters: [{ name: 'alpha', count: 5 }],
        namespaces: ['shop'],
        namespaces_total: 1,
        pods: [],
        pods_total: 0,
        sample: logEntry(1, { message: 'cannot reach db', level: 'ERROR' }),
        source: 'MINED',
      },
    ],
    templates_total: 1,
    lines: 5,
    previous_lines: 0,
    counts_are_exact: false,
    by_novelty: { NEW: 1 },
    start: '2026-03-01T09:00:00.000Z',
    end: '2026-03-01T10:00:00.000Z',
    previous_start: '2026-03-01T08:00:00.000Z',
    clusters: [],
    complete: true,
    notes: [],
  };
  await open('/observability/logs?show=errors', () => json(answer));
  expect([app?.state(), app?.one('.silence .badge').textContent]).toEqual(['ready', 'New']);
  expect(app?.text()).toContain('≥ 5 error lines');
  const link = new URL(app?.one('.silence a').getAttribute('href') ?? '', 'http://x').searchParams;
  expect([link.get('q'), link.get('clusters')]).toEqual(['{namespace="shop"} |= "cannot reach"', 'alpha']);
});
