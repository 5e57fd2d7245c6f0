import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { ClusterCreate } from '../../model/cluster.ts';
import { ManualClock } from '../../platform/clock.ts';
import type { StoreUnderTest } from '../../platform/store/store-under-test.ts';
import { createAddressPolicy } from '../../spokes/address-policy.ts';
import type { KubernetesClient, ListRequest } from '../../spokes/kubernetes.ts';
import type { SpokeTarget } from '../../spokes/transport.ts';
import { createClusterRegistry } from '../registry.ts';
import { createImports } from './imports.ts';

export function importsSuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    const registry = createClusterRegistry({
      store: store(),
      clock,
      policy: createAddressPolicy({ allow: [], deny: [] }),
      nudge: () => undefined,
      queueDeletion: () => Promise.resolve(),
    });
    const source = { file: '', managed: [] as unknown[], secrets: {} as Record<string, string | undefined> };
    const kept: string[] = [];
    const stored: string[] = [];
    const client: Pick<KubernetesClient, 'list'> = {
      list: <T>(_target: SpokeTarget, request: ListRequest<T>) =>
        Promise.resolve({
          items: source.managed.map((item) => request.item.parse(item)),
          resourceVersion: '1',
          truncated: false,
        }),
    };
    const imports = createImports({
      registry,
      credentials: {
        keep: (_id, given) => {
          kept.push(JSON.stringify(given));
          return Promise.resolve(true);
        },
        set: (id, { auth_type }) => {
          stored.push(auth_type);
          return id === '' ? Promise.reject(new AppError('CREDENTIALS_INVALID', 'x')) : Promise.resolve();
        },
      },
      spokes: {
        kubernetes: client as KubernetesClient, // proof: imports only list; anything else would be a TypeError
        target: () =>
          Promise.resolve({
            clusterId: 'hub',
            kind: 'API',
            url: 'https://hub.example',
            tls: { insecure_skip_verify: false },
          }),
      },
      clustersFile: {
        read: () => Promise.resolve(source.file),
        readNamed: (file) => {
          const text = source.secrets[file];
          return text === undefined
            ? Promise.reject(new AppError('VALIDATION_FAILED', `${file} cannot be read.`))
            : Promise.resolve(text);
        },
      },
    });
    const run = async (request: Parameters<typeof imports.run>[0], dry_run = false) =>
      (await imports.run(request, { dry_run })).steps.map(
        ({ action, cluster_name, source_key }) => `${action} ${cluster_name ?? source_key}`,
      );
    const names = async () => (await registry.list()).map(({ name }) => name);
    const add = (name: string) =>
      registry.create(ClusterCreate.parse({ name, api_server_url: `https://${name}.example` }));
    return { registry, imports, source, stored, kept, run, names, add };
  }
  const entry = (name: string, rest = '') => `  - {name: ${name}, api_server_url: "https://${name}.example"${rest}}\n`;
  const managed = (name: string, status = 'True') => ({
    metadata: { name },
    spec: { managedClusterClientConfigs: [{ url: `https://${name}.example` }] },
    status: { conditions: [{ type: 'ManagedClusterConditionAvailable', status }] },
  });

  describe('imports', () => {
    it('keep the fleet in step with a clusters file: what is added, changed and gone', async () => {
      const { registry, source, run, names, add } = setUp();
      await add('by-hand');
      source.file = `clusters:\n${entry('aaa-1')}${entry('bbb-1')}`;
      expect(await run({ source: 'FILE' }, true)).toEqual(['ADD aaa-1', 'ADD bbb-1']);
      expect(await names()).toEqual(['by-hand']);
      expect(await run({ source: 'FILE' })).toEqual(['ADD aaa-1', 'ADD bbb-1']);
      expect(await run({ source: 'FILE' })).toEqual(['UNCHANGED aaa-1', 'UNCHANGED bbb-1']);
      expect((await registry.get('aaa-1')).resource_version).toBe(1);
      source.file = `clusters:\n${entry('bbb-1', ', region: eu')}${entry('by-hand')}`;
      expect(await run({ source: 'FILE' })).toEqual(['UPDATE bbb-1', 'SKIP by-hand', 'REMOVE aaa-1']);
      expect(await names()).toEqual(['bbb-1', 'by-hand']);
      expect(await registry.get('bbb-1')).toMatchObject({ region: 'eu', source: 'FILE' });
      source.file = 'clusters: oops';
      await expect(run({ source: 'FILE' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      expect(await names()).toEqual(['bbb-1', 'by-hand']);
    });

    it('keep the credentials of a clusters file in step, and a file that is wrong leaves the registration', async () => {
      const { source, run, kept, names, imports } = setUp();
      source.file = `clusters:\n${entry('aaa-1', ', credentials_file: a.yaml')}`;
      source.secrets['a.yaml'] = 'auth_type: SERVICE_ACCOUNT\napi_token: one\n';
      expect(await run({ source: 'FILE' })).toEqual(['ADD aaa-1']);
      expect(await run({ source: 'FILE' })).toEqual(['UNCHANGED aaa-1']);
      source.secrets['a.yaml'] = 'auth_type: SERVICE_ACCOUNT\napi_token: two\n';
      expect(await run({ source: 'FILE' }, true)).toEqual(['UNCHANGED aaa-1']);
      expect(await run({ source: 'FILE' })).toEqual(['UPDATE aaa-1']);
      expect(kept).toEqual(
        ['one', 'two'].map((api_token) => JSON.stringify({ auth_type: 'SERVICE_ACCOUNT', api_token })),
      );
      source.secrets['a.yaml'] = 'auth_type: SERVICE_ACCOUNT\nsecret: CANARY\n';
      const { steps } = await imports.run({ source: 'FILE' }, { dry_run: false });
      expect(steps[0]).toMatchObject({ action: 'FAILED', detail: expect.stringContaining('api_token') });
      expect(JSON.stringify(steps)).not.toContain('CANARY');
      source.secrets = {};
      expect(await run({ source: 'FILE' })).toEqual(['FAILED aaa-1']);
      expect(await names()).toEqual(['aaa-1']);
    });

    it('keep the fleet in step with ACM: added, unavailable, gone, each hub with its own', async () => {
      const { registry, source, run, names, add } = setUp();
      await add('hub-1');
      await add('hub-2');
      source.managed = [managed('edge-1'), managed('edge-2')];
      expect(await run({ source: 'ACM', hub: 'hub-1' })).toEqual(['ADD edge-1', 'ADD edge-2']);
      source.managed = [managed('edge-3')];
      expect(await run({ source: 'ACM', hub: 'hub-2' })).toEqual(['ADD edge-3']);
      source.managed = [managed('edge-1', 'Unknown')];
      expect(await run({ source: 'ACM', hub: 'hub-1' })).toEqual(['UPDATE edge-1', 'REMOVE edge-2']);
      expect((await registry.get('edge-1')).labels).toEqual({
        'cluster.open-cluster-management.io/available': 'Unknown',
      });
      expect(await names()).toEqual(['edge-1', 'edge-3', 'hub-1', 'hub-2']);
      source.managed = [];
      expect(await run({ source: 'ACM', hub: 'hub-1' })).toEqual([]);
      expect(await names()).toContain('edge-1');
    });

    it('add the contexts of a kubeconfig with their credentials once, and go on after one that fails', async () => {
      const { stored, run, names } = setUp();
      const config = (...hosts: string[]) =>
        JSON.stringify({
          clusters: hosts.map((host) => ({ name: host, cluster: { server: `https://${host}` } })),
          users: [{ name: 'u', user: { token: 't' } }],
          contexts: hosts.map((host) => ({ name: `ctx-${host}`, context: { cluster: host, user: 'u' } })),
        });
      const kubeconfig = config('169.254.169.254', 'good.example');
      expect(await run({ source: 'KUBECONFIG', kubeconfig })).toEqual([
        'FAILED ctx-169-254-169-254',
        'ADD ctx-good-example',
      ]);
      expect(stored).toEqual(['SERVICE_ACCOUNT']);
      expect(await run({ source: 'KUBECONFIG', kubeconfig: config('good.example') })).toEqual([
        'UNCHANGED ctx-good-example',
      ]);
      expect(await run({ source: 'KUBECONFIG', kubeconfig: config('other.example') })).toEqual([
        'ADD ctx-other-example',
      ]);
      expect(await names()).toEqual(['ctx-good-example', 'ctx-other-example']);
    });
  });
}
