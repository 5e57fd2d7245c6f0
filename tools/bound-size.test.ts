import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundSize } from './bound-size.ts';

describe('boundSize', () => {
  it('returns a value that fits untouched', () => {
    const value = { list: [1, 2, 3] };
    expect(boundSize(value, 1000)).toEqual({ value, omitted: [] });
  });

  it('leaves every value alone that fits to the character', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(boundSize(value, JSON.stringify(value).length)).toEqual({ value, omitted: [] });
      }),
    );
  });

  it('cuts millions of samples without holding up everybody else', () => {
    const values = Array.from({ length: 2_000 }, (_, i) => [1_700_000_000 + i, String(i / 3)]);
    const results = Array.from({ length: 500 }, () => ({ values }));
    const startedMs = performance.now();
    const { omitted } = boundSize({ results }, 1_000_000);
    expect(omitted).toHaveLength(500);
    expect(performance.now() - startedMs).toBeLessThan(5_000); // a tenth of it on a quiet machine
  });

  it('shortens long lists and says by how much', () => {
    const value = { name: 'x', list: Array.from({ length: 1000 }, (_, i) => `item-${i}`) };
    const { value: cut, omitted } = boundSize(value, 500);
    expect(JSON.stringify(cut).length).toBeLessThanOrEqual(500);
    expect(cut.name).toBe('x');
    expect(omitted).toEqual([{ path: '$.list', kept: cut.list.length, total: 1000 }]);
  });

  it('shares the room fairly between siblings', () => {
    const samples = (n: number) => ({ values: Array.from({ length: n }, (_, i) => [i, String(i)]) });
    const { value: cut } = boundSize({ results: [samples(5), samples(4000), samples(4000)] }, 4000);
    expect(cut.results.map((r) => r.values.length)).toEqual([5, expect.any(Number), expect.any(Number)]);
    expect(cut.results[1]?.values.length).toBeGreaterThan(50);
    expect(Math.abs((cut.results[1]?.values.length ?? 0) - (cut.results[2]?.values.length ?? 0))).toBeLessThan(20);
  });

  it('never cuts a tuple of primitives', () => {
    const { value: cut } = boundSize({ rows: Array.from({ length: 500 }, (_, i) => [i, 'v'.repeat(20)]) }, 300);
    for (const row of cut.rows) expect(row).toHaveLength(2);
  });

  it('never cuts a native histogram at its time', () => {
    const histogram = {
      count: '12',
      sum: '18.4',
      buckets: Array.from({ length: 50 }, (_, i) => [0, String(i), String(i + 1), '1']),
    };
    const { value: cut } = boundSize({ histograms: Array.from({ length: 40 }, (_, i) => [i, histogram]) }, 3000);
    expect(cut.histograms.length).toBeGreaterThan(0);
    for (const tuple of cut.histograms) expect(tuple).toHaveLength(2);
  });

  it('keeps the newest samples of a series, and the size it promises', () => {
    const series = (n: number) => ({
      metric: { pod: `p${n}` },
      values: Array.from({ length: 361 }, (_, i) => [i, String(i)]),
    });
    const { value: cut } = boundSize({ data: Array.from({ length: 200 }, (_, n) => series(n)) }, 20_000);
    expect(JSON.stringify(cut).length).toBeLessThanOrEqual(20_000);
    for (const { values } of cut.data) expect(values.at(-1)).toEqual([360, '360']);
  });

  it('keeps keys, order and prefixes of every list', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ a: fc.string(), b: fc.array(fc.nat()) })),
        fc.integer({ min: 50, max: 2000 }),
        (list, limit) => {
          const { value: cut, omitted } = boundSize({ list }, limit);
          expect(
            cut.list.every((item, i) => item.a === list[i]?.a && item.b.every((n, j) => n === list[i]?.b[j])),
          ).toBe(true);
          const whole = JSON.stringify(cut) === JSON.stringify({ list });
          expect(omitted.length === 0).toBe(whole);
        },
      ),
    );
  });
});
