import { labelKey } from '../metrics/cluster-series.ts';
import { METRIC_NAME } from './ast.ts';
import { evaluationError } from './refusals.ts';

/** The instants at which something is evaluated: `startMs + k·stepMs`, `count` of them. Unix milliseconds. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/** Never holds an empty value: to Prometheus an empty label is one that is not there. */
export type Labels = Readonly<Record<string, string>>;

/** One series on a grid. `present` is 1 where it has a sample, so that NaN stays a value like any other. */
export interface GridSeries {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export type Value =
  | { readonly kind: 'vector'; readonly series: readonly GridSeries[] }
  | { readonly kind: 'scalar'; readonly values: Float64Array }
  | { readonly kind: 'string'; readonly value: string };

export function timeAt({ startMs, stepMs }: Grid, k: number): number {
  return startMs + k * stepMs;
}

export function emptySeries(labels: Labels, count: number): GridSeries {
  return { labels, values: new Float64Array(count), present: new Uint8Array(count) };
}

export function keepLabels(labels: Labels, names: readonly string[]): Labels {
  const kept: Record<string, string> = {};
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

export function dropLabels(labels: Labels, names: readonly string[]): Labels {
  const kept: Record<string, string> = {};
  for (const name in labels) {
    const value = labels[name];
    if (value !== undefined && !names.includes(name)) kept[name] = value;
  }
  return kept;
}

export function dropName(labels: Labels): Labels {
  return labels[METRIC_NAME] === undefined ? labels : dropLabels(labels, [METRIC_NAME]);
}

/** `{job="x"}` for messages. */
export function showLabels(labels: Labels): string {
  const { [METRIC_NAME]: name = '', ...rest } = labels;
  const list = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${list.join(', ')}}`;
}

/**
 * Collects samples into series by label set. Two samples of equal labels at one instant are what Prometheus calls "vector cannot
 * contain metrics with the same labelset", an error of the query.
 */
export class VectorBuilder {
  readonly #byKey = new Map<string, GridSeries>();
  readonly #count: number;
  readonly #at: number;

  /** `at`: the offset in the query of the operation that makes the vector. */
  constructor(count: number, at: number) {
    this.#count = count;
    this.#at = at;
  }

  /** The series of these labels, made when there is none; written through `put`. */
  open(labels: Labels): GridSeries {
    const key = labelKey(labels);
    const known = this.#byKey.get(key);
    if (known) return known;
    const made = emptySeries(labels, this.#count);
    this.#byKey.set(key, made);
    return made;
  }

  put(series: GridSeries, k: number, value: number): void {
    if (series.present[k] === 1) throw sameLabels(series.labels, this.#at);
    series.present[k] = 1;
    series.values[k] = value;
  }

  /** Adds a whole series as it is; it is shared, not copied, unless its labels exist already. */
  add(series: GridSeries): void {
    const key = labelKey(series.labels);
    const known = this.#byKey.get(key);
    if (!known) {
      this.#byKey.set(key, { ...series, values: series.values.slice(), present: series.present.slice() });
      return;
    }
    for (let k = 0; k < this.#count; k += 1) if (series.present[k] === 1) this.put(known, k, series.values[k] ?? NaN);
  }

  /** Series in the order they were opened, without those that have no sample. */
  build(): GridSeries[] {
    return [...this.#byKey.values()].filter(({ present }) => present.includes(1));
  }
}

export function sameLabels(labels: Labels, at: number): Error {
  return evaluationError(`the vector would hold ${showLabels(labels)} twice at one instant`, at);
}

/** The same samples under other labels; equal labels at one instant are an error. */
export function relabel(
  series: readonly GridSeries[],
  count: number,
  at: number,
  change: (labels: Labels) => Labels,
): GridSeries[] {
  const seen = new Set<string>();
  let clash = false;
  const changed = series.map((one) => {
    const labels = change(one.labels);
    const key = labelKey(labels);
    clash ||= seen.has(key);
    seen.add(key);
    return { ...one, labels };
  });
  if (!clash) return changed;
  const builder = new VectorBuilder(count, at);
  for (const one of changed) builder.add(one);
  return builder.build();
}

/** Every sample through `change`, which also gets the instant's index; the metric name goes, as in Prometheus. */
export function mapSamples(
  series: readonly GridSeries[],
  count: number,
  at: number,
  change: (value: number, k: number) => number,
): GridSeries[] {
  const mapped = series.map(({ labels, values, present }) => {
    const out = new Float64Array(count);
    for (let k = 0; k < count; k += 1) if (present[k] === 1) out[k] = change(values[k] ?? NaN, k);
    return { labels, values: out, present };
  });
  return relabel(mapped, count, at, dropName);
}
