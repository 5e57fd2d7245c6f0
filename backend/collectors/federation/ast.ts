/** A PromQL expression. Parentheses are not kept: the printer writes those that are needed. `at` is the 0-based offset in the query. */
export type Expr = NumberLiteral | StringLiteral | Selector | Subquery | Call | Aggregate | Binary | Unary;

export interface NumberLiteral {
  readonly kind: 'number';
  readonly value: number;
  readonly at: number;
}

export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
  readonly at: number;
}

export type MatchOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  readonly op: MatchOp;
  readonly value: string;
}

/** Where in time something is read: `offset` and `@`. Milliseconds; `start` and `end` are those of the whole query. */
export interface TimeShift {
  readonly offsetMs: number;
  readonly atMs: number | 'start' | 'end' | undefined;
}

/** An instant selector, or a range selector when it has a range. The metric name is a matcher on `__name__`. */
export interface Selector extends TimeShift {
  readonly kind: 'selector';
  readonly matchers: readonly Matcher[];
  readonly rangeMs: number | undefined;
  readonly at: number;
}

export interface Subquery extends TimeShift {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly rangeMs: number;
  /** Undefined = the server's own evaluation interval. */
  readonly stepMs: number | undefined;
  readonly at: number;
}

export interface Call {
  readonly kind: 'call';
  readonly func: string;
  readonly args: readonly Expr[];
  readonly at: number;
}

export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly op: string;
  readonly grouping: Grouping;
  readonly param: Expr | undefined;
  readonly expr: Expr;
  readonly at: number;
}

export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
  readonly card: 'one_to_one' | 'group_left' | 'group_right';
  readonly include: readonly string[];
}

export const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'] as const;
export const COMPARISONS = ['==', '!=', '>', '<', '>=', '<='] as const;
export const SET_OPERATORS = ['and', 'or', 'unless'] as const;
export type Arithmetic = (typeof ARITHMETIC)[number];
export type Comparison = (typeof COMPARISONS)[number];
export type SetOperator = (typeof SET_OPERATORS)[number];
export type BinaryOp = Arithmetic | Comparison | SetOperator;

export interface Binary {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly bool: boolean;
  readonly matching: Matching;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly at: number;
}

export interface Unary {
  readonly kind: 'unary';
  readonly op: '-' | '+';
  readonly expr: Expr;
  readonly at: number;
}

export const METRIC_NAME = '__name__';
/** Vectors are matched on all labels unless the query says otherwise. */
export const DEFAULT_MATCHING: Matching = { on: false, labels: [], card: 'one_to_one', include: [] };

export function isComparison(op: BinaryOp): op is Comparison {
  return COMPARISONS.some((one) => one === op);
}

export function isSetOperator(op: BinaryOp): op is SetOperator {
  return SET_OPERATORS.some((one) => one === op);
}

export function isArithmetic(op: BinaryOp): op is Arithmetic {
  return ARITHMETIC.some((one) => one === op);
}

/** The direct parts of an expression, the parameter of an aggregation included. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'subquery':
    case 'unary':
      return [expr.expr];
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
    case 'binary':
      return [expr.lhs, expr.rhs];
  }
}

/** The same expression with `change` applied to every selector and subquery shift, innermost first. */
export function mapNodes(expr: Expr, change: (node: Expr) => Expr): Expr {
  const inner = (one: Expr): Expr => mapNodes(one, change);
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return change(expr);
    case 'subquery':
    case 'unary':
      return change({ ...expr, expr: inner(expr.expr) });
    case 'call':
      return change({ ...expr, args: expr.args.map(inner) });
    case 'aggregate':
      return change({ ...expr, param: expr.param && inner(expr.param), expr: inner(expr.expr) });
    case 'binary':
      return change({ ...expr, lhs: inner(expr.lhs), rhs: inner(expr.rhs) });
  }
}

export function anyNode(expr: Expr, test: (node: Expr) => boolean): boolean {
  return test(expr) || childrenOf(expr).some((child) => anyNode(child, test));
}
