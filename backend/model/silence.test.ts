import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMatcher, parseMatcher, requireNarrow } from './silence.ts';

describe('silence matchers', () => {
  it.each([
    ['alertname="Down"', { name: 'alertname', value: 'Down', is_regex: false, is_equal: true }],
    ['namespace=~"a|b"', { name: 'namespace', value: 'a|b', is_regex: true, is_equal: true }],
    [' pod != "x y" ', { name: 'pod', value: 'x y', is_regex: false, is_equal: false }],
    ['a!~b.*', { name: 'a', value: 'b.*', is_regex: true, is_equal: false }],
    ['a="q\\"\\\\n\\n"', { name: 'a', value: 'q"\\n\n', is_regex: false, is_equal: true }],
  ])('reads %s', (text, matcher) => {
    expect(parseMatcher(text, 'matchers.0')).toEqual(matcher);
  });

  it.each(['', 'alertname', '="x"', 'a==b', 'a="x', 'a="x" b="y"', '{a="x"}', '1a="x"'])('refuses %s', (text) => {
    expect(() => parseMatcher(text, 'matchers.0')).toThrow(/^matchers\.0: .* is no matcher/);
  });

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), fc.boolean(), (value, is_regex, is_equal) => {
        const matcher = { name: 'label_1', value, is_regex, is_equal };
        expect(parseMatcher(formatMatcher(matcher), 'm')).toEqual(matcher);
      }),
    );
  });

  it('wants an equality with a value', () => {
    const narrow =
      (...texts: string[]) =>
      () =>
        requireNarrow(texts.map((text) => parseMatcher(text, 'm')));
    expect(narrow('alertname="Down"', 'pod!~"x"')).not.toThrow();
    for (const wide of [[], ['alertname=~".+"'], ['alertname!="Down"'], ['alertname=""'], ['a=~"b"', 'c!="d"']])
      expect(narrow(...wide)).toThrow(/at least one must be/);
  });

  it('reads a long text without end in no time', () => {
    const started = performance.now();
    expect(() => parseMatcher(`a="${'\\\\'.repeat(100_000)}`, 'm')).toThrow(/is no matcher/);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
