import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from './metric-rows.ts';
import { unlockedSince } from './ptp-history.ts';
import { classMeaning, ptpNodesOf, stateOf } from './ptp-metrics.ts';
import { ptpNode } from './ptp-node.ts';

const row = (family: string, labels: Record<string, string>, value: number): Row => ({
  metric: `openshift_ptp_${family}`,
  labels: { node: 'n1', process: 'ptp4l', iface: 'ens1fx', ...labels },
  value,
});
const facts = {
  cluster: 'edge-1',
  profile: undefined,
  seen: 1000,
  stale: false,
  unlockedSeconds: () => 42,
};
const nodeOf = (...rows: Row[]) => ptpNode('n1', { ...facts, raw: ptpNodesOf(rows).get('n1') });

describe('what linuxptp measures', () => {
  it('keeps the fault value out of every number and takes it for out of sync, whatever the state says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 5 }),
        fc.boolean(),
        (offsets, negative) => {
          const rows = offsets.map((offset, at) => row('offset_ns', { iface: `ens${at}fx`, from: 'master' }, offset));
          const fault = row('offset_ns', { iface: 'ens9fx', from: 'master' }, negative ? -999_999 : 999_999);
          const locked = row('clock_state', { iface: 'ens9fx' }, 1);
          const node = nodeOf(...rows, fault, locked);
          const farthest = offsets.length === 0 ? null : Math.max(...offsets.map(Math.abs));
          expect(node.worst_offset_ns === null ? null : Math.abs(node.worst_offset_ns)).toBe(farthest);
          expect([node.state, node.in_sync]).toEqual(['FREERUN', false]);
          expect(node.clocks.find(({ iface }) => iface === 'ens9fx')).toMatchObject({
            offset_ns: null,
            fault: true,
            within_threshold: false,
          });
        },
      ),
    );
  });

  it('never averages offsets: the farthest off counts, with its sign', () => {
    const node = nodeOf(
      row('offset_ns', { iface: 'a', from: 'master' }, -5000),
      row('offset_ns', { iface: 'b', from: 'master' }, 4999),
    );
    expect(node.worst_offset_ns).toBe(-5000);
  });

  it('reads 0, 1, 2 as FREERUN, LOCKED, HOLDOVER and every other number as UNKNOWN', () => {
    expect([0, 1, 2].map(stateOf)).toEqual(['FREERUN', 'LOCKED', 'HOLDOVER']);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        fc.pre(![0, 1, 2].includes(value));
        expect(stateOf(value)).toBe('UNKNOWN');
      }),
    );
  });

  it('takes the worst of a node, and says nothing of one that tells no state', () => {
    expect(nodeOf(row('clock_state', {}, 1), row('clock_state', { process: 'phc2sys' }, 2)).state).toBe('HOLDOVER');
    expect(nodeOf(row('delay_ns', {}, 400))).toMatchObject({ state: 'UNKNOWN', in_sync: null, worst_offset_ns: null });
    expect(nodeOf(row('clock_state', {}, 3))).toMatchObject({ state: 'UNKNOWN', in_sync: null });
  });

  it('says nothing of now by what was measured long ago', () => {
    const raw = ptpNodesOf([row('clock_state', {}, 1)]).get('n1');
    expect(ptpNode('n1', { ...facts, raw, stale: true })).toMatchObject({
      state: 'UNKNOWN',
      in_sync: null,
      stale: true,
    });
  });

  it('reads labels that discovery pushed aside', () => {
    const labels = { node: 'scraped-from', exported_node: 'n1' };
    expect([...ptpNodesOf([row('clock_state', labels, 1)]).keys()]).toEqual(['n1']);
  });

  it('counts restarts without the first start, and a process that is down is down', () => {
    const node = nodeOf(
      row('process_status', { config: 'ptp4l.0.config' }, 0),
      row('process_restart_count', { config: 'ptp4l.0.config' }, 4),
    );
    expect(node.processes).toEqual([{ process: 'ptp4l', config: 'ptp4l.0.config', up: false, restarts: 3 }]);
  });

  it('judges by the thresholds in force: event proxy, then PtpConfig, then the defaults', () => {
    const offset = row('offset_ns', { from: 'master' }, 120);
    const own = row('threshold', { threshold: 'MaxOffsetThreshold', profile: 'p' }, 200);
    expect(nodeOf(offset).clocks[0]).toMatchObject({ within_threshold: false });
    expect(nodeOf(offset).thresholds).toMatchObject({ max_offset_ns: 100, source: 'DEFAULT' });
    expect(nodeOf(offset, own).clocks[0]).toMatchObject({ within_threshold: true });
    expect(nodeOf(offset, own).thresholds).toEqual({
      max_offset_ns: 200,
      min_offset_ns: -100,
      holdover_seconds: 5,
      source: 'METRIC',
    });
  });

  it('tells grandmaster, boundary and ordinary clock by their ports, and that their parent is not told', () => {
    const slave = row('interface_role', { iface: 'ens1f0' }, 1);
    const master = row('interface_role', { iface: 'ens1f1' }, 2);
    expect(nodeOf(slave)).toMatchObject({ clock_type: 'OC', path: ['unknown grandmaster', 'n1 (OC)'] });
    expect(nodeOf(slave, master, row('clock_class', {}, 6))).toMatchObject({
      clock_type: 'BC',
      clock_class: 6,
      path: ['unknown grandmaster, clock class 6', 'n1 (BC)'],
    });
    expect(
      nodeOf(row('gnss_status', { process: 'gnss' }, 3), row('process_status', { process: 'T-GM' }, 1)),
    ).toMatchObject({
      clock_type: 'GM',
      path: ['GNSS (3D fix)', 'n1 (GM)'],
    });
    expect(nodeOf(row('clock_state', {}, 1)).clock_type).toBe('UNKNOWN');
    expect(classMeaning(6)).toContain('primary reference');
  });
});

describe('how long a clock has not been locked', () => {
  const series = (...values: [number, string][]) => ({
    series: [{ metric: { node: 'n1', process: 'ptp4l', iface: 'ens1fx' }, values }],
  });

  it('counts back to where its state began, over no gap and no other state', () => {
    const since = (...values: [number, string][]) => unlockedSince(series(...values), 1000)('n1', 'ptp4l', 'ens1fx');
    expect(since([970, '2'], [985, '2'], [1000, '2'])).toBe(30);
    expect(since([940, '2'], [985, '2'], [1000, '2'])).toBe(15);
    expect(since([970, '0'], [985, '2'], [1000, '2'])).toBe(15);
  });

  it('is not known of a clock that has no points at the end', () => {
    expect(unlockedSince(series([900, '2']), 1000)('n1', 'ptp4l', 'ens1fx')).toBeNull();
    expect(unlockedSince({ series: [] }, 1000)('n1', 'ptp4l', 'ens1fx')).toBeNull();
  });
});
