import type { ClusterState, HealthHistory } from '../../backend/model/cluster.ts';

export const RANGES = { '6h': 6, '24h': 24, '7d': 168 } as const;
export type RangeName = keyof typeof RANGES;

export function readRange(text: string | undefined): RangeName {
  return text === '6h' || text === '7d' ? text : '24h';
}

/** The least that the axis covers, so that a cluster which is new is not drawn as a stripe at the edge. */
const LEAST_MS = 1_800_000;
const MINUTE_MS = 60_000;
const FIVE_MINUTES_MS = 300_000;
const HOUR_MS = 3_600_000;

/** Health over one step of the chart. Times are ms since the epoch. */
export interface HealthPoint {
  readonly start: number;
  readonly end: number;
  readonly checks: number;
  readonly healthyChecks: number;
  readonly min: number;
  readonly average: number;
}

/** A stretch of one state. */
export interface StateSpan {
  readonly state: ClusterState;
  readonly start: number;
  readonly end: number;
}

export interface HealthSeries {
  /** Where the records begin when that is within the range. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  /** Whether the records cover the whole range. */
  readonly whole: boolean;
  /** Oldest first. A step without a check is missing: nobody knows how the cluster was then. */
  readonly points: readonly HealthPoint[];
  /** Oldest first; before the first check there is none. */
  readonly spans: readonly StateSpan[];
  readonly transitions: HealthHistory['transitions'];
}

/** The last `range` of a history, up to `now`. Steps are five minutes, or an hour over a week. */
export function healthSeries(history: HealthHistory, range: RangeName, now: number, state: ClusterState): HealthSeries {
  const stepMs = range === '7d' ? HOUR_MS : FIVE_MINUTES_MS;
  const from = Math.floor((now - RANGES[range] * HOUR_MS) / stepMs) * stepMs;
  const inRange = history.rollups.filter((r) => Date.parse(r.start) >= from && r.checks > 0);
  const groups = Map.groupBy(inRange, (r) => Math.floor(Date.parse(r.start) / stepMs) * stepMs);
  const points = [...groups]
    .sort(([a], [b]) => a - b)
    .map(([at, rollups]): HealthPoint => {
      const checks = rollups.reduce((sum, r) => sum + r.checks, 0);
      return {
        start: at,
        end: at + stepMs,
        checks,
        healthyChecks: rollups.reduce((sum, r) => sum + r.healthy_checks, 0),
        min: Math.min(...rollups.map((r) => r.min_score)),
        average: rollups.reduce((sum, r) => sum + r.avg_score * r.checks, 0) / checks,
      };
    });
  const spans = spansOf(history, from, now, state);
  const begin = Math.min(points[0]?.start ?? now, spans[0]?.start ?? now);
  return {
    start: Math.max(from, Math.min(begin, now - LEAST_MS)),
    end: now,
    stepMs,
    whole: begin - from <= stepMs,
    points,
    spans,
    transitions: history.transitions.filter((t) => Date.parse(t.at) >= from),
  };
}

function spansOf(
  { transitions, rollups }: HealthHistory,
  start: number,
  now: number,
  state: ClusterState,
): StateSpan[] {
  const changes = transitions.map((t) => ({ at: Date.parse(t.at), old: t.old_state, state: t.new_state }));
  const first = changes[0];
  // How the cluster was before the oldest change that is known; without any change it always was as it is.
  const oldestCheck = Math.min(...rollups.slice(0, 1).map((r) => Date.parse(r.start)), first?.at ?? now);
  const edges = [{ at: oldestCheck, state: first?.old ?? state }, ...changes];
  return edges.flatMap((edge, i) => {
    const from = Math.max(edge.at, start);
    const to = edges[i + 1]?.at ?? now;
    return to > from ? [{ state: edge.state, start: from, end: to }] : [];
  });
}

/** Points next to each other in time, so that a gap stays a gap. */
export function runsOf(points: readonly HealthPoint[]): HealthPoint[][] {
  const runs: HealthPoint[][] = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run?.at(-1)?.end === point.start) run.push(point);
    else runs.push([point]);
  }
  return runs;
}

const TICKS_MIN = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880];

/** Times for the axis, at round minutes, hours or days of the viewer's zone; at most `most`, none right at an end. */
export function axisTicks(start: number, end: number, most: number): number[] {
  const step = TICKS_MIN.find((minutes) => (end - start) / (minutes * MINUTE_MS) <= most) ?? 2880;
  const margin = (end - start) / 25;
  const at = new Date(start);
  at.setMinutes(step < 60 ? at.getMinutes() - (at.getMinutes() % step) : 0, 0, 0);
  if (step >= 60) at.setHours(step >= 1440 ? 0 : at.getHours() - (at.getHours() % (step / 60)));
  const ticks: number[] = [];
  // By the calendar, so that ticks stay at round hours when the clocks change.
  for (; at.getTime() <= end - margin; at.setMinutes(at.getMinutes() + step)) {
    if (at.getTime() >= start + margin) ticks.push(at.getTime());
  }
  return ticks;
}
