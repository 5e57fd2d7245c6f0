import { describe, expect, it } from 'vitest';
import type { GridSeries } from './vector.ts';
import { applyWindow } from './window-functions.ts';

const inner = { startMs: 0, stepMs: 1000, count: 11 };
const outer = { startMs: 5000, stepMs: 5000, count: 2 };

/** Its value is its time in seconds. */
const clock: GridSeries = {
  labels: { __name__: 'clock', job: 'a' },
  values: Float64Array.from({ length: 11 }, (_, k) => k),
  present: new Uint8Array(11).fill(1),
};

function over(func: string, more: { leftOpen?: boolean; offsetMs?: number; atMs?: number } = {}) {
  const { leftOpen = false, offsetMs = 0, atMs } = more;
  const request = { func, rangeMs: 3000, offsetMs, atMs, leftOpen, at: 0 };
  const [series] = applyWindow(request, [clock], inner, outer, undefined);
  return { labels: series?.labels, values: [...(series?.values ?? [])] };
}

describe('windows over a subquery', () => {
  it('hold their first instant in Prometheus 2 and leave it out in 3', () => {
    expect(over('count_over_time').values).toEqual([4, 4]);
    expect(over('count_over_time', { leftOpen: true }).values).toEqual([3, 3]);
    expect(over('min_over_time').values).toEqual([2, 7]);
    expect(over('min_over_time', { leftOpen: true }).values).toEqual([3, 8]);
  });

  it('move with offset and stand still with @', () => {
    expect(over('max_over_time', { offsetMs: 2000 }).values).toEqual([3, 8]);
    expect(over('max_over_time', { atMs: 4000 }).values).toEqual([4, 4]);
  });

  it('keep the name only where the value is a sample', () => {
    expect(over('last_over_time').labels).toEqual({ __name__: 'clock', job: 'a' });
    expect(over('sum_over_time').labels).toEqual({ job: 'a' });
  });

  it('fit a line through what grows steadily', () => {
    expect(over('deriv').values).toEqual([1, 1]);
    expect(over('delta').values).toEqual([3, 3]);
  });
});
