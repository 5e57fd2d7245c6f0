import { useLocation } from 'preact-iso';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { StaleBanner } from '../components/Banner.tsx';
import { loadPlot } from '../components/chart/TimeSeriesChart.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { clustersToAskAgain, withMetricsOf } from '../observability/ask-failed.ts';
import { Frame } from '../observability/Frame.tsx';
import { MetricsAnswerView } from '../observability/metrics/MetricsAnswerView.tsx';
import { metricsCall, metricsCallAgain, metricsUrl, readMetricsView } from '../observability/metrics/metrics-view.ts';
import { QueryForm } from '../observability/metrics/QueryForm.tsx';
import { filterSeries, type WholeAnswer, seriesOf } from '../observability/metrics/series.ts';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { useRefresh } from '../observability/use-refresh.ts';
import { useServices } from '../services.ts';

/** The server gives a query 30 s; a little more for the way. */
const TIMEOUT_MS = 40_000;

/** PromQL over many clusters. The question lives in the URL and is asked whenever it changes there. */
export function MetricsPage() {
  const { api, history } = useServices();
  const { query, url, route } = useLocation();
  const view = useMemo(() => readMetricsView(query), [url]);
  const run = useMemo(() => createQueryRun<WholeAnswer>(api.serverNow), [api]);
  const [draft, setDraft] = useState(view.query);
  const [text, setText] = useState(view.filter);
  const { path, body } = metricsCall(view);
  const key = JSON.stringify([path, body]);
  const state = run.state.value;
  const answer = state.status === 'ready' ? state.value : undefined;
  const series = useMemo(() => (answer ? seriesOf(answer) : []), [answer]);

  // Aggregated and shortened answers have no part of one cluster that could be put in its place.
  const again = useMemo(
    () => (answer && !answer.aggregation && !answer.shortened ? clustersToAskAgain(answer.results) : []),
    [answer],
  );
  const post = (wanted: object, signal: AbortSignal) =>
    api.post<WholeAnswer>(path, wanted, { signal, timeoutMs: TIMEOUT_MS });
  const ask = () => void run.ask(key, (signal) => post(body, signal));
  const askAgain = () => {
    if (again.length === 0) return ask();
    void run.amend(async (shown, signal) => {
      const fresh = await post(metricsCallAgain(body, shown, again), signal);
      return withMetricsOf(shown, fresh) ?? post(body, signal);
    });
  };
  useEffect(() => {
    setDraft(view.query);
    if (view.query === '') run.clear();
    else ask();
  }, [key]);
  useEffect(() => {
    void loadPlot().catch(() => undefined); // the chart says so itself when it cannot be had
    return run.cancel;
  }, [run]);

  // The field that writes the filter is not there while there is no answer.
  useEffect(() => setText(view.filter), [view.filter]);

  useRefresh(view, run, ask);

  const onRun = (wanted: string) => {
    const trimmed = wanted.trim();
    if (trimmed === '') return;
    history.add('promql', trimmed);
    if (trimmed === view.query) ask();
    else route(metricsUrl({ ...view, query: trimmed, only: '', filter: '' }));
  };
  const refused = state.status === 'failed' && state.failure.code.startsWith('INVALID_') ? state.failure : undefined;

  return (
    <Frame
      tab="metrics"
      state={stateOf(state, series.length, filterSeries(series, text).length)}
      shared={view}
      urlWith={(change) => metricsUrl({ ...view, ...change })}
    >
      <QueryForm {...{ view, run, draft, refused, onRun }} onDraft={setDraft} />
      {state.status === 'idle' && (
        <StateView title="Write a query, or take one from the history.">
          <p>It is asked of every cluster at once; each series comes back with the cluster it is from.</p>
        </StateView>
      )}
      {state.status === 'loading' && <StateView title="Asking the clusters…" live />}
      {state.status === 'cancelled' && <StateView title="The query was cancelled." />}
      {state.status === 'failed' && refused === undefined && (
        <FailureView what="the metrics" failure={state.failure} onRetry={ask} />
      )}
      {state.status === 'ready' && state.failure && <StaleBanner at={state.at} failure={state.failure} onRetry={ask} />}
      {answer && <MetricsAnswerView {...{ answer, series, view, text, again }} onText={setText} onRetry={askAgain} />}
    </Frame>
  );
}

/** The state of the page as `data-state`; each is visible in its own way. */
function stateOf(state: RunState<WholeAnswer>, series: number, shown: number): string {
  if (state.status === 'failed') return state.failure.denied ? 'denied' : 'error';
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  if (!state.value.complete) return 'partial';
  if (series === 0) return 'empty';
  return shown === 0 ? 'filtered-empty' : 'ready';
}
