import type { MetricsSource } from '../metrics/metrics-source.ts';
import type { SeriesCounter } from './query-guard.ts';

/** Counts change slowly; an estimate may be this old. */
const COUNTED_MS = 300_000;
const INDEX_LABEL = 'aiops_selector';

/** Counts series with `count(selector)`, all selectors in one query, and keeps the answers for five minutes. */
export function createSeriesCounter(source: MetricsSource): SeriesCounter {
  return async (selectors, time, { clusters, budgetMs, signal, scope }) => {
    const query = selectors
      .map((selector, index) => `label_replace(count(${selector}), "${INDEX_LABEL}", "${index}", "", "")`)
      .join(' or ');
    const { values } = await source.evaluate<readonly number[]>(
      { query, time },
      {
        // Without progress: that is of the question itself.
        clusters,
        budgetMs,
        signal,
        scope,
        cache: { key: JSON.stringify(['count', Math.floor((time * 1000) / COUNTED_MS), query]), ttlMs: COUNTED_MS },
        shape: ({ value: { series } }) => {
          const counts = selectors.map(() => 0);
          for (const {
            metric,
            values: [sample],
          } of series)
            counts[Number(metric[INDEX_LABEL])] = Number(sample?.[1] ?? 0);
          return { value: counts };
        },
      },
    );
    return values;
  };
}
