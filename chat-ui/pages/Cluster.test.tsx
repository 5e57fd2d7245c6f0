import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../backend/model/cluster.ts';
import { openApp } from '../test-app.tsx';
import {
  alertsAnswer,
  capabilities,
  cluster,
  errorResponse,
  json,
  page,
  type SentRequest,
  whole,
} from '../test-support.ts';

const NOW = '2026-03-01T10:00:00.000Z';
const HOSTILE = '"><img src=x onerror=alert(1)>';
const A: Cluster = whole(
  cluster(
    1,
    'alpha',
    {},
    {
      has_credentials: true,
      credentials_expire_at: '2026-03-03T10:00:00.000Z',
      capabilities: capabilities({ has_odf: null, unknown: [{ field: 'has_odf', reason: HOSTILE }] }),
    },
  ),
  {
    openshift: {
      version: '4.18.3',
      channel: null,
      updating_to: null,
      available_updates: [],
      unhealthy_operators: [{ name: 'image-registry', reason: 'Degraded' }],
      unhealthy_pools: null,
      observed_at: NOW,
    },
  },
);
const HISTORY = {
  transitions: [
    { at: '2026-03-01T09:00:00.000Z', old_state: 'ONLINE', new_state: 'OFFLINE', health_score: 30, reason: HOSTILE },
    { at: '2026-03-01T09:10:00.000Z', old_state: 'OFFLINE', new_state: 'ONLINE', health_score: 100, reason: 'Back.' },
  ],
  rollups: [
    { start: '2026-03-01T09:00:00.000Z', checks: 10, healthy_checks: 0, min_score: 30, avg_score: 30 },
    { start: '2026-03-01T09:05:00.000Z', checks: 10, healthy_checks: 4, min_score: 30, avg_score: 72 },
  ],
};

type Override = (request: SentRequest) => Response | undefined;

function server(override: Override = () => undefined) {
  return (request: SentRequest) => {
    const { path, method } = request;
    const answer = override(request);
    if (answer) return answer;
    if (path.startsWith('/alerts')) return json(alertsAnswer([A], []));
    if (path.startsWith('/clusters?')) return page([A]);
    if (path.includes('/health')) return json(HISTORY);
    if (method === 'GET' && path.startsWith('/clusters/')) return json(A);
    if (method === 'DELETE') return new Response(null, { status: 204 });
    return json(A);
  };
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
beforeAll(() => Promise.all([import('./Cluster.tsx'), import('./Clusters.tsx')]));
afterEach(() => app?.close());

const sent = (method: string) => app?.sent.filter((r) => r.method === method) ?? [];

describe('page of a cluster', () => {
  it('shows how it is, what it can do, what is not known and why, with text of others as text', async () => {
    app = await openApp('/clusters/alpha', server());
    expect(app.state()).toBe('ready');
    expect(document.title).toBe('alpha · AIOps NextGen');
    const text = app.text();
    expect(text).toContain('Every endpoint answers.');
    expect(text).toContain(`Data FoundationUnknown ${HOSTILE}`);
    expect(text).toContain('image-registry Degraded');
    expect(text).toContain('Machine config poolsCould not be read');
    expect(text).toContain('Expire soon');
    expect(app.all('main img')).toEqual([]);
  });

  it('tells the history by keys and as a table, with a gap where nothing was checked', async () => {
    app = await openApp('/clusters/alpha', server());
    const plot = app.one('.chart-plot');
    expect(plot.getAttribute('aria-valuetext')).toContain('score 72, lowest 30; 4 of 10 checks');
    plot.focus();
    await app.key('ArrowLeft');
    expect(plot.getAttribute('aria-valuetext')).toContain('Offline, score 30; 0 of 10 checks');
    expect(app.text()).toContain('Online → Offline');
    const twin = app.one('.twin');
    twin.setAttribute('open', '');
    twin.dispatchEvent(new Event('toggle'));
    await app.wait();
    expect(app.all('.twin tbody tr')).toHaveLength(4);
  });

  it('asks for the range in the URL', async () => {
    app = await openApp('/clusters/alpha?range=7d', server());
    await app.wait();
    expect(app.sent.at(-1)?.path).toBe(`/clusters/${A.id}/health?start=-168h`);
    expect(app.one('.segmented [aria-current]').textContent).toBe('7 days');
  });

  it.each([
    ['not-found', 404, 'CLUSTER_NOT_FOUND'],
    ['denied', 403, 'PERMISSION_DENIED'],
    ['error', 503, 'STORE_UNAVAILABLE'],
  ] as const)('is in the state %s without a fact of a cluster', async (state, status, code) => {
    app = await openApp(
      '/clusters/alpha',
      server(({ path }) =>
        path.startsWith('/clusters/') ? errorResponse(status, code, { similar: ['alpha-2'] }) : undefined,
      ),
    );
    expect(app.state()).toBe(state);
    expect(app.all('.panel')).toEqual([]);
    if (state === 'not-found') expect(app.text()).toContain('alpha-2');
  });

  it('says so when somebody else removes the cluster', async () => {
    app = await openApp('/clusters/alpha', server());
    const event = {
      event_id: 'e',
      sequence: 1,
      event_type: 'CLUSTER_DELETED',
      source: 'x',
      cluster_id: A.id,
      timestamp: NOW,
      payload: {},
    };
    await app.hear({ type: 'event', event });
    expect(app.state()).toBe('removed');
  });

  it('starts and ends maintenance with the version that is shown', async () => {
    let shown = A;
    app = await openApp(
      '/clusters/alpha',
      server(({ method, path, body }) => {
        if (method === 'PUT') shown = { ...shown, ...(body as object), resource_version: shown.resource_version + 1 }; // proof: what this page sends
        return method === 'PUT' || path === '/clusters/alpha' ? json(shown) : undefined;
      }),
    );
    await app.press('Maintenance…');
    await app.press('Start maintenance');
    const [put] = sent('PUT');
    expect(put?.headers.get('if-match')).toBe('"1"');
    expect(put?.body).toEqual({ maintenance_until: '2026-03-01T12:00:00.000Z' });
    expect([app.all('dialog').length, app.text().includes('Maintenance until')]).toEqual([0, true]);
    await app.press('End maintenance');
    expect(sent('PUT').at(-1)?.body).toEqual({ maintenance_until: null });
  });

  it('deletes only after the name was typed', async () => {
    app = await openApp('/clusters/alpha', server());
    await app.press('Delete…');
    await app.press('Delete this cluster');
    expect(sent('DELETE')).toEqual([]);
    await app.fill('Type', 'alph');
    await app.press('Delete this cluster');
    expect(sent('DELETE')).toEqual([]);
    await app.fill('Type', 'alpha');
    await app.press('Delete this cluster');
    expect(sent('DELETE').map((r) => r.path)).toEqual([`/clusters/${A.id}`]);
    expect(location.pathname).toBe('/clusters');
  });

  it('shows in the dialog why it was not deleted', async () => {
    app = await openApp(
      '/clusters/alpha',
      server(({ method }) =>
        method === 'DELETE' ? errorResponse(403, 'PERMISSION_DENIED', { permission: 'cluster:delete' }) : undefined,
      ),
    );
    await app.press('Delete…');
    await app.fill('Type', 'alpha');
    await app.press('Delete this cluster');
    expect(app.one('dialog [role=alert]').textContent).toContain('It needs the permission cluster:delete');
    expect(location.pathname).toBe('/clusters/alpha');
  });

  it('tests the stored credentials and says how each endpoint took them', async () => {
    app = await openApp(
      '/clusters/alpha',
      server(({ path }) =>
        path.endsWith('/validate')
          ? json({
              valid: false,
              checked_at: NOW,
              endpoints: [
                { endpoint: 'API', status: 'valid', detail: null, latency_ms: 4 },
                { endpoint: 'LOKI', status: 'insufficient_permissions', detail: HOSTILE, latency_ms: 9 },
              ],
            })
          : undefined,
      ),
    );
    await app.press('Test');
    expect(sent('POST').map((r) => [r.path, r.body])).toEqual([[`/clusters/${A.id}/credentials/validate`, {}]]);
    expect(app.all('[data-validation]').map((e) => e.textContent)).toEqual([
      'API serverAccepted4 ms',
      `LokiAccepted, but may not read9 ms${HOSTILE}`,
    ]);
  });

  it.each([
    ['viewer', ['Edit', 'Credentials', 'Maintenance…', 'Delete…']],
    ['operator', ['Delete…']],
    ['admin', []],
  ])('keeps what a %s may not do in reach and says why', async (role, denied) => {
    app = await openApp('/clusters/alpha', server());
    await app.hear({ type: 'auth_response', success: true, user: 'x', role });
    const disabled = app.all('.page > .actions [aria-disabled=true]');
    expect(disabled.map((e) => e.firstChild?.nextSibling?.textContent)).toEqual(denied);
    for (const button of disabled) {
      expect(button.getAttribute('title')).toContain(`Your role, ${role}, does not hold cluster:`);
      button.focus();
      expect(document.activeElement).toBe(button);
      button.click();
    }
    await app.wait();
    expect([app.all('dialog').length, location.pathname]).toEqual([0, '/clusters/alpha']);
  });
});
