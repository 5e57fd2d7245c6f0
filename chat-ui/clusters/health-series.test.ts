import { describe, expect, it } from 'vitest';
import type { HealthHistory } from '../../backend/model/cluster.ts';
import { axisTicks, healthSeries, runsOf } from './health-series.ts';

const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const rollup = (minutes: number, rest: Partial<HealthHistory['rollups'][number]> = {}) => ({
  start: at(minutes),
  checks: 10,
  healthy_checks: 10,
  min_score: 100,
  avg_score: 100,
  ...rest,
});
const change = (minutes: number, old_state: 'ONLINE' | 'OFFLINE', new_state: 'ONLINE' | 'OFFLINE') => ({
  at: at(minutes),
  old_state,
  new_state,
  health_score: 50,
  reason: 'because',
});

describe('health over time', () => {
  it('leaves a gap where nothing was checked', () => {
    const history = { transitions: [], rollups: [rollup(-30), rollup(-25), rollup(-10), rollup(-5, { checks: 0 })] };
    const { points } = healthSeries(history, '6h', NOW, 'ONLINE');
    expect(runsOf(points).map((run) => run.length)).toEqual([2, 1]);
  });

  it('shows nothing older than the range', () => {
    const history = {
      transitions: [change(-800, 'ONLINE', 'OFFLINE')],
      rollups: [rollup(-800), rollup(-360), rollup(-5)],
    };
    const series = healthSeries(history, '6h', NOW, 'OFFLINE');
    expect([series.points.length, series.transitions.length]).toEqual([2, 0]);
    expect(series.spans).toEqual([{ state: 'OFFLINE', start: NOW - 6 * 3_600_000, end: NOW }]);
    expect([series.start, series.whole]).toEqual([NOW - 6 * 3_600_000, true]);
  });

  it('begins where the records begin, but covers half an hour at least', () => {
    const since = (minutes: number) =>
      healthSeries({ transitions: [], rollups: [rollup(minutes)] }, '24h', NOW, 'ONLINE');
    expect([(since(-120).start - NOW) / 60_000, since(-120).whole]).toEqual([-120, false]);
    expect((since(-5).start - NOW) / 60_000).toBe(-30);
  });

  it('sums a week up by the hour: the lowest of all, the average over all checks', () => {
    const history = {
      transitions: [],
      rollups: [
        rollup(-60, { avg_score: 90, min_score: 30, healthy_checks: 8 }),
        rollup(-55, { checks: 30, healthy_checks: 30 }),
      ],
    };
    const { points, stepMs } = healthSeries(history, '7d', NOW, 'ONLINE');
    expect(stepMs).toBe(3_600_000);
    expect(points).toEqual([
      { start: NOW - 3_600_000, end: NOW, checks: 40, healthyChecks: 38, min: 30, average: 97.5 },
    ]);
  });

  it('tells states from the first check on, each until the next change', () => {
    const history = {
      transitions: [change(-20, 'ONLINE', 'OFFLINE'), change(-10, 'OFFLINE', 'ONLINE')],
      rollups: [rollup(-30)],
    };
    const { spans } = healthSeries(history, '24h', NOW, 'ONLINE');
    expect(spans.map((s) => [s.state, (s.start - NOW) / 60_000, (s.end - NOW) / 60_000])).toEqual([
      ['ONLINE', -30, -20],
      ['OFFLINE', -20, -10],
      ['ONLINE', -10, 0],
    ]);
  });

  it('knows no state of a cluster that was never checked', () => {
    expect(healthSeries({ transitions: [], rollups: [] }, '24h', NOW, 'UNKNOWN').spans).toEqual([]);
  });

  it('marks the axis at round times, and not too often', () => {
    const ticks = axisTicks(NOW - 86_400_000, NOW, 7);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every((tick) => new Date(tick).getMinutes() === 0)).toBe(true);
    expect(axisTicks(NOW - 7 * 86_400_000, NOW, 7).every((tick) => new Date(tick).getHours() === 0)).toBe(true);
  });
});
