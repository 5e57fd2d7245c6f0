import { Fact, Facts } from '../../components/Facts.tsx';
import { StatusBadge, words } from '../../components/Status.tsx';
import { wallTime } from '../../time-zone.ts';
import { logsUrl } from '../logs-link.ts';
import type { SharedView } from '../view-url.ts';
import { durationWords, type SpanRow } from './waterfall.ts';

/** Everything that is known of one span. All of it was written by the programs that are watched: text and nothing else. */
export function SpanPanel({ row, view }: { row: SpanRow; view: SharedView }) {
  const { span } = row;
  const { zone } = view;
  const startMs = Date.parse(`${span.start_time.slice(0, 19)}Z`);
  const logs = logsUrl(view, {
    cluster: span.cluster_name,
    labels: span.tags,
    fromMs: startMs,
    toMs: startMs + span.duration_ms,
  });
  const tags = Object.entries(span.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <div class="span-panel">
      <p class="foreign">
        <b>{span.service_name}</b> {span.operation_name}
      </p>
      <Facts>
        <Fact name="Status">
          {span.status === 'ERROR' ? (
            <StatusBadge tone="critical">Error</StatusBadge>
          ) : span.status === 'OK' ? (
            <StatusBadge tone="healthy">OK</StatusBadge>
          ) : (
            <span class="muted">Not set</span>
          )}{' '}
          {span.status_message !== undefined && <span class="foreign">{span.status_message}</span>}
        </Fact>
        <Fact name="Took">
          {durationWords(span.duration_ms)}, of which {durationWords(span.self_ms)} by itself
        </Fact>
        <Fact name="Starts">
          {durationWords(Math.max(0, row.offsetMs))} into the trace, at {wallTime(startMs, zone)}
          {span.start_time.slice(19, 29)}
        </Fact>
        {row.critical.length > 0 && (
          <Fact name="Critical path">{durationWords(row.critical.reduce((sum, { ms }) => sum + ms, 0))}</Fact>
        )}
        <Fact name="Cluster">
          <span class="foreign">{span.cluster_name}</span>
        </Fact>
        <Fact name="Kind">{words(span.kind)}</Fact>
        <Fact name="Span">
          <code>{span.span_id}</code>
        </Fact>
      </Facts>
      {logs !== undefined && (
        <a class="button small" href={logs}>
          Logs of this time and place
        </a>
      )}
      <h3>Attributes</h3>
      {tags.length === 0 ? (
        <p class="muted">None.</p>
      ) : (
        <Facts>
          {tags.map(([key, value]) => (
            <Fact key={key} name={key}>
              <code class="foreign">{value}</code>
            </Fact>
          ))}
        </Facts>
      )}
      {span.logs.length > 0 && (
        <>
          <h3>Events</h3>
          <ul class="span-events">
            {span.logs.map((log, n) => (
              <li key={n}>
                <span class="muted">{wallTime(Date.parse(log.timestamp.slice(0, 19) + 'Z'), zone)}</span>{' '}
                <code class="foreign">{log.message}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
