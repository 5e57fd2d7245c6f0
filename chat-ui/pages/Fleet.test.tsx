import { afterEach, describe, expect, it, vi } from 'vitest';
import { openApp } from '../test-app.tsx';
import { alert, alertsAnswer, cluster, errorResponse, json, page, type SentRequest } from '../test-support.ts';

const GOOD = cluster(1, 'alpha');
const BAD = cluster(2, 'beta', {
  state: 'OFFLINE',
  health_score: 30,
  api_server_healthy: false,
  last_error: '<img src=x onerror=alert(1)>',
});
const UNCHECKED = cluster(3, 'gamma', { state: 'UNKNOWN', health_score: null, checked_at: null });
const ALL = [GOOD, BAD, UNCHECKED];

function server(overrides: Partial<Record<'clusters' | 'alerts', () => Response>> = {}) {
  return ({ path }: SentRequest) => {
    if (path.startsWith('/clusters')) return overrides.clusters?.() ?? page(ALL);
    if (path.startsWith('/alerts'))
      return overrides.alerts?.() ?? json(alertsAnswer(ALL, [alert(GOOD, 'Watchdog', { severity: 'INFO' })]));
    throw new Error(`unexpected ${path}`);
  };
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
afterEach(() => app?.close());

const numbers = () => app?.all('.number-value').map((e) => e.textContent);

describe('Fleet page', () => {
  it('shows clusters worst first with state in words, reason, score and alerts', async () => {
    app = await openApp('/', server());
    expect(app.state()).toBe('ready');
    expect(app.all('.tile-name').map((e) => e.textContent)).toEqual(['beta', 'gamma', 'alpha']);
    expect(app.one('[data-cluster=beta]').textContent).toContain('Offline');
    expect(app.one('[data-cluster=gamma] .score').textContent).toContain('—');
    expect(app.one('[data-cluster=alpha] .firing').textContent).toContain('1 info');
    expect(numbers()).toEqual(['3', '1', '0', '1', '0', '1', '65/100', '1']);
  });

  it('shows text of a spoke as text', async () => {
    app = await openApp('/', server());
    expect(app.all('img')).toEqual([]);
    expect(app.one('[data-cluster=beta] .tile-reason').textContent).toBe('<img src=x onerror=alert(1)>');
  });

  it('never shows 0 for what could not be fetched', async () => {
    app = await openApp('/', server({ clusters: () => errorResponse(503, 'STORE_UNAVAILABLE') }));
    expect(app.state()).toBe('error');
    expect(numbers()).toEqual(['—', '—', '—', '—', '—', '—', '—', '—']);
    expect(app.text()).toContain('STORE_UNAVAILABLE · trace abc123');
    expect(app.text()).toContain('Retry');
  });

  it('fetches again on Retry', async () => {
    let broken = true;
    app = await openApp(
      '/',
      server({ clusters: () => (broken ? errorResponse(503, 'STORE_UNAVAILABLE') : page(ALL)) }),
    );
    broken = false;
    await app.click('.state-view .button');
    expect(app.state()).toBe('ready');
  });

  it('names the permission that is missing', async () => {
    app = await openApp(
      '/',
      server({ clusters: () => errorResponse(403, 'PERMISSION_DENIED', { permission: 'cluster:read' }) }),
    );
    expect([app.state(), app.text().includes('It needs the permission cluster:read')]).toEqual(['denied', true]);
  });

  it('names the clusters that did not answer, and marks totals as lower bounds', async () => {
    const answer = alertsAnswer(ALL, [alert(GOOD, 'X')], { complete: false });
    const clusters = answer.clusters.map((o) =>
      o.cluster_name === 'beta'
        ? { ...o, status: 'TIMEOUT', error: { code: 'QUERY_TIMEOUT', message: 'No answer within 5 s' } }
        : o,
    );
    app = await openApp('/', server({ alerts: () => json({ ...answer, clusters }, 206) }));
    expect(app.state()).toBe('partial');
    expect(app.one('.banner').textContent).toContain('2 of 3 clusters answered');
    expect(app.one('.banner').textContent).toContain('beta No answer within 5 s');
    expect(numbers()?.at(-1)).toBe('≥ 1');
    expect(app.one('[data-cluster=beta] .tile-alerts').textContent).toContain('Alerts —');
  });

  it('keeps the clusters when alerts fail, with alerts unknown', async () => {
    app = await openApp('/', server({ alerts: () => errorResponse(504, 'QUERY_TIMEOUT') }));
    expect(app.state()).toBe('partial');
    expect(app.all('.tile')).toHaveLength(3);
    expect(numbers()?.at(-1)).toBe('—');
    expect(app.one('.firing-alerts').textContent).toContain('Could not load alerts');
  });

  it('teaches what to do when no cluster is registered', async () => {
    app = await openApp('/', server({ clusters: () => page([]), alerts: () => json(alertsAnswer([], [])) }));
    expect(app.state()).toBe('empty');
    expect(app.text()).toContain('aiops cluster add --context');
    expect(app.text()).toContain('npm run demo');
  });

  it('takes its filters from the URL and counts states over the text filter', async () => {
    app = await openApp('/?state=OFFLINE', server());
    expect(app.all('.tile-name').map((e) => e.textContent)).toEqual(['beta']);
    expect(numbers()?.[0]).toBe('3');
    expect(app.one('.number-link[aria-current]').textContent).toContain('Offline');
    await app.type('input[type=search]', 'nothing like it');
    expect(app.state()).toBe('filtered-empty');
    await vi.waitFor(() => expect(location.search).toBe('?q=nothing+like+it&state=OFFLINE'));
  });

  it('draws the worst of a large fleet first and the rest on demand, and counts all of it', async () => {
    const many = Array.from({ length: 150 }, (_, n) => cluster(n + 10, `c-${n}`));
    app = await openApp('/', server({ clusters: () => page([...many, BAD]) }));
    expect([app.all('.tile').length, numbers()?.[0]]).toEqual([100, '151']);
    expect(app.one('.tile-name').textContent).toBe('beta');
    await app.click('.more-tiles button');
    expect(app.all('.tile')).toHaveLength(151);
  });

  it('says that it reconnects, and keeps showing what it has', async () => {
    app = await openApp('/', server());
    const socket = app.sockets[0];
    socket?.handlers.onText('{"type":"subscribed"}');
    await app.wait();
    expect(app.one('.live').textContent).toBe('Live');
    socket?.handlers.onClose();
    await app.wait();
    expect(app.one('.live').textContent).toContain('Reconnecting');
    expect(app.all('.tile')).toHaveLength(3);
  });

  it('says how old the numbers are when a refresh failed', async () => {
    let broken = false;
    app = await openApp(
      '/',
      server({ clusters: () => (broken ? errorResponse(503, 'STORE_UNAVAILABLE') : page(ALL)) }),
    );
    broken = true;
    await app.fleet.refresh();
    await app.wait();
    expect([app.state(), app.all('.tile').length]).toEqual(['stale', 3]);
    expect(app.one('.banner').textContent).toContain('Shown as of');
  });
});
