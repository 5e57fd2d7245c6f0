import type { Cluster } from '../../backend/model/cluster.ts';
import { FailureView, StateView } from '../components/StateView.tsx';
import type { Loadable } from '../loadable.ts';

/** The state of a page about one cluster as `data-state`. */
export function clusterState(
  loadable: Loadable<Cluster>,
  removed: boolean,
): 'loading' | 'removed' | 'not-found' | 'denied' | 'error' | 'stale' | 'ready' {
  if (removed) return 'removed';
  if (loadable.status === 'loading') return 'loading';
  if (loadable.status === 'ready') return loadable.failure ? 'stale' : 'ready';
  if (loadable.failure.denied) return 'denied';
  return loadable.failure.code === 'CLUSTER_NOT_FOUND' ? 'not-found' : 'error';
}

/** What stands in place of a cluster that is not there, or not yet. */
export function ClusterGone(props: {
  name: string;
  loadable: Loadable<Cluster>;
  removed: boolean;
  onRetry: () => void;
}) {
  const { name, loadable, removed, onRetry } = props;
  if (removed) {
    return (
      <StateView tone="unknown" title={`${name} was removed from the fleet.`} live>
        <a class="button" href="/clusters">
          All clusters
        </a>
      </StateView>
    );
  }
  if (loadable.status !== 'failed') return <StateView title="Loading the cluster…" live />;
  if (loadable.failure.code !== 'CLUSTER_NOT_FOUND') {
    return <FailureView what="this cluster" failure={loadable.failure} onRetry={onRetry} />;
  }
  const { similar } = loadable.failure.details;
  const names = Array.isArray(similar) ? similar.filter((n) => typeof n === 'string') : [];
  return (
    <StateView tone="unknown" title={`No cluster ${name} is registered, or it lies outside your scope.`}>
      {names.length > 0 && (
        <p>
          Near names:{' '}
          {names.map((n) => (
            <a key={n} href={`/clusters/${encodeURIComponent(n)}`}>
              {n}{' '}
            </a>
          ))}
        </p>
      )}
      <a class="button" href="/clusters">
        All clusters
      </a>
    </StateView>
  );
}
