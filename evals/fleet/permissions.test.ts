import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { ClusterCreate } from '../../backend/model/cluster.ts';
import { newRow, toCluster } from '../../backend/registry/cluster-rows.ts';
import { discover } from '../../backend/registry/discovery/discover.ts';
import { checkPermissions } from '../../backend/registry/permissions/check.ts';
import { NEEDS } from '../../backend/registry/permissions/needs.ts';
import { execRules, rulesOf } from '../../backend/registry/permissions/rbac.ts';
import { createAddressPolicy } from '../../backend/spokes/address-policy.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { createTransport } from '../../backend/spokes/transport.ts';
import type { KubeCommandInput } from './kube-api/control.ts';
import { startKubeDouble } from './kube-api/double.ts';
import { Feature, offered } from './kube-api/kinds.ts';

type Rules = Extract<KubeCommandInput, { action: 'ACCOUNTS' }>['accounts'][number]['rules'];

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A cluster with everything installed, asked as somebody with these rules. */
async function setUp(rules: Rules, exec_enabled = false) {
  const double = await startKubeDouble({
    token: 'admin-token',
    features: Feature.options,
    objects: () => NAMESPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  });
  double.control({
    action: 'ACCOUNTS',
    accounts: [{ username: 'system:serviceaccount:ops:aiops', token: 'ours', rules }],
  });
  const transport = createTransport({
    policy: createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] }),
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    version: '0.0.0-test',
  });
  stops.push(
    () => double.stop(),
    () => transport.close(),
  );
  const input = ClusterCreate.parse({
    name: 'checked',
    api_server_url: double.url,
    tls: { ca: double.caPem },
    exec_enabled,
  });
  const registered = toCluster(newRow(input, { source: 'MANUAL', source_key: null }, new Date()), null);
  const cluster = { ...registered, has_credentials: true };
  const spokes = createSpokes({
    transport,
    credentialsOf: () => Promise.resolve({ auth_type: 'SERVICE_ACCOUNT', api_token: 'ours' }),
  });
  return { cluster, parts: { spokes, clock: systemClock }, double };
}

/** The printed roles in the words of the double. Paths are for everyone who is signed in there. */
function printed(execIn: string[]): Rules {
  const inWords = (rules: ReturnType<typeof rulesOf>) =>
    rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      apiGroups && resources
        ? [{ verbs, groups: apiGroups, resources, ...(resourceNames && { names: resourceNames }) }]
        : [],
    );
  return [...inWords(rulesOf({ acm: true })), ...inWords(execRules()).map((rule) => ({ ...rule, namespaces: execIn }))];
}

const NAMESPACES = ['nvidia-gpu-operator', 'shop', 'upf-core'];

describe('the permission self-check', () => {
  it('misses nothing with the RBAC that is printed, and discovery leaves nothing unknown', async () => {
    const { cluster, parts } = await setUp(printed(['nvidia-gpu-operator', 'upf-core']), true);
    const check = await checkPermissions(cluster, parts);
    expect(check.identity).toBe('system:serviceaccount:ops:aiops');
    // The double answers reviews of paths with no for all but its administrator, and serves them to everyone.
    const ofObjects = check.permissions.filter(({ resource }) => !resource.startsWith('/'));
    expect(ofObjects.filter(({ allowed }) => allowed !== true)).toEqual([]);
    const purposes = ['HEALTH', 'DISCOVERY', 'LOGS', 'WORKLOADS', 'GPU', 'CNF', 'ACM_IMPORT', 'EXEC'];
    expect([...new Set(check.permissions.map((one) => one.needed_for))]).toEqual(purposes);
    expect((await discover(cluster, parts)).capabilities.unknown).toEqual([]);
  });

  it('asks for commands in each namespace where they would be run, and says where they may not', async () => {
    const { cluster, parts } = await setUp(printed(['nvidia-gpu-operator']), true);
    const { permissions } = await checkPermissions(cluster, parts);
    const exec = permissions.filter(({ needed_for }) => needed_for === 'EXEC');
    expect(exec.map(({ verb, namespace, allowed }) => [verb, namespace, allowed])).toEqual([
      ['get', 'nvidia-gpu-operator', true],
      ['create', 'nvidia-gpu-operator', true],
      ['get', 'upf-core', false],
      ['create', 'upf-core', false],
    ]);
    const blind = await setUp([], true);
    const unlisted = (await checkPermissions(blind.cluster, blind.parts)).permissions;
    expect(new Set(unlisted.flatMap(({ namespace }) => namespace ?? []))).toEqual(
      new Set(['nvidia-gpu-operator', 'gpu-operator']),
    );
  });

  it('names each verb that is missing, and asks for exec only where it is switched on', async () => {
    const { cluster, parts } = await setUp([
      { verbs: ['get', 'list'], groups: [''], resources: ['nodes', 'namespaces'] },
    ]);
    const { permissions } = await checkPermissions(cluster, parts);
    const missing = permissions
      .filter(({ allowed }) => allowed === false)
      .map(({ verb, resource }) => `${verb} ${resource}`);
    expect(missing).toEqual(
      expect.arrayContaining(['watch nodes', 'list services', 'get pods/log', 'get application']),
    );
    expect(missing).not.toContain('list nodes');
    expect(permissions.map(({ needed_for }) => needed_for)).not.toContain('EXEC');
  });

  it('passes over what is not installed', async () => {
    const { cluster, parts, double } = await setUp([]);
    double.control({ action: 'FEATURES', features: [] });
    const { permissions } = await checkPermissions(cluster, parts);
    expect(new Set(permissions.map(({ group }) => group))).toEqual(
      new Set(
        offered(new Set())
          .map(({ group }) => group)
          .filter((group) => NEEDS.some((need) => 'group' in need && need.group === group)),
      ),
    );
  });

  it('throws when the API server does not answer', async () => {
    const { cluster, parts, double } = await setUp([]);
    await double.stop();
    await expect(checkPermissions(cluster, parts)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });
});
