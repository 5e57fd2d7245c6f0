import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate, quantileOf, rank } from './aggregate.ts';
import { pooledMean, pooledSpread } from './pooled.ts';
import type { GridSeries } from './vector.ts';

const ALL = { without: false, labels: [] };

function series(name: string, cluster: string, ...values: (number | undefined)[]): GridSeries {
  return {
    labels: { name, cluster },
    values: Float64Array.from(values, (v) => v ?? 0),
    present: Uint8Array.from(values, (v) => (v === undefined ? 0 : 1)),
  };
}

const samples = fc.array(
  fc.record({
    cluster: fc.constantFrom('a', 'b', 'c'),
    value: fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e6, max: 1e6 }),
  }),
  { minLength: 1, maxLength: 30 },
);

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)) * 1e3;

describe('pooled aggregates', () => {
  it('equal those of all samples together, however they are spread over clusters', () => {
    fc.assert(
      fc.property(samples, (list) => {
        const all = list.map(({ cluster, value }, i) => series(String(i), cluster, value));
        const within = { without: false, labels: ['cluster'] };
        const part = (op: string) => aggregate(op, all, within, 1, 0);
        const whole = (op: string) => aggregate(op, all, ALL, 1, 0)[0]?.values[0] ?? NaN;
        const mean = pooledMean(part('count'), part('avg'), ALL, 1)[0]?.values[0] ?? NaN;
        expect(close(mean, whole('avg'))).toBe(true);
        const [counts, means, variances] = [part('count'), part('avg'), part('stdvar')];
        const variance = pooledSpread('stdvar', [counts, means, variances], ALL, 1)[0]?.values[0] ?? NaN;
        expect(Math.abs(variance - whole('stdvar'))).toBeLessThanOrEqual(1e-9 * Math.max(1, mean ** 2, variance));
        for (const op of ['min', 'max']) expect(aggregate(op, part(op), ALL, 1, 0)[0]?.values[0]).toBe(whole(op));
      }),
    );
  });

  it('of equal means have exactly that mean and no spread', () => {
    const counts = [series('x', 'a', 3), series('x', 'b', 7)];
    const means = [series('x', 'a', 0.1), series('x', 'b', 0.1)];
    const none = [series('x', 'a', 0), series('x', 'b', 0)];
    expect(pooledMean(counts, means, ALL, 1)[0]?.values[0]).toBe(0.1);
    expect(pooledSpread('stddev', [counts, means, none], ALL, 1)[0]?.values[0]).toBe(0);
  });

  it('of infinite means are what one server says of them', () => {
    const counts = [series('x', 'a', 1, 1), series('x', 'b', 1, undefined)];
    const means = [series('x', 'a', Infinity, Infinity), series('x', 'b', 5, undefined)];
    const spreads = [series('x', 'a', 0, 0), series('x', 'b', 0, undefined)];
    expect([...(pooledMean(counts, means, ALL, 2)[0]?.values ?? [])]).toEqual([Infinity, Infinity]);
    expect([...(pooledSpread('stdvar', [counts, means, spreads], ALL, 2)[0]?.values ?? [])]).toEqual([NaN, 0]);
  });

  it('do not overflow where the average itself does not', () => {
    const huge = [series('x', 'a', 1.7e308), series('x', 'b', 1.7e308)];
    const counts = [series('x', 'a', 2), series('x', 'b', 2)];
    expect(pooledMean(counts, huge, ALL, 1)[0]?.values[0]).toBe(1.7e308);
  });
});

describe('aggregate', () => {
  it('treats NaN, infinities and missing samples as Prometheus does', () => {
    const two = [series('x', 'a', NaN, Infinity, undefined), series('y', 'a', 3, -Infinity, 5)];
    expect([...(aggregate('min', two, ALL, 3, 0)[0]?.values ?? [])]).toEqual([3, -Infinity, 5]);
    expect([...(aggregate('max', two, ALL, 3, 0)[0]?.values ?? [])]).toEqual([3, Infinity, 5]);
    expect([...(aggregate('sum', two, ALL, 3, 0)[0]?.values ?? [])]).toEqual([NaN, NaN, 5]);
    expect([...(aggregate('count', two, ALL, 3, 0)[0]?.values ?? [])]).toEqual([2, 2, 1]);
  });
});

describe('rank', () => {
  it('keeps the k best of each instant, NaN only where nothing else is left', () => {
    const three = [series('x', 'a', 1, NaN), series('y', 'a', 3, 7), series('z', 'b', 2, NaN)];
    const kept = rank('topk', Float64Array.of(2, 2), three, ALL, 2, 0);
    expect(kept.map(({ labels, present }) => [labels['name'], [...present]])).toEqual([
      ['x', [0, 1]],
      ['y', [1, 1]],
      ['z', [1, 0]],
    ]);
  });

  it('orders a single instant by rank', () => {
    const three = [series('x', 'a', 1), series('y', 'a', 3), series('z', 'b', 2)];
    const names = (op: 'topk' | 'bottomk') =>
      rank(op, Float64Array.of(5), three, ALL, 1, 0).map((one) => one.labels['name']);
    expect(names('topk')).toEqual(['y', 'z', 'x']);
    expect(names('bottomk')).toEqual(['x', 'z', 'y']);
  });
});

describe('quantileOf', () => {
  it('interpolates between neighbours, and knows its edges', () => {
    expect(quantileOf(0.5, Float64Array.of(4, 1, 3, 2))).toBe(2.5);
    expect(quantileOf(1, Float64Array.of(NaN, 3, NaN))).toBe(3);
    expect(quantileOf(0, Float64Array.of(3, NaN))).toBeNaN();
    expect(quantileOf(-1, Float64Array.of(1))).toBe(-Infinity);
    expect(quantileOf(2, Float64Array.of(1))).toBe(Infinity);
    expect(quantileOf(NaN, Float64Array.of(1))).toBeNaN();
  });
});
