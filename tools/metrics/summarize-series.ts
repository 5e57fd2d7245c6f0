import { type MetricsAnswer, seriesOf } from '../../backend/model/metrics.ts';
import { describeOutcomes, hasNoEndpoint } from '../../backend/model/outcome.ts';
import { sampleNumber } from '../../backend/model/sample-value.ts';

const TOP = 5;
const MAX_LABELS = 6;

interface Reading {
  readonly name: string;
  readonly text: string;
  readonly value: number;
}

/** Coverage first, then counts, then the largest values with their exact text, then what was decided for the caller. */
export function summarizeMetrics(answer: MetricsAnswer): string {
  if (answer.results.length === 0 && !answer.merged)
    return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
  const coverage = describeOutcomes(answer.results);
  const skipped = answer.results.filter(hasNoEndpoint).length;
  const without = skipped === 0 ? '' : ` (${skipped} without Prometheus)`;
  // With an aggregation the notes say what exactly the gap means.
  const partial = answer.complete || answer.merged ? '' : ' Every total is a lower bound.';
  return [`${coverage}${without}.${partial}`, valuesSentence(answer), ...answer.notes]
    .filter((part) => part !== '')
    .join(' ');
}

function valuesSentence(answer: MetricsAnswer): string {
  const series = seriesOf(answer);
  if (answer.clusters_succeeded === 0 && !answer.merged) return '';
  if (series.length === 0 && answer.aggregation === 'FLEET')
    return 'The answer is empty: no series match, or no comparison holds. get_metric_labels (label __name__) shows what exists.';
  if (series.length === 0) {
    return 'No series match. Check the metric name and matchers with get_metric_labels (label __name__), or widen the time range.';
  }
  const readings = series.flatMap(({ metric, values }): Reading[] => {
    const last = values.at(-1);
    return last ? [{ name: nameOf(metric), text: last[1], value: sampleNumber(last[1]) }] : [];
  });
  const top = readings
    .filter((reading) => !Number.isNaN(reading.value))
    .sort((a, b) => b.value - a.value)
    .slice(0, TOP);
  const shown = (top.length > 0 ? top : readings.slice(0, TOP)).map(({ name, text }) => `${name} = ${text}`);
  const what = answer.range ? 'last values' : 'values';
  const highest = readings.length > TOP ? `highest ${what}` : what;
  return `${series.length} series; ${highest}: ${shown.join('; ')}${readings.length > TOP ? '; …' : ''}.`;
}

/** Prometheus's own notation, the cluster first; a long label set is cut. */
export function nameOf(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = '', cluster, ...rest } = metric;
  const labels = Object.entries({ ...(cluster === undefined ? {} : { cluster }), ...rest });
  const shown = labels.slice(0, MAX_LABELS).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${shown.join(',')}${labels.length > MAX_LABELS ? ',…' : ''}}`;
}
