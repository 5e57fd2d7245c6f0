import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationSeconds, isoTime, resolveTime, steadyNow } from './time.ts';

const NOW = new Date('2026-03-01T10:00:00.000Z');

describe('resolveTime', () => {
  it('reads now, relative, ISO 8601 and Unix seconds', () => {
    expect(resolveTime('now', NOW, 'start')).toBe(NOW.getTime() / 1000);
    expect(resolveTime('-1h', NOW, 'start')).toBe(NOW.getTime() / 1000 - 3600);
    expect(resolveTime('now-1h30m', NOW, 'start')).toBe(NOW.getTime() / 1000 - 5400);
    expect(resolveTime('+90d', NOW, 'expires')).toBe(NOW.getTime() / 1000 + 90 * 86_400);
    expect(resolveTime('2026-03-01T09:00:00+01:00', NOW, 'start')).toBe(Date.parse('2026-03-01T08:00:00Z') / 1000);
    expect(resolveTime('1772359200.5', NOW, 'start')).toBe(1772359200.5);
  });

  it('takes a time without a zone as UTC', () => {
    expect(resolveTime('2026-03-01T09:00:00', NOW, 'start')).toBe(Date.parse('2026-03-01T09:00:00Z') / 1000);
    expect(resolveTime('2026-03-01', NOW, 'start')).toBe(Date.parse('2026-03-01T00:00:00Z') / 1000);
  });

  it.each(['yesterday', '', '1h', '-', '-1x', '2026-13-01', 'now-', '2026-02-30', '+300000y', '-9000y'])(
    'refuses %j and names the field',
    (text) => {
      expect(() => resolveTime(text, NOW, 'start')).toThrow(/^start: /);
    },
  );

  it('gives back every ISO time it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (ms) => {
        expect(resolveTime(isoTime(ms / 1000), NOW, 'time')).toBe(ms / 1000);
      }),
    );
  });
});

describe('durationSeconds', () => {
  it('adds up compound durations and takes plain seconds', () => {
    expect(durationSeconds('1h30m', 'step')).toBe(5400);
    expect(durationSeconds('250ms', 'step')).toBe(0.25);
    expect(durationSeconds('15', 'step')).toBe(15);
  });

  it.each(['0s', '-5m', 'fast', ''])('refuses %j', (text) => {
    expect(() => durationSeconds(text, 'step')).toThrow(/^step: /);
  });
});

describe('steadyNow', () => {
  it('goes back to a whole second for a short window and to a whole minute for a long one', () => {
    const now = new Date('2026-03-01T10:00:47.900Z');
    const at = (windowSeconds: number) => steadyNow(now, windowSeconds).toISOString().slice(17);
    expect([0.5, 60, 3600, 86_400].map(at)).toEqual(['47.900Z', '47.000Z', '40.000Z', '00.000Z']);
  });

  it('never moves the end of a window to before its start', () => {
    const any = fc.record({
      ms: fc.nat(4_000_000_000_000),
      windowSeconds: fc.double({ min: 0, max: 1e7, noNaN: true }),
    });
    fc.assert(
      fc.property(any, ({ ms, windowSeconds }) => {
        const movedMs = ms - steadyNow(new Date(ms), windowSeconds).getTime();
        expect(movedMs).toBeGreaterThanOrEqual(0);
        expect(movedMs).toBeLessThanOrEqual(windowSeconds * 1000);
      }),
    );
  });
});
