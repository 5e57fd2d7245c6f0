/** The REST contract of clusters: registration, list and errors, on the built server. Credentials and health: the other file. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../../backend/model/cluster.ts';
import { BASE, type ClusterApi, codeOf, nowhere, startClusterApi } from './cluster-api.ts';

let api: ClusterApi;
beforeAll(async () => {
  api = await startClusterApi();
});
afterAll(() => api.server.stop());

const call: ClusterApi['call'] = (...args) => api.call(...args);
const register: ClusterApi['register'] = (body) => api.register(body);
const remove: ClusterApi['remove'] = (id) => api.remove(id);
const makeToken: ClusterApi['makeToken'] = (...args) => api.makeToken(...args);

describe('a registration', () => {
  it('is created, read by id and by name, changed and removed', async () => {
    const created = await call('POST', BASE, nowhere('life-1', { labels: { tier: 'gold' }, region: 'eu' }));
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"1"');
    const cluster = Cluster.parse(created.body);
    for (const route of [`${BASE}/${cluster.id}`, `${BASE}/by-name/life-1`]) {
      const read = await call('GET', route);
      expect([read.status, read.headers.get('etag')]).toEqual([200, '"1"']);
      expect(read.body).toMatchObject({ id: cluster.id, name: 'life-1', source: 'MANUAL', labels: { tier: 'gold' } });
    }
    const changed = await call('PUT', `${BASE}/${cluster.id}`, { display_name: 'Life', region: null });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect(Cluster.parse(changed.body)).toMatchObject({ display_name: 'Life', region: null, labels: { tier: 'gold' } });
    const removed = await remove(cluster.id);
    expect([removed.status, removed.body]).toEqual([204, {}]);
    expect((await call('GET', `${BASE}/${cluster.id}`)).status).toBe(404);
    expect((await call('GET', `${BASE}/by-name/life-1`)).status).toBe(404);
    expect((await call('GET', `${BASE}?name=life-1`)).body['total']).toBe(0);
  });

  it('frees its name as soon as it is removed', async () => {
    for (let round = 0; round < 3; round += 1)
      expect((await remove((await register(nowhere('again-1'))).id)).status).toBe(204);
  });

  it('is changed only from the version that the caller has seen', async () => {
    const { id } = await register(nowhere('version-1'));
    const put = (version: string, region: string) =>
      call('PUT', `${BASE}/${id}`, { region }, { headers: { 'If-Match': version } });
    expect((await put('"1"', 'eu')).status).toBe(200);
    const stale = await put('"1"', 'us');
    expect([stale.status, codeOf(stale)]).toEqual([412, 'STALE_VERSION']);
    expect((await put('W/"2"', 'us')).status).toBe(200);
    expect((await put('*', 'asia')).body).toMatchObject({ region: 'asia', resource_version: 4 });
    expect([codeOf(await put('yesterday', 'x')), codeOf(await put('"4", "5"', 'x'))]).toEqual(
      Array.from({ length: 2 }, () => 'VALIDATION_FAILED'),
    );
    // A condition that cannot be kept is refused, not overlooked; a cached copy is never taken for a fresh one.
    const conditional = { headers: { 'If-Match': '"1"' } };
    expect(codeOf(await call('DELETE', `${BASE}/${id}`, undefined, conditional))).toBe('VALIDATION_FAILED');
    const cached = await call('GET', `${BASE}/${id}`, undefined, { headers: { 'If-None-Match': '"4"' } });
    expect(cached.status).toBe(200);
    await remove(id);
  });

  it('of many changes from one version lets exactly one through', async () => {
    const { id } = await register(nowhere('race-1'));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        call('PUT', `${BASE}/${id}`, { region: `r-${at}` }, { headers: { 'If-Match': '"1"' } }),
      ),
    );
    expect(answers.map((a) => a.status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 412),
    ]);
    await remove(id);
  });
});

describe('the list', () => {
  const ids: string[] = [];
  beforeAll(async () => {
    const fleet = [
      nowhere('list-a', { environment: 'PRODUCTION', region: 'eu', labels: { tier: 'gold', 'a.b/c': 'x=y' } }),
      nowhere('list-b', { cluster_type: 'EDGE', environment: 'PRODUCTION', region: 'us' }),
      nowhere('list-c', { cluster_type: 'HUB', environment: 'LAB', labels: { tier: 'lead' } }),
    ];
    for (const body of fleet) ids.push((await register(body)).id);
  });
  afterAll(async () => {
    for (const id of ids) await remove(id);
  });

  it.each([
    ['name=LIST', 'list-a list-b list-c'],
    ['name=list-b', 'list-b'],
    ['name=%25', ''],
    ['cluster_type=HUB&name=list', 'list-c'],
    ['environment=PRODUCTION&name=list', 'list-a list-b'],
    ['region=eu&name=list', 'list-a'],
    ['label=tier%3Dlead', 'list-c'],
    ['label=a.b%2Fc%3Dx%3Dy', 'list-a'],
    ['state=PROVISIONING', ''],
    ['has_gpu=true&name=list', ''],
    ['has_cnf=false&name=list', ''],
    ['clusters=list-a,list-c', 'list-a list-c'],
    ['clusters=tier%21%3Dgold,environment%3DPRODUCTION', 'list-b'],
  ])('answers ?%s', async (query, names) => {
    const { status, body } = await call('GET', `${BASE}?${query}`);
    expect(status).toBe(200);
    expect((body['items'] as Cluster[]).map((c) => c.name).join(' ')).toBe(names);
  });

  it('comes in pages', async () => {
    const page = async (query: string) => (await call('GET', `${BASE}?name=list-&${query}`)).body;
    expect(await page('')).toMatchObject({ total: 3, page: 1, page_size: 20, total_pages: 1 });
    expect(await page('page=2&page_size=2')).toMatchObject({
      items: [{ name: 'list-c' }],
      total: 3,
      page: 2,
      total_pages: 2,
    });
    expect(await page('page=9&page_size=2')).toMatchObject({ items: [], total: 3, page: 9 });
  });

  it.each([
    'page=0',
    'page=x',
    'page_size=0',
    'page_size=101',
    'label=tier',
    'cluster_type=MOON',
    'has_gpu=maybe',
    'nonsense=1',
  ])('refuses ?%s', async (query) => {
    const answer = await call('GET', `${BASE}?${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('shows a caller with a scope only what lies in it, page by page', async () => {
    const token = await makeToken('viewer', 'environment=PRODUCTION');
    const { body } = await call('GET', `${BASE}?name=list-&page_size=1&page=2`, undefined, { token });
    expect(body).toMatchObject({ items: [{ name: 'list-b' }], total: 2, total_pages: 2 });
    expect(codeOf(await call('GET', `${BASE}/by-name/list-c`, undefined, { token }))).toBe('CLUSTER_NOT_FOUND');
  });
});

describe('errors', () => {
  it.each([
    ['GET', ''],
    ['PUT', ''],
    ['DELETE', ''],
    ['GET', '/status'],
    ['GET', '/health'],
    ['POST', '/refresh'],
    ['POST', '/credentials'],
    ['DELETE', '/credentials'],
    ['POST', '/credentials/rotate'],
    ['POST', '/credentials/validate'],
  ])('%s /clusters/{id}%s of a cluster that is not there is CLUSTER_NOT_FOUND', async (method, route) => {
    const body = { PUT: { region: 'eu' }, POST: route.startsWith('/cred') ? { auth_type: 'NONE' } : {} }[method];
    for (const id of ['0190b8a2-6f3e-7000-8000-000000000000', 'no-such-cluster']) {
      const answer = await call(method, `${BASE}/${id}${route}`, body);
      expect([answer.status, codeOf(answer)]).toEqual([404, 'CLUSTER_NOT_FOUND']);
    }
  });

  it.each<[string, unknown, number, string]>([
    ['a bad name', nowhere('Not_Good'), 400, 'INVALID_CLUSTER_NAME'],
    ['http to an API server', nowhere('bad-1', { api_server_url: 'http://127.0.0.1:1' }), 422, 'VALIDATION_FAILED'],
    ['an unknown field', nowhere('bad-1', { secret: 'x' }), 422, 'VALIDATION_FAILED'],
    ['no API server', { name: 'bad-1' }, 422, 'VALIDATION_FAILED'],
    ['a long display name', nowhere('bad-1', { display_name: 'x'.repeat(129) }), 422, 'VALIDATION_FAILED'],
    [
      'an address that is forbidden',
      nowhere('bad-1', { api_server_url: 'https://169.254.169.254' }),
      422,
      'ADDRESS_FORBIDDEN',
    ],
    [
      'an endpoint that is forbidden',
      nowhere('bad-1', { endpoints: { loki_url: 'http://[fd00:ec2::254]' } }),
      422,
      'ADDRESS_FORBIDDEN',
    ],
    ['more than 128 KiB', nowhere('bad-1', { tls: { ca: 'x'.repeat(140_000) } }), 413, 'BODY_TOO_LARGE'],
  ])('refuses %s', async (_what, body, status, code) => {
    const answer = await call('POST', BASE, body);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  it('refuses a name that is taken, and changes nothing', async () => {
    const { id } = await register(nowhere('taken-1', { region: 'eu' }));
    const second = await call('POST', BASE, nowhere('taken-1', { region: 'us' }));
    expect([second.status, codeOf(second)]).toEqual([409, 'CLUSTER_ALREADY_EXISTS']);
    expect((await call('GET', `${BASE}/${id}`)).body).toMatchObject({ region: 'eu' });
    await remove(id);
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['the name', { name: 'other-1' }],
    ['what is measured', { status: { state: 'ONLINE' } }],
    ['a time that is none', { maintenance_until: 'tomorrow' }],
  ])('refuses to change %s', async (_what, body) => {
    const { id } = await register(nowhere('fixed-1'));
    const answer = await call('PUT', `${BASE}/${id}`, body);
    expect([answer.status, codeOf(answer)]).toEqual([422, 'VALIDATION_FAILED']);
    await remove(id);
  });

  it('keeps to what each role may do', async () => {
    const { id } = await register(nowhere('roles-1'));
    const [viewer, operator] = [await makeToken('viewer'), await makeToken('operator')];
    const as = async (token: string, method: string, route: string, body?: unknown) =>
      (await call(method, `${BASE}/${id}${route}`, body, { token })).status;
    expect(await as(viewer, 'GET', '')).toBe(200);
    expect(await as(viewer, 'PUT', '', { region: 'eu' })).toBe(403);
    expect(await as(viewer, 'POST', '/credentials', { auth_type: 'NONE' })).toBe(403);
    expect(await as(operator, 'PUT', '', { region: 'eu' })).toBe(200);
    expect(await as(operator, 'DELETE', '')).toBe(403);
    // An operator may not send stored credentials to a place of their choosing.
    expect(await as(operator, 'POST', '/credentials', { auth_type: 'SERVICE_ACCOUNT', api_token: 't' })).toBe(200);
    expect(await as(operator, 'PUT', '', { api_server_url: 'https://127.0.0.1:2' })).toBe(403);
    expect(await as(operator, 'PUT', '', { endpoints: { loki_url: 'https://127.0.0.1:3' } })).toBe(403);
    expect(await as(operator, 'PUT', '', { tls: { insecure_skip_verify: true } })).toBe(403);
    expect(await as(operator, 'DELETE', '/credentials')).toBe(204);
    expect(await as(operator, 'PUT', '', { api_server_url: 'https://127.0.0.1:2' })).toBe(200);
    expect(await as(api.server.localToken, 'DELETE', '')).toBe(204);
  });

  it('does not let a change leave the scope of who makes it', async () => {
    const { id } = await register(nowhere('scope-1', { environment: 'LAB' }));
    const token = await makeToken('operator', 'environment=LAB');
    const answer = await call('PUT', `${BASE}/${id}`, { environment: 'PRODUCTION' }, { token });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'PERMISSION_DENIED']);
    await remove(id);
  });
});
