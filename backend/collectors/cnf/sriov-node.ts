import type { SriovNode, SriovPolicy, SriovResource, SriovVf } from '../../model/cnf.ts';
import type { CnfNode, CnfPod, NodePolicy, NodeState } from './objects.ts';
import { holds, requestsOf } from './pod-requests.ts';
import { type SriovMeasured, vfKey } from './sriov-metrics.ts';

/** What is known of one cluster; undefined = it could not be read. */
export interface SriovFacts {
  readonly cluster: string;
  readonly states: readonly NodeState[] | undefined;
  readonly policies: readonly NodePolicy[] | undefined;
  readonly nodes: readonly CnfNode[] | undefined;
  /** Undefined also where there are more than were read: half a list would show free what is taken. */
  readonly pods: readonly CnfPod[] | undefined;
  readonly measured: SriovMeasured | undefined;
}

const STATE_ANNOTATION = 'sriovnetwork.openshift.io/current-state';

/** Every node that has a state of the operator, a resource of it, or measured functions. */
export function sriovNodes(facts: SriovFacts): SriovNode[] {
  const states = new Map((facts.states ?? []).map((state) => [state.metadata.name, state]));
  const objects = new Map((facts.nodes ?? []).map((node) => [node.metadata.name, node]));
  const byAddress = new Map(
    (facts.nodes ?? []).flatMap(({ metadata, status }) =>
      status.addresses.map(({ address }) => [address, metadata.name]),
    ),
  );
  const resources = resourceNames(facts);
  const requested = facts.pods && requestedByNode(facts.pods, resources);
  const hosts = new Map<string, string>();
  for (const host of facts.measured?.seen.keys() ?? []) hosts.set(byAddress.get(host) ?? host, host);
  const withResource = [...objects].flatMap(([name, { status }]) =>
    Object.keys(status.allocatable).some((resource) => resources.has(resource)) ? [name] : [],
  );
  const names = new Set([...states.keys(), ...withResource, ...hosts.keys()]);
  return [...names].map((node) => {
    const state = states.get(node);
    const { status } = state ?? {};
    return {
      cluster: facts.cluster,
      node,
      sync_status: status?.syncStatus || null,
      last_sync_error: status?.lastSyncError || null,
      drain_state: state?.metadata.annotations[STATE_ANNOTATION] ?? null,
      interfaces: (status?.interfaces ?? []).map((one) => ({
        name: one.name,
        pci_address: one.pciAddress,
        vendor: one.vendor,
        device_id: one.deviceID,
        driver: one.driver,
        link_speed: one.linkSpeed,
        mtu: one.mtu,
        num_vfs: one.numVfs,
        total_vfs: one.totalvfs,
      })),
      resources: resourcesOf(objects.get(node), resources, requested?.get(node), requested !== undefined),
      vfs: vfsOf(state, hosts.get(node) ?? node, facts.measured),
    };
  });
}

/** Names such as `openshift.io/mlxnics`: what policies define, whatever the prefix, and what the exporter says pods have. */
function resourceNames({ policies, nodes, measured }: SriovFacts): ReadonlySet<string> {
  const defined = new Set((policies ?? []).map(({ spec }) => spec.resourceName));
  const offered = (nodes ?? []).flatMap(({ status }) => Object.keys(status.allocatable));
  const told = [...(measured?.pods.values() ?? [])].map(({ resource }) => resource);
  return new Set([
    ...offered.filter((name) => defined.has(name.slice(name.indexOf('/') + 1)) && name.includes('/')),
    ...told,
  ]);
}

function requestedByNode(pods: readonly CnfPod[], names: ReadonlySet<string>): Map<string, Map<string, number>> {
  const byNode = new Map<string, Map<string, number>>();
  for (const pod of pods) {
    if (pod.spec.nodeName === '' || !holds(pod)) continue;
    const own = byNode.get(pod.spec.nodeName) ?? new Map<string, number>();
    byNode.set(pod.spec.nodeName, own);
    for (const [name, amount] of requestsOf(pod)) if (names.has(name)) own.set(name, (own.get(name) ?? 0) + amount);
  }
  return byNode;
}

function resourcesOf(
  node: CnfNode | undefined,
  names: ReadonlySet<string>,
  requested: ReadonlyMap<string, number> | undefined,
  arePodsKnown: boolean,
): SriovResource[] {
  return Object.entries(node?.status.allocatable ?? {})
    .filter(([name]) => names.has(name))
    .flatMap(([name, text]) => {
      if (!/^\d{1,9}$/.test(text)) return [];
      const allocatable = Number(text);
      const taken = arePodsKnown ? (requested?.get(name) ?? 0) : null;
      return [{ name, allocatable, requested: taken, free: taken === null ? null : allocatable - taken }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function vfsOf(state: NodeState | undefined, host: string, measured: SriovMeasured | undefined): SriovVf[] {
  const vfs = new Map<string, SriovVf>();
  for (const one of state?.status.interfaces ?? []) {
    for (const vf of one.Vfs) {
      vfs.set(vfKey(host, vf.pciAddress), {
        pf: one.name,
        vf: vf.vfID,
        pci_address: vf.pciAddress,
        vlan: vf.Vlan ?? null,
        mac: vf.mac || null,
        driver: vf.driver || null,
        numa_node: null,
        pod: null,
        per_second: null,
      });
    }
  }
  for (const [key, { pf, vf, pciAddress, numaNode, rates }] of measured?.vfs ?? []) {
    if (key !== vfKey(host, pciAddress)) continue;
    const known = vfs.get(key) ?? {
      pf,
      vf: /^\d{1,5}$/.test(vf) ? Number(vf) : 0,
      pci_address: pciAddress,
      vlan: null,
      mac: null,
      driver: null,
      pod: null,
    };
    vfs.set(key, { ...known, numa_node: numaNode, per_second: rates });
  }
  return [...vfs]
    .map(([key, vf]) => ({ ...vf, pod: measured?.pods.get(key) ?? null }))
    .sort((a, b) => (a.pf === b.pf ? a.vf - b.vf : a.pf < b.pf ? -1 : 1));
}

export function policiesOf(cluster: string, policies: readonly NodePolicy[]): SriovPolicy[] {
  return policies
    .map(({ metadata, spec }) => ({
      cluster,
      name: metadata.name,
      resource_name: spec.resourceName,
      priority: spec.priority,
      num_vfs: spec.numVfs,
      device_type: spec.deviceType || 'netdevice',
      mtu: spec.mtu ?? null,
      pf_names: spec.nicSelector.pfNames,
      node_selector: spec.nodeSelector,
    }))
    .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
}

/** Pods that wait for a function: not on a node, and asking for one of these resources. */
export function waitingFor(pods: readonly CnfPod[], resource: string): string[] {
  return pods
    .filter(
      (pod) => pod.spec.nodeName === '' && pod.status.phase === 'Pending' && (requestsOf(pod).get(resource) ?? 0) > 0,
    )
    .map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
}
