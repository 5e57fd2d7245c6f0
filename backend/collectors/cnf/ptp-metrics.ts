import type { PtpClock, PtpNode, PtpRole, PtpState, PtpThresholds } from '../../model/cnf.ts';
import { type Row, own } from './metric-rows.ts';

/*
 * The families `openshift_ptp_…` of linuxptp-daemon and of its event proxy (wire.md §7.1). Offsets are signed, so they are never
 * averaged: a clock that swings from −5 µs to +5 µs is not well.
 */

const PREFIX = 'openshift_ptp_';
const READ = [
  'offset_ns',
  'max_offset_ns',
  'frequency_adjustment_ns',
  'delay_ns',
  'clock_state',
  'clock_class',
  'interface_role',
  'process_status',
  'process_restart_count',
  'threshold',
  'nmea_status',
  'pps_status',
  'gnss_status',
  'phase_status',
  'frequency_status',
  'synce_clock_quality',
  'synce_ssm_ql',
] as const;

/** Every family that is read, in one question. */
export const PTP_QUERY = `{__name__=~"${PREFIX}(?:${READ.join('|')})"}`;
export const PTP_STATE_METRIC = `${PREFIX}clock_state`;

/** What the daemon writes for the offset of a faulty port. */
const FAULT_NS = 999_999;

const STATES: readonly PtpState[] = ['FREERUN', 'LOCKED', 'HOLDOVER'];
const ROLES: readonly PtpRole[] = ['PASSIVE', 'SLAVE', 'MASTER', 'FAULTY', 'UNKNOWN', 'LISTENING'];
/** IEEE 1588-2019 table 4 and ITU-T G.8275.1 table 3, as wire.md §7.1 has them. */
const CLASSES: Readonly<Record<number, string>> = {
  6: 'locked to a primary reference',
  7: 'grandmaster in holdover, within specification',
  52: 'grandmaster out of holdover specification',
  135: 'boundary clock in holdover, within specification',
  165: 'boundary clock in holdover, out of specification',
  187: 'grandmaster out of holdover specification',
  248: 'default: no reference',
  255: 'slave only',
};
const GNSS = ['no fix', 'dead reckoning', '2D fix', '3D fix', 'GPS and dead reckoning', 'time only'];
const DPLL: Readonly<Record<number, string>> = {
  [-1]: 'unknown',
  0: 'invalid',
  1: 'freerun',
  2: 'locked',
  3: 'locked, holdover acquired',
  4: 'holdover',
};

/** 0 FREERUN, 1 LOCKED, 2 HOLDOVER; 3 and whatever a later daemon may add are UNKNOWN. */
export function stateOf(value: number): PtpState {
  return STATES[value] ?? 'UNKNOWN';
}

export function classMeaning(value: number): string {
  return CLASSES[value] ?? 'a class that is not known here';
}

export interface RawNode {
  readonly node: string;
  readonly clocks: readonly RawClock[];
  readonly ports: PtpNode['ports'];
  readonly processes: PtpNode['processes'];
  readonly signals: PtpNode['signals'];
  readonly clockClass: number | null;
  /** What the event proxy says, by profile. */
  readonly thresholds: ReadonlyMap<string, Partial<Omit<PtpThresholds, 'source'>>>;
}

export type RawClock = Omit<PtpClock, 'state_seconds' | 'within_threshold'>;

/** Everything that the rows tell, by node. */
export function ptpNodesOf(rows: readonly Row[]): Map<string, RawNode> {
  const byNode = Map.groupBy(rows, ({ labels }) => own(labels, 'node'));
  return new Map([...byNode].filter(([node]) => node !== '').map(([node, ofNode]) => [node, nodeOf(node, ofNode)]));
}

function nodeOf(node: string, rows: readonly Row[]): RawNode {
  const of = (family: (typeof READ)[number]) => rows.filter(({ metric }) => metric === PREFIX + family);
  const classes = of('clock_class').map(({ value }) => value);
  return {
    node,
    clocks: clocksOf(of),
    ports: of('interface_role').map(({ labels, value }) => ({
      ...placeOf(labels),
      role: ROLES[value] ?? 'UNKNOWN',
    })),
    processes: processesOf(of('process_status'), of('process_restart_count')),
    signals: signalsOf(of),
    // The worst of several: a larger class is a worse clock.
    clockClass: classes.length === 0 ? null : Math.max(...classes),
    thresholds: thresholdsOf(of('threshold')),
  };
}

type Of = (family: (typeof READ)[number]) => readonly Row[];

function clocksOf(of: Of): RawClock[] {
  const clocks = new Map<string, RawClock>();
  const update = ({ labels }: Row, change: Partial<RawClock>) => {
    const place = placeOf(labels);
    const key = JSON.stringify(place);
    clocks.set(key, { ...(clocks.get(key) ?? { ...EMPTY, ...place }), ...change });
  };
  for (const row of of('clock_state')) update(row, { state: stateOf(row.value) });
  for (const row of of('offset_ns')) {
    const known = clocks.get(JSON.stringify(placeOf(row.labels)));
    if (isFault(row.value)) {
      update(row, { fault: true });
      continue;
    }
    // One process may measure against several (`master`, `phc`): the farthest off counts.
    if (known && known.offset_ns !== null && Math.abs(known.offset_ns) >= Math.abs(row.value)) continue;
    update(row, { offset_ns: row.value, offset_from: own(row.labels, 'from') || null });
  }
  const farthest = (family: (typeof READ)[number], field: 'max_offset_ns' | 'frequency_adjustment_ns' | 'delay_ns') => {
    for (const row of of(family)) {
      const known = clocks.get(JSON.stringify(placeOf(row.labels)))?.[field] ?? null;
      if (isFault(row.value) || (known !== null && Math.abs(known) >= Math.abs(row.value))) continue;
      update(row, { [field]: row.value });
    }
  };
  farthest('max_offset_ns', 'max_offset_ns');
  farthest('frequency_adjustment_ns', 'frequency_adjustment_ns');
  farthest('delay_ns', 'delay_ns');
  return [...clocks.values()].sort((a, b) => (JSON.stringify(placeKey(a)) < JSON.stringify(placeKey(b)) ? -1 : 1));
}

const EMPTY = {
  state: null,
  offset_ns: null,
  offset_from: null,
  fault: false,
  max_offset_ns: null,
  frequency_adjustment_ns: null,
  delay_ns: null,
} as const;

function isFault(value: number): boolean {
  return Math.abs(value) === FAULT_NS;
}

function placeOf(labels: Row['labels']): { process: string; iface: string } {
  return { process: own(labels, 'process'), iface: own(labels, 'iface') };
}

function placeKey({ process, iface }: { readonly process: string; readonly iface: string }): readonly string[] {
  return [process, iface];
}

function processesOf(status: readonly Row[], restarts: readonly Row[]): PtpNode['processes'] {
  const key = ({ labels }: Row) => JSON.stringify([own(labels, 'process'), own(labels, 'config')]);
  const starts = new Map(restarts.map((row) => [key(row), row.value]));
  const up = new Map(status.map((row) => [key(row), row.value]));
  const named = new Map([...status, ...restarts].map((row) => [key(row), row.labels]));
  return [...named]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([at, labels]) => {
      const count = starts.get(at);
      const value = up.get(at);
      return {
        process: own(labels, 'process'),
        config: own(labels, 'config'),
        up: value === undefined ? null : value === 1,
        // The counter goes up at every start, the first one too.
        restarts: count === undefined ? null : Math.max(0, Math.trunc(count) - 1),
      };
    });
}

function thresholdsOf(rows: readonly Row[]): RawNode['thresholds'] {
  const fields: Readonly<Record<string, keyof Omit<PtpThresholds, 'source'>>> = {
    MaxOffsetThreshold: 'max_offset_ns',
    MinOffsetThreshold: 'min_offset_ns',
    HoldOverTimeout: 'holdover_seconds',
  };
  const byProfile = new Map<string, Partial<Omit<PtpThresholds, 'source'>>>();
  for (const { labels, value } of rows) {
    const field = fields[own(labels, 'threshold')];
    const profile = own(labels, 'profile');
    if (field) byProfile.set(profile, { ...byProfile.get(profile), [field]: value });
  }
  return byProfile;
}

function signalsOf(of: Of): PtpNode['signals'] {
  const each = (
    family: (typeof READ)[number],
    name: string,
    told: (value: number) => readonly [string, boolean | null],
  ): PtpNode['signals'] =>
    of(family).map(({ labels, value }) => {
      const [text, good] = told(value);
      return { name, iface: own(labels, 'iface') || own(labels, 'device'), value: text, good };
    });
  const present = (value: number) => (value === 1 ? (['present', true] as const) : (['missing', false] as const));
  const dpll = (value: number) => [DPLL[value] ?? `code ${value}`, value === 2 || value === 3] as const;
  return [
    ...each('gnss_status', 'GNSS', (value) => [
      GNSS[value] ?? `code ${value}`,
      value === 3 || value === 4 || value === 5,
    ]),
    ...each('nmea_status', 'NMEA', present),
    ...each('pps_status', 'pulse per second', present),
    ...each('phase_status', 'DPLL phase', dpll),
    ...each('frequency_status', 'DPLL frequency', dpll),
    ...each('synce_clock_quality', 'SyncE clock quality', (value) => [String(value), null]),
    ...each('synce_ssm_ql', 'SyncE quality level', (value) => [`0x${Math.trunc(value).toString(16)}`, null]),
  ];
}
