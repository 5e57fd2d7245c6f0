import type { PtpNode, PtpState, PtpThresholds } from '../../model/cnf.ts';
import type { PtpConfig } from './objects.ts';
import { type RawNode, classMeaning } from './ptp-metrics.ts';

/** What linuxptp-daemon takes where PtpConfig says nothing (wire.md §5.4). */
export const DEFAULT_THRESHOLDS: PtpThresholds = {
  max_offset_ns: 100,
  min_offset_ns: -100,
  holdover_seconds: 5,
  source: 'DEFAULT',
};

type Profile = PtpConfig['spec']['profile'][number];

/** The profile that each node got, as the operator matched them. */
export function profilesByNode(configs: readonly PtpConfig[]): Map<string, Profile> {
  const profiles = new Map(
    configs.flatMap(({ spec }) => spec.profile.map((profile) => [profile.name, profile] as const)),
  );
  return new Map(
    configs.flatMap(({ status }) =>
      status.matchList.flatMap(({ nodeName, profile }) => {
        const found = profiles.get(profile);
        return found ? [[nodeName, found] as const] : [];
      }),
    ),
  );
}

export interface NodeFacts {
  readonly cluster: string;
  readonly raw: RawNode | undefined;
  readonly profile: Profile | undefined;
  /** Unix seconds; undefined = never within the last hour. */
  readonly seen: number | undefined;
  readonly stale: boolean;
  /** How long a clock has not been LOCKED, in seconds, by process and interface. */
  readonly unlockedSeconds: (process: string, iface: string) => number | null;
}

/** One node as it is told: what nothing tells is null, and never well. */
export function ptpNode(node: string, facts: NodeFacts): PtpNode {
  const { cluster, raw, profile, seen, stale } = facts;
  const thresholds = thresholdsFor(raw, profile);
  const clocks = (raw?.clocks ?? []).map((clock) => ({
    ...clock,
    state_seconds:
      clock.state === null || clock.state === 'LOCKED' ? null : facts.unlockedSeconds(clock.process, clock.iface),
    within_threshold: clock.fault
      ? false
      : clock.offset_ns === null
        ? null
        : clock.offset_ns >= thresholds.min_offset_ns && clock.offset_ns <= thresholds.max_offset_ns,
  }));
  // What was measured long ago says nothing of now.
  const state = stale ? undefined : worstState(clocks);
  const type = clockType(raw, profile);
  const { clockClass = null } = raw ?? {};
  return {
    cluster,
    node,
    state: state ?? 'UNKNOWN',
    in_sync: state === undefined || state === 'UNKNOWN' ? null : state === 'LOCKED',
    worst_offset_ns: clocks
      .flatMap(({ offset_ns }) => offset_ns ?? [])
      .reduce<number | null>((worst, one) => (worst === null || Math.abs(one) > Math.abs(worst) ? one : worst), null),
    at: seen === undefined ? null : new Date(seen * 1000).toISOString(),
    stale,
    clock_class: clockClass === null ? null : Math.trunc(clockClass),
    clock_class_meaning: clockClass === null ? null : classMeaning(clockClass),
    clock_type: type,
    path: pathTo(node, type, raw),
    profile: profile?.name ?? null,
    thresholds,
    clocks,
    ports: raw?.ports ?? [],
    processes: raw?.processes ?? [],
    signals: raw?.signals ?? [],
  };
}

/** Undefined = no clock tells a state, nor a fault. */
function worstState(
  clocks: readonly { readonly state: PtpState | null; readonly fault: boolean }[],
): PtpState | undefined {
  const states = new Set(clocks.flatMap(({ state, fault }) => (fault ? ['FREERUN' as const] : (state ?? []))));
  return (['FREERUN', 'HOLDOVER', 'UNKNOWN', 'LOCKED'] as const).find((state) => states.has(state));
}

/** The event proxy first, because it says what is in force; then PtpConfig, field by field; then the defaults. */
function thresholdsFor(raw: RawNode | undefined, profile: Profile | undefined): PtpThresholds {
  const { source: _source, ...defaults } = DEFAULT_THRESHOLDS;
  const told =
    raw?.thresholds.get(profile?.name ?? '') ??
    (raw?.thresholds.size === 1 ? [...raw.thresholds.values()][0] : undefined);
  if (told) return { ...defaults, ...told, source: 'METRIC' };
  if (!profile) return DEFAULT_THRESHOLDS;
  const { maxOffsetThreshold, minOffsetThreshold, holdOverTimeout } = profile.ptpClockThreshold;
  return {
    max_offset_ns: maxOffsetThreshold ?? defaults.max_offset_ns,
    min_offset_ns: minOffsetThreshold ?? defaults.min_offset_ns,
    holdover_seconds: holdOverTimeout ?? defaults.holdover_seconds,
    source: 'PTP_CONFIG',
  };
}

/**
 * A process of that name tells it; else the roles of its ports: one that follows and one that leads make a boundary clock. With
 * no metrics, the profile: ts2phc disciplines a grandmaster, `-s` makes ptp4l a slave only.
 */
function clockType(raw: RawNode | undefined, profile: Profile | undefined): PtpNode['clock_type'] {
  const processes = new Set([...(raw?.processes ?? []), ...(raw?.clocks ?? [])].map(({ process }) => process));
  if (processes.has('T-BC')) return 'BC';
  if (processes.has('T-GM') || processes.has('GM') || processes.has('gnss')) return 'GM';
  const roles = new Set((raw?.ports ?? []).filter(({ process }) => process === 'ptp4l').map(({ role }) => role));
  if (roles.has('SLAVE')) return roles.has('MASTER') ? 'BC' : 'OC';
  if (roles.has('MASTER') && processes.has('ts2phc')) return 'GM';
  if (profile === undefined) return 'UNKNOWN';
  if (/(?:^|\s)-s(?:\s|$)/.test(profile.ptp4lOpts)) return 'OC';
  if (/^\s*boundary_clock_jbod\s+1\s*$/m.test(profile.ptp4lConf)) return 'BC';
  return profile.ts2phcConf !== '' || profile.ts2phcOpts !== '' ? 'GM' : 'UNKNOWN';
}

/** Neither the metrics nor PtpConfig name a parent, so what lies above a clock that follows is said to be unknown. */
function pathTo(node: string, type: PtpNode['clock_type'], raw: RawNode | undefined): string[] {
  if (type === 'UNKNOWN') return ['unknown source of time', node];
  if (type === 'GM') {
    const gnss = raw?.signals.find(({ name }) => name === 'GNSS');
    return [gnss ? `GNSS (${gnss.value})` : 'unknown source of time', `${node} (GM)`];
  }
  const { clockClass = null } = raw ?? {};
  const upstream = clockClass === null ? 'unknown grandmaster' : `unknown grandmaster, clock class ${clockClass}`;
  return [upstream, `${node} (${type})`];
}
