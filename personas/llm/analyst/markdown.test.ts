import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, code, outcomeLines, significant } from './markdown.ts';

describe('numbers in answers', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [13207024435.2, '12.3 GiB'],
    [1.5 * 1024 ** 5, '1.5 PiB'],
  ])('writes %d bytes as %s', (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it('rounds to three significant digits and never further than half a percent', () => {
    expect([0.123456, 1234.5, 12.345, 0].map(significant)).toEqual(['0.123', '1235', '12.3', '0']);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
        (value) => Math.abs(Number(significant(value)) - value) <= value * 0.0051,
      ),
    );
  });
});

describe('text of monitored systems in answers', () => {
  it('cannot leave its code span', () => {
    expect(code('a`](http://x)\n# big')).toBe('`a ](http://x) # big`');
    expect(code('x'.repeat(200))).toHaveLength(122);
  });
});

describe('outcomes in answers', () => {
  it('tells failed clusters from those that have no endpoint', () => {
    const one = (cluster_name: string, status: 'SUCCESS' | 'ERROR' | 'PARTIAL' | 'SKIPPED') => ({
      cluster_id: crypto.randomUUID(),
      cluster_name,
      status,
      query_time_ms: 1,
      cached: false,
      ...(status === 'ERROR' ? { error: { code: 'X', message: 'refused' } } : {}),
    });
    expect(outcomeLines([one('a', 'SUCCESS'), one('b', 'ERROR'), one('c', 'SKIPPED')], 'E2', 'Prometheus')).toEqual([
      '**Partial answer:** 1 of 2 clusters answered [E2]; what follows is a lower bound.',
      '- b: `refused` [E2]',
      'Without Prometheus and therefore not asked: c [E2].',
    ]);
    expect(outcomeLines([one('a', 'SUCCESS'), one('d', 'PARTIAL')], 'E2', 'Prometheus')[0]).toContain(
      '2 of 2 clusters answered, 1 in part [E2]',
    );
    expect(outcomeLines([one('a', 'SUCCESS')], 'E2', 'Prometheus')).toEqual([]);
  });
});
