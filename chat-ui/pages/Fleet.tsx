import { useLocation } from 'preact-iso';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { Command } from '../components/Code.tsx';
import { LiveIndicator } from '../components/LiveIndicator.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { Age } from '../components/Age.tsx';
import { ClusterTile } from '../fleet/ClusterTile.tsx';
import { FiringAlerts } from '../fleet/FiringAlerts.tsx';
import { FleetBanners } from '../fleet/FleetBanners.tsx';
import { FleetFilterBar } from '../fleet/FleetFilterBar.tsx';
import { FleetNumbers } from '../fleet/FleetNumbers.tsx';
import {
  type FiringCount,
  firingByCluster,
  fleetState,
  fleetUrl,
  matchText,
  readFilter,
  sumFiring,
  worstFirst,
} from '../fleet/fleet-view.ts';
import { valueOf } from '../loadable.ts';
import { useServices } from '../services.ts';

/** Tiles drawn at first, and added by each "Show more". */
const TILES_AT_ONCE = 100;

/** The whole fleet, worst first, live. Filters live in the URL. */
export function FleetPage() {
  const { fleet } = useServices();
  const { query, url } = useLocation();
  const inUrl = readFilter(query);
  const [text, setText] = useState(inUrl.text);
  const filter = { ...inUrl, text };
  const clusters = fleet.clusters.value;
  const alerts = fleet.alerts.value;
  const all = valueOf(clusters);
  const answer = valueOf(alerts);

  const firing = useMemo(() => answer && firingByCluster(answer), [answer]);
  const matching = useMemo(() => all && matchText(all, filter), [all, text, inUrl.cluster]);
  const shown = useMemo(() => {
    const inState = matching?.filter((c) => inUrl.state === undefined || c.status.state === inUrl.state);
    return worstFirst(inState ?? [], firing ?? new Map());
  }, [matching, inUrl.state, firing]);
  const shownIds = useMemo(() => new Set(shown.map((c) => c.id)), [shown]);
  const state = fleetState(clusters, alerts, shown.length);
  const retry = () => void fleet.refresh();
  useScrollToHash(url, state !== 'loading');

  return (
    <div class="page fleet" data-state={state}>
      <header class="page-head">
        <h1 tabIndex={-1}>Fleet</h1>
        <LiveIndicator />
        {clusters.status === 'ready' && (
          <span class="muted page-age">
            Updated <Age at={clusters.at} />
          </span>
        )}
        <span class="sr-only" role="status">
          {fleet.announcement.value}
        </span>
      </header>
      <FleetBanners clusters={clusters} alerts={alerts} onRetry={retry} />
      {state === 'empty' ? (
        <EmptyFleet />
      ) : (
        <>
          <FleetNumbers clusters={matching} firing={matching && sumFiring(matching, firing)} filter={filter} />
          <FleetFilterBar
            filter={inUrl}
            onText={setText}
            summary={all ? `${shown.length} of ${all.length} clusters` : ''}
          />
          <section aria-labelledby="clusters-title">
            <h2 id="clusters-title" class="sr-only">
              Clusters, worst first
            </h2>
            {clusters.status === 'loading' && <Skeleton />}
            {clusters.status === 'failed' && (
              <FailureView what="the clusters" failure={clusters.failure} onRetry={retry} />
            )}
            {state === 'filtered-empty' && <NoMatch total={all?.length ?? 0} />}
            {shown.length > 0 && <Tiles clusters={shown} firing={firing} />}
          </section>
          {shown.length > 0 && <FiringAlerts alerts={alerts} shown={shownIds} onRetry={retry} />}
        </>
      )}
    </div>
  );
}

/** The router changes the address without moving; a link to a part of the page still has to lead there. */
function useScrollToHash(url: string, loaded: boolean): void {
  const hash = url.split('#')[1];
  useEffect(() => {
    if (!loaded || hash !== 'alerts') return;
    document.getElementById('alerts')?.scrollIntoView();
    document.getElementById('alerts-title')?.focus({ preventScroll: true });
  }, [url, loaded]);
}

/** The worst first, more on demand: a thousand tiles at once would make every refresh felt. */
function Tiles({
  clusters,
  firing,
}: {
  clusters: readonly ListedCluster[];
  firing: ReadonlyMap<string, FiringCount> | undefined;
}) {
  const [most, setMost] = useState(TILES_AT_ONCE);
  const left = clusters.length - most;
  return (
    <>
      <ul class="tiles">
        {clusters.slice(0, most).map((cluster) => (
          <ClusterTile key={cluster.id} cluster={cluster} firing={firing?.get(cluster.id)} />
        ))}
      </ul>
      {left > 0 && (
        <p class="more-tiles">
          <span class="muted">
            The {most} worst of {clusters.length}.
          </span>
          <button type="button" class="button" onClick={() => setMost(most + TILES_AT_ONCE)}>
            Show {Math.min(left, TILES_AT_ONCE)} more
          </button>
        </p>
      )}
    </>
  );
}

function Skeleton() {
  return (
    <div role="status">
      <span class="sr-only">Loading clusters…</span>
      <div class="tiles" aria-hidden="true">
        {[1, 2, 3, 4].map((n) => (
          <div key={n} class="skeleton" />
        ))}
      </div>
    </div>
  );
}

function NoMatch({ total }: { total: number }) {
  return (
    <StateView title={`None of the ${total} clusters matches this filter.`}>
      <a class="button" href={fleetUrl({ text: '', state: undefined, cluster: undefined })}>
        Clear the filter
      </a>
    </StateView>
  );
}

function EmptyFleet() {
  return (
    <section class="empty-fleet">
      <h2>No cluster is registered yet</h2>
      <p>
        AIOps NextGen watches clusters through the API server, Prometheus and Alertmanager they already have; nothing is
        installed on them. Add one from your kubeconfig:
      </p>
      <Command>aiops cluster add --context my-cluster --prometheus-url https://…</Command>
      <p>It appears here by itself. Or look around with a simulated fleet on this machine:</p>
      <Command>npm run demo</Command>
    </section>
  );
}
