import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asAppError } from '../../model/errors.ts';
import { escapeRegex, formatSelector, injectMatchers, parseLogql, quoteLogql } from './logql.ts';

function refusal(query: string): { code: string; position: unknown } {
  try {
    parseLogql(query);
  } catch (thrown) {
    const error = asAppError(thrown);
    return { code: error.code, position: error.details['position'] };
  }
  throw new Error('it was accepted');
}

describe('LogQL', () => {
  it('tells lines from numbers, and what is matched and filtered', () => {
    expect(parseLogql('{app="x", pod!~"y.*"} |= "err" != `a"b` | json | level="error"')).toEqual({
      kind: 'LOG',
      selectors: [
        [
          { name: 'app', op: '=', value: 'x' },
          { name: 'pod', op: '!~', value: 'y.*' },
        ],
      ],
      lineFilters: [
        { op: '|=', value: 'err' },
        { op: '!=', value: 'a"b' },
      ],
      selector: false,
      matchesCluster: false,
    });
    expect(parseLogql('sum by (app) (rate({cluster="a"} [5m])) / sum(rate({b="c"}[1m]))')).toMatchObject({
      kind: 'METRIC',
      selectors: [[{ name: 'cluster' }], [{ name: 'b' }]],
      matchesCluster: true,
    });
    expect(parseLogql('{a="b"} # {c="d"}')).toMatchObject({
      kind: 'LOG',
      selector: true,
      selectors: [[{ name: 'a' }]],
    });
    expect(parseLogql('({a="b"} |= "x")')).toMatchObject({ kind: 'LOG', selector: false });
    expect(parseLogql('({a="b"})')).toMatchObject({ kind: 'LOG' });
    expect(parseLogql('vector(1)')).toMatchObject({ kind: 'METRIC', selectors: [] });
  });

  it.each([
    ['', 0],
    ['{', 1],
    ['{}', 1],
    ['{a="b"', 6],
    ['{a="b"} |= ', 11],
    ['rate({a="b"}[5m)', 15],
    ['error in checkout', 0],
  ])('refuses %j at position %i', (query, position) => {
    expect(refusal(query)).toEqual({ code: 'INVALID_LOGQL', position });
  });

  it('puts matchers into every selector and nowhere else', () => {
    const shop = [{ name: 'namespace', op: '=' as const, value: 'shop' }];
    expect(injectMatchers('sum(rate({a="{b=\\"c\\"}"}[5m])) / count(rate({ d="e" }[1m])) # {x="y"}', shop)).toBe(
      'sum(rate({namespace="shop", a="{b=\\"c\\"}"}[5m])) / count(rate({namespace="shop",  d="e" }[1m])) # {x="y"}',
    );
  });

  it('puts matchers into queries with any values so that the result parses to them', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.constantFrom('=', '!=', '=~', '!~'), (value, old, op) => {
        const query = `{a=${quoteLogql(old)}} |= ${quoteLogql(old)}`;
        const [matchers = []] = parseLogql(injectMatchers(query, [{ name: 'ns', op, value }])).selectors;
        expect(matchers).toEqual([
          { name: 'ns', op, value },
          { name: 'a', op: '=', value: old },
        ]);
      }),
    );
  });

  it('never fails otherwise than as INVALID_LOGQL, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[{}()[\]|="a~5m ,!]{0,30}$/)), (text) => {
        try {
          parseLogql(text);
        } catch (thrown) {
          expect(asAppError(thrown).code).toBe('INVALID_LOGQL');
        }
      }),
    );
  });

  it('writes selectors and patterns that mean the text itself', () => {
    expect(formatSelector([{ name: 'a', op: '=~', value: `${escapeRegex('x.y')}-.*` }])).toBe('{a=~"x\\\\.y-.*"}');
  });
});
