import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openApp } from '../test-app.tsx';
import { alertsAnswer, capabilities, cluster, errorResponse, json, page, type SentRequest } from '../test-support.ts';

const ALPHA = cluster(1, 'alpha', {}, { capabilities: capabilities({ has_gpu_nodes: true, gpu_count: 4 }) });
const BETA = cluster(2, 'beta', { state: 'OFFLINE', health_score: 30, last_error: '<img src=x onerror=alert(1)>' });
const GAMMA = cluster(
  3,
  'gamma',
  { state: 'UNKNOWN', checked_at: null },
  { maintenance_until: '2026-03-01T12:00:00.000Z' },
);
const ALL = [ALPHA, BETA, GAMMA];

function server(clusters: () => Response = () => page(ALL)) {
  return ({ path }: SentRequest) => (path.startsWith('/alerts') ? json(alertsAnswer(ALL, [])) : clusters());
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy route is there as soon as it is asked for.
beforeAll(() => import('./Clusters.tsx'));
afterEach(() => app?.close());

const names = () => app?.all('.grid-body [role=rowheader]').map((e) => e.textContent);
const focused = () => document.activeElement?.textContent;

describe('Clusters page', () => {
  it('shows every cluster with state, reason, capabilities and when it was last seen', async () => {
    app = await openApp('/clusters', server());
    expect(app.state()).toBe('ready');
    expect(app.one('[role=grid]').getAttribute('aria-rowcount')).toBe('4');
    const [alpha, beta, gamma] = app.all('.grid-body [role=row]').map((e) => e.textContent);
    expect(alpha).toContain('Online');
    expect(alpha).toContain('4 GPUs');
    expect(beta).toContain('<img src=x onerror=alert(1)>');
    expect(gamma).toContain('Maintenance');
    expect(gamma).toContain('Never');
    expect(app.all('.grid-body img')).toEqual([]);
  });

  it('takes filters and sort from the URL and writes them there', async () => {
    app = await openApp('/clusters?sort=state', server());
    expect(names()).toEqual(['beta', 'gamma', 'alpha']);
    expect(app.one('.cell-state[role=columnheader]').getAttribute('aria-sort')).toBe('ascending');
    await app.press('State');
    expect([location.search, names()?.[0]]).toEqual(['?sort=-state', 'alpha']);
    await app.type('input[type=search]', 'am');
    expect(names()).toEqual(['gamma']);
    await vi.waitFor(() => expect(location.search).toBe('?name=am&sort=-state'));
  });

  it('leads back from filters that nothing matches', async () => {
    app = await openApp('/clusters?state=DEGRADED&has_gpu=true', server());
    expect(app.state()).toBe('filtered-empty');
    expect(app.text()).toContain('None of the 3 clusters matches');
    await app.press('Clear filters');
    expect([location.search, names()?.length]).toEqual(['', 3]);
  });

  it.each([
    ['error', () => errorResponse(503, 'STORE_UNAVAILABLE')],
    ['denied', () => errorResponse(403, 'PERMISSION_DENIED', { permission: 'cluster:read' })],
    ['empty', () => page([])],
  ] as const)('is in the state %s with no row and no number that nobody knows', async (state, answer) => {
    app = await openApp('/clusters', server(answer));
    expect(app.state()).toBe(state);
    expect(app.all('[role=row]')).toEqual([]);
    if (state !== 'empty') expect(app.text()).not.toContain('0 of 0');
  });

  it('moves by keys, opens with Enter, and keeps the focus on its cluster when the list changes', async () => {
    let shown = ALL;
    app = await openApp(
      '/clusters',
      server(() => page(shown)),
    );
    const first = app.one('.grid-body [tabindex="0"]');
    first.focus();
    await app.wait();
    expect(focused()).toBe('alpha');
    await app.key('ArrowDown');
    expect(focused()).toBe('beta');
    await app.key('ArrowRight');
    expect(focused()).toBe('Offline');
    await app.key('End');
    await app.key('Home');
    await app.key('End', { ctrlKey: true });
    expect(focused()).toBe('Never');
    await app.key('Home');
    await app.key('ArrowUp');
    expect(focused()).toBe('beta');
    shown = [cluster(0, 'aaa'), ...ALL];
    await app.fleet.refresh();
    await app.wait();
    expect([focused(), app.all('.grid-body [tabindex="0"]').length]).toEqual(['beta', 1]);
    shown = [ALPHA, GAMMA];
    await app.fleet.refresh();
    await app.wait();
    expect(app.one('.grid-body').contains(document.activeElement)).toBe(true);
    await app.key('ArrowRight');
    await app.key('Enter');
    expect(location.pathname).toMatch(/^\/clusters\/(alpha|gamma)$/);
  });

  it('draws of five thousand only what is in sight', async () => {
    const many = Array.from({ length: 5000 }, (_, n) => cluster(n, `c-${String(n).padStart(4, '0')}`));
    const pages = Array.from({ length: 50 }, (_, n) => many.slice(n * 100, n * 100 + 100));
    app = await openApp('/clusters', ({ path }) => {
      if (path.startsWith('/alerts')) return json(alertsAnswer([], []));
      const number = Number(/[?&]page=(\d+)/.exec(path)?.[1]);
      return json({ items: pages[number - 1], total: 5000, page: number, page_size: 100, total_pages: 50 });
    });
    for (let n = 0; n < 20; n += 1) await app.wait();
    expect(app.one('[role=grid]').getAttribute('aria-rowcount')).toBe('5001');
    expect(app.sent.filter((r) => r.path.startsWith('/clusters')).length).toBe(50);
    expect(app.all('.grid *').length).toBeLessThanOrEqual(500);
    app.one('.grid-body [tabindex="0"]').focus();
    await app.key('End', { ctrlKey: true });
    expect(document.activeElement?.closest('[role=row]')?.getAttribute('aria-rowindex')).toBe('5001');
    expect(app.all('.grid *').length).toBeLessThanOrEqual(500);
  });

  it('says beforehand to a viewer that nothing can be added, and lets an operator', async () => {
    app = await openApp('/clusters', server());
    await app.hear({ type: 'auth_response', success: true, user: 'x', role: 'viewer' });
    expect(app.one('.page-actions button').getAttribute('aria-disabled')).toBe('true');
    expect(app.text()).toContain('Your role, viewer, does not hold cluster:write.');
    await app.press('Add a cluster');
    expect(location.pathname).toBe('/clusters');
    await app.hear({ type: 'auth_response', success: true, user: 'x', role: 'operator' });
    expect(app.one('.page-actions a').getAttribute('href')).toBe('/clusters/_add');
  });
});
