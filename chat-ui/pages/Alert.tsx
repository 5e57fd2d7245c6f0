import { useLocation, useRoute } from 'preact-iso';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AlertDetail } from '../../backend/model/alert.ts';
import { AlertDetailView } from '../alerts/AlertDetailView.tsx';
import { alertsUrl, readAlertsView } from '../alerts/alerts-view.ts';
import { SilenceDialog } from '../alerts/SilenceDialog.tsx';
import { fetchAlert, type SilenceMade } from '../api/alert-endpoints.ts';
import { Banner, StaleBanner } from '../components/Banner.tsx';
import { Icon } from '../components/Icon.tsx';
import { PartialBanner } from '../components/PartialBanner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { every } from '../clock.ts';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { useServices } from '../services.ts';

const POLL_MS = 30_000;
/** The server serves what it has read of a cluster's alerts for ten seconds (specs/02): then a silence shows. */
const CHANGED_SHOWS_MS = 11_000;

/** One alert of one cluster (`on`), with everything that is known of it; `back` is the list it was found in. */
export function AlertPage() {
  const { api, clock, events } = useServices();
  const { query } = useLocation();
  const { fingerprint: id = '' } = useRoute().params;
  const cluster = query.on === '' ? undefined : query.on;
  const back = alertsUrl(readAlertsView(Object.fromEntries(new URLSearchParams(query.back ?? ''))));
  const run = useMemo(() => createQueryRun<AlertDetail>(api.serverNow), [api]);
  const [silencing, setSilencing] = useState(false);
  const [made, setMade] = useState<SilenceMade | undefined>(undefined);
  const key = `${cluster ?? ''}/${id}`;
  const ask = () => void run.ask(key, (signal) => fetchAlert(api, { fingerprint: id, cluster }, signal));
  const cancelLater = useRef(() => {});
  const onChanged = () => {
    ask();
    cancelLater.current();
    cancelLater.current = clock.after(CHANGED_SHOWS_MS, ask);
  };
  useEffect(() => {
    setMade(undefined);
    ask();
    const stopPolling = every(clock, POLL_MS, () => document.visibilityState === 'visible' && ask());
    const stopHearing = events.subscribe(({ event_type, payload }) => {
      if (event_type.startsWith('ALERT_') && payload['fingerprint'] === id) ask();
    });
    return () => {
      cancelLater.current();
      stopPolling();
      stopHearing();
    };
  }, [key]);
  useEffect(() => run.cancel, [run]);

  const state = run.state.value;
  const detail = state.status === 'ready' ? state.value : undefined;
  return (
    <div class="page alert-page" data-state={stateOf(state)}>
      <header class="page-head">
        <a class="button quiet small" href={back}>
          <Icon name="back" />
          Alerts
        </a>
        <h1 tabIndex={-1} class="foreign">
          {detail?.alert.alertname ?? 'Alert'}
        </h1>
      </header>
      {state.status === 'loading' && <StateView title="Asking the cluster…" live />}
      {state.status === 'failed' && state.failure.code === 'ALERT_NOT_FOUND' && (
        <StateView tone="unknown" title="This alert is not known any more.">
          <p class="foreign">{state.failure.message}</p>
          <a class="button" href={back}>
            All alerts
          </a>
        </StateView>
      )}
      {state.status === 'failed' && state.failure.code !== 'ALERT_NOT_FOUND' && (
        <FailureView what="this alert" failure={state.failure} onRetry={ask} />
      )}
      {state.status === 'ready' && state.failure && (
        <StaleBanner what="This alert" at={state.at} failure={state.failure} onRetry={ask} />
      )}
      {detail && !detail.complete && <PartialBanner what="This alert" outcomes={detail.clusters} onRetry={ask} />}
      {made && (
        <Banner tone="healthy">
          <p>
            Silenced on {made.silences.map((one) => one.cluster_name).join(', ')} until{' '}
            {new Date(made.ends_at).toLocaleString()}; it covers {countOf(made)} now. They show it within ten seconds.
          </p>
        </Banner>
      )}
      {detail && <AlertDetailView detail={detail} onSilence={() => setSilencing(true)} onChanged={onChanged} />}
      {detail && silencing && (
        <SilenceDialog
          alert={detail.alert}
          onClose={() => setSilencing(false)}
          onMade={(result) => {
            setSilencing(false);
            setMade(result);
            onChanged();
          }}
        />
      )}
    </div>
  );
}

function countOf({ silences }: SilenceMade): string {
  const count = silences.reduce((sum, one) => sum + one.matching_alerts, 0);
  return count === 1 ? '1 alert' : `${count} alerts`;
}

/** The state of the page as `data-state`; each is visible in its own way. */
function stateOf(state: RunState<AlertDetail>): string {
  if (state.status === 'failed') {
    if (state.failure.code === 'ALERT_NOT_FOUND') return 'empty';
    return state.failure.denied ? 'denied' : 'error';
  }
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  return state.value.complete ? 'ready' : 'partial';
}
