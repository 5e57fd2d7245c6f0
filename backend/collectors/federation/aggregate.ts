import { labelKey } from '../metrics/cluster-series.ts';
import { type Grouping, METRIC_NAME } from './ast.ts';
import { evaluationError, notDecomposable } from './refusals.ts';
import { printPlain } from './sample-text.ts';
import { type GridSeries, type Labels, VectorBuilder, dropLabels, emptySeries, keepLabels } from './vector.ts';

export interface Group {
  readonly labels: Labels;
  readonly members: GridSeries[];
}

/** Series by the labels an aggregation keeps, in the order of their first member. */
export function groupSeries(series: readonly GridSeries[], { without, labels }: Grouping): Group[] {
  const dropped = [...labels, METRIC_NAME];
  const groups = new Map<string, Group>();
  for (const one of series) {
    const kept = without ? dropLabels(one.labels, dropped) : keepLabels(one.labels, labels);
    const key = labelKey(kept);
    const group = groups.get(key);
    if (group) group.members.push(one);
    else groups.set(key, { labels: kept, members: [one] });
  }
  return [...groups.values()];
}

/** Folds one more value into what a group has so far. `seen` counts the values before it. */
type Fold = (sofar: number, value: number, seen: number) => number;

const FOLDS: ReadonlyMap<string, { first: (value: number) => number; fold: Fold }> = new Map([
  ['sum', { first: (v: number) => v, fold: (a: number, v: number) => a + v }],
  ['min', { first: (v: number) => v, fold: (a: number, v: number) => (a > v || Number.isNaN(a) ? v : a) }],
  ['max', { first: (v: number) => v, fold: (a: number, v: number) => (a < v || Number.isNaN(a) ? v : a) }],
  ['count', { first: () => 1, fold: (a: number) => a + 1 }],
  ['group', { first: () => 1, fold: () => 1 }],
  ['avg', { first: (v: number) => v, fold: foldMean }],
]);

/** A running mean, so that the sum cannot overflow; an infinite mean stays until its opposite or NaN comes (Prometheus). */
function foldMean(mean: number, value: number, seen: number): number {
  if (!Number.isFinite(mean) && !Number.isNaN(mean)) {
    if (value === mean || Number.isFinite(value)) return mean;
  }
  const count = seen + 1;
  return mean + (value / count - mean / count);
}

/** Any aggregation but those with a parameter, per instant over the members of each group. Float sums run in series order. */
export function aggregate(
  op: string,
  series: readonly GridSeries[],
  grouping: Grouping,
  count: number,
  at: number,
): GridSeries[] {
  if (op === 'stddev' || op === 'stdvar') return spread(op, series, grouping, count);
  const known = FOLDS.get(op);
  if (!known) throw notDecomposable(`the aggregation ${op} is not known here`, at);
  const { first, fold } = known;
  return groupSeries(series, grouping).map(({ labels, members }) => {
    const out = emptySeries(labels, count);
    const seen = new Uint32Array(count);
    for (const { values, present } of members) {
      for (let k = 0; k < count; k += 1) {
        if (present[k] !== 1) continue;
        const value = values[k] ?? NaN;
        const before = seen[k] ?? 0;
        out.values[k] = before === 0 ? first(value) : fold(out.values[k] ?? NaN, value, before);
        seen[k] = before + 1;
        out.present[k] = 1;
      }
    }
    return out;
  });
}

/** Welford's running variance, as Prometheus computes it; of one value it is 0. */
function spread(
  op: 'stddev' | 'stdvar',
  series: readonly GridSeries[],
  grouping: Grouping,
  count: number,
): GridSeries[] {
  return groupSeries(series, grouping).map(({ labels, members }) => {
    const out = emptySeries(labels, count);
    for (let k = 0; k < count; k += 1) {
      let n = 0;
      let mean = 0;
      let squares = 0;
      for (const { values, present } of members) {
        if (present[k] !== 1) continue;
        const value = values[k] ?? NaN;
        n += 1;
        const delta = value - mean;
        if (n === 1) mean = value;
        else {
          mean += delta / n;
          squares += delta * (value - mean);
        }
      }
      if (n === 0) continue;
      out.present[k] = 1;
      out.values[k] = op === 'stdvar' ? squares / n : Math.sqrt(squares / n);
    }
    return out;
  });
}

/** Up to so many are found by insertion, more by sorting all. */
const SELECTED = 50;

/** `topk` and `bottomk`: of each group the k largest or smallest at each instant. Of equal values those first in order win. */
export function rank(
  op: 'topk' | 'bottomk',
  ks: Float64Array,
  series: readonly GridSeries[],
  grouping: Grouping,
  count: number,
  at: number,
): GridSeries[] {
  const sign = op === 'topk' ? -1 : 1;
  const chosen: GridSeries[] = [];
  const places = Array.from(ks, (k) => placesOf(k, at));
  for (const { members } of groupSeries(series, grouping)) {
    const kept = members.map((one) => ({ ...one, present: new Uint8Array(count) }));
    for (let k = 0; k < count; k += 1) {
      for (const place of rankedAt(members, k, sign, places[k] ?? 0)) {
        const one = kept[place];
        if (one) one.present[k] = 1;
      }
    }
    // At one instant the order of the answer is the rank.
    const order = count === 1 ? rankedAt(members, 0, sign, places[0] ?? 0) : kept.keys();
    for (const place of order) {
      const one = kept[place];
      if (one?.present.includes(1)) chosen.push(one);
    }
  }
  return chosen;
}

function placesOf(k: number, at: number): number {
  if (Number.isNaN(k) || Math.abs(k) >= 2 ** 63) throw evaluationError(`the parameter ${k} is not a whole number`, at);
  return Math.max(0, Math.trunc(k));
}

/** Places of the best `most` series that are there, best first; NaN is worse than everything. */
function rankedAt(members: readonly GridSeries[], k: number, sign: number, most: number): number[] {
  const worse = (a: number, b: number): boolean => {
    const [x, y] = [members[a]?.values[k] ?? NaN, members[b]?.values[k] ?? NaN];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && !Number.isNaN(y);
    return sign < 0 ? x < y : x > y;
  };
  const there: number[] = [];
  members.forEach(({ present }, place) => {
    if (present[k] === 1) there.push(place);
  });
  if (most > SELECTED) return there.sort((a, b) => (worse(a, b) ? 1 : worse(b, a) ? -1 : a - b)).slice(0, most);
  // Few are wanted of many: each finds its place among the best so far, or none.
  const best: number[] = [];
  for (const place of there) {
    const last = best.at(-1);
    if (best.length === most && (last === undefined || !worse(last, place))) continue;
    let slot = best.length;
    while (slot > 0 && worse(best[slot - 1] ?? place, place)) slot -= 1;
    best.splice(slot, 0, place);
    if (best.length > most) best.pop();
  }
  return best;
}

/** The φ-quantile over the members of each group at each instant, interpolated as Prometheus does. */
export function quantiles(
  phis: Float64Array,
  series: readonly GridSeries[],
  grouping: Grouping,
  count: number,
): GridSeries[] {
  return groupSeries(series, grouping).map(({ labels, members }) => {
    const out = emptySeries(labels, count);
    const buffer = new Float64Array(members.length);
    for (let k = 0; k < count; k += 1) {
      let there = 0;
      for (const { values, present } of members) {
        if (present[k] !== 1) continue;
        buffer[there] = values[k] ?? NaN;
        there += 1;
      }
      if (there === 0) continue;
      out.present[k] = 1;
      out.values[k] = quantileOf(phis[k] ?? NaN, buffer.subarray(0, there));
    }
    return out;
  });
}

/** Sorts `values` in place. NaN counts as the smallest. */
export function quantileOf(phi: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(phi)) return NaN;
  if (phi < 0) return -Infinity;
  if (phi > 1) return Infinity;
  // Typed arrays sort by number, NaN last.
  values.sort();
  let nans = 0;
  while (nans < values.length && Number.isNaN(values[values.length - 1 - nans])) nans += 1;
  const nth = (n: number): number => (n < nans ? NaN : (values[n - nans] ?? NaN));
  const place = phi * (values.length - 1);
  const lower = Math.max(0, Math.floor(place));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = place - Math.floor(place);
  return nth(lower) * (1 - weight) + nth(upper) * weight;
}

/** How many members of a group have each value, which becomes the label `label`. */
export function countValues(
  label: string,
  series: readonly GridSeries[],
  grouping: Grouping,
  count: number,
  at: number,
): GridSeries[] {
  const own = grouping.without ? grouping : { without: false, labels: [...grouping.labels, label] };
  const builder = new VectorBuilder(count, at);
  for (const { labels, values, present } of series) {
    for (let k = 0; k < count; k += 1) {
      if (present[k] !== 1) continue;
      const whole = { ...labels, [label]: printPlain(values[k] ?? NaN) };
      const kept = own.without ? dropLabels(whole, [...own.labels, METRIC_NAME]) : keepLabels(whole, own.labels);
      const group = builder.open(kept);
      group.values[k] = (group.values[k] ?? 0) + 1;
      group.present[k] = 1;
    }
  }
  return builder.build();
}
