import { useLocation } from 'preact-iso';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LogsAnswer } from '../../backend/model/logs.ts';
import { StaleBanner } from '../components/Banner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { Frame } from '../observability/Frame.tsx';
import { ErrorPatterns } from '../observability/logs/ErrorPatterns.tsx';
import { LiveLogs, useLogTail } from '../observability/logs/LiveLogs.tsx';
import { LogsAnswerView } from '../observability/logs/LogsAnswerView.tsx';
import { logsBody, type LogsView, logsViewUrl, readLogsView } from '../observability/logs/logs-view.ts';
import { QueryForm } from '../observability/logs/QueryForm.tsx';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { useRefresh } from '../observability/use-refresh.ts';
import { useServices } from '../services.ts';

/** The server gives a query 30 s; a little more for the way. */
const TIMEOUT_MS = 40_000;

/** Logs of many clusters: lines of a time, lines as they come, and what errors say. The question lives in the URL. */
export function LogsPage() {
  const { query, url } = useLocation();
  const view = useMemo(() => readLogsView(query), [url]);
  if (view.show === 'live') return <Live view={view} />;
  return view.show === 'errors' ? <Errors view={view} /> : <Lines view={view} />;
}

function Lines({ view }: { view: LogsView }) {
  const { api } = useServices();
  const run = useMemo(() => createQueryRun<LogsAnswer>(api.serverNow), [api]);
  const body = logsBody(view);
  const key = JSON.stringify(body);
  const ask = () =>
    void run.ask(key, (signal) => api.post<LogsAnswer>('/logs/query_range', body, { signal, timeoutMs: TIMEOUT_MS }));
  useEffect(() => {
    if (view.query === '') run.clear();
    else ask();
  }, [key]);
  useEffect(() => run.cancel, [run]);
  useRefresh(view, run, ask);
  const form = useForm(view, ask);
  const state = run.state.value;
  const refused = state.status === 'failed' && state.failure.code.startsWith('INVALID_') ? state.failure : undefined;
  return (
    <LogsFrame view={view} state={stateOf(state, view)}>
      <QueryForm {...{ view, run, refused }} {...form} />
      {state.status === 'idle' && (
        <StateView title="Write a query, browse the labels, or take one from the history.">
          <p>It is asked of every cluster that has a Loki; lines of all clusters stand in one order of time.</p>
        </StateView>
      )}
      {state.status === 'loading' && <StateView title="Asking the clusters…" live />}
      {state.status === 'cancelled' && <StateView title="The query was cancelled." />}
      {state.status === 'failed' && refused === undefined && <LogsFailure failure={state.failure} onRetry={ask} />}
      {state.status === 'ready' && state.failure && <StaleBanner at={state.at} failure={state.failure} onRetry={ask} />}
      {state.status === 'ready' && (
        <LogsAnswerView key={`${key} ${state.at}`} first={state.value} view={view} onRetry={ask} />
      )}
    </LogsFrame>
  );
}

function Live({ view }: { view: LogsView }) {
  const { api } = useServices();
  const { tail, list } = useLogTail(view);
  const run = useMemo(() => createQueryRun<unknown>(api.serverNow), [api]);
  const [open, setOpen] = useState('');
  const form = useForm(view, () => {
    tail.stop();
    tail.start();
  });
  const failure = tail.failure.value;
  const refused = failure?.code.startsWith('INVALID_') ? failure : undefined;
  const state = view.query === '' ? 'idle' : failure ? (failure.denied ? 'denied' : 'error') : tail.state.value;
  return (
    <LogsFrame view={view} state={state}>
      <QueryForm {...{ view, run, refused }} {...form} />
      {view.query === '' ? (
        <StateView title="Write a query: its lines appear here as they come.">
          <p>Such as {'{namespace="shop"}'}; at most 50 clusters are followed at once.</p>
        </StateView>
      ) : (
        <LiveLogs {...{ tail, list, view, open }} onOpen={setOpen} />
      )}
    </LogsFrame>
  );
}

function Errors({ view }: { view: LogsView }) {
  const [state, setState] = useState('loading');
  return (
    <LogsFrame view={view} state={state}>
      <ErrorPatterns view={view} onState={setState} />
    </LogsFrame>
  );
}

/** The text that is being written, and what happens when it is asked. */
function useForm(view: LogsView, ask: () => void) {
  const { history } = useServices();
  const { route } = useLocation();
  const [draft, setDraft] = useState(view.query);
  useEffect(() => setDraft(view.query), [view.query]);
  const onRun = (wanted: string) => {
    const query = wanted.trim();
    if (query === '') return;
    history.add('logql', query);
    if (query === view.query) ask();
    else route(logsViewUrl({ ...view, query, line: '', levels: [] }));
  };
  return { draft, onDraft: setDraft, onRun };
}

function LogsFrame(props: { view: LogsView; state: string; children: preact.ComponentChildren }) {
  const { view, state, children } = props;
  return (
    <Frame tab="logs" state={state} shared={view} urlWith={(change) => logsViewUrl({ ...view, line: '', ...change })}>
      <nav class="segmented sub" aria-label="Logs">
        {(
          [
            ['lines', 'Lines'],
            ['live', 'Live'],
            ['errors', 'Error patterns'],
          ] as const
        ).map(([show, title]) => (
          <a
            key={show}
            href={logsViewUrl({ ...view, show, line: '' })}
            aria-current={view.show === show ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {children}
    </Frame>
  );
}

/** A failed call; that no cluster has a Loki is said as what it is. */
function LogsFailure({
  failure,
  onRetry,
}: {
  failure: Parameters<typeof FailureView>[0]['failure'];
  onRetry: () => void;
}) {
  if (failure.code === 'LOKI_NOT_AVAILABLE' && failure.details['clusters'] === undefined)
    return (
      <StateView title="None of these clusters has logs that can be asked for.">
        <p>Logs are read from the Loki of each cluster. Set its URL when you edit a cluster.</p>
      </StateView>
    );
  return <FailureView what="the logs" failure={failure} onRetry={onRetry} />;
}

/** The state of the page as `data-state`; each is visible in its own way. */
function stateOf(state: RunState<LogsAnswer>, view: LogsView): string {
  if (state.status === 'failed') return state.failure.denied ? 'denied' : 'error';
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  if (!state.value.complete) return 'partial';
  const { entries, series } = state.value;
  if (entries.length === 0 && series.length === 0) return 'empty';
  const shown = view.levels.length === 0 || entries.some((entry) => view.levels.includes(entry.level));
  return series.length > 0 || shown ? 'ready' : 'filtered-empty';
}
