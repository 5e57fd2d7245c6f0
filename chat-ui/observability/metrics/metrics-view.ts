import type { Aggregation } from '../../../backend/model/metrics.ts';
import { UNITS, type Unit } from '../../components/chart/units.ts';
import { clustersArgument, readShared, type SharedView, tabUrl } from '../view-url.ts';
import { SERIES_SORTS, type SeriesSort, type WholeAnswer } from './series.ts';

/** How the answers of the clusters become one (product.md §2). MERGE keeps every series under its cluster. */
export const AGGREGATIONS = [
  'MERGE',
  'FLEET',
  'SUM',
  'AVG',
  'MIN',
  'MAX',
  'COUNT',
] as const satisfies readonly Aggregation[];

/** What the Metrics page is asked for in the URL. */
export interface MetricsView extends SharedView {
  readonly query: string;
  readonly instant: boolean;
  /** A duration, or empty for about 250 points. */
  readonly step: string;
  readonly aggregation: Aggregation;
  /** Undefined = from the names in the query. */
  readonly unit: Unit | undefined;
  /** Undefined = as the answer has them. */
  readonly sort: SeriesSort | undefined;
  /** Words that the names of listed series contain. */
  readonly filter: string;
  /** The name of the one series that is drawn; empty = all that fit. */
  readonly only: string;
  /** Whether alerts that fired, and exemplars, are drawn over the lines. */
  readonly alerts: boolean;
  readonly exemplars: boolean;
}

export function readMetricsView(query: Readonly<Record<string, string>>): MetricsView {
  const sort = query.sort ?? '';
  const by = SERIES_SORTS.find((key) => key === sort.replace(/^-/, ''));
  return {
    ...readShared(query),
    query: query.q ?? '',
    instant: query.kind === 'instant',
    step: /^\d+[smhd]$/.test(query.step ?? '') ? (query.step ?? '') : '',
    aggregation: AGGREGATIONS.find((one) => one === query.agg) ?? 'MERGE',
    unit: UNITS.find((unit) => unit === query.unit),
    sort: by && { by, descending: sort.startsWith('-') },
    filter: query.filter ?? '',
    only: query.only ?? '',
    alerts: query.alerts === 'true',
    exemplars: query.exemplars === 'true',
  };
}

export function metricsUrl(view: MetricsView): string {
  return tabUrl('metrics', view, {
    q: view.query,
    kind: view.instant ? 'instant' : '',
    step: view.step,
    agg: view.aggregation === 'MERGE' ? '' : view.aggregation,
    unit: view.unit ?? '',
    sort: view.sort ? `${view.sort.descending ? '-' : ''}${view.sort.by}` : '',
    filter: view.filter,
    only: view.only,
    alerts: view.alerts ? 'true' : '',
    exemplars: view.exemplars ? 'true' : '',
  });
}

/** Route and body of the call that answers a view. Times go as they are written, so that `now` is the server's. */
export function metricsCall(view: MetricsView): { path: string; body: Readonly<Record<string, unknown>> } {
  const clusters = clustersArgument(view.clusters);
  const common = {
    query: view.query,
    ...(clusters === undefined ? {} : { clusters }),
    ...(view.aggregation === 'MERGE' ? {} : { aggregation: view.aggregation }),
  };
  const { from, to } = view.range;
  if (view.instant) return { path: '/metrics/query', body: { ...common, time: to } };
  const step = view.step === '' ? {} : { step: view.step };
  return { path: '/metrics/query_range', body: { ...common, start: from, end: to, ...step } };
}

/** The body that asks some clusters again at the times of an answer that is there, so that both fit together. */
export function metricsCallAgain(
  body: Readonly<Record<string, unknown>>,
  { range, results }: WholeAnswer,
  clusters: readonly string[],
): Readonly<Record<string, unknown>> {
  if (range) return { ...body, clusters, start: String(range.start), end: String(range.end), step: `${range.step}s` };
  const time = results.flatMap(({ data }) => data).find(({ values }) => values.length > 0)?.values[0]?.[0];
  return { ...body, clusters, ...(time === undefined ? {} : { time: String(time) }) };
}
