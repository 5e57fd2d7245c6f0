import { z } from 'zod';
import type { MetricSeries } from '../../model/metrics.ts';
import { type ClusterOutcome, hasNoEndpoint, reasonOf } from '../../model/outcome.ts';
import { sampleNumber, shortNumber } from '../../model/sample-value.ts';
import type { ClustersDigest, SeriesDigest, SeriesDigests } from '../../model/series-digest.ts';
import { downSample, statisticsOf } from './series-statistics.ts';

/** Unix seconds and seconds, as in the answer of a range query. */
interface Grid {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export const SHOWN_SERIES = 20;
const LINE_VALUES = 16;
const LINE_DIGITS = 3;
const SHOWN_WRONG = 10;
/** An instant with at most this many different values is told by how often each occurs. */
const FEW_VALUES = 8;
const MAX_LABEL_CHARS = 200;
const MAX_WHY = 240;

/**
 * The most telling series in a few numbers each. `whole` is true when nothing of the data is left out, which only a short
 * instant answer can be. `keepOrder`: the answer is ranked already.
 */
export function digestSeries(
  all: readonly MetricSeries[],
  { grid, keepOrder = false, most = SHOWN_SERIES }: { grid?: Grid | undefined; keepOrder?: boolean; most?: number },
): { readonly digests: SeriesDigests; readonly whole: boolean } {
  const { chosen, order } = choose(all, { ranged: grid !== undefined, keepOrder, most });
  const common = commonLabels(chosen.length > 1 ? chosen : []);
  const items = chosen.map((one) => digestOf(one, common, grid));
  const left = all.length - chosen.length;
  const values = left > 0 && !grid ? valueCounts(all) : undefined;
  const digests: SeriesDigests = {
    total: all.length,
    ...(Object.keys(common).length > 0 ? { common_labels: common } : {}),
    items,
    ...(left > 0 ? { left_out: left, order } : {}),
    ...(values ? { values } : {}),
  };
  const isCut = chosen.some(({ metric }) => Object.values(metric).some((value) => value.length > MAX_LABEL_CHARS));
  return {
    digests,
    whole: left === 0 && !isCut && all.every((one) => one.values.length <= 1 && !one.histograms?.length),
  };
}

/** What became of the clusters, with the reasons of those that did not answer whole. */
export function digestClusters(outcomes: readonly ClusterOutcome[]): ClustersDigest {
  const skipped = outcomes.filter(hasNoEndpoint).length;
  const answered = outcomes.filter(({ status }) => status === 'SUCCESS' || status === 'PARTIAL').length;
  const wrong = outcomes.filter((one) => (one.status !== 'SUCCESS' && !hasNoEndpoint(one)) || one.warnings);
  const shown = wrong.slice(0, SHOWN_WRONG).map((one) => ({
    cluster: one.cluster_name,
    status: one.status,
    why: shortened(reasonOf(one), MAX_WHY),
  }));
  return {
    asked: outcomes.length - skipped,
    answered,
    ...(skipped > 0 ? { skipped } : {}),
    ...(shown.length > 0 ? { wrong: shown } : {}),
    ...(wrong.length > shown.length ? { wrong_left_out: wrong.length - shown.length } : {}),
  };
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

interface Choice {
  readonly chosen: readonly MetricSeries[];
  readonly order: string;
}

function choose(
  all: readonly MetricSeries[],
  { ranged, keepOrder, most }: { ranged: boolean; keepOrder: boolean; most: number },
): Choice {
  if (all.length <= most) return { chosen: all, order: '' };
  if (keepOrder) return { chosen: all.slice(0, most), order: 'the first of the ranking' };
  return ranged ? chooseOfRange(all, most) : chooseOfInstant(all, most);
}

/** Rare values come first where few different ones occur: of a hundred `up` the three that are 0 matter. */
function chooseOfInstant(all: readonly MetricSeries[], most: number): Choice {
  const read = all.map((one) => ({ one, value: sampleNumber(one.values.at(-1)?.[1] ?? 'NaN') }));
  const bySize = read.toSorted((a, b) => sizeOf(b.value) - sizeOf(a.value));
  const counts = valueCounts(all);
  if (counts && Object.keys(counts).length > 1) {
    const rarity = (one: MetricSeries) => counts[one.values.at(-1)?.[1] ?? ''] ?? 0;
    const rarest = bySize.toSorted((a, b) => rarity(a.one) - rarity(b.one)).slice(0, most);
    return { chosen: rarest.map(({ one }) => one), order: 'those with the rarest values' };
  }
  const small = Math.floor(most / 4);
  const picked = [...bySize.slice(0, most - small), ...bySize.slice(bySize.length - small)];
  return { chosen: picked.map(({ one }) => one), order: `the ${most - small} largest and the ${small} smallest` };
}

/** Half by the largest last value, half by the largest change. */
function chooseOfRange(all: readonly MetricSeries[], most: number): Choice {
  const read = all.map((one) => {
    const statistics = statisticsOf(one.values);
    const [min, max] = [sampleNumber(statistics?.min?.[1] ?? 'NaN'), sampleNumber(statistics?.max?.[1] ?? 'NaN')];
    const scale = Math.abs(statistics?.avg ?? 0) || 1;
    return { one, last: sizeOf(sampleNumber(one.values.at(-1)?.[1] ?? 'NaN')), change: sizeOf((max - min) / scale) };
  });
  const largest = read.toSorted((a, b) => b.last - a.last).slice(0, Math.ceil(most / 2));
  const picked = new Set(largest.map(({ one }) => one));
  for (const { one } of read.toSorted((a, b) => b.change - a.change)) {
    if (picked.size >= most) break;
    picked.add(one);
  }
  return { chosen: [...picked], order: 'the largest at the end, then the most changing' };
}

function sizeOf(value: number): number {
  return Number.isNaN(value) ? -Infinity : value;
}

function valueCounts(all: readonly MetricSeries[]): Record<string, number> | undefined {
  const counts = new Map<string, number>();
  for (const { values } of all) {
    const text = values.at(-1)?.[1];
    if (text === undefined) continue;
    counts.set(text, (counts.get(text) ?? 0) + 1);
    if (counts.size > FEW_VALUES) return undefined;
  }
  return counts.size === 0 ? undefined : Object.fromEntries(counts);
}

function commonLabels(all: readonly MetricSeries[]): Record<string, string> {
  const [first, ...others] = all;
  const same = Object.entries(first?.metric ?? {}).filter(([name, value]) =>
    others.every(({ metric }) => metric[name] === value),
  );
  return Object.fromEntries(same.map(([name, value]) => [name, cut(value)]));
}

function digestOf(
  series: MetricSeries,
  common: Readonly<Record<string, string>>,
  grid: Grid | undefined,
): SeriesDigest {
  const own = Object.entries(series.metric).filter(([name]) => !Object.hasOwn(common, name));
  const labels = Object.fromEntries(own.map(([name, value]) => [name, cut(value)]));
  const histogram = histogramOf(series);
  const last = series.values.at(-1);
  if (!grid) return { labels, ...(last ? { value: last[1] } : {}), ...histogram };
  const statistics = statisticsOf(series.values);
  if (!statistics) return { labels, points: 0, ...histogram };
  const { first, min, max, avg, perHour, trend, points, nans } = statistics;
  const steps = Math.floor((grid.end - grid.start) / grid.step + 1e-9) + 1;
  const isConstant = min !== undefined && min[1] === max?.[1] && nans === 0;
  return {
    labels,
    first: first[1],
    last: statistics.last[1],
    ...(min && max && !isConstant ? { min: min[1], max: max[1], max_at: momentOf(max[0], grid) } : {}),
    ...(avg === undefined || isConstant ? {} : { avg: rounded(avg, 4) }),
    ...(trend === undefined ? {} : { trend }),
    ...(perHour === undefined || perHour === 0 ? {} : { per_hour: rounded(perHour, 3) }),
    ...(steps > points ? { points, gaps: steps - points } : {}),
    ...(nans > 0 ? { nan: nans } : {}),
    ...(isConstant ? {} : { line: lineOf(series, grid, steps) }),
    ...histogram,
  };
}

function lineOf({ values }: MetricSeries, { start, end }: Grid, steps: number): string {
  const parts = downSample(values, { start, end, buckets: Math.min(LINE_VALUES, steps) });
  const texts = parts.map((part) => (part === undefined ? '.' : shortNumber(part, LINE_DIGITS)));
  const suffixes = new Set(texts.filter((text) => text !== '.').map((text) => /[kMGTPE]?$/.exec(text)?.[0]));
  const [suffix = ''] = suffixes;
  // A suffix that all share is said once.
  if (suffixes.size !== 1 || suffix === '') return texts.join(' ');
  return `in ${suffix}: ${texts.map((text) => text.replace(suffix, '')).join(' ')}`;
}

/** Native histograms (Prometheus HTTP API, "Native histograms"): count and sum of the last one. */
const Histogram = z.object({ count: z.string(), sum: z.string() });

function histogramOf({ histograms = [] }: MetricSeries): Pick<SeriesDigest, 'histogram'> {
  const last = histograms.at(-1);
  const read = last && Histogram.safeParse(last[1]).data;
  return read ? { histogram: { samples: histograms.length, ...read } } : {};
}

export function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** ISO 8601 UTC, whole seconds. */
export function timeOf(unixSeconds: number): string {
  return new Date(Math.round(unixSeconds) * 1000).toISOString().replace('.000', '');
}

const DAY_SECONDS = 86_400;

/** Within a range of a day the time of day says it all: `10:38:00Z`. */
function momentOf(unixSeconds: number, { start, end }: Grid): string {
  const text = timeOf(unixSeconds);
  return end - start < DAY_SECONDS ? text.slice(text.indexOf('T') + 1) : text;
}

function cut(value: string): string {
  return value.length > MAX_LABEL_CHARS ? `${value.slice(0, MAX_LABEL_CHARS)}…` : value;
}
