import { useLocation } from 'preact-iso';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { AlertFilters, viewIsNarrowed } from '../alerts/AlertFilters.tsx';
import { AlertGrid } from '../alerts/AlertGrid.tsx';
import { filterAlerts, sortAlerts } from '../alerts/alert-list.ts';
import { AlertsFrame } from '../alerts/AlertsFrame.tsx';
import { createAlertsStore, MOST_ALERTS, type ShownAlerts } from '../alerts/alerts-store.ts';
import { alertsUrl, NO_FILTER, readAlertsView } from '../alerts/alerts-view.ts';
import { Age } from '../components/Age.tsx';
import { StaleBanner } from '../components/Banner.tsx';
import { PartialBanner } from '../components/PartialBanner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { isAmongRows, WaitingPill } from '../components/WaitingPill.tsx';
import { every } from '../clock.ts';
import { type Loadable, valueOf } from '../loadable.ts';
import { useServices } from '../services.ts';

/** As often as the fleet page, which shows the same. */
const POLL_MS = 15_000;

/** What fires or is pending in the fleet, live. Filters, groups and order live in the URL. */
export function AlertsPage() {
  const { api, clock, events, live } = useServices();
  const { query, url } = useLocation();
  const view = useMemo(() => readAlertsView(query), [url]);
  const [text, setText] = useState(view.text);
  const filter = { ...view, text };
  const list = useRef<HTMLDivElement>(null);
  const store = useMemo(() => createAlertsStore({ api, clock, isHeld: () => isAmongRows(list.current) }), [api]);
  const liveState = live.state.value;

  useEffect(() => events.subscribe(store.onEvent), [store]);
  useEffect(() => {
    void store.refresh();
    return every(clock, POLL_MS, () => document.visibilityState === 'visible' && store.whenRested());
  }, [store]);
  // What happened while the socket was lost was told to nobody.
  const wasLive = useRef(liveState === 'live');
  useEffect(() => {
    if (liveState === 'live' && !wasLive.current) void store.refresh();
    wasLive.current = liveState === 'live';
  }, [liveState]);

  const shown = store.shown.value;
  const value = valueOf(shown);
  const alerts = value?.alerts;
  const { by, descending } = view.sort;
  // Sorted before it is filtered: a key that is typed filters anew and leaves the order as it is.
  const sorted = useMemo(() => (alerts ? sortAlerts(alerts, { by, descending }) : []), [alerts, by, descending]);
  const found = useMemo(() => filterAlerts(sorted, filter), [sorted, text, url]);
  const retry = () => void store.refresh();
  const showNew = () => {
    store.showWaiting();
    document.documentElement.scrollTop = 0;
  };
  return (
    <AlertsFrame
      path="/alerts"
      title="Alerts"
      state={stateOf(shown, found.length)}
      aside={
        shown.status === 'ready' && (
          <span class="muted page-age">
            Updated <Age at={shown.at} />
          </span>
        )
      }
    >
      {shown.status === 'ready' && shown.failure && (
        <StaleBanner what="Alerts" at={shown.at} failure={shown.failure} onRetry={retry} />
      )}
      {value && !value.complete && <PartialBanner what="Alerts" outcomes={value.clusters} onRetry={retry} />}
      {value && value.total > value.alerts.length && value.alerts.length >= MOST_ALERTS && (
        <p class="tone-warning">
          The {value.alerts.length} most severe of {value.total} alerts are listed.
        </p>
      )}
      <AlertFilters
        {...{ view, filter, alerts }}
        atLeast={value?.complete === false}
        onText={setText}
        summary={value ? summaryText(value, found.length) : ''}
      />
      <WaitingPill count={value?.waiting ?? 0} what="new" onShow={showNew} />
      {shown.status === 'loading' && (
        <StateView
          title={store.loaded.value > 0 ? `Loading alerts, ${store.loaded.value} so far…` : 'Asking the clusters…'}
          live
        />
      )}
      {shown.status === 'failed' && <FailureView what="the alerts" failure={shown.failure} onRetry={retry} />}
      {value && <Nothing value={value} found={found.length} narrowed={viewIsNarrowed(filter)} />}
      <div ref={list}>{found.length > 0 && <AlertGrid alerts={found} view={filter} />}</div>
    </AlertsFrame>
  );
}

function summaryText({ alerts, complete }: ShownAlerts, found: number): string {
  const bound = complete ? '' : '≥ ';
  return found === alerts.length ? `${bound}${found} alerts` : `${found} of ${bound}${alerts.length} alerts`;
}

/** Why there is no row. */
function Nothing({ value, found, narrowed }: { value: ShownAlerts; found: number; narrowed: boolean }) {
  if (found > 0) return null;
  if (value.alerts.length > 0 && narrowed)
    return (
      <StateView title={`None of the ${value.alerts.length} alerts matches these filters.`}>
        <a class="button" href={alertsUrl({ ...NO_FILTER })}>
          Clear the filters
        </a>
      </StateView>
    );
  if (value.clusters.length === 0)
    return (
      <StateView title="No cluster was asked.">
        <p>No cluster is in your scope, or none is registered.</p>
      </StateView>
    );
  return value.complete ? (
    <StateView tone="healthy" title="Nothing fires and nothing is pending.">
      <p>
        Every cluster answered. Not even a Watchdog fires, which most installations have: look whether their rules run.
      </p>
    </StateView>
  ) : (
    <StateView tone="warning" title="Nothing fires on the clusters that answered." />
  );
}

/** The state of the page as `data-state`; each is visible in its own way. */
function stateOf(shown: Loadable<ShownAlerts>, found: number): string {
  if (shown.status === 'loading') return 'loading';
  if (shown.status === 'failed') return shown.failure.denied ? 'denied' : 'error';
  if (shown.failure) return 'stale';
  if (shown.value.alerts.length > 0 && found === 0) return 'filtered-empty';
  if (!shown.value.complete) return 'partial';
  return found === 0 ? 'empty' : 'ready';
}
