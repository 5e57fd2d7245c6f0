import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { WatchEvent } from '../../backend/spokes/kubernetes.ts';
import { type ApiTarget, startApiTarget } from './api-target.ts';

/*
 * What reference/wire.md §5 says of every API server, held against the double or, with AIOPS_TEST_KUBECONFIG, against a real one.
 * Nothing here knows which of the two it is, but for what a real one has to allow first.
 */

const limits = { timeoutMs: 20_000 };
const Named = z.object({ metadata: z.object({ name: z.string() }) });
const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces', item: Named };
const SECRETS = { group: '', version: 'v1', resource: 'secrets' };

let api: ApiTarget;
beforeAll(async () => {
  api = await startApiTarget();
});
afterAll(() => api.stop());

const names = (items: readonly z.infer<typeof Named>[]) => items.map((item) => item.metadata.name);

describe('what anyone may ask', () => {
  it('is the version and whether it is ready', async () => {
    const { auth: _auth, ...anonymous } = api.target;
    expect(await api.client.version(anonymous, limits)).toMatchObject({
      gitVersion: expect.stringMatching(/^v1\.\d+/),
    });
    await api.client.readyz(anonymous, limits);
  });

  it('is nothing else', async () => {
    const { auth: _auth, ...anonymous } = api.target;
    const error = await api.client.list(anonymous, { ...NAMESPACES, ...limits }).catch((thrown: unknown) => thrown);
    expect(['FORBIDDEN', 'UNAUTHORIZED']).toContain(reasonOf(error));
  });

  it('is 401 to a token that nobody has', async () => {
    const wrong = { ...api.target, auth: { type: 'BEARER', token: 'not-a-token-of-this-server' } } as const;
    await expect(api.client.list(wrong, { ...NAMESPACES, ...limits })).rejects.toMatchObject({
      code: 'SPOKE_ERROR',
      details: { reason: 'UNAUTHORIZED', status: 401 },
    });
  });
});

describe('discovery', () => {
  it('lists the core group, the groups of every server, and their versions', async () => {
    const groups = await api.client.groups(api.target, limits);
    expect(groups[0]).toEqual({ name: '', versions: ['v1'] });
    const byName = new Map(groups.map(({ name, versions }) => [name, versions]));
    expect(byName.get('apps')).toContain('v1');
    expect(byName.get('authorization.k8s.io')).toContain('v1');
  });

  it('lists the kinds of a group, with their scope and verbs', async () => {
    const core = await api.client.resources(api.target, { group: '', version: 'v1', ...limits });
    expect(core?.find(({ name }) => name === 'nodes')).toMatchObject({ kind: 'Node', namespaced: false });
    expect(core?.find(({ name }) => name === 'pods')).toMatchObject({ kind: 'Pod', namespaced: true });
    expect(core?.find(({ name }) => name === 'pods')?.verbs).toEqual(expect.arrayContaining(['get', 'list', 'watch']));
    const apps = await api.client.resources(api.target, { group: 'apps', version: 'v1', ...limits });
    expect(apps?.map(({ name }) => name)).toContain('deployments');
  });

  it('says of a group that is not installed that it is not there', async () => {
    const absent = { group: 'nothing.example.com', version: 'v1' };
    expect(await api.client.resources(api.target, { ...absent, ...limits })).toBeUndefined();
    const list = api.client.list(api.target, { ...absent, resource: 'things', item: Named, ...limits });
    await expect(list).rejects.toMatchObject({ details: { reason: 'NOT_FOUND', status: 404 } });
    const get = { ...absent, resource: 'things', name: 'a', item: Named, ...limits };
    expect(await api.client.get(api.target, get)).toBeUndefined();
  });
});

describe('objects', () => {
  it('come whole, in order, whatever the size of the pages', async () => {
    const { items, truncated, resourceVersion } = await api.client.list(api.target, { ...NAMESPACES, ...limits });
    expect(truncated).toBe(false);
    expect(Number(resourceVersion)).toBeGreaterThan(0);
    expect(names(items)).toEqual(names(items).toSorted());
    expect(names(items)).toEqual(expect.arrayContaining(['default', 'kube-system']));
    expect(await api.client.namespaces(api.target, limits)).toEqual(names(items));

    // The raw pages of the server, by its own continue tokens.
    const paged: string[] = [];
    let token = '';
    do {
      const query = new URLSearchParams({ limit: '2', ...(token !== '' && { continue: token }) });
      const { status, body } = await api.transport.request(api.target, {
        path: '/api/v1/namespaces',
        query,
        ...limits,
      });
      expect(status).toBe(200);
      const page = z
        .object({
          kind: z.literal('NamespaceList'),
          metadata: z.object({ continue: z.string().default(''), remainingItemCount: z.int().optional() }),
          items: z.array(Named),
        })
        .parse(JSON.parse(body.toString('utf8')));
      expect(page.items.length).toBeLessThanOrEqual(2);
      paged.push(...names(page.items));
      token = page.metadata.continue;
    } while (token !== '');
    expect(paged).toEqual(names(items));
  });

  it('come up to a limit, saying that there are more', async () => {
    const { items, truncated } = await api.client.list(api.target, { ...NAMESPACES, ...limits, limit: 1 });
    expect(items).toHaveLength(1);
    expect(truncated).toBe(true);
  });

  it('come by label and by field', async () => {
    const byLabel = { ...NAMESPACES, ...limits, labelSelector: 'kubernetes.io/metadata.name in (default)' };
    expect(names((await api.client.list(api.target, byLabel)).items)).toEqual(['default']);
    const byField = { ...NAMESPACES, ...limits, fieldSelector: 'metadata.name=kube-system' };
    expect(names((await api.client.list(api.target, byField)).items)).toEqual(['kube-system']);
  });

  it('come over all namespaces or of one', async () => {
    const item = z.object({ metadata: z.object({ name: z.string(), namespace: z.string() }) });
    const pods = { group: '', version: 'v1', resource: 'pods', item, ...limits };
    const all = await api.client.list(api.target, pods);
    const namespace = all.items[0]?.metadata.namespace ?? 'default';
    const some = await api.client.list(api.target, { ...pods, namespace });
    expect(some.items.length).toBeGreaterThan(0);
    expect(new Set(some.items.map((pod) => pod.metadata.namespace))).toEqual(new Set([namespace]));
  });

  it('come by name, or not at all', async () => {
    const one = { ...NAMESPACES, ...limits, name: 'default' };
    expect(await api.client.get(api.target, one)).toEqual({ metadata: { name: 'default' } });
    expect(await api.client.get(api.target, { ...one, name: 'there-is-no-such-namespace' })).toBeUndefined();
  });

  it('have resources of nodes as text', async () => {
    const item = z.object({
      status: z.object({
        capacity: z.object({ cpu: z.string(), memory: z.string() }),
        nodeInfo: z.object({ kubeletVersion: z.string() }),
      }),
    });
    const nodes = { group: '', version: 'v1', resource: 'nodes', item, ...limits };
    const { items } = await api.client.list(api.target, nodes);
    expect(items.length).toBeGreaterThan(0);
    expect(items[0]?.status.capacity.memory).toMatch(/^\d+(Ki|Mi|Gi)?$/);
  });
});

describe('reviews', () => {
  it('say who the caller is', async () => {
    const { username, groups } = await api.client.selfSubjectReview(api.target, limits);
    expect(username).not.toBe('');
    expect(groups).toContain('system:authenticated');
  });

  it('say what the caller may do', async () => {
    const may = (verb: string, resource: string) =>
      api.client.selfSubjectAccessReview(api.target, { verb, group: '', resource }, limits);
    expect(await may('list', 'namespaces')).toMatchObject({ allowed: true });
    const path = { verb: 'get', path: '/version' };
    expect(await api.client.selfSubjectAccessReview(api.target, path, limits)).toMatchObject({ allowed: true });
  });

  it('say whose token it is, and what others may do', async (test) => {
    const create = (group: string, resource: string) =>
      api.client.selfSubjectAccessReview(api.target, { verb: 'create', group, resource }, limits);
    const delegated = [
      await create('authentication.k8s.io', 'tokenreviews'),
      await create('authorization.k8s.io', 'subjectaccessreviews'),
    ].every(({ allowed }) => allowed);
    if (!delegated) return test.skip('the caller may not review tokens here');

    const nobody = await api.client.tokenReview(api.target, { token: 'not-a-token-of-this-server', ...limits });
    expect(nobody.authenticated).toBe(false);
    if (api.target.auth?.type === 'BEARER') {
      const own = await api.client.tokenReview(api.target, { token: api.target.auth.token, ...limits });
      const { username } = await api.client.selfSubjectReview(api.target, limits);
      expect(own).toMatchObject({ authenticated: true, user: { username } });
    }
    const ask = (groups: string[]) =>
      api.client.subjectAccessReview(api.target, {
        user: { username: 'somebody-without-rights', groups },
        attributes: { verb: 'delete', group: '', resource: 'nodes' },
        ...limits,
      });
    expect(await ask([])).toMatchObject({ allowed: false });
    // Rights that come by a group count only for groups that the question names.
    expect(await ask(['system:masters'])).toMatchObject({ allowed: true });
  });
});

describe('watch', () => {
  it('tells what there is, then waits', async () => {
    const done = new AbortController();
    const watch = api.client.watch(api.target, { ...NAMESPACES, ...limits, signal: done.signal });
    const iterator = watch[Symbol.asyncIterator]();
    const first = await iterator.next();
    const expected = await api.client.namespaces(api.target, limits);
    expect(first.value).toEqual({ type: 'SYNC', items: expected.map((name) => ({ metadata: { name } })) });
    const next = iterator.next();
    setTimeout(() => done.abort(new Error('enough')), 300);
    await expect(next).rejects.toThrow('enough');
  });
});

describe('secrets of one namespace', () => {
  it('are created once, replaced by who read them last, watched, removed', async (test) => {
    const namespace = api.writableNamespace;
    if (namespace === undefined) return test.skip('AIOPS_TEST_NAMESPACE names no namespace');
    const name = `aiops-contract-${randomBytes(4).toString('hex')}`;
    const item = z.object({
      metadata: z.object({ name: z.string(), resourceVersion: z.string() }),
      data: z.record(z.string(), z.string()).optional(),
    });
    const kind = { ...SECRETS, namespace, ...limits };
    const secret = (value: string, metadata: Record<string, string> = {}) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels: { 'aiops-test': name }, ...metadata },
      type: 'Opaque',
      data: { value: Buffer.from(value).toString('base64') },
    });
    const done = new AbortController();
    const events: WatchEvent<z.infer<typeof item>>[] = [];
    const watching = (async () => {
      const request = { ...kind, item, labelSelector: `aiops-test=${name}`, signal: done.signal };
      for await (const event of api.client.watch(api.target, request)) {
        events.push(event);
        if (event.type === 'DELETED') return;
      }
    })();
    await expect.poll(() => events.length, { timeout: 10_000 }).toBe(1);
    try {
      await api.client.create(api.target, { ...kind, object: secret('one') });
      await expect(api.client.create(api.target, { ...kind, object: secret('one') })).rejects.toMatchObject({
        details: { reason: 'ALREADY_EXISTS', status: 409 },
      });
      const created = await api.client.get(api.target, { ...kind, name, item });
      const version = created?.metadata.resourceVersion ?? '';
      await api.client.replace(api.target, { ...kind, object: secret('two', { resourceVersion: version }) });
      const stale = api.client.replace(api.target, { ...kind, object: secret('three', { resourceVersion: version }) });
      await expect(stale).rejects.toMatchObject({ details: { reason: 'CONFLICT', status: 409 } });
      const replaced = await api.client.get(api.target, { ...kind, name, item });
      expect(Buffer.from(replaced?.data?.['value'] ?? '', 'base64').toString()).toBe('two');
    } finally {
      expect(await api.client.remove(api.target, { ...kind, name })).toBe(true);
    }
    expect(await api.client.remove(api.target, { ...kind, name })).toBe(false);
    await expect(api.client.replace(api.target, { ...kind, object: secret('four') })).rejects.toMatchObject({
      details: { reason: 'NOT_FOUND' },
    });
    await watching;
    done.abort();
    expect(events.map(({ type }) => type)).toEqual(['SYNC', 'ADDED', 'MODIFIED', 'DELETED']);
  });
});

describe('exec', () => {
  it('gives output and exit code', async (test) => {
    const { container } = api;
    if (!container) return test.skip('AIOPS_TEST_CONTAINER names no namespace/pod/container');
    const run = (...command: [string, ...string[]]) =>
      api.client.exec(api.target, { ...container, command, ...limits });
    const said = await run('echo', 'größer als', '$HOME; ls');
    expect({ ...said, stdout: said.stdout.toString('utf8') }).toMatchObject({
      exitCode: 0,
      stdout: 'größer als $HOME; ls\n',
    });
    expect(await run('true')).toMatchObject({ exitCode: 0 });
    expect(await run('false')).toMatchObject({ exitCode: 1 });
    const failed = await run('cat', '/no/such/file');
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toHaveLength(0);
    expect(failed.stderr.toString('utf8')).toContain('No such file');
  });

  it('says what keeps a command from running', async (test) => {
    if (!api.container) return test.skip('AIOPS_TEST_CONTAINER names no namespace/pod/container');
    const at = { ...api.container, ...limits };
    await expect(api.client.exec(api.target, { ...at, command: ['no-such-program'] })).rejects.toMatchObject({
      code: 'SPOKE_ERROR',
      details: { reason: 'EXEC' },
    });
    await expect(api.client.exec(api.target, { ...at, pod: 'no-such-pod', command: ['true'] })).rejects.toMatchObject({
      details: { reason: 'NOT_FOUND', status: 404 },
    });
    await expect(
      api.client.exec(api.target, { ...at, container: 'no-such-container', command: ['true'] }),
    ).rejects.toMatchObject({ details: { reason: 'INVALID', status: 400 } });
  });
});

function reasonOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'details' in thrown
    ? new Map(Object.entries(thrown.details ?? {})).get('reason')
    : thrown;
}
