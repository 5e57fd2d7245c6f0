import { useLocation } from 'preact-iso';
import { useEffect, useMemo } from 'preact/hooks';
import type { SilencesAnswer, SilenceState } from '../../backend/model/silence.ts';
import { AlertsFrame } from '../alerts/AlertsFrame.tsx';
import { withQuery } from '../alerts/alerts-view.ts';
import { SilenceTable } from '../alerts/SilenceTable.tsx';
import { fetchSilences } from '../api/alert-endpoints.ts';
import { StaleBanner } from '../components/Banner.tsx';
import { PartialBanner } from '../components/PartialBanner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { words } from '../components/Status.tsx';
import { ClusterPicker } from '../observability/ClusterPicker.tsx';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { clustersArgument } from '../observability/view-url.ts';
import { useServices } from '../services.ts';

const STATES = ['ACTIVE', 'PENDING', 'EXPIRED'] as const satisfies readonly SilenceState[];
const MOST = 200;

/** Silences that the Alertmanagers of the fleet hold. State and clusters live in the URL. */
export function SilencesPage() {
  const { api } = useServices();
  const { query, url } = useLocation();
  const state = STATES.find((one) => one === query.state?.toUpperCase()) ?? 'ACTIVE';
  const clusters = query.clusters ?? '';
  const run = useMemo(() => createQueryRun<SilencesAnswer>(api.serverNow), [api]);
  const wanted = clustersArgument(clusters);
  const ask = () =>
    void run.ask(url, (signal) =>
      fetchSilences(
        api,
        { clusters: typeof wanted === 'string' ? [wanted] : (wanted ?? []), state, limit: MOST },
        signal,
      ),
    );
  useEffect(ask, [url]);
  useEffect(() => run.cancel, [run]);
  const urlOf = (change: { state?: SilenceState; clusters?: string }) => {
    const next = { state, clusters, ...change };
    return withQuery(
      '/alerts/silences',
      new URLSearchParams({
        ...(next.state === 'ACTIVE' ? {} : { state: next.state.toLowerCase() }),
        ...(next.clusters === '' ? {} : { clusters: next.clusters }),
      }),
    );
  };
  const found = run.state.value;
  const answer = found.status === 'ready' ? found.value : undefined;
  return (
    <AlertsFrame
      path="/alerts/silences"
      title="Silences"
      state={stateOf(found)}
      aside={
        <div class="scope-bar">
          <ClusterPicker clusters={clusters} urlOf={(chosen) => urlOf({ clusters: chosen })} />
        </div>
      }
    >
      <nav class="segmented sub" aria-label="State of the silences">
        {STATES.map((one) => (
          <a key={one} href={urlOf({ state: one })} aria-current={one === state ? 'true' : undefined}>
            {words(one)}
          </a>
        ))}
      </nav>
      {found.status === 'loading' && <StateView title="Asking the clusters…" live />}
      {found.status === 'failed' && <FailureView what="the silences" failure={found.failure} onRetry={ask} />}
      {found.status === 'ready' && found.failure && (
        <StaleBanner what="Silences" at={found.at} failure={found.failure} onRetry={ask} />
      )}
      {answer && !answer.complete && <PartialBanner what="Silences" outcomes={answer.clusters} onRetry={ask} />}
      {answer && (
        <p class="muted" role="status">
          {answer.complete ? '' : '≥ '}
          {answer.total} {words(state).toLowerCase()}
          {answer.silences.length < answer.total && `; the first ${answer.silences.length} are listed`}. To make one,
          open an alert.
        </p>
      )}
      {answer && answer.silences.length === 0 && (
        <StateView
          title={
            answer.complete
              ? `No silence is ${words(state).toLowerCase()}.`
              : `No silence is ${words(state).toLowerCase()} on the clusters that answered.`
          }
        />
      )}
      {answer && answer.silences.length > 0 && <SilenceTable silences={answer.silences} onChanged={ask} />}
    </AlertsFrame>
  );
}

/** The state of the page as `data-state`; each is visible in its own way. */
function stateOf(state: RunState<SilencesAnswer>): string {
  if (state.status === 'failed') return state.failure.denied ? 'denied' : 'error';
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  if (!state.value.complete) return 'partial';
  return state.value.silences.length === 0 ? 'empty' : 'ready';
}
