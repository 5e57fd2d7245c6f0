import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import type { Cluster } from '../../backend/model/cluster.ts';
import { refreshCluster, updateCluster } from '../api/cluster-endpoints.ts';
import { ActionButton, ActionLink } from '../components/Action.tsx';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { Icon } from '../components/Icon.tsx';
import { useAction } from '../components/use-action.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';
import { inMaintenance } from './cluster-facts.ts';
import type { ClusterStore } from './cluster-store.ts';
import { clusterUrl } from './cluster-url.ts';
import { DeleteDialog } from './DeleteDialog.tsx';
import { MaintenanceDialog } from './MaintenanceDialog.tsx';

/** Everything that can be done about a cluster. What the role does not hold stays in reach and says why. */
export function ClusterActions({ cluster, store }: { cluster: Cluster; store: ClusterStore }) {
  const { api, now, fleet } = useServices();
  const { route } = useLocation();
  const [dialog, setDialog] = useState<'maintenance' | 'delete' | undefined>(undefined);
  const writeDenied = useDenial('cluster:write');
  const deleteDenied = useDenial('cluster:delete');
  const denial = useDenial('cluster:write', 'cluster:delete');
  const check = useAction();
  const maintenance = useAction();
  const paused = inMaintenance(cluster, now.value);

  const checkNow = () =>
    void check.run(async () => {
      await refreshCluster(api, cluster.id);
      await store.refresh();
    });
  const setMaintenance = (until: string | null) =>
    void maintenance.run(async () => {
      try {
        store.take(await updateCluster(api, cluster.id, { maintenance_until: until }, cluster.resource_version));
        setDialog(undefined);
      } catch (thrown) {
        void store.refresh(); // it may have been refused because the cluster is not any more what it is here
        throw thrown;
      }
    });

  return (
    <>
      <div class="actions">
        <a class="button" href={`/chat?clusters=${encodeURIComponent(cluster.name)}`}>
          <Icon name="chat" />
          Ask
        </a>
        <ActionButton denied={undefined} busy={check.busy} onClick={checkNow}>
          <Icon name="refresh" />
          {check.busy ? 'Checking…' : 'Check now'}
        </ActionButton>
        <ActionLink denied={writeDenied} href={clusterUrl(cluster.name, 'edit')}>
          <Icon name="edit" />
          Edit
        </ActionLink>
        <ActionLink denied={writeDenied} href={clusterUrl(cluster.name, 'credentials')}>
          <Icon name="key" />
          Credentials
        </ActionLink>
        <ActionButton
          denied={writeDenied}
          busy={maintenance.busy}
          onClick={() => (paused ? setMaintenance(null) : setDialog('maintenance'))}
        >
          <Icon name="pause" />
          {paused ? 'End maintenance' : 'Maintenance…'}
        </ActionButton>
        <ActionButton denied={deleteDenied} class="button danger" onClick={() => setDialog('delete')}>
          <Icon name="trash" />
          Delete…
        </ActionButton>
      </div>
      {denial !== undefined && <p class="muted denial">{denial}</p>}
      {check.failure && <ActionFailure failure={check.failure} />}
      {maintenance.failure && <ActionFailure failure={maintenance.failure} />}
      {dialog === 'maintenance' && (
        <MaintenanceDialog
          name={cluster.name}
          busy={maintenance.busy}
          failure={maintenance.failure}
          onClose={() => setDialog(undefined)}
          onStart={setMaintenance}
        />
      )}
      {dialog === 'delete' && (
        <DeleteDialog
          cluster={cluster}
          onClose={() => setDialog(undefined)}
          onDeleted={() => {
            void fleet.refresh();
            route('/clusters');
          }}
        />
      )}
    </>
  );
}
