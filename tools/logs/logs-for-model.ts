import { digestClusters, digestSeries } from '../../backend/collectors/metrics/series-digest.ts';
import { type LogEntry, type LogsAnswer, LogsDigest } from '../../backend/model/logs.ts';
import type { ModelView } from '../define.ts';
import { placeOf } from './summarize-logs.ts';

/** Lines and characters of a line that a model is shown; the whole is evidence that it can page and search. */
const SHOWN_LINES = 100;
const SHOWN_LENGTH = 300;

/** A logs answer as a model reads it. */
export const logsForModel: ModelView<LogsAnswer> = {
  output: LogsDigest,
  view: (answer) => {
    const { query, entries, complete, start, end, total, by_level, next_cursor, notes, step } = answer;
    const about = { query, clusters: digestClusters(answer.clusters), complete, start, end };
    if (answer.result_type !== 'STREAMS') {
      const [from, to] = [Date.parse(start) / 1000, Date.parse(end) / 1000];
      const grid = step === undefined ? undefined : { start: from, end: to, step };
      const { digests, whole } = digestSeries(answer.series, { grid });
      return { output: { ...about, series: digests, notes }, whole };
    }
    const left = entries.length - SHOWN_LINES;
    const output = {
      ...about,
      lines: entries.slice(0, SHOWN_LINES).map(lineOf),
      ...(left > 0 ? { lines_left_out: left } : {}),
      total,
      by_level,
      ...(next_cursor === undefined ? {} : { next_cursor }),
      notes,
    };
    // Labels and metadata of the lines are left out; where there are no lines nothing is.
    return { output, whole: entries.length === 0 };
  },
};

function lineOf(entry: LogEntry): string {
  const { timestamp, cluster_name, level, message, message_length, structured_metadata = {} } = entry;
  const trace = structured_metadata['trace_id'];
  const untold = trace === undefined || message.includes(trace) ? '' : ` trace_id=${trace}`;
  const shown = message.length > SHOWN_LENGTH ? message.slice(0, SHOWN_LENGTH) : message;
  const more = (message_length ?? message.length) - shown.length;
  return `${timestamp} ${cluster_name}/${placeOf(entry)} ${level} ${shown}${more > 0 ? `…(+${more})` : ''}${untold}`;
}
