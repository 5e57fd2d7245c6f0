import { useLocation, useRoute } from 'preact-iso';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Span, TraceAnswer, TraceSpansAnswer } from '../../backend/model/trace.ts';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { StaleBanner } from '../components/Banner.tsx';
import { Panel } from '../components/Facts.tsx';
import { PartialBanner } from '../components/PartialBanner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { StatusBadge } from '../components/Status.tsx';
import { useAction } from '../components/use-action.ts';
import { useMedia } from '../components/VirtualGrid.tsx';
import { Outcomes } from '../observability/Outcomes.tsx';
import { createQueryRun } from '../observability/query-run.ts';
import { AnalysisPanel } from '../observability/traces/AnalysisPanel.tsx';
import { SpanPanel } from '../observability/traces/SpanPanel.tsx';
import { Notes } from '../observability/traces/TraceResults.tsx';
import { readTracesView, traceUrl, tracesUrl } from '../observability/traces/traces-view.ts';
import { TraceWaterfall } from '../observability/traces/TraceWaterfall.tsx';
import { durationWords, waterfallOf } from '../observability/traces/waterfall.ts';
import { clustersArgument } from '../observability/view-url.ts';
import { useServices } from '../services.ts';
import { Dialog } from '../shell/Dialog.tsx';
import { wallTime, zoneName } from '../time-zone.ts';

/** One trace: where its time went, where its errors began, and every span over time. */
export function TracePage() {
  const { id = '' } = useRoute().params;
  return <OneTrace key={id} id={id} />;
}

function OneTrace({ id }: { id: string }) {
  const { api } = useServices();
  const { query, url } = useLocation();
  const view = useMemo(() => readTracesView(query), [url]);
  const run = useMemo(() => createQueryRun<TraceAnswer>(api.serverNow), [api]);
  const scope = new URLSearchParams();
  const clusters = clustersArgument(view.clusters);
  for (const name of typeof clusters === 'string' ? [clusters] : (clusters ?? [])) scope.append('clusters', name);
  const search = scope.toString();
  const path = `/traces/${encodeURIComponent(id)}`;
  const ask = () => void run.ask(path, (signal) => api.get<TraceAnswer>(`${path}${search && `?${search}`}`, signal));
  useEffect(ask, [path, search]);
  useEffect(() => run.cancel, [run]);
  const state = run.state.value;
  const answer = state.status === 'ready' ? state.value : undefined;
  const shown =
    state.status === 'failed'
      ? state.failure.denied
        ? 'denied'
        : state.failure.code === 'TRACE_NOT_FOUND'
          ? 'empty'
          : 'error'
      : state.status !== 'ready'
        ? state.status
        : state.failure
          ? 'stale'
          : state.value.complete
            ? 'ready'
            : 'partial';

  return (
    <div class="page observability trace" data-state={shown}>
      <nav aria-label="Where this is" class="crumbs">
        <a href={tracesUrl(view)}>Traces</a>
      </nav>
      <header class="page-head">
        <h1 tabIndex={-1} class="foreign">
          {answer ? `${answer.trace.root_service ?? 'Root unknown'} ${answer.trace.root_operation ?? ''}` : 'Trace'}
        </h1>
        {answer?.trace.has_errors === true && <StatusBadge tone="critical">Errors</StatusBadge>}
        {answer?.trace.has_errors === false && <StatusBadge tone="healthy">No error</StatusBadge>}
        <code class="muted foreign">{id}</code>
      </header>
      {(state.status === 'loading' || state.status === 'idle') && <StateView title="Reading the trace…" live />}
      {state.status === 'failed' &&
        (shown === 'empty' ? (
          <StateView title="There is no such trace in these clusters.">
            <p class="foreign">{state.failure.message}</p>
            <a class="button" href={tracesUrl(view)}>
              Search for traces
            </a>
          </StateView>
        ) : (
          <FailureView what="the trace" failure={state.failure} onRetry={ask} />
        ))}
      {state.status === 'ready' && state.failure && <StaleBanner at={state.at} failure={state.failure} onRetry={ask} />}
      {answer && (
        <Found key={state.status === 'ready' ? state.at : 0} {...{ id, answer, view, search }} onRetry={ask} />
      )}
    </div>
  );
}

/** Spans of one page of the rest, and in all: more make no waterfall that anybody reads. */
const PAGE_SIZE = 1000;
const MOST_SPANS = 10_000;

function Found(props: {
  id: string;
  answer: TraceAnswer;
  view: ReturnType<typeof readTracesView>;
  search: string;
  onRetry: () => void;
}) {
  const { id, answer, view, search, onRetry } = props;
  const { api } = useServices();
  const { route, query } = useLocation();
  const wide = useMedia('(min-width: 1240px)');
  const [spans, setSpans] = useState<readonly Span[]>(answer.spans);
  const rest = useAction();
  const { trace, analysis } = answer;
  const waterfall = useMemo(() => waterfallOf(trace, spans, analysis), [trace, spans, analysis]);
  const selected = waterfall.rows.find((row) => row.span.span_id === query.span);
  const total = answer.tree_of.total;
  const most = Math.min(total, MOST_SPANS);
  const select = (spanId: string) => route(traceUrl(id, view, spanId), true);

  const loadAll = async () => {
    const all: Span[] = [];
    for (let page = 1; all.length < most; page += 1) {
      const answered = await api.get<TraceSpansAnswer>(
        `/traces/${encodeURIComponent(id)}/spans?page=${page}&page_size=${PAGE_SIZE}${search && `&${search}`}`,
      );
      all.push(...answered.items);
      if (page >= answered.total_pages || answered.items.length === 0) break;
    }
    setSpans(all);
  };

  return (
    <>
      <p class="trace-facts">
        <b>{durationWords(trace.duration_ms)}</b> · {counted(trace.span_count ?? total, 'span')} ·{' '}
        {trace.service_count === null ? '— services' : counted(trace.service_count, 'service')} ·{' '}
        <span class="foreign">{trace.clusters.join(', ')}</span> ·{' '}
        {wallTime(Date.parse(trace.start_time.slice(0, 19) + 'Z'), view.zone)}{' '}
        <span class="muted">{zoneName(view.zone)}</span>
      </p>
      {!answer.complete && (
        <PartialBanner what="Trace" outcomes={answer.clusters} onRetry={onRetry} retry="Ask all again" />
      )}
      <Notes notes={answer.notes} />
      <Panel id="analysis-title" title="Where the time went">
        <AnalysisPanel analysis={analysis} onSpan={select} />
      </Panel>
      {rest.failure && <ActionFailure failure={rest.failure} />}
      {spans.length < total && (
        <p>
          {spans.length} of {total} spans are shown.{' '}
          {spans.length < most && (
            <button type="button" class="button small" onClick={() => void rest.run(loadAll)}>
              {rest.busy ? 'Reading…' : most < total ? `Show ${most}` : 'Show all'}
            </button>
          )}
        </p>
      )}
      <div class={selected && wide ? 'trace-split' : ''}>
        <TraceWaterfall
          label="Spans over time"
          waterfall={waterfall}
          selected={selected?.span.span_id ?? ''}
          onSelect={(row) => select(row.span.span_id)}
        />
        {selected && wide && (
          <aside class="panel span-aside" aria-label="The chosen span">
            <button type="button" class="button quiet small" onClick={() => select('')}>
              Close
            </button>
            <SpanPanel row={selected} view={view} />
          </aside>
        )}
      </div>
      {selected && !wide && (
        <Dialog title="Span" onClose={() => select('')}>
          <SpanPanel row={selected} view={view} />
        </Dialog>
      )}
      <Outcomes outcomes={answer.clusters} what="" />
    </>
  );
}

/** `1 span`, `2 spans` */
function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
