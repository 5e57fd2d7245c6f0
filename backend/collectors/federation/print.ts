import { type Expr, type Grouping, METRIC_NAME, type Matcher, type Matching, type TimeShift } from './ast.ts';
import { isClassicMetricName, printDuration, printLabelName, printNumber, printString } from './literals.ts';

/** PromQL text that parses to an equal tree. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return printNumber(expr.value);
    case 'string':
      return printString(expr.value);
    case 'selector': {
      const range = expr.rangeMs === undefined ? '' : `[${printDuration(expr.rangeMs)}]`;
      return `${printSelector(expr.matchers)}${range}${printShift(expr)}`;
    }
    case 'subquery': {
      const step = expr.stepMs === undefined ? '' : printDuration(expr.stepMs);
      return `${printOperand(expr.expr)}[${printDuration(expr.rangeMs)}:${step}]${printShift(expr)}`;
    }
    case 'call':
      return `${expr.func}(${expr.args.map(printExpr).join(', ')})`;
    case 'aggregate': {
      const args = [...(expr.param ? [expr.param] : []), expr.expr].map(printExpr).join(', ');
      return `${expr.op}${printGrouping(expr.grouping)} (${args})`;
    }
    case 'binary': {
      const bool = expr.bool ? ' bool' : '';
      return `${printOperand(expr.lhs)} ${expr.op}${bool}${printMatching(expr.matching)} ${printOperand(expr.rhs)}`;
    }
    case 'unary':
      return `${expr.op}(${printExpr(expr.expr)})`;
  }
}

function printOperand(expr: Expr): string {
  const text = printExpr(expr);
  const bare = expr.kind === 'call' || expr.kind === 'aggregate' || (expr.kind === 'selector' && !isShifted(expr));
  return bare || (expr.kind === 'number' && !/^[-N]/.test(text)) ? text : `(${text})`;
}

function isShifted({ offsetMs, atMs }: TimeShift): boolean {
  return offsetMs !== 0 || atMs !== undefined;
}

/** `up{job="x"}`. A name that is not a classic one is written as a matcher, which every version reads. */
export function printSelector(matchers: readonly Matcher[]): string {
  const named = matchers.findIndex(
    ({ label, op, value }) => label === METRIC_NAME && op === '=' && isClassicMetricName(value),
  );
  const alone = matchers.filter(({ label }) => label === METRIC_NAME).length === 1;
  const name = alone ? (matchers[named]?.value ?? '') : '';
  const rest = name === '' ? matchers : matchers.toSpliced(named, 1);
  const list = rest.map(({ label, op, value }) => `${printLabelName(label)}${op}${printString(value)}`).join(',');
  return name !== '' && list === '' ? name : `${name}{${list}}`;
}

function printShift({ offsetMs, atMs }: TimeShift): string {
  const at = atMs === undefined ? '' : ` @ ${typeof atMs === 'number' ? (atMs / 1000).toFixed(3) : `${atMs}()`}`;
  return `${at}${offsetMs === 0 ? '' : ` offset ${printDuration(offsetMs)}`}`;
}

function printGrouping({ without, labels }: Grouping): string {
  if (!without && labels.length === 0) return '';
  return ` ${without ? 'without' : 'by'} (${labels.map(printLabelName).join(', ')})`;
}

function printMatching({ on, labels, card, include }: Matching): string {
  if (!on && labels.length === 0 && card === 'one_to_one') return '';
  const base = ` ${on ? 'on' : 'ignoring'} (${labels.map(printLabelName).join(', ')})`;
  return card === 'one_to_one' ? base : `${base} ${card} (${include.map(printLabelName).join(', ')})`;
}
