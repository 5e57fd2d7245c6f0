import { useState } from 'preact/hooks';
import type { Cluster, CredentialsValidation } from '../../backend/model/cluster.ts';
import { removeCredentials, validateCredentials } from '../api/cluster-endpoints.ts';
import { ActionButton, ActionLink } from '../components/Action.tsx';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { Age } from '../components/Age.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { StatusBadge } from '../components/Status.tsx';
import { useAction } from '../components/use-action.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';
import { Dialog } from '../shell/Dialog.tsx';
import { credentialsFact } from './cluster-facts.ts';
import type { ClusterStore } from './cluster-store.ts';
import { clusterUrl } from './cluster-url.ts';
import { ValidationView } from './Validation.tsx';

/** Whether there are credentials and whether they work. What they are is never shown: they are write only. */
export function CredentialsPanel({ cluster, store }: { cluster: Cluster; store: ClusterStore }) {
  const { api, now } = useServices();
  const denied = useDenial('cluster:write');
  const test = useAction();
  const removal = useAction();
  const [validation, setValidation] = useState<CredentialsValidation | undefined>(undefined);
  const [asking, setAsking] = useState(false);
  const fact = credentialsFact(cluster, now.value);
  const end = cluster.credentials_expire_at;

  return (
    <Panel id="credentials-title" title="Credentials">
      <Facts>
        <Fact name="State">
          <StatusBadge tone={fact.tone}>{fact.word}</StatusBadge>
        </Fact>
        <Fact name="Valid until">
          {end === null ? (
            <span class="muted">{cluster.has_credentials ? 'Not known' : '—'}</span>
          ) : (
            <>
              {new Date(end).toLocaleString()}
              {Date.parse(end) <= now.value && (
                <>
                  , <Age at={end} />
                </>
              )}
            </>
          )}
        </Fact>
      </Facts>
      <p class="muted">Write only: they can be replaced and removed, never read.</p>
      <div class="actions">
        <ActionLink denied={denied} href={clusterUrl(cluster.name, 'credentials')}>
          {cluster.has_credentials ? 'Replace' : 'Set'}
        </ActionLink>
        {cluster.has_credentials && (
          <>
            <ActionButton
              denied={denied}
              busy={test.busy}
              onClick={() => void test.run(async () => setValidation(await validateCredentials(api, cluster.id)))}
            >
              {test.busy ? 'Connecting…' : 'Test'}
            </ActionButton>
            <ActionButton denied={denied} class="button danger" onClick={() => setAsking(true)}>
              Remove…
            </ActionButton>
          </>
        )}
      </div>
      {test.failure && <ActionFailure failure={test.failure} />}
      {validation && <ValidationView validation={validation} />}
      {asking && (
        <Dialog title={`Remove the credentials of ${cluster.name}`} onClose={() => setAsking(false)}>
          <p>The server then asks this cluster without any credential, until new ones are set.</p>
          {removal.failure && <ActionFailure failure={removal.failure} />}
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsking(false)}>
              Cancel
            </button>
            <ActionButton
              denied={undefined}
              busy={removal.busy}
              class="button danger"
              onClick={() =>
                void removal.run(async () => {
                  await removeCredentials(api, cluster.id);
                  setAsking(false);
                  setValidation(undefined);
                  await store.refresh();
                })
              }
            >
              Remove them
            </ActionButton>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}
