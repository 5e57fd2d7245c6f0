import type { CnfFinding, PtpClock, PtpNode } from '../../../model/cnf.ts';
import { finding } from './finding.ts';

/*
 * Rules over clocks. Thresholds are those of each node's profile; OpenShift's own alerts NodeOutOfPtpSync and HighPtpSyncOffset (wire.md
 * §7.1) judge alike, two minutes later. A node that is no longer measured is a matter of its source, not of its clock.
 */

/** From this share of the holdover time on it is about to be over. */
const EXPIRING_SHARE = 0.5;
/** Nodes out of sync at once, and as a share of all, that point at what they share. */
const STORM_NODES = 3;
const STORM_SHARE = 0.2;

export function ptpFindings(cluster: string, nodes: readonly PtpNode[]): CnfFinding[] {
  const measured = nodes.filter(({ stale, clocks }) => !stale && clocks.length > 0);
  return [...measured.flatMap(ofNode), ...storm(cluster, measured)];
}

function ofNode(node: PtpNode): CnfFinding[] {
  return [...outOfSync(node), ...holdover(node), ...offsetHigh(node)];
}

function outOfSync(node: PtpNode): CnfFinding[] {
  const bad = node.clocks.filter((clock) => clock.state === 'FREERUN' || clock.fault);
  const [worst] = bad.toSorted((a, b) => Number(b.fault) - Number(a.fault));
  if (!worst) return [];
  const since = longest(bad);
  const how = worst.fault
    ? `${nameOf(worst)} reports a faulty port (offset 999999)`
    : `${nameOf(worst)} runs free${since === null ? '' : `, for at least ${since} s`}`;
  const more = bad.length > 1 ? `, and ${bad.length - 1} more of its clocks are out of sync` : '';
  return [
    finding(node.cluster, {
      severity: 'CRITICAL',
      code: 'PTP_OUT_OF_SYNC',
      object: objectOf(node),
      message: `The clock of ${node.node} is out of sync: ${how}${more}.`,
      evidence: {
        [`clock_state{process="${worst.process}",iface="${worst.iface}"}`]: worst.state,
        ...(worst.fault ? { offset_ns: 999_999 } : {}),
        state_seconds: since,
        clock_class: node.clock_class,
        ...faultyPorts(node),
      },
      next_step: worst.fault
        ? `Look at the link of ${worst.iface} on ${node.node} and at the switch port behind it; then at the log of ptp4l in linuxptp-daemon.`
        : `Look at the log of ${worst.process} in linuxptp-daemon on ${node.node}: announce messages lost, or a grandmaster that changed.`,
    }),
  ];
}

function holdover(node: PtpNode): CnfFinding[] {
  const held = node.clocks.filter(({ state, fault }) => state === 'HOLDOVER' && !fault);
  if (held.length === 0) return [];
  const limit = node.thresholds.holdover_seconds;
  const since = longest(held);
  // One whose duration is not known may be over any time.
  if (since !== null && since < limit * EXPIRING_SHARE) return [];
  const isOver = since !== null && since >= limit;
  const left =
    since === null
      ? 'for a time that is not known'
      : isOver
        ? `for at least ${since} s, longer than the ${limit} s it may`
        : `for at least ${since} s of ${limit} s`;
  return [
    finding(node.cluster, {
      severity: isOver ? 'CRITICAL' : 'WARNING',
      code: 'PTP_HOLDOVER_EXPIRING',
      object: objectOf(node),
      message: `${node.node} keeps time on its own ${left}: it has lost its source of time.`,
      evidence: {
        clocks: held.map(nameOf).join(', '),
        state_seconds: since,
        holdover_seconds: limit,
        thresholds_from: node.thresholds.source,
        clock_class: node.clock_class,
      },
      next_step: `Find what ${node.node} lost: ${node.clock_type === 'GM' ? 'the antenna and GNSS receiver' : 'the grandmaster or the path to it'}. When holdover ends, radio units on it lose phase.`,
    }),
  ];
}

function offsetHigh(node: PtpNode): CnfFinding[] {
  const far = node.clocks.filter(
    ({ state, fault, within_threshold }) =>
      within_threshold === false && !fault && state !== 'FREERUN' && state !== 'HOLDOVER',
  );
  const [worst] = far.toSorted((a, b) => Math.abs(b.offset_ns ?? 0) - Math.abs(a.offset_ns ?? 0));
  if (!worst) return [];
  const { max_offset_ns, min_offset_ns, source } = node.thresholds;
  return [
    finding(node.cluster, {
      severity: 'WARNING',
      code: 'PTP_OFFSET_HIGH',
      object: objectOf(node),
      message: `${nameOf(worst)} on ${node.node} is ${worst.offset_ns} ns off; ${min_offset_ns} to ${max_offset_ns} ns is allowed.`,
      evidence: {
        [`offset_ns{process="${worst.process}",iface="${worst.iface}"}`]: worst.offset_ns,
        max_offset_threshold: max_offset_ns,
        min_offset_threshold: min_offset_ns,
        thresholds_from: source,
        delay_ns: worst.delay_ns,
      },
      next_step: `See whether the offset grows (openshift_ptp_offset_ns over an hour) and whether the path delay changed; asymmetry or load on a switch without PTP support does that.`,
    }),
  ];
}

/** Many at once have one cause, which is not on the nodes. */
function storm(cluster: string, nodes: readonly PtpNode[]): CnfFinding[] {
  const out = nodes.filter(({ in_sync }) => in_sync === false);
  if (out.length < STORM_NODES || out.length < nodes.length * STORM_SHARE) return [];
  const names = out.map(({ node }) => node).sort();
  const since = out.flatMap(({ clocks }) => longest(clocks) ?? []);
  return [
    finding(cluster, {
      severity: 'CRITICAL',
      code: 'PTP_SYNC_STORM',
      object: { kind: 'Cluster', namespace: null, name: cluster },
      message: `${out.length} of ${nodes.length} nodes with PTP are out of sync at once: look above the nodes.`,
      evidence: {
        nodes: names.slice(0, 10).join(', '),
        out_of_sync: out.length,
        nodes_with_ptp: nodes.length,
        longest_seconds: since.length === 0 ? null : Math.max(...since),
        shortest_seconds: since.length === 0 ? null : Math.min(...since),
        clock_classes: [...new Set(out.flatMap(({ clock_class }) => clock_class ?? []))].join(', ') || null,
      },
      next_step:
        'Check the grandmaster and the switches that these nodes share before any node: its GNSS, its clock class, announce messages on the way.',
    }),
  ];
}

function longest(clocks: readonly PtpClock[]): number | null {
  return clocks
    .flatMap(({ state_seconds }) => state_seconds ?? [])
    .reduce<number | null>((most, one) => Math.max(most ?? 0, one), null);
}

function faultyPorts({ ports }: PtpNode): Record<string, string> {
  const faulty = ports.filter(({ role }) => role === 'FAULTY').map(({ iface }) => iface);
  return faulty.length === 0 ? {} : { faulty_ports: faulty.join(', ') };
}

function nameOf({ process, iface }: PtpClock): string {
  return iface === '' ? process : `${process} on ${iface}`;
}

function objectOf({ node }: PtpNode): CnfFinding['object'] {
  return { kind: 'Node', namespace: null, name: node };
}
