import { between, unit } from './random.ts';

const DAY = 86_400;

/** Periods in seconds and shares of the irregular part: long swings are large, short ones small. No two are multiples. */
const WOBBLES: readonly (readonly [periodSeconds: number, share: number])[] = [
  [20_411, 0.4],
  [2_833, 0.3],
  [547, 0.2],
  [97, 0.1],
];

/** A factor around 1 that moves over the day. Times are Unix seconds. It is never negative, so its integral never falls. */
export interface Rhythm {
  at(time: number): number;
  /** The integral of `at` over [from, to], in seconds; negative when `to` lies before `from`. */
  integral(from: number, to: number): number;
}

export interface RhythmOptions {
  /** Amplitude of the daily wave; with `wobble` below 1. */
  readonly daily: number;
  /** Hour of day, UTC, of the daily peak. */
  readonly peakHourUtc: number;
  /** Amplitude of the irregular part. */
  readonly wobble: number;
}

/**
 * A sum of sines with phases drawn from `key`, so that value and integral are both closed forms: a counter read at any time
 * needs no history of its own, and backfill and live scrape agree by construction.
 */
export function createRhythm(key: string, options: RhythmOptions): Rhythm {
  if (options.daily + options.wobble >= 1) throw new RangeError('daily + wobble must stay below 1');
  const dailyOmega = (2 * Math.PI) / DAY;
  const waves = [
    { amplitude: options.daily, omega: dailyOmega, phase: Math.PI / 2 - dailyOmega * options.peakHourUtc * 3600 },
    ...WOBBLES.map(([period, share]) => ({
      amplitude: options.wobble * share,
      omega: (2 * Math.PI) / (period * between(0.9, 1.1, key, 'period', period)),
      phase: 2 * Math.PI * unit(key, 'phase', period),
    })),
  ];
  return {
    at: (time) => waves.reduce((sum, wave) => sum + wave.amplitude * Math.sin(wave.omega * time + wave.phase), 1),
    integral: (from, to) =>
      waves.reduce(
        (sum, { amplitude, omega, phase }) =>
          sum - (amplitude / omega) * (Math.cos(omega * to + phase) - Math.cos(omega * from + phase)),
        to - from,
      ),
  };
}

/**
 * The integral of `rate` from `anchor`, by the midpoint rule on a grid of one second fixed at the anchor and linear between
 * grid points: deterministic, and never falling while `rate` is not negative. 0 before the anchor. Sums are kept, so a
 * call costs only the seconds since the last one.
 */
export function accumulate(anchor: number, rate: (time: number) => number): (time: number) => number {
  const sums = [0];
  return (time) => {
    const elapsed = time - anchor;
    if (elapsed <= 0) return 0;
    const whole = Math.floor(elapsed);
    for (let second = sums.length; second <= whole + 1; second++) {
      sums.push((sums[second - 1] ?? 0) + rate(anchor + second - 0.5));
    }
    const before = sums[whole] ?? 0;
    return before + ((sums[whole + 1] ?? before) - before) * (elapsed - whole);
  };
}
