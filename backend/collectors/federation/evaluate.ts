import { type Binary, type Call, isSetOperator } from './ast.ts';
import { aggregate, countValues, quantiles, rank } from './aggregate.ts';
import { scalarBinary, setOperation, vectorBinary, vectorScalar } from './binary.ts';
import { histogramQuantile } from './histogram.ts';
import { labelJoin, labelReplace } from './label-functions.ts';
import { applyMath } from './math-functions.ts';
import type { Plan, PlanNode } from './plan.ts';
import { pooledMean, pooledSpread } from './pooled.ts';
import { type Grid, type GridSeries, type Value, emptySeries, mapSamples, timeAt } from './vector.ts';
import { applyWindow } from './window-functions.ts';

export interface EvaluationInput {
  /** What a fetch of the plan gave, over all clusters, each series with its cluster's label; by the fetch's id. */
  readonly fetched: (id: number) => readonly GridSeries[];
  /** Ranges leave their first instant out (Prometheus 3). */
  readonly leftOpen: boolean;
  /** Called where an answer hangs on there being nothing: undecidable while a cluster is missing. Throws to refuse. */
  readonly onAbsent?: (at: number) => void;
}

/** The value of a plan on its grid: pure, linear in samples for all but ranking and quantiles. Throws QUERY_REFUSED as one Prometheus would err. */
export function evaluate(plan: Plan, input: EvaluationInput): Value {
  return new Evaluator(input).value(plan.root, plan.grid);
}

class Evaluator {
  readonly #input: EvaluationInput;

  constructor(input: EvaluationInput) {
    this.#input = input;
  }

  value(node: PlanNode, grid: Grid): Value {
    const { count } = grid;
    switch (node.type) {
      case 'fetch':
        return vector(this.#input.fetched(node.id));
      case 'constant':
        return { kind: 'scalar', values: new Float64Array(count).fill(node.value) };
      case 'string':
        return { kind: 'string', value: node.value };
      case 'time':
        return { kind: 'scalar', values: new Float64Array(count).map((_, k) => timeAt(grid, k) / 1000) };
      case 'unary': {
        const input = this.value(node.input, grid);
        if (input.kind === 'scalar') return { kind: 'scalar', values: input.values.map((v) => -v) };
        return vector(mapSamples(seriesOf(input), count, node.at, (v) => -v));
      }
      case 'binary':
        return this.#binary(node.expr, this.value(node.lhs, grid), this.value(node.rhs, grid), count);
      case 'aggregate':
        return vector(this.#aggregate(node, grid));
      case 'pooled': {
        const { op, grouping } = node.expr;
        const [counts = [], means = [], variances = []] = node.parts.map((part) => this.#series(part, grid));
        const spread = op === 'stddev' || op === 'stdvar';
        return vector(
          spread
            ? pooledSpread(op, [counts, means, variances], grouping, count)
            : pooledMean(counts, means, grouping, count),
        );
      }
      case 'call':
        return this.#call(node.expr, node.args, grid);
      case 'absent':
        return vector(this.#absent(node, grid));
      case 'window': {
        const { expr, subquery, inner } = node;
        const { rangeMs, offsetMs, atMs } = subquery;
        const at = typeof atMs === 'number' ? atMs : undefined;
        const request = { func: expr.func, rangeMs, offsetMs, atMs: at, leftOpen: this.#input.leftOpen, at: expr.at };
        const series = this.#series(node.input, inner);
        return vector(applyWindow(request, series, inner, grid, node.param && this.#scalar(node.param, grid)));
      }
    }
  }

  #series(node: PlanNode, grid: Grid): readonly GridSeries[] {
    return seriesOf(this.value(node, grid));
  }

  #scalar(node: PlanNode, grid: Grid): Float64Array {
    const value = this.value(node, grid);
    if (value.kind !== 'scalar') throw new TypeError('the type checker let something else pass for a scalar');
    return value.values;
  }

  #text(node: PlanNode): string {
    if (node.type !== 'string') throw new TypeError('the type checker let something else pass for a string');
    return node.value;
  }

  #binary(expr: Binary, lhs: Value, rhs: Value, count: number): Value {
    const { op, bool, matching, at } = expr;
    if (lhs.kind === 'scalar' && rhs.kind === 'scalar')
      return { kind: 'scalar', values: scalarBinary(op, lhs.values, rhs.values) };
    if (rhs.kind === 'scalar') return vector(vectorScalar(op, bool, seriesOf(lhs), rhs.values, false, at));
    if (lhs.kind === 'scalar') return vector(vectorScalar(op, bool, seriesOf(rhs), lhs.values, true, at));
    const [left, right] = [seriesOf(lhs), seriesOf(rhs)];
    return vector(
      isSetOperator(op) ? setOperation(op, left, right, matching, count, at) : vectorBinary(expr, left, right, count),
    );
  }

  #aggregate({ expr, input, param }: Extract<PlanNode, { type: 'aggregate' }>, grid: Grid): GridSeries[] {
    const { op, grouping, at } = expr;
    const { count } = grid;
    const series = this.#series(input, grid);
    if (!param) return aggregate(op, series, grouping, count, at);
    if (op === 'count_values') return countValues(this.#text(param), series, grouping, count, at);
    const params = this.#scalar(param, grid);
    if (op === 'topk' || op === 'bottomk') return rank(op, params, series, grouping, count, at);
    return quantiles(params, series, grouping, count);
  }

  #absent({ labels, input, at }: Extract<PlanNode, { type: 'absent' }>, { count, ...rest }: Grid): GridSeries[] {
    const out = emptySeries(labels, count);
    out.present.fill(1);
    out.values.fill(1);
    for (const { present } of this.#series(input, { count, ...rest }))
      for (let k = 0; k < count; k += 1) if (present[k] === 1) out.present[k] = 0;
    if (!out.present.includes(1)) return [];
    this.#input.onAbsent?.(at);
    return [out];
  }

  #call({ func, at }: Call, args: readonly PlanNode[], grid: Grid): Value {
    const { count } = grid;
    const [first, ...others] = args;
    if (!first) throw new TypeError(`${func} was planned without an argument`);
    switch (func) {
      case 'vector': {
        const out = emptySeries({}, count);
        out.values.set(this.#scalar(first, grid));
        out.present.fill(1);
        return vector([out]);
      }
      case 'scalar':
        return { kind: 'scalar', values: onlyValue(this.#series(first, grid), count) };
      case 'sort':
      case 'sort_desc':
        return vector(sorted(this.#series(first, grid), func === 'sort' ? 1 : -1, count));
      case 'label_replace':
        return vector(
          labelReplace(
            this.#series(first, grid),
            others.map((arg) => this.#text(arg)),
            count,
            at,
          ),
        );
      case 'label_join':
        return vector(
          labelJoin(
            this.#series(first, grid),
            others.map((arg) => this.#text(arg)),
            count,
            at,
          ),
        );
      case 'histogram_quantile': {
        const [buckets] = others;
        return vector(histogramQuantile(this.#scalar(first, grid), buckets ? this.#series(buckets, grid) : [], count));
      }
      default: {
        const params = others.map((arg) => this.#scalar(arg, grid));
        return vector(applyMath(func, this.#series(first, grid), params, grid, at));
      }
    }
  }
}

function vector(series: readonly GridSeries[]): Value {
  return { kind: 'vector', series };
}

function seriesOf(value: Value): readonly GridSeries[] {
  if (value.kind !== 'vector') throw new TypeError('the type checker let something else pass for a vector');
  return value.series;
}

/** `scalar(v)`: the value where exactly one series is there, else NaN. */
function onlyValue(series: readonly GridSeries[], count: number): Float64Array {
  const seen = new Uint32Array(count);
  const out = new Float64Array(count).fill(NaN);
  for (const { values, present } of series) {
    for (let k = 0; k < count; k += 1) {
      if (present[k] !== 1) continue;
      seen[k] = (seen[k] ?? 0) + 1;
      out[k] = seen[k] === 1 ? (values[k] ?? NaN) : NaN;
    }
  }
  return out;
}

/** By value at a single instant, NaN last either way; a range has no order by value. */
function sorted(series: readonly GridSeries[], sign: number, count: number): readonly GridSeries[] {
  if (count !== 1) return series;
  return series
    .filter(({ present }) => present[0] === 1)
    .toSorted((a, b) => {
      const [x, y] = [a.values[0] ?? NaN, b.values[0] ?? NaN];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return sign * (x - y) || 0;
    });
}
