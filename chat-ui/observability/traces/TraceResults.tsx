import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { FoundTrace, TraceSearchAnswer } from '../../../backend/model/trace.ts';
import { Banner } from '../../components/Banner.tsx';
import { PartialBanner } from '../../components/PartialBanner.tsx';
import { StateView } from '../../components/StateView.tsx';
import { StatusBadge } from '../../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../../components/VirtualGrid.tsx';
import { wallTime, zoneName } from '../../time-zone.ts';
import { askAgainWords } from '../ask-failed.ts';
import { Outcomes } from '../Outcomes.tsx';
import { LIMITS, type TracesView, traceUrl, tracesUrl } from './traces-view.ts';
import { durationWords } from './waterfall.ts';

/** Heights of a row in px: one line, three lines (styles/traces.css). */
const ROW_HEIGHT = { wide: 40, narrow: 84 } as const;

/** Traces that a search found, newest first; each leads to its waterfall. */
export function TraceResults(props: {
  answer: TraceSearchAnswer;
  view: TracesView;
  onRetry: () => void;
  /** Those that `onRetry` asks; empty = all. */
  again: readonly string[];
}) {
  const { answer, view, onRetry } = props;
  const { route } = useLocation();
  const wide = useMedia('(min-width: 900px)');
  const longest = Math.max(1e-6, ...answer.traces.map((trace) => trace.duration_ms));
  const columns = useMemo(() => columnsOf(view, longest), [tracesUrl(view), longest]);
  const bigger = LIMITS.find((limit) => limit > view.limit);
  return (
    <>
      {!answer.complete && (
        <PartialBanner what="Traces" outcomes={answer.clusters} onRetry={onRetry} retry={askAgainWords(props.again)} />
      )}
      <Notes notes={answer.notes} />
      {answer.traces.length === 0 ? (
        <StateView title={answer.complete ? 'No trace matches.' : 'No trace came from the clusters that answered.'}>
          <p>Loosen the fields, or widen the time range. Tempo shows a trace a short while after it ended.</p>
        </StateView>
      ) : (
        <>
          <p class="muted" role="status">
            {answer.more
              ? `The newest ${answer.traces.length}; there may be more. `
              : `${answer.complete ? '' : '≥ '}${answer.traces.length} traces. `}
            Times in {zoneName(view.zone)}.{' '}
            {answer.more && bigger !== undefined && <a href={tracesUrl({ ...view, limit: bigger })}>Show {bigger}</a>}
          </p>
          <VirtualGrid
            label="Traces"
            class="trace-grid"
            rows={answer.traces}
            keyOf={(trace) => trace.trace_id}
            urlOf={(trace) => traceUrl(trace.trace_id, view)}
            onOpen={(trace) => route(traceUrl(trace.trace_id, view))}
            columns={columns}
            rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
          />
        </>
      )}
      {answer.clusters.length > 0 && <Outcomes outcomes={answer.clusters} what="" />}
    </>
  );
}

/** What the server says beside its answer. */
export function Notes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <Banner tone="info">
      <ul class="banner-list">
        {notes.map((note) => (
          <li key={note} class="foreign">
            {note}
          </li>
        ))}
      </ul>
    </Banner>
  );
}

function columnsOf(view: TracesView, longest: number): GridColumn<FoundTrace>[] {
  return [
    {
      id: 'name',
      header: 'Trace',
      cell: (trace) => (
        <span class="foreign">
          {trace.root_service ?? 'Root unknown'} <span class="root-operation">{trace.root_operation}</span>
        </span>
      ),
    },
    {
      id: 'status',
      header: 'Status',
      cell: (trace) =>
        trace.has_errors === null ? (
          <span class="muted">—</span>
        ) : trace.has_errors ? (
          <StatusBadge tone="critical">Errors</StatusBadge>
        ) : (
          <StatusBadge tone="healthy">No error</StatusBadge>
        ),
    },
    {
      id: 'took',
      header: 'Took',
      cell: (trace) => (
        <>
          <span class="took-track" aria-hidden="true">
            <span class="took-bar" style={{ width: `${Math.max(1, (trace.duration_ms / longest) * 100)}%` }} />
          </span>
          <span class="took-text">{durationWords(trace.duration_ms)}</span>
        </>
      ),
    },
    { id: 'spans', header: 'Spans', cell: (trace) => trace.span_count ?? '—' },
    { id: 'services', header: 'Services', cell: (trace) => trace.service_count ?? '—' },
    { id: 'clusters', header: 'Clusters', cell: (trace) => <span class="foreign">{trace.clusters.join(', ')}</span> },
    {
      id: 'started',
      header: 'Started',
      cell: (trace) => wallTime(Date.parse(trace.start_time.slice(0, 19) + 'Z'), view.zone),
    },
  ];
}
