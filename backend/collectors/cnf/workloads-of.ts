import type { CnfType } from '../../model/cluster.ts';
import type { CnfStatus, CnfWorkload } from '../../model/cnf.ts';
import type { CnfPrefix } from '../../registry/discovery/cnf.ts';
import { networksOf } from './networks.ts';
import type { CnfPod, Controller, DaemonSetSize, NfDeployment } from './objects.ts';
import { holds, requestsOf } from './pod-requests.ts';
import { typeInWords, typeOfLabels, typeOfNamespace } from './workload-types.ts';

export interface WorkloadFacts {
  readonly cluster: string;
  readonly prefixes: readonly CnfPrefix[];
  readonly pods: readonly CnfPod[];
  readonly deployments: readonly Controller[];
  readonly statefulsets: readonly Controller[];
  readonly daemonsets: readonly DaemonSetSize[];
  readonly nfdeployments: readonly NfDeployment[];
}

interface Owner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

interface Group extends Owner {
  readonly labels: Readonly<Record<string, string>>;
  readonly desired: number | null;
  readonly pods: readonly CnfPod[];
}

const SHOWN_NODES = 20;
/** Resources that every pod may ask for; the rest are devices. */
const PLAIN = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage']);

/** What runs network functions in one cluster, whatever its controller; one that has no pods at all is there too. */
export function workloadsOf(facts: WorkloadFacts): CnfWorkload[] {
  return groupsOf(facts).flatMap((group) => {
    const found = typeOf(group, facts);
    return found ? [workloadOf(group, found, facts.cluster)] : [];
  });
}

function groupsOf({ pods, deployments, statefulsets, daemonsets }: WorkloadFacts): Group[] {
  const byOwner = Map.groupBy(pods.filter(holds), (pod) => keyOf(ownerOf(pod)));
  const groups: Group[] = [];
  const controlled = (kind: string, list: readonly (Controller | DaemonSetSize)[]) => {
    for (const { metadata, spec, ...rest } of list) {
      const owner = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
      const desired =
        'status' in rest ? rest.status.desiredNumberScheduled : 'replicas' in spec ? (spec.replicas ?? 1) : 1;
      const labels = { ...metadata.labels, ...spec.template.metadata.labels };
      groups.push({ ...owner, labels, desired, pods: byOwner.get(keyOf(owner)) ?? [] });
      byOwner.delete(keyOf(owner));
    }
  };
  controlled('Deployment', deployments);
  controlled('StatefulSet', statefulsets);
  controlled('DaemonSet', daemonsets);
  for (const own of byOwner.values()) {
    const [first] = own;
    if (first) groups.push({ ...ownerOf(first), labels: first.metadata.labels, desired: null, pods: own });
  }
  return groups;
}

/** The controller of a pod. A Deployment's pods belong to a ReplicaSet, whose name is the Deployment's and the hash of its template. */
function ownerOf({ metadata }: CnfPod): Owner {
  const namespace = metadata.namespace ?? '';
  const [owner] = metadata.ownerReferences;
  if (!owner) return { kind: 'Pod', namespace, name: metadata.name };
  const hash = metadata.labels['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return { kind: 'Deployment', namespace, name: owner.name.slice(0, -hash.length - 1) };
  return { kind: owner.kind, namespace, name: owner.name };
}

function keyOf({ kind, namespace, name }: Owner): string {
  return `${kind}/${namespace}/${name}`;
}

/** A custom resource says it outright, then labels, then the namespace. In a network function's namespace everything belongs to it. */
function typeOf(
  group: Group,
  { prefixes, nfdeployments }: WorkloadFacts,
): { readonly type: CnfType; readonly by: CnfWorkload['found_by'] } | undefined {
  const described = nfdeployments.find(
    ({ metadata }) =>
      metadata.namespace === group.namespace &&
      (group.name === metadata.name || group.name.startsWith(`${metadata.name}-`)),
  );
  if (described) return { type: typeInWords(described.spec.provider) ?? 'OTHER', by: 'CUSTOM_RESOURCE' };
  const labelled = typeOfLabels(group.labels);
  if (labelled) return { type: labelled, by: 'LABEL' };
  const type = typeOfNamespace(group.namespace, prefixes);
  return type && { type, by: 'NAMESPACE' };
}

function workloadOf(
  { kind, namespace, name, desired, pods }: Group,
  { type, by }: { readonly type: CnfType; readonly by: CnfWorkload['found_by'] },
  cluster: string,
): CnfWorkload {
  const ready = pods.filter((pod) =>
    pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  ).length;
  const nodes = [...new Set(pods.flatMap(({ spec }) => (spec.nodeName === '' ? [] : [spec.nodeName])))].sort();
  const networks = Map.groupBy(
    pods.flatMap(({ metadata }) => networksOf(metadata.annotations, namespace)),
    (network) => network.name,
  );
  const requests = sum(pods);
  return {
    cluster,
    namespace,
    kind,
    name,
    type,
    found_by: by,
    status: statusOf(ready, desired ?? pods.length),
    desired_pods: desired,
    pods: pods.length,
    ready_pods: ready,
    restarts: pods.reduce(
      (total, { status }) => total + status.containerStatuses.reduce((own, one) => own + one.restartCount, 0),
      0,
    ),
    nodes: nodes.slice(0, SHOWN_NODES),
    node_count: nodes.length,
    networks: [...networks]
      .map(([network, uses]) => ({
        name: network.slice(0, 300),
        interfaces: [...new Set(uses.flatMap((use) => use.interface ?? []))].sort().slice(0, 10),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, 50),
    hugepages: Object.fromEntries(
      [...requests].flatMap(([resource, amount]) =>
        resource.startsWith('hugepages-') ? [[resource.slice('hugepages-'.length), amount]] : [],
      ),
    ),
    devices: Object.fromEntries(
      [...requests].filter(([resource]) => !PLAIN.has(resource) && !resource.startsWith('hugepages-')),
    ),
  };
}

function statusOf(ready: number, desired: number): CnfStatus {
  if (ready >= desired) return 'READY';
  return ready === 0 ? 'DOWN' : 'DEGRADED';
}

function sum(pods: readonly CnfPod[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const pod of pods)
    for (const [name, amount] of requestsOf(pod)) total.set(name, (total.get(name) ?? 0) + amount);
  return new Map([...total].sort(([a], [b]) => (a < b ? -1 : 1)));
}
