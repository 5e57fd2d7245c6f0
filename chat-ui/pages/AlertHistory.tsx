import { useLocation } from 'preact-iso';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AlertEpisode, Severity } from '../../backend/model/alert.ts';
import { EpisodeGrid } from '../alerts/EpisodeGrid.tsx';
import { AlertsFrame } from '../alerts/AlertsFrame.tsx';
import { historyUrl, historyQuery, readHistoryView } from '../alerts/history-view.ts';
import { type AlertHistoryAnswer, fetchAlertHistory } from '../api/alert-endpoints.ts';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { StaleBanner } from '../components/Banner.tsx';
import { FilterChips } from '../components/FilterChips.tsx';
import { Icon } from '../components/Icon.tsx';
import { PartialBanner } from '../components/PartialBanner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { toneOfSeverity } from '../components/Status.tsx';
import { useAction } from '../components/use-action.ts';
import { useUrlText } from '../components/url-text.ts';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import { ClusterPicker } from '../observability/ClusterPicker.tsx';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { TimeRangePicker } from '../observability/TimeRangePicker.tsx';
import { useServices } from '../services.ts';

/** Every time an alert fired, as the server remembers it. Time, clusters and filters live in the URL. */
export function AlertHistoryPage() {
  const { api } = useServices();
  const { query, url, route } = useLocation();
  const view = useMemo(() => readHistoryView(query), [url]);
  const run = useMemo(() => createQueryRun<AlertHistoryAnswer>(api.serverNow), [api]);
  const key = historyQuery(view).toString();
  const ask = () => void run.ask(key, (signal) => fetchAlertHistory(api, historyQuery(view), signal));
  useEffect(ask, [key]);
  useEffect(() => run.cancel, [run]);
  const urlWith = (change: Partial<typeof view>) => historyUrl({ ...view, ...change });
  const alertname = useUrlText(
    view.alertname,
    (value) => route(urlWith({ alertname: value.trim() }), true),
    () => undefined,
  );
  const namespace = useUrlText(
    view.namespace,
    (value) => route(urlWith({ namespace: value.trim() }), true),
    () => undefined,
  );
  const state = run.state.value;
  const answer = state.status === 'ready' ? state.value : undefined;
  return (
    <AlertsFrame
      path="/alerts/history"
      title="History of alerts"
      state={stateOf(state)}
      aside={
        <div class="scope-bar">
          <ClusterPicker clusters={view.clusters} urlOf={(clusters) => urlWith({ clusters })} />
          <TimeRangePicker range={view.range} zone={view.zone} urlOf={urlWith} />
        </div>
      }
    >
      <div class="filter-bar" role="search">
        {(
          [
            ['Alert', alertname, true],
            ['Namespace', namespace, false],
          ] as const
        ).map(([label, field, first]) => (
          <label key={label} class="search short">
            <Icon name="search" />
            <span class="sr-only">{label} is exactly</span>
            <input
              type="search"
              placeholder={`${label} is…`}
              {...(first ? { 'data-shortcut': '/' } : {})}
              value={field.value}
              onInput={(event) => field.set(event.currentTarget.value)}
            />
          </label>
        ))}
        <FilterChips
          label="Severity"
          values={SEVERITIES}
          chosen={view.severity === undefined ? [] : [view.severity]}
          counts={
            answer && view.severity === undefined
              ? new Map(Object.entries(answer.by_severity))
              : countsOf(answer, view.severity)
          }
          atLeast={answer?.complete === false}
          toneOf={toneOfSeverity}
          urlOf={(severity) => urlWith({ severity: view.severity === severity ? undefined : severity })}
        />
        <nav class="segmented" aria-label="State">
          {([undefined, 'FIRING', 'RESOLVED'] as const).map((one) => (
            <a key={one ?? ''} href={urlWith({ state: one })} aria-current={view.state === one ? 'true' : undefined}>
              {one === undefined ? 'All' : one === 'FIRING' ? 'Still firing' : 'Over'}
            </a>
          ))}
        </nav>
      </div>
      {state.status === 'loading' && <StateView title="Reading the history…" live />}
      {state.status === 'failed' && <FailureView what="the history" failure={state.failure} onRetry={ask} />}
      {state.status === 'ready' && state.failure && (
        <StaleBanner what="History" at={state.at} failure={state.failure} onRetry={ask} />
      )}
      {answer && !answer.complete && <PartialBanner what="History" outcomes={answer.clusters} onRetry={ask} />}
      {answer && answer.episodes.length === 0 && (
        <StateView
          title={answer.complete ? 'Nothing fired in this time.' : 'Nothing is known to have fired in this time.'}
        >
          <p>Widen the time, or loosen the filters. Names are compared whole.</p>
        </StateView>
      )}
      {answer && answer.episodes.length > 0 && (
        <Episodes key={`${key} ${state.status === 'ready' ? state.at : 0}`} first={answer} view={view} />
      )}
    </AlertsFrame>
  );
}

/** While a severity is chosen the answer counts that one alone; what is not counted is not known. */
function countsOf(
  answer: AlertHistoryAnswer | undefined,
  severity: Severity | undefined,
): ReadonlyMap<string, number> | undefined {
  return answer && severity ? new Map([[severity, answer.by_severity[severity]]]) : undefined;
}

/** The pages read so far, as one list. */
function Episodes({ first, view }: { first: AlertHistoryAnswer; view: ReturnType<typeof readHistoryView> }) {
  const { api } = useServices();
  const [episodes, setEpisodes] = useState<readonly AlertEpisode[]>(first.episodes);
  const [cursor, setCursor] = useState(first.next_cursor);
  const action = useAction();
  const more = () =>
    void action.run(async () => {
      const query = historyQuery(view);
      if (cursor !== undefined) query.set('cursor', cursor);
      const page = await fetchAlertHistory(api, query);
      setEpisodes([...episodes, ...page.episodes]);
      setCursor(page.next_cursor);
    });
  return (
    <>
      <p class="muted" role="status">
        {episodes.length} of {first.complete ? '' : '≥ '}
        {first.total} times an alert fired, newest first.
      </p>
      <EpisodeGrid episodes={episodes} view={view} />
      {action.failure && <ActionFailure failure={action.failure} />}
      {cursor !== undefined && (
        <p class="more-tiles">
          <button type="button" class="button" aria-disabled={action.busy} onClick={more}>
            {action.busy ? 'Reading…' : 'Older'}
          </button>
        </p>
      )}
    </>
  );
}

/** The state of the page as `data-state`; each is visible in its own way. */
function stateOf(state: RunState<AlertHistoryAnswer>): string {
  if (state.status === 'failed') return state.failure.denied ? 'denied' : 'error';
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  if (!state.value.complete) return 'partial';
  return state.value.episodes.length === 0 ? 'empty' : 'ready';
}
