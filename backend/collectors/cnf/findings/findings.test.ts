import { describe, expect, it } from 'vitest';
import type { PtpClock, PtpNode, SriovNode } from '../../../model/cnf.ts';
import { DEFAULT_THRESHOLDS } from '../ptp-node.ts';
import { ptpFindings } from './ptp.ts';
import { sriovFindings } from './sriov.ts';

const clock = (over: Partial<PtpClock> = {}): PtpClock => ({
  process: 'ptp4l',
  iface: 'ens1fx',
  state: 'LOCKED',
  state_seconds: null,
  offset_ns: 4,
  offset_from: 'master',
  fault: false,
  max_offset_ns: 9,
  frequency_adjustment_ns: null,
  delay_ns: 400,
  within_threshold: true,
  ...over,
});
const node = (name: string, own: PtpClock, over: Partial<PtpNode> = {}): PtpNode => ({
  cluster: 'edge-1',
  node: name,
  state: own.fault ? 'FREERUN' : (own.state ?? 'UNKNOWN'),
  in_sync: own.state === 'LOCKED' && !own.fault,
  worst_offset_ns: own.offset_ns,
  at: '2026-03-01T10:00:00.000Z',
  stale: false,
  clock_class: 6,
  clock_class_meaning: null,
  clock_type: 'OC',
  path: [],
  profile: 'slave',
  thresholds: { ...DEFAULT_THRESHOLDS, holdover_seconds: 3600 },
  clocks: [own],
  ports: [],
  processes: [],
  signals: [],
  ...over,
});
const codes = (...nodes: PtpNode[]) =>
  ptpFindings('edge-1', nodes).map(({ severity, code, object }) => `${severity} ${code} ${object.name}`);
const freerun = clock({ state: 'FREERUN', state_seconds: 90 });

describe('rules over clocks', () => {
  it('find nothing in a clock that is locked within its thresholds', () => {
    expect(codes(node('n1', clock()))).toEqual([]);
  });

  it('PTP_OUT_OF_SYNC: a clock that runs free, or whose port is faulty', () => {
    expect(codes(node('n1', freerun))).toEqual(['CRITICAL PTP_OUT_OF_SYNC n1']);
    const faulty = clock({ fault: true, offset_ns: null, within_threshold: false });
    expect(codes(node('n1', faulty))).toEqual(['CRITICAL PTP_OUT_OF_SYNC n1']);
    expect(codes(node('n1', clock({ state: 'UNKNOWN' })))).toEqual([]);
  });

  it('PTP_OFFSET_HIGH: locked, and outside', () => {
    const far = clock({ offset_ns: -180, within_threshold: false });
    expect(codes(node('n1', far))).toEqual(['WARNING PTP_OFFSET_HIGH n1']);
    // Of a clock that runs free it is said already.
    expect(codes(node('n1', { ...far, state: 'FREERUN' }))).toEqual(['CRITICAL PTP_OUT_OF_SYNC n1']);
  });

  it('PTP_HOLDOVER_EXPIRING: from half of its time on, past it, and where the time is not known', () => {
    const held = (seconds: number | null) => node('n1', clock({ state: 'HOLDOVER', state_seconds: seconds }));
    expect(codes(held(600))).toEqual([]);
    expect(codes(held(1800))).toEqual(['WARNING PTP_HOLDOVER_EXPIRING n1']);
    expect(codes(held(3600))).toEqual(['CRITICAL PTP_HOLDOVER_EXPIRING n1']);
    expect(codes(held(null))).toEqual(['WARNING PTP_HOLDOVER_EXPIRING n1']);
  });

  it('PTP_SYNC_STORM: three nodes and a fifth of all; below that each is for itself', () => {
    const well = Array.from({ length: 12 }, (_, at) => node(`w${at}`, clock()));
    const bad = ['a', 'b', 'c'].map((name) => node(name, freerun));
    expect(codes(...well, ...bad)).toContain('CRITICAL PTP_SYNC_STORM edge-1');
    expect(codes(...well, ...bad.slice(1)).join()).not.toContain('STORM');
    expect(codes(...well, node('w12', clock()), ...bad).join()).not.toContain('STORM');
  });

  it('say nothing of a node that is no longer measured', () => {
    expect(codes(node('n1', freerun, { stale: true }))).toEqual([]);
    expect(codes(node('n1', freerun, { clocks: [] }))).toEqual([]);
  });

  it('go through 500 nodes at once', () => {
    const nodes = Array.from({ length: 500 }, (_, at) => node(`n${at}`, at % 2 === 0 ? clock() : freerun));
    expect(ptpFindings('edge-1', nodes)).toHaveLength(251);
  });
});

const sriov = (over: Partial<SriovNode> = {}): SriovNode => ({
  cluster: 'edge-1',
  node: 'n1',
  sync_status: 'Succeeded',
  last_sync_error: null,
  drain_state: 'Idle',
  interfaces: [],
  resources: [{ name: 'openshift.io/nics', allocatable: 4, requested: 3, free: 1 }],
  vfs: [],
  ...over,
});
const sriovCodes = (one: SriovNode, waiting: readonly string[] = []) =>
  sriovFindings([one], () => waiting).map(({ severity, code }) => `${severity} ${code}`);
const taken = { name: 'openshift.io/nics', allocatable: 4, requested: 4, free: 0 };
const carrying = (dropped: number | null, packets: number) =>
  sriov({
    vfs: [
      {
        pf: 'ens1f0',
        vf: 0,
        pci_address: '0000:02:0a.0',
        vlan: 0,
        mac: null,
        driver: 'iavf',
        numa_node: '0',
        pod: {
          namespace: 'du-1',
          name: 'du-0',
          container: 'du',
          resource: 'openshift.io/nics',
        },
        per_second: {
          rx_bytes: null,
          tx_bytes: null,
          tx_packets: null,
          tx_dropped: null,
          rx_packets: packets,
          rx_dropped: dropped,
        },
      },
    ],
  });

describe('rules over virtual functions', () => {
  it('SRIOV_VFS_EXHAUSTED: nothing free; critical once a pod waits', () => {
    expect(sriovCodes(sriov())).toEqual([]);
    expect(sriovCodes(sriov({ resources: [taken] }))).toEqual(['WARNING SRIOV_VFS_EXHAUSTED']);
    expect(sriovCodes(sriov({ resources: [taken] }), ['du-1/du-1'])).toEqual(['CRITICAL SRIOV_VFS_EXHAUSTED']);
    expect(sriovCodes(sriov({ resources: [{ ...taken, requested: null, free: null }] }))).toEqual([]);
    expect(sriovCodes(sriov({ resources: [{ ...taken, allocatable: 0, requested: 0 }] }))).toEqual([]);
  });

  it('SRIOV_SYNC_FAILED: what the operator calls Failed, and nothing else', () => {
    expect(sriovCodes(sriov({ sync_status: 'Failed', last_sync_error: 'x' }))).toEqual(['CRITICAL SRIOV_SYNC_FAILED']);
    for (const sync_status of ['InProgress', 'Succeeded', null]) expect(sriovCodes(sriov({ sync_status }))).toEqual([]);
  });

  it('SRIOV_RX_DROPS: over one a second and a thousandth of what comes; critical at a hundredth', () => {
    expect(sriovCodes(carrying(300, 100_000))).toEqual(['WARNING SRIOV_RX_DROPS']);
    expect(sriovCodes(carrying(3000, 100_000))).toEqual(['CRITICAL SRIOV_RX_DROPS']);
    expect(sriovCodes(carrying(50, 100_000))).toEqual([]);
    expect(sriovCodes(carrying(0.5, 1))).toEqual([]);
    expect(sriovCodes(carrying(null, 100_000))).toEqual([]);
  });
});
