import { Command } from '../../components/Code.tsx';
import { wallTime, zoneName } from '../../time-zone.ts';
import { absoluteRange } from '../time-range.ts';
import { tabUrl } from '../view-url.ts';
import { type LogRow, type LogsView, logsViewUrl, narrowed, traceIdOf } from './logs-view.ts';

/** Lines from this long before to this long after one. */
const AROUND_MS = 60_000;

/** Everything that is known of one line: the whole of it to copy, its trace, and its labels, each a way to narrow the query. */
export function LogLine({ row: { entry }, view }: { row: LogRow; view: LogsView }) {
  const trace = traceIdOf(entry);
  const at = Date.parse(entry.timestamp);
  const around = {
    ...view,
    show: 'lines',
    line: '',
    levels: [],
    range: absoluteRange(at - AROUND_MS, at + AROUND_MS),
  } as const;
  const traceRange = { ...view, range: absoluteRange(at - 30 * AROUND_MS, at + 30 * AROUND_MS) };
  return (
    <div class="log-detail">
      <Command>{entry.message}</Command>
      {entry.message_length !== undefined && (
        <p class="muted">
          The first {entry.message.length} of {entry.message_length} characters.
        </p>
      )}
      <p class="log-actions">
        <span class="muted">
          {wallTime(at, view.zone)}.{entry.timestamp_ns.slice(-9)} {zoneName(view.zone)}
        </span>
        {trace !== undefined && (
          <a class="button small" href={tabUrl('traces', traceRange, {}, trace)}>
            Its trace
          </a>
        )}
        <a class="button small" href={logsViewUrl(around)}>
          Lines around it
        </a>
        <a
          class="button small"
          href={logsViewUrl({ ...around, clusters: entry.cluster_name, query: selectorOf(entry.stream) })}
        >
          Its stream alone
        </a>
      </p>
      <Labels title="Stream" of={entry.stream} view={view} ofStream />
      <Labels title="Metadata" of={entry.structured_metadata ?? {}} view={view} />
      <Labels title="Parsed by the query" of={entry.parsed ?? {}} view={view} />
    </div>
  );
}

function selectorOf(stream: Readonly<Record<string, string>>): string {
  return `{${Object.entries(stream)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`;
}

function Labels(props: { title: string; of: Readonly<Record<string, string>>; view: LogsView; ofStream?: boolean }) {
  const { title, of, view, ofStream = false } = props;
  const pairs = Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length === 0) return null;
  return (
    <div class="log-labels">
      <span class="muted">{title}</span>
      {pairs.map(([name, value]) => (
        <a
          key={name}
          class="chip foreign"
          title="Only lines with this"
          href={logsViewUrl({ ...view, line: '', query: narrowed(view.query, name, value, ofStream) })}
        >
          {name}={value}
        </a>
      ))}
    </div>
  );
}
