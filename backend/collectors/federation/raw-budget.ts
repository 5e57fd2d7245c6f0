import { AppError } from '../../model/errors.ts';

/** What one question may hold in memory of all clusters together. A point is 9 bytes. */
export interface RawBudget {
  readonly maxSeries: number;
  readonly maxPoints: number;
}

/**
 * 100 clusters of 1,000 series and 100 points: 90 MB. Ranking as many takes about two seconds, in which nobody else is served; the same
 * of turning as many into an answer, which may hold half of it.
 */
export const DEFAULT_RAW_BUDGET: RawBudget = { maxSeries: 250_000, maxPoints: 10_000_000 };

/** Throws QUERY_REFUSED for an answer that is too long to be made, whatever it was computed from. */
export function requireShort(series: number, pointsEach: number, { maxPoints }: RawBudget): void {
  if (series * pointsEach > maxPoints / 2) throw tooMuch('points', maxPoints / 2, series * pointsEach);
}

/** Counts what clusters send while they send it. */
export interface Spending {
  /** Throws QUERY_REFUSED when more was sent than may be held. */
  spend(series: number, points: number): void;
  /** Takes back what an attempt that failed had sent. */
  release(series: number, points: number): void;
}

export function createSpending({ maxSeries, maxPoints }: RawBudget): Spending {
  let [series, points] = [0, 0];
  return {
    spend: (moreSeries, morePoints) => {
      series += moreSeries;
      points += morePoints;
      if (series > maxSeries) throw tooMuch('series', maxSeries, series);
      if (points > maxPoints) throw tooMuch('points', maxPoints, points);
    },
    release: (fewerSeries, fewerPoints) => {
      series -= fewerSeries;
      points -= fewerPoints;
    },
  };
}

function tooMuch(what: 'series' | 'points', limit: number, observed: number): AppError {
  const message = `The answer needs more than ${limit} ${what} of all clusters at once, which is what may be held here.`;
  return new AppError('QUERY_REFUSED', message, {
    details: { rule: `fleet_${what}`, limit, observed },
    hint:
      what === 'points'
        ? 'Raise step, shorten the range, add label matchers, or aggregate by fewer labels.'
        : 'Add label matchers, aggregate by fewer labels, or choose fewer clusters.',
  });
}
