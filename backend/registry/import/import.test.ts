import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/store/test-store.ts';
import { ManagedCluster, wantedOfManagedClusters } from './acm.ts';
import { wantedOfFile } from './file.ts';
import type { ImportRequest } from './imports.ts';
import { wantedOfKubeconfig } from './kubeconfig.ts';
import { nameFrom } from './plan.ts';
import { startImportSync } from './sync.ts';

const kubeconfig = JSON.stringify({
  clusters: [
    { name: 'one', cluster: { server: 'https://one.example:6443' } },
    { name: 'two', cluster: { server: 'https://two.example', 'insecure-skip-tls-verify': true } },
  ],
  users: [
    { name: 'ann', user: { token: 'canary-token' } },
    { name: 'eks', user: { exec: { command: 'aws' } } },
  ],
  contexts: [
    { name: 'Admin@One', context: { cluster: 'one', user: 'ann' } },
    { name: 'eks', context: { cluster: 'one', user: 'eks' } },
    { name: 'two', context: { cluster: 'two' } },
  ],
});

describe('import from a kubeconfig', () => {
  it('takes every context that can be used, with its credentials, and says why the others cannot', () => {
    const { wanted, unusable } = wantedOfKubeconfig(kubeconfig);
    expect(wanted.map(({ source_key, input }) => [source_key, input.name, input.api_server_url])).toEqual([
      ['Admin@One', 'admin-one', 'https://one.example:6443/'],
      ['two', 'two', 'https://two.example/'],
    ]);
    expect(wanted[0]?.credentials).toEqual({ auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-token' });
    expect(wanted[1]?.input.tls.insecure_skip_verify).toBe(false);
    expect(unusable).toEqual([{ source_key: 'eks', reason: expect.stringContaining('exec') as string }]);
    expect(JSON.stringify(unusable)).not.toContain('canary');
  });

  it('takes only the contexts that are named, and names those that are not there', () => {
    const { wanted, unusable } = wantedOfKubeconfig(kubeconfig, ['two', 'three']);
    expect(wanted.map(({ source_key }) => source_key)).toEqual(['two']);
    expect(unusable).toEqual([{ source_key: 'three', reason: 'the kubeconfig has no such context' }]);
  });

  it('makes names that keep the rule, or none', () => {
    expect(nameFrom('arn:aws:eks:eu-1:123:cluster/Prod_1')).toBe('arn-aws-eks-eu-1-123-cluster-prod-1');
    expect(nameFrom('--é--')).toBeUndefined();
    expect(nameFrom(`${'a'.repeat(62)}-b`)).toBe('a'.repeat(62));
  });
});

describe('import from a clusters file', () => {
  const file = `clusters:\n  - name: site-1\n    api_server_url: https://site-1.example\n    labels: {tier: gold}\n`;

  it('decides every field but a platform that it does not name', () => {
    const [one] = wantedOfFile(file).wanted;
    const registered = {} as never; // proof: the patch of a file does not look at what is registered
    expect(one?.input).toMatchObject({ name: 'site-1', environment: 'DEVELOPMENT' });
    expect(one?.patch(registered)).toMatchObject({
      display_name: 'site-1',
      region: null,
      labels: { tier: 'gold' },
      endpoints: {},
    });
    expect(one?.patch(registered)).not.toHaveProperty('platform');
    expect(one?.patch(registered).global_metrics).toBeNull(); // a hub that left the file leaves the cluster
    expect(wantedOfFile(`${file}    platform: OPENSHIFT\n`).wanted[0]?.patch(registered)).toHaveProperty(
      'platform',
      'OPENSHIFT',
    );
  });

  it.each([
    ['is empty', '', 'the document'],
    ['is not YAML', 'clusters: [', 'not YAML'],
    ['has an entry with a field that there is not', `${file}    prometheus: x\n`, 'clusters.0 (site-1)'],
    ['has a URL that is not https', 'clusters: [{name: a-1, api_server_url: "http://x"}]', 'api_server_url'],
    [
      'names a cluster twice',
      'clusters: [{name: abc, api_server_url: "https://x"}, {name: abc, api_server_url: "https://y"}]',
      'twice',
    ],
    ['uses aliases', 'clusters: [&a {name: abc, api_server_url: "https://x"}, *a]', 'aliases'],
  ])('is refused as a whole when it %s', (_what, text, said) => {
    expect(() => wantedOfFile(text)).toThrow(said);
  });

  it('may say that there is no cluster', () => {
    expect(wantedOfFile('clusters: []').wanted).toEqual([]);
  });
});

describe('import from ACM', () => {
  const managed = (name: string, over: object = {}, available = 'True') =>
    ManagedCluster.parse({
      metadata: {
        name,
        labels: {
          vendor: 'OpenShift',
          region: 'eu',
          environment: 'production',
          'feature.open-cluster-management.io/addon-x': 'available',
        },
      },
      spec: {
        hubAcceptsClient: true,
        managedClusterClientConfigs: [
          { url: `https://api.${name}.example:6443`, caBundle: Buffer.from('PEM').toString('base64') },
        ],
      },
      status: { conditions: [{ type: 'ManagedClusterConditionAvailable', status: available }] },
      ...over,
    });

  it('reads what ACM knows, without the labels of add-ons', () => {
    const { wanted } = wantedOfManagedClusters([managed('edge-1')], 'hub-1');
    expect(wanted[0]).toMatchObject({
      source_key: 'hub-1/edge-1',
      input: {
        name: 'edge-1',
        platform: 'OPENSHIFT',
        environment: 'PRODUCTION',
        region: 'eu',
        tls: { ca: 'PEM', insecure_skip_verify: false },
        labels: {
          vendor: 'OpenShift',
          region: 'eu',
          environment: 'production',
          'cluster.open-cluster-management.io/available': 'True',
        },
      },
    });
    expect(wanted[0]).not.toHaveProperty('remark');
  });

  it('says which are unavailable or cannot be registered, and forgets those that are being detached', () => {
    const { wanted, unusable } = wantedOfManagedClusters(
      [
        managed('lost-1', {}, 'Unknown'),
        managed('new-1', { spec: { hubAcceptsClient: false } }),
        managed('bare-1', { spec: {} }),
        managed('odd-1', { spec: { managedClusterClientConfigs: [{ url: 'http://odd' }] } }),
        managed('gone-1', { metadata: { name: 'gone-1', deletionTimestamp: '2026-03-01T10:00:00Z' } }),
      ],
      'hub-1',
    );
    expect(wanted.map(({ source_key, remark }) => [source_key, remark])).toEqual([
      ['hub-1/lost-1', 'ACM has lost its agent'],
    ]);
    expect(unusable.map(({ source_key }) => source_key)).toEqual(['hub-1/new-1', 'hub-1/bare-1', 'hub-1/odd-1']);
  });
});

describe('import sync', () => {
  it('reads file and hubs at once and again, and goes on after a failure', async () => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const imports = {
      run: (request: ImportRequest) => {
        asked.push(request.source);
        return request.source === 'FILE'
          ? Promise.reject(new Error('unreadable'))
          : Promise.resolve({ dry_run: false, steps: [] });
      },
    };
    const sync = startImportSync({ imports, file: true, hubs: ['hub-1'], clock, logger: silentLogger });
    await clock.advance(60_000);
    expect(asked).toEqual(['FILE', 'ACM', 'FILE', 'FILE']);
    await clock.advance(240_000);
    expect(asked.filter((source) => source === 'ACM')).toHaveLength(2);
    await sync.stop();
    const before = asked.length;
    await clock.advance(600_000);
    expect(asked).toHaveLength(before);
  });
});
