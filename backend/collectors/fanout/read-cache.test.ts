import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../platform/clock.ts';
import { createReadCache } from './read-cache.ts';
import { sizeOf } from './value-size.ts';

const answer = (value: unknown) => ({ value, warnings: [] });

describe('the cache of answers', () => {
  it('serves an answer while it is fresh, then as stale, then not at all', async () => {
    const clock = new ManualClock();
    const cache = createReadCache({ clock, maxBytes: 10_000 });
    cache.set('a', answer('one'), { ttlMs: 100, staleMs: 50 });
    await clock.advance(100);
    expect(cache.get('a')).toMatchObject({ value: 'one', ageMs: 100, stale: false });
    await clock.advance(50);
    expect(cache.get('a')).toMatchObject({ value: 'one', ageMs: 150, stale: true });
    await clock.advance(1);
    expect(cache.get('a')).toBeUndefined();
  });

  it('stays within its bytes by dropping what was used longest ago', () => {
    const cache = createReadCache({ clock: new ManualClock(), maxBytes: 8000 });
    for (let i = 0; i < 20; i += 1) {
      cache.set(`k${i}`, answer('x'.repeat(700)), { ttlMs: 1000 });
      cache.get('k0');
    }
    const kept = Array.from({ length: 20 }, (_, i) => `k${i}`).filter((key) => cache.get(key));
    expect(kept).toEqual(['k0', 'k12', 'k13', 'k14', 'k15', 'k16', 'k17', 'k18', 'k19']);
  });

  it('does not give all its room to one answer, and keeps nothing when it has none', () => {
    const cache = createReadCache({ clock: new ManualClock(), maxBytes: 8000 });
    cache.set('small', answer('x'), { ttlMs: 1000 });
    cache.set('large', answer('x'.repeat(2000)), { ttlMs: 1000 });
    expect([cache.get('small')?.value, cache.get('large')]).toEqual(['x', undefined]);
    const none = createReadCache({ clock: new ManualClock(), maxBytes: 0 });
    none.set('small', answer('x'), { ttlMs: 1000 });
    expect(none.get('small')).toBeUndefined();
  });

  it('forgets by the beginning of the key', () => {
    const cache = createReadCache({ clock: new ManualClock(), maxBytes: 8000 });
    for (const key of ['one:a', 'one:b', 'two:a']) cache.set(key, answer(key), { ttlMs: 1000 });
    cache.forget('one:');
    expect(['one:a', 'one:b', 'two:a'].map((key) => cache.get(key)?.value)).toEqual([undefined, undefined, 'two:a']);
  });
});

describe('the size of a value', () => {
  it('is near what the engine keeps for a range result', () => {
    const series = Array.from({ length: 200 }, (_, i) => ({
      metric: { __name__: 'up', instance: `host-${i}` },
      values: Array.from({ length: 100 }, (__, t): [number, string] => [1_700_000_000 + t, `${i}.${t}`]),
    }));
    const json = JSON.stringify(series).length;
    expect(sizeOf(series)).toBeGreaterThan(json);
    expect(sizeOf(series)).toBeLessThan(json * 8);
  });

  it('takes some items of a long list for all of them', () => {
    const one = sizeOf(['abc']) - sizeOf([]);
    expect(sizeOf(Array.from({ length: 100_000 }, () => 'abc'))).toBe(sizeOf([]) + 100_000 * one);
  });

  it('survives a value that is nested without end', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expect(sizeOf(endless)).toBeLessThan(10_000);
  });
});
