import type {
  CnfFinding,
  CnfSource,
  CnfSummary,
  CnfWorkload,
  PtpClock,
  PtpNode,
  PtpStatusAnswer,
  SriovNode,
  SriovStatusAnswer,
} from '../../backend/model/cnf.ts';
import { uuid } from '../test-support.ts';

/** What tests of the CNF page build by hand; nothing here is part of the product. */

export const OUTCOME = {
  cluster_id: uuid(1),
  cluster_name: 'alpha',
  status: 'SUCCESS',
  query_time_ms: 3,
  cached: false,
} as const;

const NONE = { CRITICAL: 0, WARNING: 0, INFO: 0 };
const WHOLE = { clusters: [OUTCOME], complete: true };

export function source(status: CnfSource['status'], rest: Partial<CnfSource> = {}): CnfSource {
  return { cluster: 'alpha', source: 'linuxptp metrics', status, at: null, detail: null, ...rest };
}

export function clock(rest: Partial<PtpClock> = {}): PtpClock {
  return {
    process: 'ptp4l',
    iface: 'ens1fx',
    state: 'LOCKED',
    state_seconds: null,
    offset_ns: -3,
    offset_from: 'master',
    fault: false,
    max_offset_ns: null,
    frequency_adjustment_ns: null,
    delay_ns: 120,
    within_threshold: true,
    ...rest,
  };
}

export function ptpNode(node: string, rest: Partial<PtpNode> = {}): PtpNode {
  return {
    cluster: 'alpha',
    node,
    state: 'LOCKED',
    in_sync: true,
    worst_offset_ns: -3,
    at: '2026-03-01T09:59:50.000Z',
    stale: false,
    clock_class: 6,
    clock_class_meaning: 'locked to a primary reference',
    clock_type: 'BC',
    path: ['GNSS', 'gm-1', node],
    profile: 'boundary',
    thresholds: { max_offset_ns: 100, min_offset_ns: -100, holdover_seconds: 5, source: 'PTP_CONFIG' },
    clocks: [clock()],
    ports: [{ process: 'ptp4l', iface: 'ens1f0', role: 'SLAVE' }],
    processes: [{ process: 'ptp4l', config: 'ptp4l.0.config', up: true, restarts: 2 }],
    signals: [],
    ...rest,
  };
}

export function cnfFinding(rest: Partial<CnfFinding> = {}): CnfFinding {
  return {
    severity: 'CRITICAL',
    code: 'PTP_OUT_OF_SYNC',
    cluster: 'alpha',
    object: { kind: 'Node', namespace: null, name: 'w2' },
    message: 'Its clock runs free.',
    evidence: [{ path: 'openshift_ptp_clock_state', value: '0' }],
    next_step: 'Look at the link to the grandmaster.',
    ...rest,
  };
}

export function ptpAnswer(nodes: PtpNode[], rest: Partial<PtpStatusAnswer> = {}): PtpStatusAnswer {
  return {
    nodes,
    total: nodes.length,
    by_state: { LOCKED: 0, HOLDOVER: 0, FREERUN: 0, UNKNOWN: 0 },
    max_abs_offset_ns: null,
    findings: [],
    total_findings: 0,
    by_severity: NONE,
    sources: [source('OK')],
    ...WHOLE,
    ...rest,
  };
}

export function sriovNode(node: string, rest: Partial<SriovNode> = {}): SriovNode {
  return {
    cluster: 'alpha',
    node,
    sync_status: 'Succeeded',
    last_sync_error: null,
    drain_state: 'Idle',
    interfaces: [
      {
        name: 'ens1f0',
        pci_address: '0000:18:00.0',
        vendor: '8086',
        device_id: '158b',
        driver: 'i40e',
        link_speed: '25000 Mb/s',
        mtu: 9000,
        num_vfs: 8,
        total_vfs: 64,
      },
    ],
    resources: [{ name: 'openshift.io/mlxnics', allocatable: 8, requested: 6, free: 2 }],
    vfs: [
      {
        pf: 'ens1f0',
        vf: 0,
        pci_address: '0000:18:02.0',
        vlan: 100,
        mac: null,
        driver: 'vfio-pci',
        numa_node: '0',
        pod: { namespace: 'du-1', name: 'du-0', container: 'c', resource: 'openshift.io/mlxnics' },
        per_second: {
          rx_bytes: 1024,
          tx_bytes: null,
          rx_packets: null,
          tx_packets: null,
          rx_dropped: 3,
          tx_dropped: null,
        },
      },
    ],
    ...rest,
  };
}

export function sriovAnswer(nodes: SriovNode[], rest: Partial<SriovStatusAnswer> = {}): SriovStatusAnswer {
  return {
    nodes,
    total: nodes.length,
    by_sync_status: {},
    vfs: { allocatable: 8, requested: 6 },
    policies: [],
    findings: [],
    total_findings: 0,
    by_severity: NONE,
    sources: [source('OK', { source: 'SriovNetworkNodeState' })],
    ...WHOLE,
    ...rest,
  };
}

export function cnfWorkload(name: string, rest: Partial<CnfWorkload> = {}): CnfWorkload {
  return {
    cluster: 'alpha',
    namespace: 'du-1',
    kind: 'StatefulSet',
    name,
    type: 'VDU',
    found_by: 'NAMESPACE',
    status: 'READY',
    desired_pods: 2,
    pods: 2,
    ready_pods: 2,
    restarts: 0,
    nodes: ['w1'],
    node_count: 1,
    networks: [{ name: 'du-1/fronthaul', interfaces: ['net1'] }],
    hugepages: {},
    devices: {},
    ...rest,
  };
}

export function cnfSummary(rest: Partial<CnfSummary> = {}): CnfSummary {
  return {
    workloads: { total: 2, by_status: { READY: 1, DEGRADED: 0, DOWN: 1 }, by_type: {} },
    ptp: { total: 3, by_state: { LOCKED: 1, HOLDOVER: 1, FREERUN: 1, UNKNOWN: 0 }, max_abs_offset_ns: 4200 },
    sriov: { total: 1, by_sync_status: {}, vfs: { allocatable: 8, requested: 6 } },
    findings: [cnfFinding()],
    total_findings: 1,
    by_severity: { CRITICAL: 1, WARNING: 0, INFO: 0 },
    sources: [source('OK')],
    ...WHOLE,
    ...rest,
  };
}
