import { describe, expect, it } from 'vitest';
import { labelReplace } from './label-functions.ts';
import { safePattern } from './safe-pattern.ts';
import { printPlain, printSample, readSample } from './sample-text.ts';

describe('safePattern', () => {
  it.each([['api|db'], ['(?i)EDGE-.*'], ['[a-z]+-[0-9]{1,3}'], ['(a|b)c'], ['(?P<x>a)b'], ['edge\\-\\d+']])(
    'runs %s',
    (regex) => {
      expect(() => safePattern(regex, 0)).not.toThrow();
    },
  );

  it.each([
    ['(a+)+'],
    ['((a+))+'],
    ['((a)+b)*'],
    ['.{1,90}.{1,90}.{1,90}.{1,90}x'],
    ['(a|aa)*'],
    ['(.*)*x'],
    ['.*.*.*.*.*x'],
    ['(?s).*'],
    ['\\pL'],
    ['a(?=b)'],
    ['[[:alpha:]]'],
    ['('],
  ])('refuses %s, which could run away or means something else to RE2', (regex) => {
    expect(() => safePattern(regex, 3)).toThrow(expect.objectContaining({ code: 'QUERY_REFUSED' }));
  });

  it('matches the whole text', () => {
    expect(safePattern('a|b', 0).exec('ab')).toBeNull();
    expect(safePattern('(?i)A.', 0).exec('ab')?.[0]).toBe('ab');
  });

  it.each([['(a|a)'.repeat(30)], [`${'a?'.repeat(40)}b`]])('gives up on %s before it begins', (regex) => {
    expect(() => safePattern(regex, 0).exec('a'.repeat(30))).toThrow(
      expect.objectContaining({ code: 'QUERY_REFUSED' }),
    );
  });

  it.each([['([^:]+)(:[0-9]+)?'], ['(api|db)-(.*)-(.*)'], ['([^.]+)\\.([^.]+)\\.(.+)']])(
    'runs %s over the labels of many series',
    (regex) => {
      const pattern = safePattern(regex, 0);
      const run = () => {
        for (let i = 0; i < 2000; i += 1) pattern.exec(`10.128.${i}.7:9100-and-some-more`);
      };
      expect(run).not.toThrow();
    },
  );

  it('gives up when all texts together are too much', () => {
    const pattern = safePattern('.*.*.*x', 5);
    expect(pattern.exec('a'.repeat(100))).toBeNull();
    expect(() => pattern.exec('a'.repeat(2000))).toThrow(expect.objectContaining({ code: 'QUERY_REFUSED' }));
  });
});

describe('labelReplace', () => {
  it('expands groups as Go does and takes an empty label away', () => {
    const one = { labels: { pod: 'web-7' }, values: new Float64Array(1), present: Uint8Array.of(1) };
    const replaced = (replacement: string, target = 'app') =>
      labelReplace([one], [target, replacement, 'pod', '(?P<name>[a-z]+)-([0-9]+)'], 1, 0)[0]?.labels;
    expect(replaced('${name}/$2/$$/$9')).toEqual({ pod: 'web-7', app: 'web/7/$/' });
    expect(replaced('', 'pod')).toEqual({});
  });
});

describe('sample texts', () => {
  it('read and write as Prometheus does', () => {
    for (const text of ['NaN', '+Inf', '-Inf', '-0', '0.1', '1e-07', '1e+21', '123456789.12345679', '5e-324'])
      expect(printSample(readSample(text) ?? 0)).toBe(text);
    expect(readSample('')).toBeUndefined();
    expect([1e-7, -1.5e21, 1.25e-8, 3].map(printPlain)).toEqual([
      '0.0000001',
      '-1500000000000000000000',
      '0.0000000125',
      '3',
    ]);
  });
});
