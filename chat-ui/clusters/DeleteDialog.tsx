import { useState } from 'preact/hooks';
import type { Cluster } from '../../backend/model/cluster.ts';
import { removeCluster } from '../api/cluster-endpoints.ts';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { useAction } from '../components/use-action.ts';
import { useServices } from '../services.ts';
import { Dialog } from '../shell/Dialog.tsx';

/** Deletes only after the name was typed, so that it is never the wrong cluster. */
export function DeleteDialog(props: { cluster: Cluster; onClose: () => void; onDeleted: () => void }) {
  const { cluster, onClose, onDeleted } = props;
  const { api } = useServices();
  const [typed, setTyped] = useState('');
  const action = useAction();
  const matches = typed.trim() === cluster.name;
  return (
    <Dialog title={`Delete ${cluster.name}`} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!matches) return;
          void action.run(async () => {
            await removeCluster(api, cluster.id);
            onDeleted();
          });
        }}
      >
        <p>
          The registration, its stored credentials and its health history are deleted. The cluster itself is not
          touched. This cannot be undone.
        </p>
        {cluster.source !== 'MANUAL' && (
          <p>It was registered by an import ({cluster.source.toLowerCase()}), which may add it again.</p>
        )}
        <label class="form-field">
          <span class="form-label">
            Type <code>{cluster.name}</code> to confirm
          </span>
          <input
            class="field"
            type="text"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        {action.failure && <ActionFailure failure={action.failure} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button danger" aria-disabled={!matches || action.busy}>
            {action.busy ? 'Deleting…' : 'Delete this cluster'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
