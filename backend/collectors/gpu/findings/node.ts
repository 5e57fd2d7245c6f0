import type { NodeRule } from './rule.ts';

/**
 * The device plugin calls a device unhealthy after an XID that is no program's own, and does not take that back while it runs (NVIDIA
 * k8s-device-plugin, ListAndWatch); such devices stay in the node's capacity and leave its allocatable.
 */
export const unhealthyDevices: NodeRule = {
  name: 'unhealthy-devices',
  node: ({ allocation }) =>
    (allocation ?? [])
      .filter(({ allocatable, capacity }) => allocatable < capacity)
      .map(({ name, allocatable, capacity }) => ({
        severity: 'CRITICAL',
        code: 'DEVICES_UNHEALTHY',
        message: `${capacity - allocatable} of ${capacity} ${name} are not handed out: the device plugin calls them unhealthy, or they are reserved.`,
        evidence: { [`allocation.${name}.capacity`]: capacity, [`allocation.${name}.allocatable`]: allocatable },
        next_step:
          'Look for XIDs of the node, and at the log of its device plugin pod. Once the GPU is repaired, restart that pod: until then it keeps the verdict.',
      })),
};

/** Fewer cards measured than the node offers: one that fell off the bus is silent in DCGM. */
export const missingCards: NodeRule = {
  name: 'missing-cards',
  node: ({ gpus, allocation, sharing, source }) => {
    const offered = (allocation ?? []).find(({ name }) => name === 'nvidia.com/gpu')?.capacity;
    if (source === 'ALLOCATABLE' || sharing !== 'EXCLUSIVE' || offered === undefined || gpus.length >= offered)
      return [];
    return [
      {
        severity: 'CRITICAL',
        code: 'CARDS_MISSING',
        message: `The node offers ${offered} GPUs and only ${gpus.length} are seen by ${source}.`,
        evidence: { 'allocation.nvidia.com/gpu.capacity': offered, 'gpus.length': gpus.length },
        next_step: 'Look in the kernel log of the node for NVRM: Xid 79 (fallen off the bus), and reboot it.',
      },
    ];
  },
};

/** One pool = one model in one cluster. A rollout shows for its time; what stays is a node that was left out of it. */
export const driverMismatch: NodeRule = {
  name: 'driver-mismatch',
  node: ({ driver_version: own, model }, { driversOfModel }) => {
    if (own === null || driversOfModel.size < 2) return [];
    const [most] = [...driversOfModel].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? 1 : -1));
    if (!most || most[0] === own) return [];
    return [
      {
        severity: 'WARNING',
        code: 'DRIVER_MISMATCH',
        message: `It runs driver ${own}, ${most[1]} nodes with ${model ?? 'the same GPUs'} run ${most[0]}.`,
        evidence: { driver_version: own, 'most_common.driver_version': most[0], 'most_common.nodes': most[1] },
        next_step: 'See whether a driver rollout of the GPU operator is under way or stuck on this node.',
      },
    ];
  },
};

/** Numbers that are old are no picture of now. */
export const staleTelemetry: NodeRule = {
  name: 'stale-telemetry',
  node: ({ stale, age_seconds, last_updated, source }) =>
    stale
      ? [
          {
            severity: 'WARNING',
            code: 'STALE_TELEMETRY',
            message: `The newest numbers of ${source} are ${Math.round(age_seconds)} s old.`,
            evidence: { last_updated, age_seconds },
            next_step: "Check the exporter's pod on the node and its target in Prometheus (up).",
          },
        ]
      : [],
};
