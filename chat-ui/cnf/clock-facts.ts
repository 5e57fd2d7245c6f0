import type { PtpClock, PtpNode, PtpState } from '../../backend/model/cnf.ts';
import { unitText } from '../components/chart/units.ts';
import type { Tone } from '../components/Status.tsx';

/** Worst first. */
export const PTP_STATES = ['FREERUN', 'HOLDOVER', 'UNKNOWN', 'LOCKED'] as const satisfies readonly PtpState[];

const TONE: Readonly<Record<PtpState, Tone>> = {
  LOCKED: 'healthy',
  HOLDOVER: 'warning',
  FREERUN: 'critical',
  UNKNOWN: 'unknown',
};

export function toneOfPtp(state: PtpState): Tone {
  return TONE[state];
}

/** A clock with the node it is on. */
export interface ClockRow {
  readonly node: PtpNode;
  /** Undefined = the node tells of no clock. */
  readonly clock: PtpClock | undefined;
}

/** Every clock, those of a node together, in the order of the answer. */
export function clockRows(nodes: readonly PtpNode[]): ClockRow[] {
  return nodes.flatMap((node): ClockRow[] =>
    node.clocks.length === 0 ? [{ node, clock: undefined }] : node.clocks.map((clock) => ({ node, clock })),
  );
}

/** `−3 ns`, `1.2 µs`; the fault value is a word, because it is no measurement. */
export function offsetText({ offset_ns: offset, fault }: Pick<PtpClock, 'offset_ns' | 'fault'>): string {
  if (fault) return 'fault value';
  return offset === null ? '—' : nanoseconds(offset);
}

export function nanoseconds(ns: number): string {
  return unitText(ns * 1e-9, 'seconds');
}

/** How an offset stands to what is allowed, in words; empty where there is nothing to judge. */
export function judgement(clock: PtpClock, { thresholds }: PtpNode): string {
  if (clock.fault) return 'faulty port';
  if (clock.within_threshold === null) return '';
  const allowed = `${nanoseconds(thresholds.min_offset_ns)} to ${nanoseconds(thresholds.max_offset_ns)}`;
  return clock.within_threshold ? `within ${allowed}` : `outside ${allowed}`;
}

export function nodeKey({ cluster, node }: { readonly cluster: string; readonly node: string }): string {
  return `${cluster}/${node}`;
}
