import { useLocation } from 'preact-iso';
import { useRef, useState } from 'preact/hooks';
import type { Cluster, CredentialsValidation } from '../../backend/model/cluster.ts';
import { registerCluster, setCredentials, validateNewCluster } from '../api/cluster-endpoints.ts';
import { ActionButton } from '../components/Action.tsx';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { Banner } from '../components/Banner.tsx';
import { useAction } from '../components/use-action.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';
import { createOf, EMPTY_FORM, problemsOf } from './cluster-form.ts';
import { clusterUrl } from './cluster-url.ts';
import { credentialsOf, EMPTY_CREDENTIALS, isEmpty, credentialProblems } from './credentials-form.ts';
import { CredentialsFields } from './CredentialsFields.tsx';
import { focusFirstProblem, serverProblems } from './form-problems.ts';
import { RegistrationFields } from './RegistrationFields.tsx';
import { ValidationView } from './Validation.tsx';

/**
 * Adds a cluster: first the connection is tried with exactly what is in the form, then it is saved. Nothing is stored by
 * trying. A change after the trial asks for another.
 */
export function AddCluster() {
  const { api, fleet } = useServices();
  const { route } = useLocation();
  const denied = useDenial('cluster:write');
  const [form, setForm] = useState(EMPTY_FORM);
  const [credentials, setCredentialsForm] = useState(EMPTY_CREDENTIALS);
  const [checked, setChecked] = useState(false);
  const [validation, setValidation] = useState<CredentialsValidation | undefined>(undefined);
  const [registered, setRegistered] = useState<Cluster | undefined>(undefined);
  const test = useAction();
  const save = useAction();
  const element = useRef<HTMLFormElement>(null);

  const local = new Map([...problemsOf(form), ...credentialProblems(credentials)]);
  const problems = new Map([...serverProblems(save.failure ?? test.failure), ...(checked ? local : [])]);
  const changed = <T,>(set: (value: T) => void) => {
    return (value: T) => {
      set(value);
      setValidation(undefined);
      test.clear();
      save.clear();
    };
  };

  /** True when the form can be sent; shows what is wrong with it otherwise. */
  const check = (): boolean => {
    setChecked(true);
    if (local.size === 0) return true;
    focusFirstProblem(element.current);
    return false;
  };
  const tryIt = () => {
    if (!check()) return;
    void test.run(async () => {
      setValidation(await validateNewCluster(api, createOf(form), credentialsOf(credentials)));
    });
  };
  const saveIt = () => {
    if (!check()) return;
    void save.run(async () => {
      const cluster = registered ?? (await registerCluster(api, createOf(form)));
      setRegistered(cluster);
      if (!isEmpty(credentials)) await setCredentials(api, cluster.id, credentialsOf(credentials));
      void fleet.refresh();
      route(clusterUrl(cluster.name));
    });
  };

  return (
    <form
      class="form"
      ref={element}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (denied === undefined) tryIt();
      }}
    >
      <RegistrationFields form={form} problems={problems} isNew onChange={changed(setForm)} />
      <fieldset class="form-group">
        <legend>Credentials</legend>
        <p class="muted">Write only: they are sealed when they are stored and never shown again.</p>
        <CredentialsFields form={credentials} problems={problems} onChange={changed(setCredentialsForm)} />
      </fieldset>
      <div class="form-end">
        {test.failure && <ActionFailure failure={test.failure} />}
        {validation && <ValidationView validation={validation} />}
        {save.failure && <ActionFailure failure={save.failure} />}
        {registered && save.failure && (
          <Banner>
            <p>
              <a href={clusterUrl(registered.name)}>{registered.name}</a> is registered, but its credentials are not
              stored. Correct them and save again.
            </p>
          </Banner>
        )}
        <div class="actions">
          <ActionButton
            denied={denied}
            busy={test.busy || save.busy}
            class={validation?.valid ? 'button' : 'button primary'}
          >
            {test.busy ? 'Connecting…' : validation || test.failure ? 'Test again' : 'Test'}
          </ActionButton>
          {(validation !== undefined || registered !== undefined) && (
            <ActionButton
              denied={denied}
              busy={test.busy || save.busy}
              class={validation?.valid ? 'button primary' : 'button'}
              onClick={saveIt}
            >
              {save.busy
                ? 'Saving…'
                : registered
                  ? 'Store the credentials'
                  : validation?.valid
                    ? 'Save'
                    : 'Save anyway'}
            </ActionButton>
          )}
          <a class="button quiet" href="/clusters">
            Cancel
          </a>
        </div>
        {validation === undefined && registered === undefined && (
          <p class="muted">
            The test connects to every endpoint; nothing is stored by it. Then the cluster can be saved.
          </p>
        )}
      </div>
    </form>
  );
}
