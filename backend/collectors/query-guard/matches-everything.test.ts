import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesEmpty, matchesEverything } from './matches-everything.ts';
import { parseRegex } from './regex-tree.ts';

describe('a regular expression that matches everything', () => {
  it.each([
    '.*', '.+', '(.*)', '(?:.+)', '((.+))', '.+.*', '.*.+', '.*.*', '..*', '.*|x', 'x|.*', '(a|.*)', '(.*|a)(b|)',
    '[\\s\\S]*', '[\\d\\D]+', '[\\w\\W]+', '(?s).+', '(?s:.)+', '(?i).*', '(?i)(a|.+)', '^.*$', '(^.+$)', '\\A.+\\z',
    '.{0,}', '.{1,}', '.{2,}', '.??.*', '.*?', '(.)*', '(.+)+', '(.?)+', '(a|[^a])+', '([a-z]|[^a-z])*', '[^\\n]+',
    '[^\\x00]*', '(?P<all>.*)', '(?<all>.+)', '\\P{Greek}+', '\\pL*.*', '[\\pL\\PL]+', '(..|...)*.?', '(..|...)+|.',
    '[ -~]+', '[[:print:]]+', '[[:^cntrl:]]*', '\\Q\\E.*', '|.+', '()+.+', '(a?b?.*)', '(.|..)+', '(?:){5}.+',
  ])('is %s', (regex) => expect(matchesEverything(regex)).toBe(true)); // prettier-ignore

  it.each([
    '', 'x', 'a|b', 'a.*', '.*a', '(a|b).+', 'prod-.*', '.*-eu', '[a-z]+', '\\d+', '.', '..', '.{0,9}', '[^a]*', '(a|[^b])+',
    '\\.\\*', '\\Q.*\\E', '[.*]+', '(?i)[^k]+', '.*$a', '.+\\b.+x', '\\p{Greek}+', '\\w+', '(..)*', '.{50,}', '^$', 'x{3}.{7}',
    '.*a.*', '(.*a|.*b)', '[[:alpha:]]+', '.*^a', 'a*', '(|a)+',
  ])('is not %s', (regex) => expect(matchesEverything(regex)).toBe(false)); // prettier-ignore

  it('is, of metric names, what takes all their letters', () => {
    for (const regex of ['[a-z_]+', '\\w+', '[a-zA-Z_:][a-zA-Z0-9_:]*', '[^:]+'])
      expect(matchesEverything(regex, 'name')).toBe(true);
    for (const regex of ['node_.*', '[a-z]+', '.*_total', '(up|.*_info)'])
      expect(matchesEverything(regex, 'name')).toBe(false);
  });

  it.each(['(', ')', 'a**', '*', '(?=a)', '(?<=a).*', '(?<!a).*', '(.)\\1', '[z-a]', '[a', 'a{2,1}', 'a{1001}', '\\k', '[[:nope:]]', '\\p{Nope}', '(?P<a b>.*)', '\\'])(
    'is never what is no RE2: %s',
    (regex) => {
      expect(parseRegex(regex)).toBeUndefined();
      expect(matchesEverything(regex)).toBe(false);
    },
  ); // prettier-ignore

  it('may match the empty text', () => {
    for (const regex of ['', '.*', 'a?', 'x|', '(a|)(b|)', '^$', '.{0,3}']) expect(matchesEmpty(regex)).toBe(true);
    for (const regex of ['.+', 'a', 'a|b', '..']) expect(matchesEmpty(regex)).toBe(false);
  });
});

/** Expressions that RE2 and JavaScript read alike, as text. */
const { regex: anyRegex } = fc.letrec<{ regex: string; atom: string }>((tie) => ({
  regex: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'regex' },
    tie('atom'),
    fc.tuple(tie('regex'), tie('regex')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('regex'), tie('regex')).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie('regex'), fc.constantFrom('*', '+', '?', '{0,2}', '{2}', '{1,}')).map(([a, op]) => `(?:${a})${op}`),
  ),
  atom: fc.constantFrom(
    '.',
    'a',
    'b',
    '[ab]',
    '[^a]',
    '[^ab]',
    '\\w',
    '\\W',
    '\\d',
    '\\D',
    '[\\w\\W]',
    '[a-z]',
    ' ',
    '',
  ),
}));
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' ', '-'), minLength: 3, maxLength: 8 });

describe('what is said of any regular expression', () => {
  it('holds: one that matches everything matches every text of three characters or more', () => {
    fc.assert(
      fc.property(anyRegex, fc.array(text, { minLength: 20, maxLength: 20 }), (regex, texts) => {
        const anchored = new RegExp(`^(?:${regex})$`, 's');
        if (matchesEverything(regex)) expect(texts.every((one) => anchored.test(one))).toBe(true);
        if (matchesEmpty(regex)) expect(anchored.test('')).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not change by groups, by alternatives, or by what may be empty beside it', () => {
    fc.assert(
      fc.property(anyRegex, anyRegex, fc.constantFrom('.*', '.+', '[\\s\\S]+'), (other, optional, all) => {
        for (const regex of [
          `(${all})`,
          `(?:${all}|${other})`,
          `(?:${other})|${all}`,
          `(?:${optional})?${all}`,
          `${all}(${optional})*`,
        ])
          expect(matchesEverything(regex)).toBe(true);
      }),
    );
  });

  it('is found in linear time, however the expression is nested', () => {
    const nested = `${'('.repeat(900)}.*${')'.repeat(900)}`;
    const repeated = '((a|b)*.+){900}'.repeat(600);
    const startedMs = performance.now();
    expect(matchesEverything(nested)).toBe(true);
    expect(matchesEverything(repeated)).toBe(false);
    expect(parseRegex('('.repeat(10_000))).toBeUndefined();
    expect(matchesEverything('.*'.repeat(5000))).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});
