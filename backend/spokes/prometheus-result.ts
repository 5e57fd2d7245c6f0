import type { MetricSeries, ResultType, Sample } from '../model/metrics.ts';

/*
 * Query results are checked by hand and not by zod. A range answer holds up to 11,000 samples a series and many series, and a
 * schema walks and copies every one of them: several times the cost of JSON.parse itself. These loops check the same facts,
 * copy nothing, and leave the spoke's value texts (`NaN`, `+Inf`, 17 digits) untouched. The envelope around them is zod's.
 */

export interface ParsedResult {
  readonly resultType: ResultType;
  readonly series: MetricSeries[];
}

/** The `data` of `/query` and `/query_range`. Throws a TypeError that names what is not as the API promises. */
export function parseResult(data: unknown): ParsedResult {
  if (!isRecord(data)) throw new TypeError('data is not an object');
  const { resultType, result } = data;
  if (resultType === 'matrix') return { resultType: 'MATRIX', series: asArray(result).map(matrixSeries) };
  if (resultType === 'vector') return { resultType: 'VECTOR', series: asArray(result).map(vectorSeries) };
  if (resultType === 'scalar') return { resultType: 'SCALAR', series: [{ metric: {}, values: [asSample(result)] }] };
  if (resultType === 'string') return { resultType: 'STRING', series: [{ metric: {}, values: [asSample(result)] }] };
  throw new TypeError('resultType is not matrix, vector, scalar or string');
}

/** An array of strings, such as label names. */
export function parseStrings(data: unknown): string[] {
  const list = asArray(data);
  if (!list.every((item) => typeof item === 'string'))
    throw new TypeError('the list holds something other than strings');
  return list;
}

/** An array of label sets, as of `/series`. */
export function parseLabelSets(data: unknown): Record<string, string>[] {
  return asArray(data).map(asLabels);
}

function matrixSeries(item: unknown): MetricSeries {
  if (!isRecord(item)) throw new TypeError('a series is not an object');
  const { metric, values, histograms } = item;
  if (values === undefined && histograms === undefined)
    throw new TypeError('a series has neither values nor histograms');
  const series: MetricSeries = { metric: asLabels(metric), values: values === undefined ? [] : asSamples(values) };
  if (histograms !== undefined) series.histograms = asArray(histograms).map(asHistogram);
  return series;
}

function vectorSeries(item: unknown): MetricSeries {
  if (!isRecord(item)) throw new TypeError('a series is not an object');
  const { metric, value, histogram } = item;
  if (histogram !== undefined) return { metric: asLabels(metric), values: [], histograms: [asHistogram(histogram)] };
  return { metric: asLabels(metric), values: [asSample(value)] };
}

function asSamples(values: unknown): Sample[] {
  const list = asArray(values);
  for (const item of list) {
    if (!isSample(item)) throw new TypeError('a sample is not [number, string]');
  }
  return list as Sample[]; // proof: isSample held for every item
}

function asSample(item: unknown): Sample {
  if (!isSample(item)) throw new TypeError('a sample is not [number, string]');
  return item;
}

function isSample(item: unknown): item is Sample {
  return Array.isArray(item) && item.length === 2 && typeof item[0] === 'number' && typeof item[1] === 'string';
}

function asHistogram(item: unknown): [number, unknown] {
  if (!Array.isArray(item) || item.length !== 2 || typeof item[0] !== 'number' || !isRecord(item[1])) {
    throw new TypeError('a histogram is not [number, object]');
  }
  return [item[0], item[1]];
}

function asLabels(item: unknown): Record<string, string> {
  if (!isRecord(item)) throw new TypeError('a label set is not an object');
  for (const name in item) {
    if (typeof item[name] !== 'string') throw new TypeError('a label value is not a string');
  }
  return item as Record<string, string>; // proof: the loop above saw every value
}

function asArray(item: unknown): unknown[] {
  if (!Array.isArray(item)) throw new TypeError('a list is missing');
  return item;
}

function isRecord(item: unknown): item is Record<string, unknown> {
  return item !== null && typeof item === 'object' && !Array.isArray(item);
}
