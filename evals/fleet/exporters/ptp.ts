import type { Inventory, Node } from '../inventory.ts';
import { constant, family, sample } from '../metric-model.ts';
import type { Target } from '../metric-model.ts';
import { between } from '../random.ts';

const STATE = { LOCKED: 1, HOLDOVER: 2 } as const;
const ROLE = { SLAVE: 1, MASTER: 2 } as const;

/**
 * linuxptp-daemon of one node (wire.md §7.1); undefined where the cluster has no PTP. The first node of a hub has the antenna and leads;
 * the others follow. With the incident PTP_HOLDOVER every clock loses its source at `incidentStart` (Unix seconds) and drifts.
 */
export function linuxptp(
  seed: string,
  { spec, nodes }: Inventory,
  node: Node,
  incidentStart: number,
): Target | undefined {
  if (!spec.features.includes('PTP')) return undefined;
  const leads = spec.clusterType === 'HUB' && node === nodes[0];
  const holds = spec.cnfTroubles.includes('PTP_HOLDOVER');
  const phase = between(0, 600, seed, spec.name, node.name, 'ptp');
  const lostFor = (time: number) => (holds ? Math.max(0, time - incidentStart) : 0);
  // Swings around nothing by a few nanoseconds; in holdover an oven oscillator drifts by about one a second.
  const offset = (time: number, size: number) =>
    Math.round(size * Math.sin((time + phase) / 37) + 0.4 * size * Math.sin((time + phase) / 7.3) + lostFor(time));
  const state = (time: number) => (lostFor(time) > 0 ? STATE.HOLDOVER : STATE.LOCKED);
  const labels = { node: node.name };
  const follower = { ...labels, process: leads ? 'ts2phc' : 'ptp4l', iface: 'ens1fx' };
  const system = { ...labels, process: 'phc2sys', iface: 'CLOCK_REALTIME' };
  const processes = leads ? ['ptp4l', 'phc2sys', 'ts2phc'] : ['ptp4l', 'phc2sys'];
  return {
    job: 'ptp-monitor',
    instance: `${node.address}:8443`,
    path: `/linuxptp/${node.name}/metrics`,
    labels: { namespace: 'openshift-ptp', pod: `linuxptp-daemon-${node.name}`, container: 'kube-rbac-proxy' },
    honorLabels: false,
    isUp: () => true,
    families: [
      family('gauge', 'openshift_ptp_offset_ns', 'offset from the reference in nanoseconds', [
        sample({ ...follower, from: leads ? 'gnss' : 'master' }, (time) => offset(time, leads ? 3 : 9)),
        sample({ ...system, from: 'phc' }, (time) => offset(time + 5, 12)),
      ]),
      family('gauge', 'openshift_ptp_max_offset_ns', 'largest offset of the last window in nanoseconds', [
        sample({ ...follower, from: leads ? 'gnss' : 'master' }, (time) => Math.abs(offset(time, leads ? 3 : 9)) + 4),
      ]),
      family('gauge', 'openshift_ptp_frequency_adjustment_ns', 'frequency adjustment', [
        sample({ ...system, from: 'phc' }, (time) => -8_200 + Math.round(20 * Math.sin((time + phase) / 91))),
      ]),
      family(
        'gauge',
        'openshift_ptp_delay_ns',
        'path delay',
        leads ? [] : [sample({ ...follower, from: 'master' }, (time) => 412 + (Math.round(time + phase) % 5))],
      ),
      family('gauge', 'openshift_ptp_clock_state', '0 = FREERUN, 1 = LOCKED, 2 = HOLDOVER', [
        sample(follower, state),
        sample(system, state),
      ]),
      family('gauge', 'openshift_ptp_clock_class', 'clock class', [
        sample({ ...labels, process: 'ptp4l', config: 'ptp4l.0.config' }, (time) => (lostFor(time) > 0 ? 7 : 6)),
      ]),
      family('gauge', 'openshift_ptp_interface_role', '0 = PASSIVE, 1 = SLAVE, 2 = MASTER, 3 = FAULTY, 4 = UNKNOWN', [
        constant({ ...labels, process: 'ptp4l', iface: 'ens1f0' }, leads ? ROLE.MASTER : ROLE.SLAVE),
      ]),
      family(
        'gauge',
        'openshift_ptp_process_status',
        '0 = DOWN, 1 = UP',
        processes.map((process) => constant({ ...labels, process, config: `${process}.0.config` }, 1)),
      ),
      family(
        'counter',
        'openshift_ptp_process_restart_count',
        'starts of the process',
        processes.map((process) => constant({ ...labels, process, config: `${process}.0.config` }, 1)),
      ),
      family(
        'gauge',
        'openshift_ptp_gnss_status',
        '0 = NOFIX, 3 = 3D',
        leads
          ? [
              sample({ ...labels, process: 'gnss', from: 'gnss', iface: 'ens1fx' }, (time) =>
                lostFor(time) > 0 ? 0 : 3,
              ),
            ]
          : [],
      ),
    ],
  };
}
