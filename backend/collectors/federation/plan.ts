import { CLUSTER_LABEL } from '../metrics/cluster-series.ts';
import {
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  type Grouping,
  METRIC_NAME,
  type Selector,
  type Subquery,
  mapNodes,
} from './ast.ts';
import { typeOf } from './check.ts';
import { isPerCluster, isPureScalar } from './locality.ts';
import { isMathFunction } from './math-functions.ts';
import { printExpr } from './print.ts';
import { notDecomposable } from './refusals.ts';
import type { Grid, Labels } from './vector.ts';
import { isWindowFunction } from './window-functions.ts';

/** Something every cluster is asked: an expression that is whole within a cluster, on a grid. */
export interface Fetch {
  /** The place in the plan's list. */
  readonly id: number;
  readonly expr: Expr;
  readonly grid: Grid;
}

/** How a query is answered from what the clusters say. Every node gives a value on the grid it was planned for. */
export type PlanNode =
  | { readonly type: 'fetch'; readonly id: number; readonly at: number }
  | { readonly type: 'constant'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'time' }
  | { readonly type: 'unary'; readonly input: PlanNode; readonly at: number }
  | { readonly type: 'binary'; readonly expr: Binary; readonly lhs: PlanNode; readonly rhs: PlanNode }
  | {
      readonly type: 'aggregate';
      readonly expr: Aggregate;
      readonly input: PlanNode;
      readonly param: PlanNode | undefined;
    }
  | { readonly type: 'pooled'; readonly expr: Aggregate; readonly parts: readonly PlanNode[] }
  | { readonly type: 'call'; readonly expr: Call; readonly args: readonly PlanNode[] }
  | { readonly type: 'absent'; readonly labels: Labels; readonly input: PlanNode; readonly at: number }
  | {
      readonly type: 'window';
      readonly expr: Call;
      readonly subquery: Subquery;
      readonly inner: Grid;
      readonly input: PlanNode;
      readonly param: PlanNode | undefined;
    };

export interface Plan {
  readonly root: PlanNode;
  readonly grid: Grid;
  readonly fetches: readonly Fetch[];
  /** What was decided for the caller, in sentences. */
  readonly notes: readonly string[];
  /** Some window is cut here, so the clusters must agree on whether a range holds its first instant. */
  readonly cutsWindows: boolean;
}

/** Prometheus refuses a range query of more points a series than this (wire.md 1.5). */
const MAX_POINTS = 11_000;
/** Expressions that one query may put to each cluster. */
const MAX_FETCHES = 20;
/** A subquery without a step takes the server's evaluation interval, which is this unless somebody changed it. */
const DEFAULT_INTERVAL_MS = 60_000;
const DECOMPOSABLE = new Set(['sum', 'min', 'max', 'group', 'topk', 'bottomk']);
const COUNT_LIKE = new Set(['count', 'count_values']);
const PARTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['avg', ['count', 'avg']],
  ['stddev', ['count', 'avg', 'stdvar']],
  ['stdvar', ['count', 'avg', 'stdvar']],
]);

/**
 * Plans what one Prometheus that holds all the data of the fleet would answer, each series carrying the label `cluster` with its
 * cluster's name. `query` is the grid of the whole query. Throws QUERY_REFUSED (`details.rule` not_decomposable, with the reason and
 * the position) for what cannot be had exactly.
 */
export function planFleet(expr: Expr, query: Grid): Plan {
  const planner = new Planner(query);
  const resolved = planner.resolve(expr);
  const root = planner.plan(resolved, query);
  return { root, grid: query, fetches: planner.fetches, notes: [...planner.notes], cutsWindows: planner.cutsWindows };
}

/** Plans `op without (cluster)` over what each cluster answers to the whole expression (product.md 2, SUM AVG MIN MAX COUNT). */
export function planOverClusters(op: string, expr: Expr, query: Grid): Plan {
  if (!['vector', 'scalar'].includes(typeOf(expr)))
    throw notDecomposable('only numbers can be aggregated over the clusters', expr.at);
  const grouping: Grouping = { without: true, labels: [CLUSTER_LABEL] };
  const aggregate: Aggregate = { kind: 'aggregate', op, grouping, param: undefined, expr, at: expr.at };
  const root: PlanNode = {
    type: 'aggregate',
    expr: aggregate,
    input: { type: 'fetch', id: 0, at: expr.at },
    param: undefined,
  };
  return { root, grid: query, fetches: [{ id: 0, expr, grid: query }], notes: [], cutsWindows: false };
}

class Planner {
  readonly fetches: Fetch[] = [];
  readonly notes = new Set<string>();
  cutsWindows = false;
  readonly #query: Grid;
  readonly #known = new Map<string, number>();

  constructor(query: Grid) {
    this.#query = query;
  }

  /** `start()` and `end()` mean the whole query's, also inside a subquery that is asked on another grid. */
  resolve(expr: Expr): Expr {
    const { startMs, stepMs, count } = this.#query;
    return mapNodes(expr, (node) => {
      if (node.kind === 'subquery' && node.stepMs === undefined) {
        this.notes.add('A subquery without a step was asked at 1m, the default evaluation interval.');
        return this.#shifted({ ...node, stepMs: DEFAULT_INTERVAL_MS }, startMs, startMs + stepMs * (count - 1));
      }
      const shifts = node.kind === 'selector' || node.kind === 'subquery';
      return shifts ? this.#shifted(node, startMs, startMs + stepMs * (count - 1)) : node;
    });
  }

  #shifted<T extends Selector | Subquery>(node: T, startMs: number, endMs: number): T {
    if (typeof node.atMs !== 'string') return node;
    return { ...node, atMs: node.atMs === 'start' ? startMs : endMs };
  }

  plan(expr: Expr, grid: Grid): PlanNode {
    if (typeOf(expr) !== 'scalar' && isPerCluster(expr)) return this.#fetch(expr, grid);
    switch (expr.kind) {
      case 'number':
        return { type: 'constant', value: expr.value };
      case 'string':
        return { type: 'string', value: expr.value };
      case 'unary': {
        const input = this.plan(expr.expr, grid);
        return expr.op === '+' ? input : { type: 'unary', input, at: expr.at };
      }
      case 'binary':
        return { type: 'binary', expr, lhs: this.plan(expr.lhs, grid), rhs: this.plan(expr.rhs, grid) };
      case 'aggregate':
        return this.#aggregate(expr, grid);
      case 'call':
        return this.#call(expr, grid);
      case 'selector':
      case 'subquery':
        throw notDecomposable('a range over what only exists merged cannot be given back', expr.at);
    }
  }

  #fetch(expr: Expr, grid: Grid): PlanNode {
    const key = `${printExpr(expr)} ${grid.startMs} ${grid.stepMs} ${grid.count}`;
    const id = this.#known.get(key) ?? this.fetches.length;
    if (id === this.fetches.length) {
      if (id === MAX_FETCHES) {
        const reason = `each cluster would have to be asked more than ${MAX_FETCHES} expressions`;
        throw notDecomposable(reason, expr.at, 'split the query');
      }
      this.fetches.push({ id, expr, grid });
      this.#known.set(key, id);
    }
    return { type: 'fetch', id, at: expr.at };
  }

  #aggregate(expr: Aggregate, grid: Grid): PlanNode {
    const { op, param } = expr;
    if (op === 'limitk' || op === 'limit_ratio')
      throw notDecomposable(`which series ${op} picks depends on how one server stores them`, expr.at);
    const pushable =
      isPerCluster(expr.expr) && (!param || isPureScalar(param) || (isOtherLabel(param) && !losesLabels(expr, grid)));
    const planned = param && this.plan(param, grid);
    if (pushable && DECOMPOSABLE.has(op)) {
      return { type: 'aggregate', expr, input: this.#fetch(withinCluster(expr, op), grid), param: planned };
    }
    if (pushable && COUNT_LIKE.has(op)) {
      // What was counted in each cluster is added up; the label that count_values made is one to group by now.
      const grouping = groupedByCount(expr);
      const summed: Aggregate = { ...expr, op: 'sum', param: undefined, grouping };
      return { type: 'aggregate', expr: summed, input: this.#fetch(withinCluster(expr, op), grid), param: undefined };
    }
    const parts = PARTS.get(op);
    if (pushable && parts)
      return { type: 'pooled', expr, parts: parts.map((part) => this.#fetch(withinCluster(expr, part), grid)) };
    return { type: 'aggregate', expr, input: this.plan(expr.expr, grid), param: planned };
  }

  #call(expr: Call, grid: Grid): PlanNode {
    const { func, args, at } = expr;
    const [first] = args;
    if (func === 'absent' || func === 'absent_over_time') return this.#absent(expr, grid);
    if (func === 'time') return { type: 'time' };
    if (func === 'pi') return { type: 'constant', value: Math.PI };
    if (func === 'info') throw notDecomposable('info() joins with series of other clusters of the same instance', at);
    const range = args.find((arg) => typeOf(arg) === 'matrix');
    if (range?.kind === 'subquery') return this.#window(expr, range, grid);
    const known =
      isMathFunction(func) ||
      ['label_replace', 'label_join', 'sort', 'sort_desc', 'scalar', 'vector', 'histogram_quantile'].includes(func) ||
      (args.length === 0 && isMathFunction(func));
    if (!known || (range && !isPerCluster(range)))
      throw notDecomposable(`${func} over what only exists merged is not known here`, at, rewriteOf(expr));
    if (first === undefined)
      return { type: 'call', expr, args: [{ type: 'call', expr: VECTOR, args: [{ type: 'time' }] }] };
    return { type: 'call', expr, args: args.map((arg) => this.plan(arg, grid)) };
  }

  /** Whether there is a series at all is enough to know; its labels come from the query's text. */
  #absent({ func, args, at }: Call, grid: Grid): PlanNode {
    const [arg] = args;
    if (!arg) throw notDecomposable(`${func} needs an argument`, at);
    const labels = func === 'absent' || arg.kind === 'selector' ? absentLabels(arg) : {};
    const present: Expr = func === 'absent' ? arg : { kind: 'call', func: 'present_over_time', args: [arg], at };
    const grouping: Grouping = { without: false, labels: [CLUSTER_LABEL] };
    const input = isPerCluster(present)
      ? this.#fetch({ kind: 'aggregate', op: 'group', grouping, param: undefined, expr: present, at }, grid)
      : this.plan(present, grid);
    return { type: 'absent', labels, input, at };
  }

  #window(expr: Call, subquery: Subquery, grid: Grid): PlanNode {
    if (!isWindowFunction(expr.func)) {
      const reason = `${expr.func} over an aggregate of several clusters is not computed here: counter resets hide in sums`;
      throw notDecomposable(reason, expr.at, `take ${expr.func} of each series first, then aggregate`);
    }
    const inner = subqueryGrid(subquery, grid);
    if (inner.count > MAX_POINTS) {
      const reason = `the subquery spans ${inner.count} steps, and at most ${MAX_POINTS} can be asked at once`;
      throw notDecomposable(reason, subquery.at, 'raise the step of the subquery');
    }
    this.cutsWindows = true;
    const param = expr.args.find((arg) => typeOf(arg) === 'scalar');
    return {
      type: 'window',
      expr,
      subquery,
      inner,
      input: this.plan(subquery.expr, inner),
      param: param && this.plan(param, grid),
    };
  }
}

const VECTOR: Call = { kind: 'call', func: 'vector', args: [], at: 0 };

function isOtherLabel(param: Expr): boolean {
  return param.kind === 'string' && param.value !== CLUSTER_LABEL;
}

/**
 * In a range Prometheus 2.x appends the label of `count_values` to its grouping once a step, in place, and so forgets labels that
 * sort after it.
 */
function losesLabels({ grouping, param }: Aggregate, grid: Grid): boolean {
  if (grouping.without || grid.count === 1 || param?.kind !== 'string') return false;
  return [...grouping.labels, CLUSTER_LABEL].some((label) => label > param.value);
}

/** The aggregation as one cluster answers it; `cluster` is kept so that data which carries another one is found out. */
function withinCluster(expr: Aggregate, op: string): Aggregate {
  const { without, labels } = expr.grouping;
  const others = labels.filter((label) => label !== CLUSTER_LABEL);
  const param = op === expr.op ? expr.param : undefined;
  return { ...expr, op, param, grouping: { without, labels: without ? others : [...others, CLUSTER_LABEL] } };
}

function groupedByCount({ grouping, param }: Aggregate): Grouping {
  if (grouping.without || param?.kind !== 'string') return grouping;
  return { without: false, labels: [...grouping.labels, param.value] };
}

/** Steps of a subquery stand at multiples of the step, whatever the query's own grid is. */
function subqueryGrid({ rangeMs, stepMs = DEFAULT_INTERVAL_MS, offsetMs, atMs }: Subquery, outer: Grid): Grid {
  const last = typeof atMs === 'number' ? atMs : outer.startMs + outer.stepMs * (outer.count - 1);
  const first = typeof atMs === 'number' ? atMs : outer.startMs;
  const startMs = Math.ceil((first - offsetMs - rangeMs) / stepMs) * stepMs;
  const count = Math.max(1, Math.floor((last - offsetMs - startMs) / stepMs) + 1);
  return { startMs, stepMs, count };
}

/** The labels of an `absent` result: those the selector fixes by `=`, each once (Prometheus's createLabelsForAbsentFunction). */
function absentLabels(expr: Expr): Labels {
  if (expr.kind !== 'selector') return {};
  const labels: Record<string, string> = {};
  const unclear = new Set<string>([METRIC_NAME]);
  for (const { label, op, value } of expr.matchers) {
    if (op === '=' && !unclear.has(label) && labels[label] === undefined) labels[label] = value;
    else unclear.add(label);
  }
  return Object.fromEntries(Object.entries(labels).filter(([label, value]) => value !== '' && !unclear.has(label)));
}

function rewriteOf({ func }: Call): string {
  return `apply ${func} to each series, before they are aggregated`;
}
