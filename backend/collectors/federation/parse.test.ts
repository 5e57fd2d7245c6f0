import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { type Expr, mapNodes } from './ast.ts';
import { parseExpr } from './parse.ts';
import { printExpr } from './print.ts';
import { Grammar } from './test-grammar.ts';
import { Random } from './test-random.ts';

/** The tree without the places in the text. */
function placeless(expr: Expr): Expr {
  return mapNodes(expr, (node) => ({ ...node, at: 0 }));
}

function refusal(query: string): AppError {
  try {
    parseExpr(query);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error(`${query} was accepted`);
}

describe('parseExpr and printExpr', () => {
  it('are each other’s inverse for every expression the grammar makes', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const text = printExpr(new Grammar(new Random(seed), 1_700_000_000_000).expression());
        const parsed = parseExpr(text);
        expect(placeless(parseExpr(printExpr(parsed)))).toEqual(placeless(parsed));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['sum(rate(x{a="b"}[5m])) by (job)', 'sum by (job) (rate(x{a="b"}[5m]))'],
    ['-1 ^ 2', '-(1 ^ 2)'],
    ['2 ^ 3 ^ 2', '2 ^ (3 ^ 2)'],
    ['a - b - c', '(a - b) - c'],
    ['1 - -2', '1 - (-2)'],
    ['a + on (x) group_left (y) b', 'a + on (x) group_left (y) b'],
    ['a > bool b', 'a > bool b'],
    ["{__name__='up', job!~`a.*`,}", 'up{job!~"a.*"}'],
    ['{"my.metric", "label.x"="y"}', '{__name__="my.metric","label.x"="y"}'],
    ['x[1h30m] offset -5m @ 12.5', 'x[90m] @ 12.500 offset -5m'],
    ['-3', '-3'],
    ['max_over_time(sum(x)[1h:] @ end())', 'max_over_time(sum (x)[1h:] @ end())'],
    ['0x1F + 1e3 + Inf', '(31 + 1000) + Inf'],
    ['"a\\x41\\n"', '"aA\\n"'],
    ['SUM(x)', 'sum (x)'],
    ['((x)) # why', 'x'],
    ['{__name__="sum",a="b"}', '{__name__="sum",a="b"}'],
    ['sum without () (x)', 'sum without () (x)'],
  ])('reads %s', (query, printed) => {
    expect(printExpr(parseExpr(query))).toBe(printed);
  });

  it.each([
    ['rate(up)', 5, 'a range vector'],
    ['sum(1)', 4, 'an instant vector'],
    ['abs(x, 1)', 0, 'takes'],
    ['nonsense(x)', 8, 'does not parse'],
    ['1 > 2', 0, 'bool'],
    ['1 and x', 0, 'two instant vectors'],
    ['x + on (a) 1', 0, 'vector matching'],
    ['topk(x)', 0, 'two arguments'],
    ['{a=""}', 0, 'does not match the empty text'],
    ['{a=~".*"}', 0, 'does not match the empty text'],
    ['sum(x offset 5m offset 1m)', 4, 'twice'],
    ['x{a="b"', 7, 'does not parse'],
    ['x + bool y', 0, 'bool'],
    ['a and on (b) group_left () c', 0, 'group_left'],
    ['up{__name__="x"}', 0, 'twice'],
    ['x[0s]', 2, 'greater than 0'],
    ['', 0, 'does not parse'],
    ['  # nothing', 11, 'does not parse'],
  ])('refuses %s at %i', (query, position, words) => {
    const error = refusal(query);
    expect(error.code).toBe('INVALID_PROMQL');
    expect(error.details['position']).toBe(position);
    expect(error.message).toContain(words);
  });

  it.each([['a + fill(0) b'], ['x[5m] anchored'], ['x[5m + 1m]']])('says of %s that it is not known here', (query) => {
    expect(refusal(query)).toMatchObject({ code: 'QUERY_REFUSED', details: { rule: 'not_decomposable' } });
  });

  it('refuses nesting that would overflow its walk', () => {
    expect(refusal(`${'-('.repeat(200)}x${')'.repeat(200)}`).message).toContain('nested deeper');
  });
});
