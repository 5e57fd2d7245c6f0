import type { LogEntry, LogsAnswer } from '../../backend/model/logs.ts';
import { type ClusterOutcome, describeOutcomes, hasNoEndpoint } from '../../backend/model/outcome.ts';

const SHOWN = 3;
const SHOWN_LENGTH = 160;
const TOP = 4;

/** Coverage first, then how many lines of how many, their levels and places, and the first few of them. */
export function summarizeLogs(answer: LogsAnswer): string {
  if (answer.clusters.length === 0)
    return 'No cluster is in scope, so none was asked. list_clusters shows what is registered.';
  const parts = [coverageOfLogs(answer.clusters, answer.complete)];
  parts.push(answer.result_type === 'STREAMS' ? linesSentence(answer) : seriesSentence(answer), ...answer.notes);
  return parts.filter((part) => part !== '').join(' ');
}

/** Who answered, and who has no logs. */
export function coverageOfLogs(clusters: readonly ClusterOutcome[], complete: boolean): string {
  const skipped = clusters.filter(hasNoEndpoint).length;
  const without = skipped === 0 ? '' : ` (${skipped} without logs)`;
  return `${describeOutcomes(clusters)}${without}.${complete ? '' : ' What follows is not all.'}`;
}

function linesSentence({ entries, total, next_cursor, direction, start, end, by_level, complete }: LogsAnswer): string {
  const window = `between ${start} and ${end}`;
  if (entries.length === 0) {
    if (next_cursor !== undefined) return `No line in this part ${window}; next_cursor goes on.`;
    return `No line matches ${window}${complete ? '' : ' where clusters answered'}. Widen the range, or loosen selector and filters.`;
  }
  const many = total === null ? `${entries.length} lines` : `All ${total} lines`;
  const order = direction === 'BACKWARD' ? 'newest first' : 'oldest first';
  const more = next_cursor === undefined ? '' : ' There are more: pass next_cursor.';
  const levels = Object.entries(by_level).map(([level, count]) => `${count} ${level}`);
  const cut = entries.filter((entry) => entry.message_length !== undefined).length;
  const shortened = cut === 0 ? '' : ` ${cut} are cut to line_length.`;
  const shown = entries
    .slice(0, SHOWN)
    .map((entry) => `${entry.timestamp} ${entry.cluster_name} ${placeOf(entry)}: ${quote(entry.message)}`);
  return `${many} ${window}, ${order}: ${levels.join(', ')}; from ${topPlaces(entries)}.${more}${shortened} First: ${shown.join(' ')}`;
}

function seriesSentence({ series, result_type }: LogsAnswer): string {
  if (series.length === 0) return 'No series: no line matches, or the range is empty.';
  const last = series.flatMap(({ metric, values }) => {
    const sample = values.at(-1);
    return sample ? [{ text: `${labelsText(metric)} = ${sample[1]}`, value: Number(sample[1]) }] : [];
  });
  const top = last.sort((a, b) => b.value - a.value).slice(0, TOP + 1);
  const what = result_type === 'MATRIX' ? 'last values' : 'values';
  return `${series.length} series; ${last.length > top.length ? `highest ${what}` : what}: ${top.map(({ text }) => text).join('; ')}${last.length > top.length ? '; …' : ''}.`;
}

function topPlaces(entries: readonly LogEntry[]): string {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const name = `${entry.cluster_name}/${placeOf(entry)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const shown = ranked.slice(0, TOP).map(([name, count]) => `${name} (${count})`);
  return `${shown.join(', ')}${ranked.length > TOP ? `, and ${ranked.length - TOP} more` : ''}`;
}

/** The pod, or whatever else tells best where a stream comes from. */
export function placeOf({ stream }: Pick<LogEntry, 'stream'>): string {
  for (const name of ['pod', 'kubernetes_pod_name', 'k8s_pod_name', 'service_name', 'app', 'unit', 'job', 'node']) {
    const value = stream[name];
    if (value !== undefined && value !== '') return value;
  }
  return labelsText(stream);
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const listed = Object.entries(labels).slice(0, 6);
  return `{${listed.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
}

function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is removed here
  const line = text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ');
  return JSON.stringify(line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH - 1)}…` : line);
}
