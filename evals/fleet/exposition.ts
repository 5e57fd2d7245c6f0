import type { Family, Labels, Target } from './metric-model.ts';
import { storedLabels } from './metric-model.ts';

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One scrape of a target at `time` (Unix seconds) in the Prometheus text format 0.0.4. */
export function exposeText(target: Target, time: number): string {
  let text = '';
  for (const { name, help, type, samples } of target.families) {
    let lines = '';
    for (const { suffix, labels, value } of samples) {
      const current = value(time);
      if (current !== undefined) lines += `${name}${suffix}${braces(labels)} ${current}\n`;
    }
    if (lines !== '') text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
  }
  return text;
}

interface StoredSeries {
  readonly name: string;
  readonly labels: Labels;
  value(time: number): number | undefined;
}

/**
 * The same targets as history: OpenMetrics text as promtool's backfill takes it, in pieces, with the labels that Prometheus
 * would have stored and the `up` that it would have written. Times run from `start` to `end` (Unix seconds) by `step`, with
 * a last sample at `end`. A family stands together and each series ascends in time, as the format demands.
 */
export function* historyText(
  targets: readonly Target[],
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
): Generator<string> {
  const times: number[] = [];
  for (let time = start; time < end; time += step) times.push(time);
  times.push(end);

  const families = new Map<string, { type: Family['type']; series: StoredSeries[] }>();
  const add = (name: string, type: Family['type'], series: StoredSeries) => {
    const known = families.get(name);
    if (known) known.series.push(series);
    else families.set(name, { type, series: [series] });
  };
  for (const target of targets) {
    add('up', 'gauge', { name: 'up', labels: storedLabels(target, {}), value: (time) => (target.isUp(time) ? 1 : 0) });
    for (const { name, type, samples } of target.families) {
      for (const { suffix, labels, value } of samples) {
        add(name, type, {
          name: name + suffix,
          labels: storedLabels(target, labels),
          value: (time) => (target.isUp(time) ? value(time) : undefined),
        });
      }
    }
  }

  for (const [name, { type, series }] of families) {
    yield openMetricsType(name, type);
    for (const one of series) {
      const head = one.name + braces(one.labels);
      let lines = '';
      for (const time of times) {
        const current = one.value(time);
        if (current !== undefined) lines += `${head} ${current} ${time}\n`;
      }
      yield lines;
    }
  }
  yield '# EOF\n';
}

/** OpenMetrics lets a counter be called one only when its samples end in `_total`; the others are declared unknown. */
function openMetricsType(name: string, type: Family['type']): string {
  if (type === 'counter' && name.endsWith('_total')) return `# TYPE ${name.slice(0, -'_total'.length)} counter\n`;
  return `# TYPE ${name} ${type === 'counter' || type === 'untyped' ? 'unknown' : type}\n`;
}

function braces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
