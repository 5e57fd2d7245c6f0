import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../backend/model/cluster.ts';
import { openApp } from '../test-app.tsx';
import { alertsAnswer, cluster, errorResponse, json, page, type SentRequest, whole } from '../test-support.ts';

const NOW = '2026-03-01T10:00:00.000Z';
const A: Cluster = whole(cluster(1, 'alpha', {}, { has_credentials: true }), { resource_version: 4 });
const valid = (ok: boolean) => ({
  valid: ok,
  checked_at: NOW,
  endpoints: [{ endpoint: 'API', status: ok ? 'valid' : 'invalid', detail: ok ? null : 'no', latency_ms: 4 }],
});

type Override = (request: SentRequest) => Response | undefined;

function server(override: Override = () => undefined) {
  return (request: SentRequest) => {
    const answer = override(request);
    if (answer) return answer;
    const { path } = request;
    if (path.startsWith('/alerts')) return json(alertsAnswer([A], []));
    if (path.startsWith('/clusters?')) return page([A]);
    if (path.includes('/health')) return json({ transitions: [], rollups: [] });
    return json(path.endsWith('/validate') ? valid(true) : A);
  };
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
beforeAll(() => Promise.all([import('./Cluster.tsx'), import('./ClusterForms.tsx')]));
afterEach(() => app?.close());

const sent = (method: string) => app?.sent.filter((r) => r.method === method).map((r) => [r.path, r.body]) ?? [];
const buttons = () => app?.all('.form-end .actions button').map((e) => e.textContent);

describe('adding a cluster', () => {
  async function filled(override?: Override) {
    app = await openApp('/clusters/_add', server(override));
    await app.fill('Name', 'new-1');
    await app.fill('API server URL', 'https://10.0.0.1:6443');
    await app.fill('Token of the API server', 's3cret');
    return app;
  }

  it('says what is missing without asking the server', async () => {
    app = await openApp('/clusters/_add', server());
    await app.press('Test');
    expect(sent('POST')).toEqual([]);
    expect(app.all('[data-invalid=true] .form-label').map((e) => e.textContent)).toEqual([
      'Name',
      'API server URL',
      'Token of the API server',
    ]);
  });

  it('tests what is in the form, then saves exactly that, and never before', async () => {
    const page = await filled();
    expect(buttons()).toEqual(['Test']);
    await page.press('Test');
    const credentials = { auth_type: 'SERVICE_ACCOUNT', api_token: 's3cret' };
    expect(sent('POST')).toEqual([
      ['/clusters/validate', { cluster: expect.objectContaining({ name: 'new-1' }), ...credentials }],
    ]);
    expect(buttons()).toEqual(['Test again', 'Save']);
    await page.fill('Region', 'eu');
    expect(buttons()).toEqual(['Test']);
    await page.press('Test');
    await page.press('Save');
    expect(sent('POST').slice(2)).toEqual([
      ['/clusters', expect.objectContaining({ name: 'new-1', region: 'eu' })],
      [`/clusters/${A.id}/credentials`, credentials],
    ]);
    expect(location.pathname).toBe('/clusters/alpha');
  });

  it('lets a cluster that does not answer be saved all the same, but says so', async () => {
    const page = await filled(({ path }) => (path.endsWith('/validate') ? json(valid(false)) : undefined));
    await page.press('Test');
    expect(page.text()).toContain('Not every endpoint accepts it.');
    expect(buttons()).toEqual(['Test again', 'Save anyway']);
  });

  it('puts the words of the server to the field that they are about', async () => {
    const page = await filled(({ path }) =>
      path.endsWith('/validate')
        ? errorResponse(422, 'VALIDATION_FAILED', {
            issues: [{ field: 'cluster.tls.ca', message: 'not a certificate' }],
          })
        : undefined,
    );
    await page.press('Test');
    expect(page.all('[data-invalid=true] .form-label').map((e) => e.textContent)).toEqual([
      'Certificate authority (PEM) optional',
    ]);
  });

  it('does not register twice when only the credentials were refused', async () => {
    let refuse = true;
    const page = await filled(({ path }) =>
      path.endsWith('/credentials') && refuse ? errorResponse(400, 'CREDENTIALS_INVALID') : undefined,
    );
    await page.press('Test');
    await page.press('Save');
    expect(page.text()).toContain('is registered, but its credentials are not stored');
    refuse = false;
    await page.press('Store the credentials');
    expect(sent('POST').filter(([path]) => path === '/clusters')).toHaveLength(1);
    expect(location.pathname).toBe('/clusters/alpha');
  });
});

describe('editing a cluster', () => {
  it('sends what changed with the version that was opened', async () => {
    app = await openApp('/clusters/alpha/edit', server());
    await app.fill('Region', 'eu-north-1');
    expect(app.text()).toContain('1 field changed.');
    await app.press('Save');
    const put = app.sent.find((r) => r.method === 'PUT');
    expect([put?.path, put?.body, put?.headers.get('if-match')]).toEqual([
      `/clusters/${A.id}`,
      { region: 'eu-north-1' },
      '"4"',
    ]);
    expect(location.pathname).toBe('/clusters/alpha');
  });

  it('shows after a 412 what somebody else changed, keeps what was written, and goes on from theirs', async () => {
    let current = A;
    app = await openApp(
      '/clusters/alpha/edit',
      server(({ method, path, headers }) => {
        if (method === 'GET') return path === `/clusters/${A.id}` ? json(current) : undefined;
        if (headers.get('if-match') !== `"${current.resource_version}"`) return errorResponse(412, 'STALE_VERSION');
        return json(current);
      }),
    );
    await app.fill('Region', 'mine');
    current = { ...A, region: 'theirs', labels: { tier: 'silver' }, resource_version: 5 };
    await app.press('Save');
    expect(app.one('.conflict').textContent).toContain('Region: eu-west-1 → theirs — you changed it too');
    expect(app.one('.conflict').textContent).toContain('Labels: tier=gold → tier=silver');
    await app.press('Reload and keep my changes');
    await app.press('Save');
    const put = app.sent.findLast((r) => r.method === 'PUT');
    expect([put?.body, put?.headers.get('if-match')]).toEqual([{ region: 'mine' }, '"5"']);
  });
});

describe('setting credentials', () => {
  it('tests without storing, and puts new ones in the place of the old only by a rotation', async () => {
    app = await openApp('/clusters/alpha/credentials', server());
    await app.fill('Kind', 'BASIC');
    await app.fill('User name', 'u');
    await app.fill('Password', 'p');
    const credentials = { auth_type: 'BASIC', username: 'u', password: 'p' };
    await app.press('Test');
    await app.press('Test and replace');
    expect(sent('POST')).toEqual([
      [`/clusters/${A.id}/credentials/validate`, credentials],
      [`/clusters/${A.id}/credentials/rotate`, credentials],
    ]);
    expect(location.pathname).toBe('/clusters/alpha');
    expect(document.body.innerHTML).not.toContain('value="p"');
  });

  it('shows why a rotation was refused, and replaces without a test only when asked to', async () => {
    app = await openApp(
      '/clusters/alpha/credentials',
      server(({ path }) =>
        path.endsWith('/rotate') ? errorResponse(400, 'CREDENTIALS_INVALID', { validation: valid(false) }) : undefined,
      ),
    );
    await app.fill('Token of the API server', 't');
    await app.press('Test and replace');
    expect(app.one('[data-validation=invalid]').textContent).toContain('Refused');
    expect(location.pathname).toBe('/clusters/alpha/credentials');
    await app.press('Replace without a test');
    expect(sent('POST').at(-1)?.[0]).toBe(`/clusters/${A.id}/credentials`);
  });

  it('sets the first ones without a rotation, and keeps secrets out of sight', async () => {
    app = await openApp(
      '/clusters/alpha/credentials',
      server(({ method, path }) =>
        method === 'GET' && path === '/clusters/alpha' ? json({ ...A, has_credentials: false }) : undefined,
      ),
    );
    expect(app.all('input[type=password]').length).toBe(6);
    await app.fill('Token of the API server', 't');
    await app.press('Save');
    expect(sent('POST').map(([path]) => path)).toEqual([`/clusters/${A.id}/credentials`]);
  });

  it('tells a viewer beforehand and sends nothing', async () => {
    app = await openApp('/clusters/alpha/credentials', server());
    await app.hear({ type: 'auth_response', success: true, user: 'x', role: 'viewer' });
    expect(app.one('.banner').textContent).toContain('Nothing can be saved here.');
    await app.fill('Token of the API server', 't');
    await app.press('Test and replace');
    await app.press('Test');
    expect(sent('POST')).toEqual([]);
  });
});
