import { labelKey } from '../metrics/cluster-series.ts';
import {
  type Arithmetic,
  type BinaryOp,
  type Comparison,
  METRIC_NAME,
  type Matching,
  type SetOperator,
  isArithmetic,
  isComparison,
} from './ast.ts';
import { evaluationError } from './refusals.ts';
import {
  type GridSeries,
  type Labels,
  VectorBuilder,
  dropLabels,
  dropName,
  emptySeries,
  keepLabels,
  relabel,
  showLabels,
} from './vector.ts';

/** Go's math.Mod and math.Pow; JavaScript differs where the base of a power is 1 or -1. */
export function arithmetic(op: Arithmetic, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '^':
      if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
      return a ** b;
    case 'atan2':
      return Math.atan2(a, b);
  }
}

export function compare(op: Comparison, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '>':
      return a > b;
    case '<':
      return a < b;
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
  }
}

/** One element; undefined = a comparison that does not hold and so drops it. */
function element(op: BinaryOp, bool: boolean, a: number, b: number): number | undefined {
  if (isArithmetic(op)) return arithmetic(op, a, b);
  const holds = isComparison(op) && compare(op, a, b);
  if (bool) return holds ? 1 : 0;
  return holds ? a : undefined;
}

export function scalarBinary(op: BinaryOp, a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, k) => element(op, true, value, b[k] ?? NaN) ?? NaN);
}

/** A vector and a scalar; `flipped` = the scalar stands on the left. A comparison keeps the vector's own value and name. */
export function vectorScalar(
  op: BinaryOp,
  bool: boolean,
  series: readonly GridSeries[],
  scalar: Float64Array,
  flipped: boolean,
  at: number,
): GridSeries[] {
  const count = scalar.length;
  const filters = isComparison(op) && !bool;
  const changed = series.map(({ labels, values, present }) => {
    const out = emptySeries(labels, count);
    for (let k = 0; k < count; k += 1) {
      if (present[k] !== 1) continue;
      const own = values[k] ?? NaN;
      const other = scalar[k] ?? NaN;
      const value = flipped ? element(op, bool, other, own) : element(op, bool, own, other);
      if (value === undefined) continue;
      out.present[k] = 1;
      out.values[k] = filters ? own : value;
    }
    return out;
  });
  const kept = changed.filter(({ present }) => present.includes(1));
  return relabel(kept, count, at, filters ? (labels) => labels : dropName);
}

export function signatureOf(labels: Labels, { on, labels: names }: Matching): string {
  return labelKey(on ? keepLabels(labels, names) : dropLabels(labels, [...names, METRIC_NAME]));
}

function bySignature(series: readonly GridSeries[], matching: Matching): Map<string, GridSeries[]> {
  const groups = new Map<string, GridSeries[]>();
  for (const one of series) {
    const key = signatureOf(one.labels, matching);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}

/** Where any series of the vector has a sample. */
function anywhere(series: readonly GridSeries[], count: number): Uint8Array {
  const any = new Uint8Array(count);
  for (const { present } of series) for (let k = 0; k < count; k += 1) if (present[k] === 1) any[k] = 1;
  return any;
}

/** `and`, `or`, `unless`: samples pass as they are, told by whether the other side has the signature at that instant. */
export function setOperation(
  op: SetOperator,
  left: readonly GridSeries[],
  right: readonly GridSeries[],
  matching: Matching,
  count: number,
  at: number,
): GridSeries[] {
  const [kept, judged] = op === 'or' ? [right, left] : [left, right];
  const judges = bySignature(judged, matching);
  const marks = new Map([...judges].map(([key, group]) => [key, anywhere(group, count)]));
  const wanted = op === 'and' ? 1 : 0;
  const none = new Uint8Array(count);
  const passed = kept.map((one) => {
    const mark = marks.get(signatureOf(one.labels, matching)) ?? none;
    return { ...one, present: one.present.map((is, k) => (is === 1 && mark[k] === wanted ? 1 : 0)) };
  });
  const all = op === 'or' ? [...left, ...passed] : passed;
  return relabel(
    all.filter(({ present }) => present.includes(1)),
    count,
    at,
    (labels) => labels,
  );
}

/**
 * Arithmetic and comparisons between two vectors. Each instant is matched for itself, and is an error exactly where it is one in
 * Prometheus: several series of one signature on the "one" side, and several results of one signature or of equal labels.
 */
export function vectorBinary(
  { op, bool, matching, at }: { op: BinaryOp; bool: boolean; matching: Matching; at: number },
  lhs: readonly GridSeries[],
  rhs: readonly GridSeries[],
  count: number,
): GridSeries[] {
  const swapped = matching.card === 'group_right';
  const [many, one] = swapped ? [rhs, lhs] : [lhs, rhs];
  const [anyMany, anyOne] = [anywhere(many, count), anywhere(one, count)];
  const manyBySignature = bySignature(many, matching);
  const builder = new VectorBuilder(count, at);
  for (const [key, ones] of bySignature(one, matching)) {
    const single = singles(ones, anyMany, count, { matching, at, swapped });
    const members = manyBySignature.get(key) ?? [];
    const matched = new Uint8Array(count);
    for (const member of members) {
      for (const { series: partner, owns } of single) {
        let out: GridSeries | undefined;
        for (let k = 0; k < count; k += 1) {
          if (member.present[k] !== 1 || !owns(k) || anyOne[k] !== 1) continue;
          const [mine, theirs] = [member.values[k] ?? NaN, partner.values[k] ?? NaN];
          const value = swapped ? element(op, bool, theirs, mine) : element(op, bool, mine, theirs);
          if (value === undefined) continue;
          out ??= builder.open(resultLabels(member.labels, partner.labels, { op, bool, matching }));
          if (matching.card === 'one_to_one') {
            if (matched[k] === 1) throw manyToOne(member.labels, matching, at);
            matched[k] = 1;
          } else if (out.present[k] === 1) {
            throw evaluationError(
              `several matches give ${showLabels(out.labels)}: the grouping labels must make each match unique`,
              at,
            );
          }
          builder.put(out, k, value);
        }
      }
    }
  }
  return builder.build();
}

/** The series of the "one" side that share a signature; at an instant at most one may be there. */
function singles(
  ones: readonly GridSeries[],
  anyMany: Uint8Array,
  count: number,
  { matching, at, swapped }: { matching: Matching; at: number; swapped: boolean },
): { series: GridSeries; owns: (k: number) => boolean }[] {
  const owner = new Int32Array(count).fill(-1);
  ones.forEach(({ present, labels }, place) => {
    for (let k = 0; k < count; k += 1) {
      if (present[k] !== 1) continue;
      const other = ones[owner[k] ?? -1];
      if (other && anyMany[k] === 1) {
        const side = swapped ? 'left' : 'right';
        const reason = `the ${side} side has ${showLabels(other.labels)} and ${showLabels(labels)} for one match; many-to-many matching is not possible`;
        throw evaluationError(reason, at, clusterHint(matching));
      }
      owner[k] = place;
    }
  });
  return ones.map((series, place) => ({ series, owns: (k) => owner[k] === place }));
}

function manyToOne(labels: Labels, matching: Matching, at: number): Error {
  const reason = `several series match ${showLabels(labels)}; matching many to one must be written out with group_left or group_right`;
  return evaluationError(reason, at, clusterHint(matching));
}

/** A join that is unique within a cluster is often not over the fleet. */
function clusterHint({ on, labels }: Matching): string | undefined {
  if (on && !labels.includes('cluster')) return `match within each cluster: on (${['cluster', ...labels].join(', ')})`;
  return !on && labels.includes('cluster')
    ? 'leave cluster out of ignoring (…), to match within each cluster'
    : undefined;
}

function resultLabels(
  many: Labels,
  one: Labels,
  { op, bool, matching }: { op: BinaryOp; bool: boolean; matching: Matching },
): Labels {
  let labels = isArithmetic(op) || bool ? dropName(many) : many;
  if (matching.card === 'one_to_one') {
    labels = matching.on ? keepLabels(labels, matching.labels) : dropLabels(labels, matching.labels);
    return labels;
  }
  const included: Record<string, string> = { ...dropLabels(labels, matching.include) };
  for (const name of matching.include) {
    const value = one[name];
    if (value !== undefined) included[name] = value;
  }
  return included;
}
