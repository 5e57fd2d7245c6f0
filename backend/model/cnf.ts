import { z } from 'zod';
import { CnfType } from './cluster.ts';
import { ClusterOutcome } from './outcome.ts';
import { ClustersDigest } from './series-digest.ts';
import { FindingSeverity, ObjectRef } from './workload.ts';

/*
 * Network functions and what they stand on: clocks (PTP), virtual functions (SR-IOV), packet ports (DPDK). A null is what could not be
 * read or is not told, never zero; `sources` says of each cluster what was read, how fresh it is, and what is not there.
 */

const Outcomes = { clusters: z.array(ClusterOutcome), complete: z.boolean() };

/**
 * One place that a part of the answer comes from, in one cluster. STALE = the newest value is older than `at` allows for; ABSENT = the
 * place has nothing of the kind (no exporter, no such API), which is not zero; UNREADABLE = it could not be asked, `detail` says why.
 */
export const CnfSource = z.strictObject({
  cluster: z.string(),
  /** Such as `linuxptp metrics` or `PtpConfig`. */
  source: z.string(),
  status: z.enum(['OK', 'STALE', 'ABSENT', 'UNREADABLE']),
  /** When the newest of it was measured or read; null = never. */
  at: z.iso.datetime().nullable(),
  detail: z.string().nullable(),
});
export type CnfSource = z.infer<typeof CnfSource>;

export const CnfFindingCode = z.enum([
  'PTP_OUT_OF_SYNC',
  'PTP_OFFSET_HIGH',
  'PTP_HOLDOVER_EXPIRING',
  'PTP_SYNC_STORM',
  'SRIOV_VFS_EXHAUSTED',
  'SRIOV_SYNC_FAILED',
  'SRIOV_RX_DROPS',
  'DPDK_RX_DROPS',
]);
export type CnfFindingCode = z.infer<typeof CnfFindingCode>;

/** What a fixed rule says of one object, and the values that say so. */
export const CnfFinding = z.strictObject({
  severity: FindingSeverity,
  code: CnfFindingCode,
  cluster: z.string(),
  object: ObjectRef,
  message: z.string(),
  evidence: z.array(z.strictObject({ path: z.string(), value: z.string() })),
  next_step: z.string(),
});
export type CnfFinding = z.infer<typeof CnfFinding>;

const Findings = {
  /** Most severe first; at most 200. */
  findings: z.array(CnfFinding),
  total_findings: z.int(),
  by_severity: z.strictObject({ CRITICAL: z.int(), WARNING: z.int(), INFO: z.int() }),
};

/* Workloads ------------------------------------------------------------------------------------------------------------------ */

export const CnfStatus = z.enum(['READY', 'DEGRADED', 'DOWN']);
export type CnfStatus = z.infer<typeof CnfStatus>;

export const CnfWorkload = z.strictObject({
  cluster: z.string(),
  namespace: z.string(),
  /** The controller, such as Deployment, or Pod of one that has none. */
  kind: z.string(),
  name: z.string(),
  type: CnfType,
  /** What tells that it is a network function of this type. */
  found_by: z.enum(['CUSTOM_RESOURCE', 'LABEL', 'NAMESPACE']),
  status: CnfStatus,
  /** Null where no controller says how many there should be. */
  desired_pods: z.int().nullable(),
  pods: z.int(),
  ready_pods: z.int(),
  restarts: z.int(),
  /** The first 20 by name. */
  nodes: z.array(z.string()),
  node_count: z.int(),
  /** Secondary networks, `namespace/name`, each once. */
  networks: z.array(z.strictObject({ name: z.string(), interfaces: z.array(z.string()) })),
  /** Requests of all its pods: bytes by page size, such as `1Gi`. */
  hugepages: z.record(z.string(), z.number()),
  /** Extended resources that its pods ask for, such as `openshift.io/mlxnics`. */
  devices: z.record(z.string(), z.number()),
});
export type CnfWorkload = z.infer<typeof CnfWorkload>;

export const CnfWorkloadsAnswer = z.strictObject({
  /** Down first, then degraded; then by cluster, namespace, name. */
  workloads: z.array(CnfWorkload),
  total: z.int(),
  by_status: z.strictObject({ READY: z.int(), DEGRADED: z.int(), DOWN: z.int() }),
  by_type: z.partialRecord(CnfType, z.int()),
  sources: z.array(CnfSource),
  ...Outcomes,
});
export type CnfWorkloadsAnswer = z.infer<typeof CnfWorkloadsAnswer>;

/* PTP ------------------------------------------------------------------------------------------------------------------------ */

/** UNKNOWN: the daemon itself does not know (3), or does not tell. */
export const PtpState = z.enum(['LOCKED', 'HOLDOVER', 'FREERUN', 'UNKNOWN']);
export type PtpState = z.infer<typeof PtpState>;
export const PtpRole = z.enum(['PASSIVE', 'SLAVE', 'MASTER', 'FAULTY', 'UNKNOWN', 'LISTENING']);
export type PtpRole = z.infer<typeof PtpRole>;

/** One clock that one process keeps. `iface` is an alias: `ens1fx` stands for all ports of a network card. */
export const PtpClock = z.strictObject({
  process: z.string(),
  iface: z.string(),
  /** Null = this process tells no state. */
  state: PtpState.nullable(),
  /** How long it has been in a state that is not LOCKED, at least; null = LOCKED, or not known. */
  state_seconds: z.number().nullable(),
  /** Signed; null = not told, or the fault value. */
  offset_ns: z.number().nullable(),
  /** What the offset is measured against: `master`, `phc`, `sys`, `gnss`, … */
  offset_from: z.string().nullable(),
  /** The daemon reports 999999, which stands for a faulty port: it is out of sync and in no statistic. */
  fault: z.boolean(),
  max_offset_ns: z.number().nullable(),
  frequency_adjustment_ns: z.number().nullable(),
  delay_ns: z.number().nullable(),
  /** Null = no offset to judge. */
  within_threshold: z.boolean().nullable(),
});
export type PtpClock = z.infer<typeof PtpClock>;

export const PtpThresholds = z.strictObject({
  max_offset_ns: z.number(),
  min_offset_ns: z.number(),
  holdover_seconds: z.number(),
  /** DEFAULT: neither the event proxy nor a readable PtpConfig says. */
  source: z.enum(['METRIC', 'PTP_CONFIG', 'DEFAULT']),
});
export type PtpThresholds = z.infer<typeof PtpThresholds>;

export const PtpNode = z.strictObject({
  cluster: z.string(),
  node: z.string(),
  /** The worst of its clocks; a fault counts as FREERUN. */
  state: PtpState,
  /** Null = nothing tells. */
  in_sync: z.boolean().nullable(),
  /** The clock that is farthest off, signed, of those that tell an offset. */
  worst_offset_ns: z.number().nullable(),
  /** When the newest value was measured. */
  at: z.iso.datetime().nullable(),
  stale: z.boolean(),
  clock_class: z.int().nullable(),
  /** What the class means, in words. */
  clock_class_meaning: z.string().nullable(),
  /** Grandmaster, boundary or ordinary clock, as roles, processes and profile tell. */
  clock_type: z.enum(['GM', 'BC', 'OC', 'UNKNOWN']),
  /** From the source of time to this node, as far as it is told; what is not is written `unknown …`. */
  path: z.array(z.string()),
  profile: z.string().nullable(),
  thresholds: PtpThresholds,
  clocks: z.array(PtpClock),
  ports: z.array(z.strictObject({ process: z.string(), iface: z.string(), role: PtpRole })),
  processes: z.array(
    z.strictObject({
      process: z.string(),
      config: z.string(),
      up: z.boolean().nullable(),
      /** Starts counted since the daemon began, its first one not counted. */
      restarts: z.int().nullable(),
    }),
  ),
  /** GNSS, DPLL, pulse and SyncE readings by name, in words, where they are told. */
  signals: z.array(
    z.strictObject({ name: z.string(), iface: z.string(), value: z.string(), good: z.boolean().nullable() }),
  ),
});
export type PtpNode = z.infer<typeof PtpNode>;

export const PtpStatusAnswer = z.strictObject({
  /** Worst first: not in sync, then the largest offset. */
  nodes: z.array(PtpNode),
  total: z.int(),
  by_state: z.strictObject({ LOCKED: z.int(), HOLDOVER: z.int(), FREERUN: z.int(), UNKNOWN: z.int() }),
  /** The largest |offset| of all clocks, fault values left out; null = no offset is told. */
  max_abs_offset_ns: z.number().nullable(),
  ...Findings,
  sources: z.array(CnfSource),
  ...Outcomes,
});
export type PtpStatusAnswer = z.infer<typeof PtpStatusAnswer>;

/* SR-IOV --------------------------------------------------------------------------------------------------------------------- */

/** Per second, over the last 5 minutes. Null = not counted there. */
export const VfRates = z.strictObject({
  rx_bytes: z.number().nullable(),
  tx_bytes: z.number().nullable(),
  rx_packets: z.number().nullable(),
  tx_packets: z.number().nullable(),
  rx_dropped: z.number().nullable(),
  tx_dropped: z.number().nullable(),
});
export type VfRates = z.infer<typeof VfRates>;

export const SriovVf = z.strictObject({
  pf: z.string(),
  vf: z.int(),
  pci_address: z.string(),
  vlan: z.int().nullable(),
  mac: z.string().nullable(),
  driver: z.string().nullable(),
  numa_node: z.string().nullable(),
  /** Who uses it, joined on node and address; null = nobody, or the exporter does not tell. */
  pod: z
    .strictObject({ namespace: z.string(), name: z.string(), container: z.string(), resource: z.string() })
    .nullable(),
  /** Null = the exporter does not count this one. */
  per_second: VfRates.nullable(),
});
export type SriovVf = z.infer<typeof SriovVf>;

/** One resource of one node that pods ask for by name. */
export const SriovResource = z.strictObject({
  name: z.string(),
  allocatable: z.int(),
  /** What pods on the node ask for; null = pods could not be read. */
  requested: z.int().nullable(),
  free: z.int().nullable(),
});
export type SriovResource = z.infer<typeof SriovResource>;

export const SriovNode = z.strictObject({
  cluster: z.string(),
  node: z.string(),
  /** As the operator writes it: Succeeded, InProgress, Failed; null = there is no node state, or it could not be read. */
  sync_status: z.string().nullable(),
  last_sync_error: z.string().nullable(),
  /** Idle, Drain_Required, Reboot_Required, Draining, DrainComplete. */
  drain_state: z.string().nullable(),
  interfaces: z.array(
    z.strictObject({
      name: z.string(),
      pci_address: z.string(),
      vendor: z.string(),
      device_id: z.string(),
      driver: z.string(),
      link_speed: z.string(),
      mtu: z.int(),
      /** Virtual functions made, and the most the card can have. */
      num_vfs: z.int(),
      total_vfs: z.int(),
    }),
  ),
  resources: z.array(SriovResource),
  vfs: z.array(SriovVf),
});
export type SriovNode = z.infer<typeof SriovNode>;

export const SriovPolicy = z.strictObject({
  cluster: z.string(),
  name: z.string(),
  resource_name: z.string(),
  /** 0 to 99; the smaller number wins. */
  priority: z.int(),
  num_vfs: z.int(),
  device_type: z.string(),
  mtu: z.int().nullable(),
  pf_names: z.array(z.string()),
  node_selector: z.record(z.string(), z.string()),
});
export type SriovPolicy = z.infer<typeof SriovPolicy>;

export const SriovStatusAnswer = z.strictObject({
  /** Failed first, then the fewest free functions. */
  nodes: z.array(SriovNode),
  total: z.int(),
  /** By what the operator says; `UNKNOWN` = it says nothing. */
  by_sync_status: z.record(z.string(), z.int()),
  /** Of all nodes; null in one that could not be added up. */
  vfs: z.strictObject({ allocatable: z.int(), requested: z.int().nullable() }),
  policies: z.array(SriovPolicy),
  ...Findings,
  sources: z.array(CnfSource),
  ...Outcomes,
});
export type SriovStatusAnswer = z.infer<typeof SriovStatusAnswer>;

/* DPDK ----------------------------------------------------------------------------------------------------------------------- */

/** Counters are unsigned 64-bit: decimal text, exact, since the port was started. */
const Counters = z.record(z.string(), z.string().regex(/^\d{1,20}$/));

export const DpdkPort = z.strictObject({
  port: z.string(),
  link: z
    .strictObject({ up: z.boolean(), speed_mbps: z.number().nullable(), duplex: z.string().nullable() })
    .nullable(),
  /** `ipackets`, `opackets`, `ibytes`, `obytes`, `imissed`, `ierrors`, `oerrors`, `rx_nombuf`, where they are told. */
  stats: Counters,
  /** What the driver counts besides; at most 256, those that are not 0 first. */
  xstats: Counters,
  xstats_total: z.int(),
});
export type DpdkPort = z.infer<typeof DpdkPort>;

export const DpdkStatsAnswer = z.strictObject({
  cluster: z.string(),
  namespace: z.string(),
  pod: z.string(),
  /** METRICS: the site's exporter; EXEC: dpdk-telemetry.py, run in the pod. */
  source: z.enum(['METRICS', 'EXEC']),
  at: z.iso.datetime(),
  /** Of the program, where it tells. */
  version: z.string().nullable(),
  container: z.string().nullable(),
  ports: z.array(DpdkPort),
  ...Findings,
  notes: z.array(z.string()),
});
export type DpdkStatsAnswer = z.infer<typeof DpdkStatsAnswer>;

/* Summary -------------------------------------------------------------------------------------------------------------------- */

export const CnfSummary = z.strictObject({
  workloads: CnfWorkloadsAnswer.pick({ total: true, by_status: true, by_type: true }),
  ptp: PtpStatusAnswer.pick({ total: true, by_state: true, max_abs_offset_ns: true }),
  sriov: SriovStatusAnswer.pick({ total: true, by_sync_status: true, vfs: true }),
  /** Of PTP and SR-IOV. */
  ...Findings,
  sources: z.array(CnfSource),
  ...Outcomes,
});
export type CnfSummary = z.infer<typeof CnfSummary>;

/* For models ----------------------------------------------------------------------------------------------------------------- */

const ForModel = { sources: z.array(z.string()).describe('What is missing or old'), clusters: ClustersDigest };

export const CnfWorkloadsForModel = CnfWorkloadsAnswer.extend({
  ...ForModel,
  workloads: z.array(
    CnfWorkload.omit({ found_by: true, nodes: true, networks: true, hugepages: true, devices: true }).extend({
      networks: z.array(z.string()).optional(),
      devices: z.record(z.string(), z.number()).optional(),
    }),
  ),
});

export const PtpStatusForModel = PtpStatusAnswer.extend({
  ...ForModel,
  nodes: z.array(
    PtpNode.pick({ cluster: true, node: true, state: true, worst_offset_ns: true, clock_type: true }).extend({
      clock_class: z.string().optional(),
      stale: z.literal(true).optional(),
      /** Only those that are not well. */
      clocks: z.array(z.string()).optional(),
    }),
  ),
});

export const SriovStatusForModel = SriovStatusAnswer.omit({ policies: true }).extend({
  ...ForModel,
  nodes: z.array(
    SriovNode.pick({ cluster: true, node: true, sync_status: true, resources: true }).extend({
      last_sync_error: z.string().optional(),
      /** Virtual functions that drop packets. */
      dropping: z.array(z.string()).optional(),
    }),
  ),
});

export const DpdkStatsForModel = DpdkStatsAnswer.extend({
  ports: z.array(DpdkPort.omit({ xstats: true, xstats_total: true }).extend({ drops: Counters.optional() })),
});
