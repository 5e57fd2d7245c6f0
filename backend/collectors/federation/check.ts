import { type Binary, type Call, type Expr, METRIC_NAME, childrenOf, isComparison, isSetOperator } from './ast.ts';
import { AGGREGATION_PARAMETERS, type ValueType, functionNamed } from './functions.ts';
import { invalidPromql } from './refusals.ts';

const WORDS: Readonly<Record<ValueType, string>> = {
  scalar: 'a scalar',
  vector: 'an instant vector',
  matrix: 'a range vector',
  string: 'a string',
};

/** The type of an expression that `checkTypes` let pass. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
      return expr.rangeMs === undefined ? 'vector' : 'matrix';
    case 'subquery':
      return 'matrix';
    case 'call':
      return functionNamed(expr.func)?.returns ?? 'vector';
    case 'aggregate':
      return 'vector';
    case 'binary':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
      return typeOf(expr.expr);
  }
}

/** Throws INVALID_PROMQL for what Prometheus's own type checker refuses, whatever its words. */
export function checkTypes(expr: Expr): void {
  for (const child of childrenOf(expr)) checkTypes(child);
  switch (expr.kind) {
    case 'number':
    case 'string':
      return;
    case 'selector':
      if (!expr.matchers.some(refusesEmpty))
        throw invalidPromql('a selector must have a matcher that does not match the empty text', expr.at);
      return;
    case 'subquery':
      requireType(expr.expr, 'vector', 'a subquery');
      return;
    case 'call':
      checkCall(expr);
      return;
    case 'aggregate': {
      const wanted = AGGREGATION_PARAMETERS.get(expr.op);
      if ((expr.param === undefined) !== (wanted === undefined))
        throw invalidPromql(`${expr.op} takes ${wanted === undefined ? 'one argument' : 'two arguments'}`, expr.at);
      if (expr.param && wanted) requireType(expr.param, wanted, expr.op);
      requireType(expr.expr, 'vector', expr.op);
      return;
    }
    case 'binary':
      checkBinary(expr);
      return;
    case 'unary':
      if (!['scalar', 'vector'].includes(typeOf(expr.expr)))
        throw invalidPromql('a sign needs a scalar or an instant vector', expr.at);
  }
}

function refusesEmpty({ label, op, value }: { label: string; op: string; value: string }): boolean {
  if (op === '=') return value !== '';
  if (op === '!=') return value === '';
  if (label === METRIC_NAME && op === '=~') return value !== '' && value !== '.*';
  try {
    return new RegExp(`^(?:${value})$`).test('') === (op === '!~');
  } catch {
    // A pattern only RE2 knows: the spokes check it.
    return true;
  }
}

function requireType(expr: Expr, wanted: ValueType, where: string): void {
  const found = typeOf(expr);
  if (found !== wanted) throw invalidPromql(`${where} needs ${WORDS[wanted]}, not ${WORDS[found]}`, expr.at);
}

function checkCall({ func, args, at }: Call): void {
  const known = functionNamed(func);
  if (!known) throw invalidPromql(`there is no function ${JSON.stringify(func)}`, at);
  const most = known.optional === 'many' ? Infinity : known.args.length;
  const least = known.args.length - (known.optional === 'many' ? 1 : known.optional);
  if (args.length < least || args.length > most)
    throw invalidPromql(`${func} takes ${least === most ? least : `${least} or more`} arguments`, at);
  args.forEach((arg, i) => requireType(arg, known.args[i] ?? known.args.at(-1) ?? 'vector', func));
}

function checkBinary({ op, bool, lhs, rhs, matching, at }: Binary): void {
  const types = [typeOf(lhs), typeOf(rhs)];
  if (types.some((type) => type !== 'scalar' && type !== 'vector'))
    throw invalidPromql(`${op} needs scalars or instant vectors`, at);
  const scalars = types.filter((type) => type === 'scalar').length;
  if (bool && !isComparison(op)) throw invalidPromql('bool belongs to comparisons only', at);
  if (isComparison(op) && !bool && scalars === 2) throw invalidPromql('comparisons between scalars need bool', at);
  if (isSetOperator(op) && scalars > 0) throw invalidPromql(`${op} needs two instant vectors`, at);
  const matches = matching.on || matching.labels.length > 0;
  if (matches && scalars > 0) throw invalidPromql('vector matching needs two instant vectors', at);
  if (isSetOperator(op) && matching.card !== 'one_to_one')
    throw invalidPromql(`${op} takes no group_left or group_right`, at);
  if (
    matching.on &&
    matching.card !== 'one_to_one' &&
    matching.include.some((label) => matching.labels.includes(label))
  )
    throw invalidPromql('a label is in both on and group', at);
}
