import type { MetricSeries, MetricsAnswer } from '../../../backend/model/metrics.ts';
import { type ChartLine, drawable } from '../../components/chart/chart-data.ts';

/** One series of an answer as it is listed and drawn. */
export interface ShownSeries extends ChartLine {
  /** The whole name, as PromQL writes it: `up{cluster="a",job="b"}`. */
  readonly name: string;
  readonly metric: Readonly<Record<string, string>>;
  /** Of the samples, as they were sent; undefined where there is none. */
  readonly last: string | undefined;
  readonly min: string | undefined;
  readonly max: string | undefined;
  /** Samples that are native histograms, which have no line. */
  readonly histograms: number;
}

/** An answer that was too large says which lists were cut. */
export type WholeAnswer = MetricsAnswer & {
  readonly shortened?: { readonly lists: readonly { readonly kept: number; readonly total: number }[] };
};

/** Every series of an answer, in the order of the answer. */
export function seriesOf(answer: WholeAnswer): ShownSeries[] {
  return shownSeries(answer.merged?.data ?? answer.results.flatMap((result) => result.data));
}

/** Series as they are listed and drawn, in their order. */
export function shownSeries(all: readonly MetricSeries[]): ShownSeries[] {
  const told = tellingLabels(all.map(({ metric }) => metric));
  const keys = new Map<string, number>();
  return all.map(({ metric, values, histograms }) => {
    const name = seriesName(metric);
    // Two series of one name are an error of a spoke; both are shown all the same.
    const seen = keys.get(name) ?? 0;
    keys.set(name, seen + 1);
    const [min, max] = extremes(values);
    return {
      key: seen === 0 ? name : `${name} #${seen + 1}`,
      name,
      label: shortName(metric, told),
      metric,
      samples: values,
      last: values.at(-1)?.[1],
      min,
      max,
      histograms: histograms?.length ?? 0,
    };
  });
}

/** `up{cluster="a",job="b"}`, labels in order; `{}` for a series without any. */
export function seriesName(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...labels } = metric;
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${/^[a-zA-Z_][\w]*$/.test(key) ? key : JSON.stringify(key)}=${JSON.stringify(value)}`);
  return pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(',')}}`;
}

/** As few labels as tell all series apart, and always the cluster: those that say the same again are left out, `instance` first. */
function tellingLabels(metrics: readonly Readonly<Record<string, string>>[]): Set<string> {
  const keys = [...new Set(metrics.flatMap((metric) => Object.keys(metric)))];
  const differs = (key: string) => metrics.some((metric) => metric[key] !== metrics[0]?.[key]);
  const told = new Set(keys.filter(differs));
  if (metrics.length > MOST_COMPARED) return told;
  const length = (key: string) => metrics.reduce((sum, metric) => sum + (metric[key]?.length ?? 0), 0);
  const byUse = [...told].filter((key) => key !== 'cluster').sort((a, b) => length(b) - length(a));
  for (const key of ['instance', ...byUse]) {
    const others = [...told].filter((other) => other !== key);
    const distinct = new Set(metrics.map((metric) => JSON.stringify(others.map((other) => metric[other]))));
    if (told.has(key) && others.length > 0 && distinct.size === metrics.length) told.delete(key);
  }
  return told;
}

/** Names of more series than this are not made shorter by comparing them. */
const MOST_COMPARED = 2000;

function shortName(metric: Readonly<Record<string, string>>, told: ReadonlySet<string>): string {
  const first = (key: string) => (key === 'cluster' ? 0 : key === '__name__' ? 1 : 2);
  const values = Object.keys(metric)
    .filter((key) => told.has(key))
    .sort((a, b) => first(a) - first(b) || (a < b ? -1 : 1))
    .map((key) => metric[key]);
  if (values.length > 0) return values.join(' · ');
  return metric['__name__'] ?? metric['cluster'] ?? seriesName(metric);
}

function extremes(samples: MetricSeries['values']): [string | undefined, string | undefined] {
  let low: [number, string] | undefined;
  let high: [number, string] | undefined;
  for (const [, text] of samples) {
    const value = drawable(text);
    if (value === null) continue;
    if (low === undefined || value < low[0]) low = [value, text];
    if (high === undefined || value > high[0]) high = [value, text];
  }
  return [low?.[1], high?.[1]];
}

/** Lines drawn at once: more cannot be told apart. */
export const MOST_LINES = 40;

/** The series to draw, at most `most`: those that reach highest, in the order of the answer. */
export function seriesToDraw(all: readonly ShownSeries[], most = MOST_LINES): readonly ShownSeries[] {
  const drawn = all.filter((series) => series.max !== undefined);
  if (drawn.length <= most) return drawn;
  const height = ({ max }: ShownSeries) => drawable(max) ?? -Infinity;
  const highest = new Set(drawn.toSorted((a, b) => height(b) - height(a)).slice(0, most));
  return drawn.filter((series) => highest.has(series));
}

export const SERIES_SORTS = ['name', 'last', 'min', 'max'] as const;
export type SeriesSort = { readonly by: (typeof SERIES_SORTS)[number]; readonly descending: boolean };

/** Undefined = the order of the answer, which carries meaning where the query ranks. What has no value stands last. */
export function sortSeries(all: readonly ShownSeries[], sort: SeriesSort | undefined): readonly ShownSeries[] {
  if (sort === undefined) return all;
  const direction = sort.descending ? -1 : 1;
  if (sort.by === 'name') return all.toSorted((a, b) => direction * (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const { by } = sort;
  return all.toSorted((a, b) => {
    const [x, y] = [drawable(a[by]), drawable(b[by])];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0);
    return direction * (x - y);
  });
}

/** Series whose name contains every word; case does not matter. */
export function filterSeries(all: readonly ShownSeries[], text: string): readonly ShownSeries[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return all;
  return all.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
}
