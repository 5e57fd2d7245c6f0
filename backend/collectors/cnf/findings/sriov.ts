import type { CnfFinding, SriovNode, SriovVf } from '../../../model/cnf.ts';
import { finding } from './finding.ts';

/** Below one packet a second a share says nothing. */
const LEAST_DROPS = 1;
/** Shares of received packets that are dropped. */
const WARNING_SHARE = 0.001;
const CRITICAL_SHARE = 0.01;

/** Rules over virtual functions. `waiting` names the pods that wait for a resource. */
export function sriovFindings(
  nodes: readonly SriovNode[],
  waiting: (resource: string) => readonly string[],
): CnfFinding[] {
  return nodes.flatMap((node) => [...syncFailed(node), ...exhausted(node, waiting), ...rxDrops(node)]);
}

function syncFailed(node: SriovNode): CnfFinding[] {
  if (node.sync_status !== 'Failed') return [];
  return [
    finding(node.cluster, {
      severity: 'CRITICAL',
      code: 'SRIOV_SYNC_FAILED',
      object: { kind: 'SriovNetworkNodeState', namespace: 'openshift-sriov-network-operator', name: node.node },
      message: `The SR-IOV operator could not set up ${node.node}: ${node.last_sync_error ?? 'it does not say why'}.`,
      evidence: {
        'status.syncStatus': node.sync_status,
        'status.lastSyncError': node.last_sync_error,
        'current-state': node.drain_state,
      },
      next_step: `Read the log of sriov-network-config-daemon on ${node.node}; compare its SriovNetworkNodePolicy with what the card can do (total_vfs).`,
    }),
  ];
}

function exhausted(node: SriovNode, waiting: (resource: string) => readonly string[]): CnfFinding[] {
  return node.resources.flatMap(({ name, allocatable, requested, free }) => {
    if (free === null || free > 0 || allocatable === 0) return [];
    const pods = waiting(name);
    const room = node.interfaces.reduce((sum, { total_vfs, num_vfs }) => sum + Math.max(0, total_vfs - num_vfs), 0);
    const wait = pods.length === 0 ? '' : `, and ${pods.length} pods wait for one`;
    return [
      finding(node.cluster, {
        severity: pods.length > 0 ? 'CRITICAL' : 'WARNING',
        code: 'SRIOV_VFS_EXHAUSTED',
        object: { kind: 'Node', namespace: null, name: node.node },
        message: `All ${allocatable} of ${name} on ${node.node} are taken${wait}.`,
        evidence: {
          [`status.allocatable["${name}"]`]: allocatable,
          requested_by_pods: requested,
          ...(pods.length === 0 ? {} : { waiting_pods: pods.slice(0, 5).join(', ') }),
          vfs_the_cards_could_still_make: node.interfaces.length === 0 ? null : room,
        },
        next_step:
          room > 0
            ? `Raise numVfs in the SriovNetworkNodePolicy of ${name} (the node is drained for it), or move pods to a node with free functions.`
            : `Move pods to a node with free functions; the cards of this node cannot make more.`,
      }),
    ];
  });
}

function rxDrops(node: SriovNode): CnfFinding[] {
  return node.vfs.flatMap((vf) => {
    const share = dropShare(vf);
    if (share === null) return [];
    const who = vf.pod === null ? 'which no pod is known to use' : `of ${vf.pod.namespace}/${vf.pod.name}`;
    return [
      finding(node.cluster, {
        severity: share >= CRITICAL_SHARE ? 'CRITICAL' : 'WARNING',
        code: 'SRIOV_RX_DROPS',
        object:
          vf.pod === null
            ? { kind: 'Node', namespace: null, name: node.node }
            : { kind: 'Pod', namespace: vf.pod.namespace, name: vf.pod.name },
        message: `${vf.pf} function ${vf.vf} (${vf.pci_address}) on ${node.node}, ${who}, drops ${percent(share)} of what it receives.`,
        evidence: {
          'rate(sriov_vf_rx_dropped[5m])': round(vf.per_second?.rx_dropped ?? null),
          'rate(sriov_vf_rx_packets[5m])': round(vf.per_second?.rx_packets ?? null),
          numa_node: vf.numa_node,
          driver: vf.driver,
        },
        next_step:
          'The consumer is too slow: check its CPUs (isolated, on the NUMA node of the card), ring sizes and hugepages; get_dpdk_stats shows imissed and rx_nombuf.',
      }),
    ];
  });
}

/** Null = nothing worth telling, or not counted. */
export function dropShare({ per_second }: Pick<SriovVf, 'per_second'>): number | null {
  const dropped = per_second?.rx_dropped ?? null;
  if (dropped === null || dropped < LEAST_DROPS) return null;
  const share = dropped / (dropped + (per_second?.rx_packets ?? 0));
  return share < WARNING_SHARE ? null : share;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function round(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}
