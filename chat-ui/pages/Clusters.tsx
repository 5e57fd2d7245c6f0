import { useLocation } from 'preact-iso';
import { useMemo, useState } from 'preact/hooks';
import { ClusterFilterBar } from '../clusters/ClusterFilterBar.tsx';
import { ClusterGrid } from '../clusters/ClusterGrid.tsx';
import {
  filterClusters,
  listState,
  listUrl,
  NO_FILTER,
  readListView,
  regionsOf,
  sortClusters,
} from '../clusters/cluster-list.ts';
import { ADD_CLUSTER_URL } from '../clusters/cluster-url.ts';
import { ActionLink } from '../components/Action.tsx';
import { Age } from '../components/Age.tsx';
import { StaleBanner } from '../components/Banner.tsx';
import { Command } from '../components/Code.tsx';
import { Icon } from '../components/Icon.tsx';
import { LiveIndicator } from '../components/LiveIndicator.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { valueOf } from '../loadable.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';

/** Every cluster in a virtual list, live. Filters and sort live in the URL. */
export function ClustersPage() {
  const { fleet } = useServices();
  const { query, url } = useLocation();
  const inUrl = useMemo(() => readListView(query), [url]);
  const [text, setText] = useState({ name: inUrl.filter.name, label: inUrl.filter.label });
  const denied = useDenial('cluster:write');
  const clusters = fleet.clusters.value;
  const all = valueOf(clusters);
  const regions = useMemo(() => regionsOf(all ?? []), [all]);
  const shown = useMemo(
    () => sortClusters(filterClusters(all ?? [], { ...inUrl.filter, ...text }), inUrl.sort),
    [all, inUrl, text.name, text.label],
  );
  const state = listState(clusters, shown.length);
  const retry = () => void fleet.refresh();

  return (
    <div class="page clusters" data-state={state}>
      <header class="page-head">
        <h1 tabIndex={-1}>Clusters</h1>
        <LiveIndicator />
        {clusters.status === 'ready' && (
          <span class="muted page-age">
            Updated <Age at={clusters.at} />
          </span>
        )}
        <span class="muted page-age" role="status">
          {all && `${shown.length} of ${all.length} clusters`}
        </span>
        <span class="page-actions">
          <ActionLink href={ADD_CLUSTER_URL} denied={denied} class="button primary">
            <Icon name="plus" />
            Add a cluster
          </ActionLink>
        </span>
        <span class="sr-only" role="status">
          {fleet.announcement.value}
        </span>
      </header>
      {clusters.status === 'ready' && clusters.failure && (
        <StaleBanner at={clusters.at} failure={clusters.failure} onRetry={retry} />
      )}
      {denied !== undefined && <p class="muted denial">{denied} You can look at everything in your scope.</p>}
      {state === 'empty' ? <Empty /> : <ClusterFilterBar view={inUrl} regions={regions} onText={setText} />}
      {state === 'loading' && <Loading />}
      {clusters.status === 'failed' && <FailureView what="the clusters" failure={clusters.failure} onRetry={retry} />}
      {all && all.length > 0 && shown.length === 0 && (
        <StateView title={`None of the ${all.length} clusters matches these filters.`}>
          <a class="button" href={listUrl({ ...inUrl, filter: NO_FILTER })}>
            Clear filters
          </a>
        </StateView>
      )}
      {shown.length > 0 && <ClusterGrid clusters={shown} view={inUrl} />}
    </div>
  );
}

function Loading() {
  const { fleet } = useServices();
  const progress = fleet.progress.value;
  return (
    <StateView live title="Loading clusters…">
      {progress && (
        <p aria-hidden="true">
          {progress.loaded} of {progress.total}
        </p>
      )}
    </StateView>
  );
}

function Empty() {
  return (
    <section class="empty-fleet">
      <h2>No cluster is registered yet</h2>
      <p>Add one here with the address of its API server, or from your kubeconfig on the command line:</p>
      <Command>aiops cluster add --context my-cluster --prometheus-url https://…</Command>
    </section>
  );
}
