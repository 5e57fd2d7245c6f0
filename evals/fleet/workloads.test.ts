import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFanout } from '../../backend/collectors/fanout/fanout.ts';
import { createWorkloadsCollector } from '../../backend/collectors/workloads/workloads.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { ManualClock, systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { rulesOf } from '../../backend/registry/permissions/rbac.ts';
import { createAddressPolicy } from '../../backend/spokes/address-policy.ts';
import { createSpokes } from '../../backend/spokes/spokes.ts';
import { createTransport } from '../../backend/spokes/transport.ts';
import { type KubeDouble, startKubeDouble } from './kube-api/double.ts';
import { clusterObjects } from './kube-api/objects/cluster-objects.ts';
import { DEMO_CLUSTERS } from './specs.ts';
import { createWorld } from './world.ts';

/** Events and diagnosis of the simulated shop, by way of the real transport, over the API server double. */

const EPOCH = 1_780_000_000;
/** The leaking container is down for the third time. */
const NOW = EPOCH + 2 * 90 + 80;
const spec = DEMO_CLUSTERS.find(({ name }) => name === 'prod-eu-1');
if (!spec) throw new Error('the demo has no prod-eu-1');
const { inventory } = createWorld(spec, { seed: 'test', epoch: EPOCH, incidentDelaySeconds: 0 });

let time = NOW;
let double: KubeDouble;
beforeAll(async () => {
  double = await startKubeDouble({
    token: 'admin',
    features: spec.features,
    objects: () => clusterObjects(inventory, EPOCH, time),
  });
});
afterAll(() => double.stop());

const transport = createTransport({
  policy: createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] }),
  clock: systemClock,
  logger: createLogger({ level: 'silent' }),
  metrics: createMetrics(),
  version: '0.0.0-test',
});
afterAll(() => transport.close());
afterEach(() => {
  time = NOW;
  double.control({ action: 'FAULTS', faults: [] });
});

/** A cluster for each token, all of them this one double. */
function collector(...tokens: string[]) {
  const clusters = tokens.map((token, index) =>
    testCluster(`${token}-${index}`, {
      api_server_url: double.url,
      tls: { ca: double.caPem, insecure_skip_verify: false },
      has_credentials: true,
    }),
  );
  const tokenOf = new Map(clusters.map(({ id }, index) => [id, tokens[index] ?? '']));
  const spokes = createSpokes({
    transport,
    credentialsOf: (id) => Promise.resolve({ auth_type: 'SERVICE_ACCOUNT', api_token: tokenOf.get(id) ?? '' }),
  });
  const fanout = createFanout({ clock: systemClock, logger: createLogger({ level: 'silent' }), spokes });
  const clock = new ManualClock(new Date(time * 1000).toISOString());
  const workloads = createWorkloadsCollector({ fanout, spokes, clock });
  const question = { clusters, budgetMs: 10_000, scope: '', signal: new AbortController().signal };
  return { workloads, spokes, clusters, question };
}

describe('diagnosis of the simulated shop', () => {
  it('finds the incident and nothing else that is critical', async () => {
    const { workloads, question } = collector('admin');
    const answer = await workloads.diagnose({ ...question, limit: 100 });
    expect(answer.complete).toBe(true);
    expect(answer.not_checked).toEqual([]);
    expect(
      new Set(
        answer.findings.map(
          ({ reason, object }) => `${reason} ${object.kind} ${object.name.replace(/-[a-z0-9]{9}-[a-z0-9]{5}$/, '')}`,
        ),
      ),
    ).toEqual(
      new Set([
        'CRASH_LOOP_BACK_OFF Pod checkout',
        'OOM_KILLED Pod checkout',
        'REPLICAS_UNAVAILABLE Deployment checkout',
        'NO_READY_ENDPOINTS Service checkout',
        `KERNEL_OOM_KILL Node ${inventory.pods.find(({ deployment }) => deployment === 'checkout')?.node.name}`,
      ]),
    );
    const oom = answer.findings.find(({ reason }) => reason === 'OOM_KILLED');
    expect(oom?.message).toContain('limit of 512Mi (2 restarts so far)');
    expect(answer.looked_at).toMatchObject({ pods: inventory.pods.length, nodes: inventory.nodes.length });
  });

  it('finds nothing before the incident', async () => {
    time = EPOCH - 100;
    const { workloads, question } = collector('admin');
    expect(await workloads.diagnose({ ...question, limit: 10 })).toMatchObject({
      findings: [],
      total: 0,
      complete: true,
    });
  });

  it('narrows to a workload, a severity and some analyzers', async () => {
    const { workloads, question } = collector('admin');
    const about = await workloads.diagnose({
      ...question,
      namespace: 'shop',
      name: 'checkout',
      analyzers: ['containers'],
      limit: 10,
    });
    expect(about.findings.map(({ analyzer }) => analyzer)).toEqual(['containers', 'containers']);
    expect(await workloads.diagnose({ ...question, namespace: 'shop', name: 'storefront', limit: 10 })).toMatchObject({
      total: 0,
    });
    const all = await workloads.diagnose({ ...question, limit: 1 });
    expect(all.findings).toHaveLength(1);
    expect(all.total).toBe(5);
    expect(await workloads.diagnose({ ...question, severity: 'CRITICAL', limit: 10 })).toMatchObject({
      by_severity: { WARNING: 0, CRITICAL: 4 },
    });
  });

  it('with the printed RBAC makes every check but those that would read Secrets', async () => {
    const rules = rulesOf({ acm: false }).flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      apiGroups && resources
        ? [{ verbs, groups: apiGroups, resources, ...(resourceNames && { names: resourceNames }) }]
        : [],
    );
    double.control({ action: 'ACCOUNTS', accounts: [{ username: 'aiops', token: 'ours', rules }] });
    const { workloads, question } = collector('ours', 'admin');
    const answer = await workloads.diagnose({ ...question, limit: 10 });
    expect(answer.not_checked).toEqual(
      ['missing-secret', 'ingress-certificate'].map((check) => ({
        check,
        why: 'may not list secrets',
        clusters: ['ours-0'],
        cluster_count: 1,
      })),
    );
    expect(answer.complete).toBe(true);
    expect(answer.total).toBe(10);
  });

  it('says of one kind that fails which checks are missing, and of a cluster that refuses everything that it did', async () => {
    double.control({ action: 'ACCOUNTS', accounts: [{ username: 'nobody', token: 'nobody', rules: [] }] });
    double.control({ action: 'FAULTS', faults: [{ kind: 'STATUS', status: 500, path: '/apis/storage.k8s.io' }] });
    const { workloads, question } = collector('admin', 'nobody');
    const answer = await workloads.diagnose({ ...question, limit: 10 });
    expect(answer.complete).toBe(false);
    expect(answer.clusters.map(({ status }) => status)).toEqual(['PARTIAL', 'ERROR']);
    expect(answer.not_checked.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['statefulset-storage-class', 'claim-storage-class', 'claim-pending']),
    );
    expect(answer.total).toBe(5);
  });

  it('never has the contents of a Secret sent', async () => {
    double.control({
      action: 'PUT',
      object: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'db', namespace: 'shop' },
        data: { password: 'aHVudGVyMg==' },
      },
    });
    const { spokes, clusters } = collector('admin');
    const [cluster] = clusters;
    const target = cluster && (await spokes.target(cluster, 'API'));
    if (!target) throw new Error('the double has a URL');
    const asked = { group: '', version: 'v1', resource: 'secrets', item: z.looseObject({}), timeoutMs: 5000 };
    const names = await spokes.kubernetes.list(target, { ...asked, metadataOnly: true });
    expect(names.items).toEqual([
      expect.objectContaining({ kind: 'PartialObjectMetadata', metadata: expect.objectContaining({ name: 'db' }) }),
    ]);
    expect(JSON.stringify(names)).not.toContain('aHVudGVyMg');
    expect(JSON.stringify(await spokes.kubernetes.list(target, asked))).toContain('aHVudGVyMg');
  });
});

describe('events of the simulated shop', () => {
  it('come newest first, page by page, none lost or repeated', async () => {
    const { workloads, question } = collector('admin', 'admin');
    const all = await workloads.events({ ...question, limit: 100 });
    expect(all.next_cursor).toBeNull();
    expect(all.total).toBe(6);
    expect(all.by_reason[0]).toMatchObject({ count: 6, type: 'WARNING' });
    const paged: typeof all.events = [];
    let cursor: string | undefined;
    do {
      const page = await workloads.events({ ...question, limit: 1, cursor });
      paged.push(...page.events);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(paged).toEqual(all.events);
    const times = paged.map(({ last_at }) => last_at);
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? 1 : -1)));
  });

  it('narrow by namespace, type, reason and time', async () => {
    const { workloads, question } = collector('admin');
    const reasons = async (filter: object) =>
      (await workloads.events({ ...question, ...filter, limit: 10 })).events.map(({ reason }) => reason);
    expect(await reasons({ namespace: 'shop', type: 'WARNING' })).toEqual(['BackOff']);
    expect(await reasons({ kind: 'Node' })).toEqual(['OOMKilling']);
    expect(await reasons({ sinceMs: (NOW + 1) * 1000 })).toEqual([]);
  });

  it('are read by way of events.k8s.io where the old group may not be', async () => {
    const rules = [{ verbs: ['list'], groups: ['events.k8s.io'], resources: ['events'] }];
    double.control({ action: 'ACCOUNTS', accounts: [{ username: 'new', token: 'new', rules }] });
    const { workloads, question } = collector('new');
    expect(await workloads.events({ ...question, limit: 10 })).toMatchObject({ total: 3, complete: true });
  });

  it('refuse a cursor that is none', async () => {
    const { workloads, question } = collector('admin');
    await expect(workloads.events({ ...question, limit: 1, cursor: 'xyz' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});
