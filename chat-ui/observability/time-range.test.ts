import { describe, expect, it } from 'vitest';
import { wallTime } from '../time-zone.ts';
import {
  DEFAULT_RANGE,
  durationMs,
  durationText,
  movedRange,
  rangeProblem,
  rangeText,
  readMoment,
  readTimeRange,
  resolveMoment,
  writeMoment,
} from './time-range.ts';

const NOW = Date.parse('2026-03-01T10:00:00Z');

describe('time range', () => {
  it('reads what the URL asks for, and the default for what makes no sense', () => {
    expect(readTimeRange({ from: '-3h', to: '-1h' })).toEqual({ from: '-3h', to: '-1h' });
    expect(readTimeRange({ from: '2026-03-01T08:00:00Z', to: 'now' }).from).toBe('2026-03-01T08:00:00Z');
    for (const from of ['yesterday', '-0m', '-1', '', '2026-02-30T99:00:00Z'])
      expect(readTimeRange({ from }), from).toEqual(DEFAULT_RANGE);
    expect(readTimeRange({ from: '-1h', to: '-2h' })).toEqual(DEFAULT_RANGE);
  });

  it('resolves relative times against now', () => {
    expect(resolveMoment('now', NOW)).toBe(NOW);
    expect(resolveMoment('-1h30m', NOW)).toBe(NOW - 5_400_000);
    expect(resolveMoment('now-1d', NOW)).toBe(NOW - 86_400_000);
  });

  it('reads a date in the chosen zone, with its own zone when it names one, and no day that does not exist', () => {
    expect(readMoment('2026-03-01 10:00', 'utc')).toBe('2026-03-01T10:00:00.000Z');
    expect(readMoment('2026-03-01', 'utc')).toBe('2026-03-01T00:00:00.000Z');
    expect(readMoment('2026-03-01T10:00:00+02:00', 'utc')).toBe('2026-03-01T08:00:00.000Z');
    expect(readMoment(' now-90m ', 'utc')).toBe('-90m');
    const local = readMoment('2026-03-01 10:00', 'local') ?? '';
    expect(wallTime(Date.parse(local), 'local')).toBe('2026-03-01 10:00:00');
    for (const wrong of ['2026-02-30', '10:00', 'tomorrow', ''])
      expect(readMoment(wrong, 'utc'), wrong).toBeUndefined();
  });

  it('writes a time as it is read', () => {
    expect(writeMoment('2026-03-01T10:00:00.000Z', 'utc')).toBe('2026-03-01 10:00:00');
    expect(writeMoment('-1h', 'utc')).toBe('-1h');
    expect(rangeText({ from: '-1h', to: 'now' }, 'utc')).toBe('Last 1h');
    expect(rangeText({ from: '2026-03-01T10:00:00Z', to: '2026-03-01T11:00:00Z' }, 'utc')).toBe(
      '2026-03-01 10:00:00 – 2026-03-01 11:00:00',
    );
  });

  it('says which end is wrong', () => {
    expect(rangeProblem({ from: 'x', to: 'now' }, NOW)?.field).toBe('from');
    expect(rangeProblem({ from: '-1h', to: 'x' }, NOW)?.field).toBe('to');
    expect(rangeProblem({ from: 'now', to: '-1h' }, NOW)?.message).toContain('before the end');
    expect(rangeProblem({ from: '2026-03-01T11:00:00Z', to: 'now' }, NOW)?.field).toBe('from');
  });

  it('moves by half its length, zooms out around its middle, and ends now at the latest', () => {
    const back = movedRange({ from: '-1h', to: 'now' }, -1, NOW);
    expect(back).toEqual({ from: '2026-03-01T08:30:00.000Z', to: '2026-03-01T09:30:00.000Z' });
    expect(movedRange(back, 1, NOW)).toEqual({ from: '-1h', to: 'now' });
    expect(movedRange({ from: '-1h', to: 'now' }, 0, NOW)).toEqual({ from: '-2h', to: 'now' });
    expect(movedRange(back, 0, NOW)).toEqual({ from: '-2h', to: 'now' });
  });

  it('writes durations that it reads back', () => {
    for (const text of ['5m', '1h30m', '2d', '1d1s']) expect(durationText(durationMs(text) ?? 0)).toBe(text);
    expect(durationMs('1x')).toBeUndefined();
  });
});
