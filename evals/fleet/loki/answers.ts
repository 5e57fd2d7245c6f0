/** Bodies of the double of Loki (wire.md 3.2). */
import type { LogLine, LogLines } from './lines.ts';
import {
  type Found,
  type Labels,
  type LogPipeline,
  type MetricExpression,
  type Point,
  keyOf,
  labelsOf,
} from './logql.ts';

export interface WindowNs {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Lines of a query in a window, at most `limit`, in the direction. */
export function select(
  lines: LogLines,
  { matches, run }: LogPipeline,
  { fromNs, toNs }: WindowNs,
  { limit, backward }: { readonly limit: number; readonly backward: boolean },
): Found[] {
  const found: Found[] = [];
  for (const line of backward ? lines.backwards(fromNs, toNs) : lines.between(fromNs, toNs)) {
    if (found.length >= limit) break;
    const one = matches(line.labels) ? run({ line, parsed: {} }) : undefined;
    if (one) found.push(one);
  }
  return found;
}

/** As streams, each in the order of what was found. Without categories everything is mixed into the labels of the stream. */
export function streamsOf(found: readonly Found[], categorized: boolean): { stream: Labels; values: unknown[][] }[] {
  const streams = new Map<string, { stream: Labels; values: unknown[][] }>();
  for (const one of found) {
    const stream = categorized ? one.line.labels : labelsOf(one);
    const key = keyOf(stream);
    const known = streams.get(key) ?? { stream, values: [] };
    streams.set(key, known);
    known.values.push([String(one.line.ns), one.line.line, ...(categorized ? [categoriesOf(one)] : [])]);
  }
  return [...streams.values()];
}

function categoriesOf({ line, parsed }: Found): Record<string, Labels> {
  return {
    ...(Object.keys(line.metadata).length > 0 ? { structuredMetadata: line.metadata } : {}),
    ...(Object.keys(parsed).length > 0 ? { parsed } : {}),
  };
}

/** The value at each moment over the range before it: (t − range, t]. */
export function evaluate(lines: LogLines, expression: MetricExpression, momentsNs: readonly bigint[]): Point[][] {
  const [first] = momentsNs;
  const last = momentsNs.at(-1);
  if (first === undefined || last === undefined) return [];
  const window = { fromNs: first - expression.rangeNs + 1n, toNs: last + 1n };
  const found = select(lines, expression.log, window, { limit: Number.POSITIVE_INFINITY, backward: false });
  let [from, to] = [0, 0];
  return momentsNs.map((moment) => {
    for (let one = found[to]; one && one.line.ns <= moment; one = found[to]) to += 1;
    for (let one = found[from]; one && one.line.ns <= moment - expression.rangeNs; one = found[from]) from += 1;
    return expression.at(found.slice(from, to));
  });
}

export function matrixOf(points: readonly Point[][], momentsNs: readonly bigint[]) {
  const series = new Map<string, { metric: Labels; values: [number, string][] }>();
  for (const [index, moment] of momentsNs.entries()) {
    for (const { labels, value } of points[index] ?? []) {
      const key = keyOf(labels);
      const known = series.get(key) ?? { metric: labels, values: [] };
      series.set(key, known);
      known.values.push([Number(moment / 1_000_000n) / 1000, numberText(value)]);
    }
  }
  return [...series.values()];
}

/** Loki never writes an exponent. */
export function numberText(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}

/** How often lines of one pattern came, by step. */
export function patternsOf(found: readonly LogLine[], stepSeconds: number) {
  return [...Map.groupBy(found, ({ pattern, level }) => `${level} ${pattern}`).values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const counts = new Map<number, number>();
    for (const { ns } of group) {
      const bucket = Math.floor(Number(ns / 1_000_000_000n) / stepSeconds) * stepSeconds;
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    return [{ pattern: first.pattern, level: first.level, samples: [...counts].sort(([a], [b]) => a - b) }];
  });
}
