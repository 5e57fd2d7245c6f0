import { digestClusters, digestSeries, timeOf } from '../../backend/collectors/metrics/series-digest.ts';
import { type MetricsAnswer, seriesOf } from '../../backend/model/metrics.ts';
import { coverageByName } from '../../backend/model/outcome.ts';
import { MetricsDigest } from '../../backend/model/series-digest.ts';
import type { ModelView } from '../define.ts';

/** A metrics answer as a model reads it: each series in a few numbers. The samples themselves are evidence then. */
export const metricsForModel: ModelView<MetricsAnswer> = {
  output: MetricsDigest,
  view: (answer) => {
    const { query, results, complete, range, notes } = answer;
    const { digests, whole } = digestSeries(seriesOf(answer), { grid: range });
    const output = {
      query,
      clusters: digestClusters(results),
      complete,
      ...(range ? { range: { start: timeOf(range.start), end: timeOf(range.end), step_seconds: range.step } } : {}),
      series: digests,
      notes,
    };
    // Values, notes and who did not answer stand in the view.
    return { output, whole, text: `${coverageByName(results)}. ${digests.total} series.` };
  },
};
