import { useRoute } from 'preact-iso';
import { CapabilitiesPanel } from '../clusters/CapabilitiesPanel.tsx';
import { ClusterActions } from '../clusters/ClusterActions.tsx';
import { ClusterGone, clusterState } from '../clusters/ClusterGone.tsx';
import { CredentialsPanel } from '../clusters/CredentialsPanel.tsx';
import { HealthHistoryView } from '../clusters/HealthHistoryView.tsx';
import { OpenShiftPanel } from '../clusters/OpenShiftPanel.tsx';
import { RegistrationPanel } from '../clusters/RegistrationPanel.tsx';
import { StatusPanel } from '../clusters/StatusPanel.tsx';
import { useCluster } from '../clusters/use-cluster.ts';
import { Age } from '../components/Age.tsx';
import { StaleBanner } from '../components/Banner.tsx';
import { LiveIndicator } from '../components/LiveIndicator.tsx';
import { StatusBadge, toneOfState, words } from '../components/Status.tsx';

/** One cluster: how it is, how it was, what it can do, how it is reached, and what can be done about it. */
export function ClusterPage() {
  const { name = '' } = useRoute().params;
  return <ClusterDetail key={name} name={name} />;
}

function ClusterDetail({ name }: { name: string }) {
  const store = useCluster(name);
  const loadable = store.cluster.value;
  const removed = store.removed.value;
  const cluster = loadable.status === 'ready' && !removed ? loadable.value : undefined;
  const retry = () => void store.refresh();

  return (
    <div class="page cluster" data-state={clusterState(loadable, removed)}>
      <nav aria-label="Where this is" class="crumbs">
        <a href="/clusters">Clusters</a>
      </nav>
      <header class="page-head">
        <h1 tabIndex={-1} class="foreign">
          {name}
        </h1>
        {cluster && <StatusBadge tone={toneOfState(cluster.status.state)}>{words(cluster.status.state)}</StatusBadge>}
        <LiveIndicator />
        {loadable.status === 'ready' && (
          <span class="muted page-age">
            Updated <Age at={loadable.at} />
          </span>
        )}
        <span class="sr-only" role="status">
          {cluster && `${name} is ${words(cluster.status.state).toLowerCase()}.`}
        </span>
      </header>
      {loadable.status === 'ready' && loadable.failure && !removed && (
        <StaleBanner at={loadable.at} failure={loadable.failure} onRetry={retry} />
      )}
      {cluster ? (
        <>
          <ClusterActions cluster={cluster} store={store} />
          <div class="panels">
            <StatusPanel cluster={cluster} />
            <HealthHistoryView name={name} state={cluster.status.state} store={store} />
            <CapabilitiesPanel capabilities={cluster.capabilities} />
            <div class="panel-column">
              {cluster.openshift && <OpenShiftPanel openshift={cluster.openshift} />}
              <CredentialsPanel cluster={cluster} store={store} />
              <RegistrationPanel cluster={cluster} />
            </div>
          </div>
        </>
      ) : (
        <ClusterGone name={name} loadable={loadable} removed={removed} onRetry={retry} />
      )}
    </div>
  );
}
