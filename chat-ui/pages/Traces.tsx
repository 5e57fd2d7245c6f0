import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso';
import { useEffect, useMemo } from 'preact/hooks';
import type { ServiceGraphAnswer, TraceSearchAnswer } from '../../backend/model/trace.ts';
import { StaleBanner } from '../components/Banner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { clustersToAskAgain, withTracesOf } from '../observability/ask-failed.ts';
import { Frame } from '../observability/Frame.tsx';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { RunBar } from '../observability/RunBar.tsx';
import { SearchForm } from '../observability/traces/SearchForm.tsx';
import { ServiceGraph } from '../observability/traces/ServiceGraph.tsx';
import { TraceResults } from '../observability/traces/TraceResults.tsx';
import {
  readTracesView,
  searchBody,
  sharedQuery,
  type TracesView,
  tracesUrl,
} from '../observability/traces/traces-view.ts';
import { useRefresh } from '../observability/use-refresh.ts';
import { useServices } from '../services.ts';

/** As many calls as one answer may hold. */
const MOST_CALLS = 500;

/** Traces of many clusters, or the calls between their services. The question lives in the URL and is asked when it changes. */
export function TracesPage() {
  const { query, url } = useLocation();
  const view = useMemo(() => readTracesView(query), [url]);
  return view.show === 'services' ? <Services view={view} /> : <Search view={view} />;
}

function Search({ view }: { view: TracesView }) {
  const { api, history } = useServices();
  const { route } = useLocation();
  const run = useMemo(() => createQueryRun<TraceSearchAnswer>(api.serverNow), [api]);
  const body = searchBody(view);
  const key = JSON.stringify(body);
  const post = (wanted: object, signal: AbortSignal) =>
    api.post<TraceSearchAnswer>('/traces/search', wanted, { signal });
  const ask = () => void run.ask(key, (signal) => post(body, signal));
  const askAgain = (clusters: readonly string[]) => {
    if (clusters.length === 0) return ask();
    void run.amend(async (shown, signal) => {
      const { start, end } = shown;
      return withTracesOf(shown, await post({ ...body, clusters, start, end }, signal), view.limit);
    });
  };
  useEffect(ask, [key]);
  useEffect(() => run.cancel, [run]);
  useRefresh(view, run, ask);
  const state = run.state.value;
  const refused = state.status === 'failed' && state.failure.code.startsWith('INVALID_') ? state.failure : undefined;
  const onRun = (wanted: TracesView) => {
    if (wanted.traceql !== '') history.add('traceql', wanted.traceql);
    if (tracesUrl(wanted) === tracesUrl(view)) ask();
    else route(tracesUrl(wanted));
  };
  return (
    <TracesFrame view={view} state={stateOf(state, ({ traces }) => traces.length)}>
      <SearchForm {...{ view, run, onRun, refused }} />
      <Answer state={state} what="the traces" onRetry={ask} silent={refused !== undefined}>
        {(answer) => {
          const again = clustersToAskAgain(answer.clusters);
          return <TraceResults {...{ answer, view, again }} onRetry={() => askAgain(again)} />;
        }}
      </Answer>
    </TracesFrame>
  );
}

function Services({ view }: { view: TracesView }) {
  const { api } = useServices();
  const run = useMemo(() => createQueryRun<ServiceGraphAnswer>(api.serverNow), [api]);
  const path = `/traces/dependencies?limit=${MOST_CALLS}&${sharedQuery(view).toString()}`;
  const ask = () => void run.ask(path, (signal) => api.get<ServiceGraphAnswer>(path, signal));
  useEffect(ask, [path]);
  useEffect(() => run.cancel, [run]);
  useRefresh(view, run, ask);
  const state = run.state.value;
  return (
    <TracesFrame view={view} state={stateOf(state, ({ edges }) => edges.length)}>
      <RunBar run={run} onRun={ask} />
      <Answer state={state} what="the calls between services" onRetry={ask}>
        {(answer) => <ServiceGraph answer={answer} view={view} onRetry={ask} />}
      </Answer>
    </TracesFrame>
  );
}

function TracesFrame(props: { view: TracesView; state: string; children: ComponentChildren }) {
  const { view, state, children } = props;
  return (
    <Frame tab="traces" state={state} shared={view} urlWith={(change) => tracesUrl({ ...view, ...change })}>
      <nav class="segmented sub" aria-label="Traces">
        <a href={tracesUrl({ ...view, show: 'search' })} aria-current={view.show === 'search' ? 'page' : undefined}>
          Search
        </a>
        <a href={tracesUrl({ ...view, show: 'services' })} aria-current={view.show === 'services' ? 'page' : undefined}>
          Calls between services
        </a>
      </nav>
      {children}
    </Frame>
  );
}

/** What stands in place of an answer, or the answer and how old it is. */
function Answer<T>(props: {
  state: RunState<T>;
  what: string;
  onRetry: () => void;
  /** The form says already what is wrong. */
  silent?: boolean;
  children: (answer: T) => ComponentChildren;
}) {
  const { state, what, onRetry } = props;
  if (state.status === 'loading') return <StateView title="Asking the clusters…" live />;
  if (state.status === 'cancelled') return <StateView title="The search was cancelled." />;
  if (state.status === 'idle') return null;
  if (state.status === 'failed') {
    if (props.silent) return null;
    if (state.failure.code === 'TEMPO_NOT_AVAILABLE' && state.failure.details['clusters'] === undefined) {
      return (
        <StateView title="None of these clusters has a Tempo.">
          <p>Traces are read from the Tempo of each cluster. Set its URL when you edit a cluster.</p>
        </StateView>
      );
    }
    return <FailureView what={what} failure={state.failure} onRetry={onRetry} />;
  }
  return (
    <>
      {state.failure && <StaleBanner at={state.at} failure={state.failure} onRetry={onRetry} />}
      {props.children(state.value)}
    </>
  );
}

/** The state of the page as `data-state`; each is visible in its own way. */
function stateOf<T extends { readonly complete: boolean }>(state: RunState<T>, count: (answer: T) => number): string {
  if (state.status === 'failed') return state.failure.denied ? 'denied' : 'error';
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  if (!state.value.complete) return 'partial';
  return count(state.value) === 0 ? 'empty' : 'ready';
}
