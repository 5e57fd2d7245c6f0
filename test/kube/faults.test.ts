import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FaultKind } from '../../evals/fleet/kube-api/faults.ts';
import type { FaultInput } from '../../evals/fleet/kube-api/faults.ts';
import type { KubeCommandInput } from '../../evals/fleet/kube-api/control.ts';
import type { WatchEvent } from '../../backend/spokes/kubernetes.ts';
import { type ApiTarget, startApiTarget } from './api-target.ts';

/*
 * What the client makes of an API server that fails, every fault of the double switched on while it runs. At a real cluster
 * there is nothing to switch.
 */

const doubled = (process.env['AIOPS_TEST_KUBECONFIG'] ?? '') === '';
const limits = { timeoutMs: 10_000 };
const Named = z.object({ metadata: z.object({ name: z.string() }) });
const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces', item: Named, ...limits };
const ARGUMENTS = { command: ['true'] as [string], ...limits };

describe.runIf(doubled)('an API server that fails', () => {
  let api: ApiTarget;
  const tried = new Set<string>();

  beforeAll(async () => {
    api = await startApiTarget();
    await api.client.list(api.target, NAMESPACES); // loads the library, which takes its time
  });
  afterEach(() => control({ action: 'FAULTS', faults: [] }));
  afterAll(() => api.stop());

  function control(command: KubeCommandInput): void {
    if (!api.double) throw new Error('there is no double');
    api.double.control(command);
  }
  function switchOn(...faults: FaultInput[]): void {
    for (const { kind } of faults) tried.add(kind);
    control({ action: 'FAULTS', faults });
  }
  const list = () => api.client.list(api.target, NAMESPACES);
  const exec = (more: Partial<Parameters<typeof api.client.exec>[1]> = {}) => {
    if (!api.container) throw new Error('the double has no container');
    return api.client.exec(api.target, { ...api.container, ...ARGUMENTS, ...more });
  };
  const inOrder = async <T>(watch: AsyncIterable<WatchEvent<T>>, count: number) => {
    const events: WatchEvent<T>[] = [];
    for await (const event of watch) if (events.push(event) === count) break;
    return events;
  };
  const configMap = (name: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
  });
  const CONFIG_MAPS = {
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'default',
    item: Named,
    ...limits,
  };

  it('is waited for when it is slow, up to the deadline', async () => {
    switchOn({ kind: 'DELAY', ms: 200 });
    expect((await list()).items.length).toBeGreaterThan(0);
    const hurried = api.client.list(api.target, { ...NAMESPACES, timeoutMs: 50 });
    await expect(hurried).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' });
  });

  it('is given up at the deadline when it hangs, in every way of asking', async () => {
    switchOn({ kind: 'HANG' });
    const timeoutMs = 150;
    const startedMs = performance.now();
    const watch = api.client.watch(api.target, { ...NAMESPACES, timeoutMs });
    const outcomes = await Promise.allSettled([
      api.client.list(api.target, { ...NAMESPACES, timeoutMs }),
      api.client.groups(api.target, { timeoutMs }),
      api.client.readyz(api.target, { timeoutMs }),
      exec({ timeoutMs }),
      inOrder(watch, 1),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(timeoutMs + 250);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'QUERY_TIMEOUT' } });
  });

  it('is left at once by a caller who has changed his mind', async () => {
    switchOn({ kind: 'HANG' });
    const enough = new Error('enough');
    const soon = () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(enough), 50);
      return controller.signal;
    };
    await expect(api.client.list(api.target, { ...NAMESPACES, signal: soon() })).rejects.toBe(enough);
    await expect(exec({ signal: soon() })).rejects.toBe(enough);
    await expect(inOrder(api.client.watch(api.target, { ...NAMESPACES, signal: soon() }), 1)).rejects.toBe(enough);
  });

  it.each([
    [401, 'UNAUTHORIZED'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [409, 'CONFLICT'],
    [410, 'EXPIRED'],
    [429, 'RATE_LIMITED'],
    [500, 'STATUS'],
    [502, 'STATUS'],
    [503, 'STATUS'],
    [504, 'STATUS'],
  ] as const)('is quoted when it answers %i', async (status, reason) => {
    switchOn({ kind: 'STATUS', status });
    const refused = { code: 'SPOKE_ERROR', details: { reason, status } };
    await expect(list()).rejects.toMatchObject(refused);
    await expect(list()).rejects.toThrow('a fault of the double');
    await expect(api.client.groups(api.target, limits)).rejects.toMatchObject(refused);
    await expect(api.client.selfSubjectReview(api.target, limits)).rejects.toMatchObject(refused);
    await expect(exec()).rejects.toMatchObject(refused);
    await expect(inOrder(api.client.watch(api.target, NAMESPACES), 1)).rejects.toMatchObject(refused);
  });

  it('says when to come back', async () => {
    switchOn({ kind: 'STATUS', status: 429, retryAfterSeconds: 7 });
    await expect(list()).rejects.toMatchObject({ details: { reason: 'RATE_LIMITED', retry_after_s: 7 } });
  });

  it('gets one more try with other credentials after 401, by request, stream and exec alike', async () => {
    const { auth: _auth, ...rest } = api.target;
    let renewals = 0;
    const target = {
      ...rest,
      auth: { type: 'BEARER' as const, token: 'outdated' },
      renewAuth: async () => {
        renewals += 1;
        return api.target.auth;
      },
    };
    expect((await api.client.list(target, NAMESPACES)).items.length).toBeGreaterThan(0);
    if (!api.container) throw new Error('the double has no container');
    expect(await api.client.exec(target, { ...api.container, ...ARGUMENTS })).toMatchObject({ exitCode: 0 });
    expect(renewals).toBe(2);
    const before = renewals;
    control({ action: 'PUT', object: configMap('of-the-renewal') });
    const [first] = await inOrder(api.client.watch(target, CONFIG_MAPS), 1);
    expect(first?.type).toBe('SYNC');
    expect(renewals).toBe(before + 1);
  });

  it('is not believed when its answer breaks off', async () => {
    switchOn({ kind: 'TRUNCATE' });
    await expect(list()).rejects.toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'TRUNCATED' } });
  });

  it('is unreachable when it hangs up', async () => {
    switchOn({ kind: 'RESET' });
    await expect(list()).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE', details: { reason: 'RESET' } });
  });

  it('is told from the login page of a proxy in front of it', async () => {
    switchOn({ kind: 'LOGIN_PAGE' });
    await expect(list()).rejects.toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'HTML' } });
    await expect(api.client.tokenReview(api.target, { token: 'x', ...limits })).rejects.toMatchObject({
      details: { reason: 'HTML' },
    });
    await expect(exec()).rejects.toMatchObject({ code: 'SPOKE_ERROR' });
  });

  it('is never followed to where it sends us, with or without credentials', async () => {
    switchOn({ kind: 'REDIRECT' });
    const refused = { code: 'SPOKE_ERROR', details: { reason: 'REDIRECT' } };
    await expect(list()).rejects.toMatchObject(refused);
    await expect(exec()).rejects.toMatchObject(refused);
    switchOn({ kind: 'REDIRECT', path: '/api/v1/namespaces', times: 1 });
    await expect(
      api.transport.stream(api.target, { path: '/api/v1/namespaces', idleMs: 1000, ...limits }),
    ).rejects.toMatchObject(refused);
  });

  it('is not believed when it answers something else', async () => {
    switchOn({ kind: 'WRONG_SHAPE' });
    const refused = { code: 'SPOKE_ERROR', details: { reason: 'SHAPE' } };
    await expect(list()).rejects.toMatchObject(refused);
    await expect(api.client.groups(api.target, limits)).rejects.toMatchObject(refused);
    await expect(api.client.selfSubjectReview(api.target, limits)).rejects.toMatchObject(refused);
    await expect(
      api.client.selfSubjectAccessReview(api.target, { verb: 'get', resource: 'pods' }, limits),
    ).rejects.toMatchObject(refused);
  });

  it.each([{ kind: 'HUGE' } as const, { kind: 'BOMB' } as const])('is cut off at the cap: %o', async ({ kind }) => {
    switchOn({ kind, bytes: 32 * 1024 * 1024 });
    const one = api.client.get(api.target, { ...NAMESPACES, name: 'default' });
    await expect(one).rejects.toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'TOO_LARGE' } });
  });

  it('is asked for smaller pages when a page is over the cap, and given up when a small one is', async () => {
    const fill = (count: number, kibibytes: number) => {
      const data = { padding: 'x'.repeat(kibibytes * 1024) };
      for (let index = 0; index < count; index++)
        control({ action: 'PUT', object: { ...configMap(`large-${index}`), data } });
    };
    fill(22, 512);
    const { items } = await api.client.list(api.target, CONFIG_MAPS);
    expect(items.filter((item) => item.metadata.name.startsWith('large-'))).toHaveLength(22);
    fill(22, 1024);
    await expect(api.client.list(api.target, CONFIG_MAPS)).rejects.toMatchObject({ details: { reason: 'TOO_LARGE' } });
    for (let index = 0; index < 22; index++) {
      const object = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default', name: `large-${index}` };
      control({ action: 'REMOVE', object });
    }
  });

  it('names the checks that fail', async () => {
    switchOn({ kind: 'NOT_READY', checks: ['etcd', 'poststarthook/rbac/bootstrap-roles'] });
    await expect(api.client.readyz(api.target, limits)).rejects.toThrow('etcd, poststarthook/rbac/bootstrap-roles');
  });

  it('is read anew when it has forgotten the place in a list, but not for ever', async () => {
    for (let index = 0; index < 600; index++) control({ action: 'PUT', object: configMap(`many-${index}`) });
    switchOn({ kind: 'EXPIRED_PLACE', path: '/api/v1/namespaces/default/configmaps', times: 2 });
    const { items } = await api.client.list(api.target, CONFIG_MAPS);
    const many = items.filter((item) => item.metadata.name.startsWith('many-'));
    expect(new Set(many.map((item) => item.metadata.name)).size).toBe(600);
    expect(many).toHaveLength(600);
    switchOn({ kind: 'EXPIRED_PLACE' });
    await expect(api.client.list(api.target, CONFIG_MAPS)).rejects.toMatchObject({ details: { reason: 'EXPIRED' } });
  });

  it('is watched from a new list when it has forgotten the place of the watch', async () => {
    const watch = api.client.watch(api.target, CONFIG_MAPS)[Symbol.asyncIterator]();
    switchOn({ kind: 'CUT_WATCH', afterMs: 50 });
    expect((await watch.next()).value?.type).toBe('SYNC');
    const next = watch.next();
    await wait(200); // the stream is cut by now; what happens while there is none is not in the history
    control({ action: 'PUT', object: configMap('while-away') });
    control({ action: 'COMPACT' });
    switchOn();
    const again = (await next).value;
    expect(again?.type).toBe('SYNC');
    expect(again?.type === 'SYNC' && again.items).toContainEqual({ metadata: { name: 'while-away' } });
    await watch.return?.();
  });

  it('loses no change of a watch that is cut off in the middle of an event, and tells none twice', async () => {
    const watch = api.client.watch(api.target, CONFIG_MAPS)[Symbol.asyncIterator]();
    switchOn({ kind: 'CUT_WATCH', afterMs: 300, times: 1 });
    expect((await watch.next()).value?.type).toBe('SYNC');
    const seen: string[] = [];
    const reading = (async () => {
      while (seen.length < 20) {
        const { value } = await watch.next();
        if (value?.type === 'ADDED') seen.push(value.item.metadata.name);
      }
    })();
    for (let index = 0; index < 20; index++) {
      control({ action: 'PUT', object: configMap(`change-${String(index).padStart(2, '0')}`) });
      await wait(40);
    }
    await reading;
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `change-${String(index).padStart(2, '0')}`));
    await watch.return?.();
  });

  it('ends a watch when the cluster is removed', async () => {
    const watch = api.client.watch(api.target, CONFIG_MAPS)[Symbol.asyncIterator]();
    await watch.next();
    const next = watch.next();
    setTimeout(() => api.transport.forget(api.target.clusterId), 200);
    await expect(next).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });

  it('leaves the outcome of a command unknown when no status comes', async () => {
    switchOn({ kind: 'EXEC_NO_STATUS' });
    await expect(exec()).rejects.toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'EXEC' } });
  });

  it('can say any nonsense to an exec without harm', async () => {
    switchOn({ kind: 'EXEC_NONSENSE' });
    await expect(exec()).rejects.toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'EXEC' } });
  });

  it('is cut off when a command prints without end, and at the deadline when it does not end', async () => {
    await expect(exec({ command: ['yes'], maxBytes: 100_000 })).rejects.toMatchObject({
      details: { reason: 'TOO_LARGE', limit_bytes: 100_000 },
    });
    await expect(exec({ command: ['sleep', '60'], timeoutMs: 200 })).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' });
  });

  it('is spoken to in version 4 when it does not know 5', async () => {
    control({ action: 'EXEC_PROTOCOLS', protocols: ['v4.channel.k8s.io'] });
    expect(await exec({ command: ['exit-with', '42'] })).toEqual({
      exitCode: 42,
      stdout: Buffer.from('before\n'),
      stderr: Buffer.from('after\n'),
    });
    control({ action: 'EXEC_PROTOCOLS', protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'] });
    expect(await exec({ command: ['exit-with', '42'] })).toMatchObject({ exitCode: 42 });
  });

  it('is not trusted with an expired certificate, over connections that stood before either', async () => {
    await list();
    switchOn({ kind: 'EXPIRED_CERTIFICATE' });
    const expired = { code: 'CLUSTER_UNREACHABLE', details: { reason: 'TLS_EXPIRED' } };
    await expect(list()).rejects.toMatchObject(expired);
    await expect(exec()).rejects.toMatchObject(expired);
    await expect(inOrder(api.client.watch(api.target, NAMESPACES), 1)).rejects.toMatchObject(expired);
    switchOn();
    expect((await list()).items.length).toBeGreaterThan(0);
  });

  it('was tried with every fault that there is', () => {
    expect([...tried].toSorted()).toEqual([...FaultKind.options].toSorted());
  });
});

describe.runIf(doubled)('an API server that lets one account do a part only', () => {
  let api: ApiTarget;
  beforeAll(async () => {
    api = await startApiTarget();
    api.double?.control({
      action: 'ACCOUNTS',
      accounts: [
        {
          username: 'system:serviceaccount:aiops:reader',
          token: 'reader',
          groups: ['system:serviceaccounts'],
          rules: [
            { verbs: ['get', 'list', 'watch'], groups: [''], resources: ['nodes', 'namespaces'] },
            {
              verbs: ['get', 'create', 'update', 'delete'],
              groups: [''],
              resources: ['secrets'],
              namespaces: ['default'],
            },
          ],
        },
      ],
    });
  });
  afterAll(() => api.stop());
  const reader = () => ({ ...api.target, auth: { type: 'BEARER', token: 'reader' } }) as const;

  it('answers what is allowed and refuses the rest by name', async () => {
    expect((await api.client.list(reader(), { ...NAMESPACES, resource: 'nodes' })).items.length).toBeGreaterThan(0);
    await expect(api.client.list(reader(), { ...NAMESPACES, resource: 'pods' })).rejects.toThrow(
      /cannot list resource .*pods.* at the cluster scope/,
    );
    await expect(api.client.list(reader(), { ...NAMESPACES, resource: 'secrets' })).rejects.toMatchObject({
      details: { reason: 'FORBIDDEN', status: 403 },
    });
    expect(api.container).toBeDefined();
    if (api.container) {
      await expect(api.client.exec(reader(), { ...api.container, ...ARGUMENTS })).rejects.toMatchObject({
        details: { reason: 'FORBIDDEN' },
      });
    }
  });

  it('says the same when it is asked beforehand', async () => {
    const may = async (verb: string, resource: string, more: { namespace?: string; subresource?: string } = {}) =>
      (await api.client.selfSubjectAccessReview(reader(), { verb, group: '', resource, ...more }, limits)).allowed;
    expect(await may('list', 'nodes')).toBe(true);
    expect(await may('list', 'pods')).toBe(false);
    expect(await may('get', 'secrets', { namespace: 'default' })).toBe(true);
    expect(await may('get', 'secrets', { namespace: 'kube-system' })).toBe(false);
    expect(await may('get', 'secrets')).toBe(false);
    expect(await may('create', 'pods', { subresource: 'exec' })).toBe(false);
    expect(await api.client.selfSubjectReview(reader(), limits)).toMatchObject({
      username: 'system:serviceaccount:aiops:reader',
    });
  });

  it('knows by review what the administrator asks about the account', async () => {
    const review = await api.client.tokenReview(api.target, { token: 'reader', ...limits });
    expect(review).toMatchObject({ authenticated: true, user: { username: 'system:serviceaccount:aiops:reader' } });
    const ask = (resource: string) =>
      api.client.subjectAccessReview(api.target, {
        user: { username: 'system:serviceaccount:aiops:reader' },
        attributes: { verb: 'list', group: '', resource },
        ...limits,
      });
    expect(await ask('nodes')).toMatchObject({ allowed: true });
    expect(await ask('pods')).toMatchObject({ allowed: false });
  });

  it('shows what is installed from one moment to the next', async () => {
    const policies = { group: 'nvidia.com', version: 'v1', resource: 'clusterpolicies', item: Named, ...limits };
    expect((await api.client.list(api.target, policies)).items).toHaveLength(1);
    api.double?.control({ action: 'FEATURES', features: [] });
    await expect(api.client.list(api.target, policies)).rejects.toMatchObject({ details: { reason: 'NOT_FOUND' } });
    expect(await api.client.resources(api.target, { group: 'nvidia.com', version: 'v1', ...limits })).toBeUndefined();
  });
});
