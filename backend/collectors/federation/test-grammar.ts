import {
  type Aggregate,
  type BinaryOp,
  type Expr,
  type Grouping,
  type Matcher,
  type Matching,
  type Selector,
  type TimeShift,
  anyNode,
} from './ast.ts';
import type { Random } from './test-random.ts';

const LABELS = ['cluster', 'job', 'pod', 'zone', 'code', 'node', 'le'] as const;
const VALUES: Readonly<Record<string, readonly string[]>> = {
  cluster: ['alpha', 'beta', 'nowhere'],
  job: ['api', 'db', 'web', 'beta', ''],
  pod: ['p-0', 'p-1', 'p-9'],
  zone: ['z1', ''],
  code: ['200', '500'],
  node: ['alpha-n0', 'beta-n1'],
};
const PATTERNS: Readonly<Record<string, readonly string[]>> = {
  cluster: ['a.*|beta', '.+', 'gam.*', ''],
  job: ['a.*', 'api|db', '.*', '[a-d].+'],
  pod: ['p-[01]', '.+'],
};
const GAUGES = ['load', 'memory', 'up', 'pod_info', 'special', 'only_beta', 'no_such'];
const at = 0;

/** Expressions over the world of `world.ts`, as deep as wanted, of every kind that the federation knows and some that it refuses. */
export class Grammar {
  readonly #random: Random;
  readonly #fixedMs: number;

  /** `fixedMs`: an instant in the data, for the modifier `@`. */
  constructor(random: Random, fixedMs: number) {
    this.#random = random;
    this.#fixedMs = fixedMs;
  }

  /** An instant vector, or rarely a scalar. */
  expression(): Expr {
    const random = this.#random;
    return random.chance(0.04) ? this.scalar(2) : this.vector(1 + random.int(4));
  }

  scalar(depth: number): Expr {
    const random = this.#random;
    if (depth <= 0 || random.chance(0.5)) return number(random.pick([0, 1, 2, 0.5, 10, 100, -3, Infinity, NaN]));
    switch (random.int(4)) {
      case 0:
        return call('time');
      case 1:
        return call('scalar', this.vector(depth - 1));
      case 2:
        return this.#binary(
          random.pick(['+', '-', '*', '/', '%', '^', '>', '==']),
          this.scalar(depth - 1),
          this.scalar(depth - 1),
          true,
        );
      default:
        return { kind: 'unary', op: '-', expr: this.scalar(depth - 1), at };
    }
  }

  vector(depth: number): Expr {
    const random = this.#random;
    if (depth <= 0) return this.#leaf();
    const inner = (): Expr => this.vector(depth - 1);
    const [choice] = [random.int(100)];
    if (choice < 34) return this.#aggregate(depth);
    if (choice < 44) return this.#leaf();
    if (choice < 58) return this.#vectorPair(depth);
    if (choice < 68) return this.#withScalar(depth);
    if (choice < 73) return this.#math(inner());
    if (choice < 78)
      return call('histogram_quantile', number(random.pick([0, 0.5, 0.9, 0.99, 1, -1, 2])), this.#buckets());
    if (choice < 83) return this.#absent(depth);
    if (choice < 87) return this.#labels(inner());
    if (choice < 93) return this.#overSubquery(depth);
    if (choice < 95) return { kind: 'unary', op: '-', expr: inner(), at };
    if (choice < 97) return call('vector', this.scalar(depth - 1));
    if (choice < 98) return call(random.pick(['sort', 'sort_desc']), inner());
    return this.#binary('or', inner(), call('vector', number(0)), false);
  }

  #leaf(): Expr {
    const random = this.#random;
    if (random.chance(0.55)) return this.selector(random.pick(GAUGES));
    const counters = ['rate', 'increase', 'irate', 'resets', 'changes', 'delta'];
    const gauges = [
      'avg_over_time',
      'sum_over_time',
      'min_over_time',
      'max_over_time',
      'count_over_time',
      'last_over_time',
      'stddev_over_time',
      'present_over_time',
      'deriv',
      'idelta',
    ];
    if (random.chance(0.5)) return call(random.pick(counters), this.selector('requests_total', true));
    if (random.chance(0.1)) return call('quantile_over_time', number(0.7), this.selector('load', true));
    if (random.chance(0.1)) return call('predict_linear', this.selector('load', true), number(60));
    return call(random.pick(gauges), this.selector(random.pick(GAUGES), true));
  }

  selector(name: string, range = false): Selector {
    const random = this.#random;
    const matchers: Matcher[] = [{ label: '__name__', op: '=', value: name }];
    for (const label of random.some(Object.keys(VALUES), 0.07)) {
      const regex = random.chance(0.3) && PATTERNS[label] !== undefined;
      const value = random.pick((regex ? PATTERNS : VALUES)[label] ?? ['']);
      const op = regex ? random.pick(['=~', '!~'] as const) : random.pick(['=', '!='] as const);
      matchers.push({ label, op, value });
    }
    const rangeMs = range ? random.pick([60_000, 300_000, 97_000]) : undefined;
    return { kind: 'selector', matchers, rangeMs, ...this.#shift(0.08), at };
  }

  #shift(probability: number): TimeShift {
    const random = this.#random;
    return {
      offsetMs: random.chance(probability) ? random.pick([60_000, 300_000, -45_000]) : 0,
      atMs: random.chance(probability / 2) ? random.pick(['start', 'end', this.#fixedMs] as const) : undefined,
    };
  }

  #grouping(): Grouping {
    const random = this.#random;
    return { without: random.chance(0.3), labels: random.some(LABELS, 0.3) };
  }

  #aggregate(depth: number): Expr {
    const random = this.#random;
    const op = random.pick([
      'sum',
      'sum',
      'sum',
      'avg',
      'avg',
      'min',
      'max',
      'count',
      'count',
      'group',
      'stddev',
      'stdvar',
      'topk',
      'bottomk',
      'count_values',
      'quantile',
    ]);
    const base = { kind: 'aggregate', op, grouping: this.#grouping(), param: undefined, at } as const;
    const inner = (): Expr => this.vector(depth - 1);
    if (op === 'topk' || op === 'bottomk') {
      const expr = this.#distinct();
      // Prometheus takes an aggregation of a fixed instant for fixed, whatever its parameter does.
      const fixed = anyNode(expr, (node) => 'atMs' in node && node.atMs !== undefined);
      return { ...base, param: fixed ? number(2) : this.#ranks(), expr };
    }
    if (op === 'quantile') return { ...base, param: number(random.pick([0.5, 0.9, 0, 1, -1, 2])), expr: inner() };
    if (op === 'count_values') {
      // In a range Prometheus 2.42 forgets grouping labels that sort after the new one, so they are not put to the test.
      const ordered = base.grouping.without || base.grouping.labels.length === 0;
      const label = text(ordered ? random.pick(['value', 'job', 'cluster']) : 'zz_value');
      return { ...base, param: label, expr: this.selector(random.pick(['up', 'load', 'special', 'only_beta'])) };
    }
    return { ...base, expr: inner() };
  }

  #ranks(): Expr {
    const random = this.#random;
    return random.chance(0.1) ? call('scalar', this.#sum('up', [])) : number(random.pick([1, 2, 3, 0, 2.7, 100]));
  }

  /** A vector whose values differ, for the choice among equals is nobody's promise. */
  #distinct(): Expr {
    const random = this.#random;
    if (random.chance(0.5)) return this.selector(random.pick(['load', 'memory']));
    return this.#sum('load', random.some(LABELS, 0.4));
  }

  #sum(metric: string, labels: readonly string[]): Aggregate {
    const grouping: Grouping = { without: false, labels };
    return { kind: 'aggregate', op: 'sum', grouping, param: undefined, expr: this.selector(metric), at };
  }

  #binary(op: BinaryOp, lhs: Expr, rhs: Expr, bool: boolean, matching: Matching = NO_MATCHING): Expr {
    const comparison = ['==', '!=', '>', '<', '>=', '<='].includes(op);
    return { kind: 'binary', op, bool: bool && comparison, matching, lhs, rhs, at };
  }

  #vectorPair(depth: number): Expr {
    const random = this.#random;
    const op = random.pick(['+', '-', '*', '/', '/', '>', '<=', '==', '!=', 'and', 'or', 'unless', '^', '%'] as const);
    const set = ['and', 'or', 'unless'].includes(op);
    const bool = random.chance(0.3);
    if (random.chance(0.25) && !set) {
      const included = random.pick([['node'], ['node', 'cluster'], []]);
      const on = random.pick([['pod'], ['pod', 'cluster']]).filter((label) => !included.includes(label));
      const joined = this.#binary(op, this.selector('load'), this.selector('pod_info'), bool, {
        on: true,
        labels: on,
        card: 'group_left',
        include: included,
      });
      return joined;
    }
    const labels = random.some(LABELS, 0.35);
    if (random.chance(0.6)) {
      // Both sides grouped alike, so that they match.
      const grouping: Grouping = { without: false, labels };
      const side = (expr: Expr, op2: string): Expr => ({
        kind: 'aggregate',
        op: op2,
        grouping,
        param: undefined,
        expr,
        at,
      });
      const lhs = side(this.vector(depth - 2), random.pick(['sum', 'avg', 'max', 'count']));
      const rhs = side(this.vector(depth - 2), random.pick(['sum', 'count', 'min']));
      const card = set || random.chance(0.7) ? 'one_to_one' : random.pick(['group_left', 'group_right'] as const);
      // 2.42 keeps the metric name in atan2, so it is put to the test where there is none.
      const own = !set && random.chance(0.1) ? 'atan2' : op;
      return this.#binary(
        own,
        lhs,
        rhs,
        bool,
        card === 'one_to_one' ? NO_MATCHING : { on: true, labels, card, include: [] },
      );
    }
    const card = set || random.chance(0.7) ? 'one_to_one' : random.pick(['group_left', 'group_right'] as const);
    const matching: Matching = random.chance(0.4) ? { on: random.chance(0.6), labels, card, include: [] } : NO_MATCHING;
    return this.#binary(op, this.vector(depth - 1), this.vector(depth - 1), bool, matching);
  }

  #withScalar(depth: number): Expr {
    const random = this.#random;
    const op = random.pick(['+', '-', '*', '/', '%', '^', '>', '<', '>=', '<=', '==', '!='] as const);
    const [vector, scalar] = [this.vector(depth - 1), this.scalar(1)];
    return random.chance(0.7)
      ? this.#binary(op, vector, scalar, random.chance(0.3))
      : this.#binary(op, scalar, vector, random.chance(0.3));
  }

  #math(expr: Expr): Expr {
    const random = this.#random;
    // Dates of NaN and infinities depend on the processor a server runs on.
    if (random.chance(0.2))
      return call(random.pick(['hour', 'day_of_year', 'minute', 'month']), this.selector(random.pick(['load', 'up'])));
    const func = random.pick([
      'abs',
      'ceil',
      'floor',
      'sqrt',
      'ln',
      'log2',
      'exp',
      'sgn',
      'clamp',
      'clamp_min',
      'clamp_max',
      'round',
      'timestamp',
      'sin',
      'deg',
    ]);
    if (func === 'clamp') return call(func, expr, this.scalar(1), this.scalar(1));
    if (func === 'clamp_min' || func === 'clamp_max') return call(func, expr, this.scalar(1));
    if (func === 'round')
      return random.chance(0.5) ? call(func, expr) : call(func, expr, number(random.pick([0.25, 10])));
    return call(func, expr);
  }

  #buckets(): Expr {
    const random = this.#random;
    const bucket = this.selector('latency_seconds_bucket', random.chance(0.7));
    const read = bucket.rangeMs === undefined ? bucket : call(random.pick(['rate', 'increase']), bucket);
    if (random.chance(0.15)) return read;
    const labels = [...new Set([...random.some(LABELS, 0.3), ...(random.chance(0.95) ? ['le'] : [])])];
    return { kind: 'aggregate', op: 'sum', grouping: { without: false, labels }, param: undefined, expr: read, at };
  }

  #absent(depth: number): Expr {
    const random = this.#random;
    if (random.chance(0.5))
      return call('absent', random.chance(0.6) ? this.selector(random.pick(GAUGES)) : this.vector(depth - 1));
    return call(
      'absent_over_time',
      random.chance(0.8) ? this.selector(random.pick(GAUGES), true) : this.#subquery(depth),
    );
  }

  #labels(expr: Expr): Expr {
    const random = this.#random;
    if (random.chance(0.3))
      return call('label_join', expr, text('joined'), text('-'), text('job'), text(random.pick(['cluster', 'pod'])));
    const target = random.pick(['extra', 'job', 'pod', 'cluster']);
    const source = random.pick(['job', 'cluster', 'pod', 'nothing']);
    const [pattern, replacement] = random.pick([
      ['(.*)', '$1-x'],
      ['a(.+)', '${1}'],
      ['(?P<first>.).*', '$first'],
      ['.+', ''],
    ] as const);
    return call('label_replace', expr, text(target), text(replacement), text(source), text(pattern));
  }

  #subquery(depth: number): Expr {
    const random = this.#random;
    const expr = this.vector(depth - 1);
    const shift = this.#shift(0.1);
    // Prometheus 2.42 gives nothing for a fixed instant inside another one.
    const fixed = anyNode(expr, (node) => 'atMs' in node && node.atMs !== undefined);
    const rangeMs = random.pick([300_000, 130_000]);
    const stepMs = random.pick([30_000, 60_000, 45_000]);
    return { kind: 'subquery', expr, rangeMs, stepMs, ...shift, ...(fixed ? { atMs: undefined } : {}), at };
  }

  #overSubquery(depth: number): Expr {
    const random = this.#random;
    const func = random.pick([
      'avg_over_time',
      'max_over_time',
      'min_over_time',
      'sum_over_time',
      'count_over_time',
      'last_over_time',
      'stddev_over_time',
      'stdvar_over_time',
      'changes',
      'delta',
      'deriv',
      'idelta',
      'present_over_time',
      'quantile_over_time',
      'predict_linear',
      'rate',
    ]);
    const subquery = this.#subquery(depth);
    if (func === 'quantile_over_time') return call(func, number(0.4), subquery);
    if (func === 'predict_linear') return call(func, subquery, number(120));
    return call(func, subquery);
  }
}

const NO_MATCHING: Matching = { on: false, labels: [], card: 'one_to_one', include: [] };

function number(value: number): Expr {
  return { kind: 'number', value, at };
}

function text(value: string): Expr {
  return { kind: 'string', value, at };
}

function call(func: string, ...args: Expr[]): Expr {
  return { kind: 'call', func, args, at };
}
