import { useLocation } from 'preact-iso';
import { useRef, useState } from 'preact/hooks';
import type { Cluster, CredentialsValidation } from '../../backend/model/cluster.ts';
import { rotateCredentials, setCredentials, validateCredentials } from '../api/cluster-endpoints.ts';
import { ActionButton } from '../components/Action.tsx';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { useAction } from '../components/use-action.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';
import { clusterUrl } from './cluster-url.ts';
import { credentialsOf, EMPTY_CREDENTIALS, credentialProblems } from './credentials-form.ts';
import { CredentialsFields } from './CredentialsFields.tsx';
import { focusFirstProblem, serverProblems } from './form-problems.ts';
import { ValidationView } from './Validation.tsx';

/**
 * Sets or replaces the credentials of a cluster. In place of others they are tried by the server first and stored only if no
 * endpoint is worse off; whoever knows better can store them all the same.
 */
export function SetCredentials({ cluster }: { cluster: Cluster }) {
  const { api } = useServices();
  const { route } = useLocation();
  const denied = useDenial('cluster:write');
  const [form, setForm] = useState(EMPTY_CREDENTIALS);
  const [checked, setChecked] = useState(false);
  const [validation, setValidation] = useState<CredentialsValidation | undefined>(undefined);
  const test = useAction();
  const save = useAction();
  const element = useRef<HTMLFormElement>(null);
  const local = credentialProblems(form);
  const problems = new Map([...serverProblems(save.failure ?? test.failure), ...(checked ? local : [])]);
  const busy = test.busy || save.busy;
  // A rotation that was refused says how each endpoint took them.
  const refusal = validationIn(save.failure?.details['validation']);
  const shown = refusal ?? validation;

  const checkThen = (go: () => void) => {
    setChecked(true);
    if (local.size === 0) go();
    else focusFirstProblem(element.current);
  };
  const tryThem = () =>
    void test.run(async () => {
      save.clear();
      setValidation(await validateCredentials(api, cluster.id, credentialsOf(form)));
    });
  const store = (how: typeof setCredentials) =>
    void save.run(async () => {
      await how(api, cluster.id, credentialsOf(form));
      setForm(EMPTY_CREDENTIALS); // what was secret is not kept longer than it is needed
      route(clusterUrl(cluster.name));
    });

  return (
    <form
      class="form"
      ref={element}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (denied === undefined) checkThen(tryThem);
      }}
    >
      <fieldset class="form-group">
        <legend>{cluster.has_credentials ? 'New credentials' : 'Credentials'}</legend>
        <p class="muted">
          Write only: they are sealed when they are stored and never shown again.
          {cluster.has_credentials && ' Those that are stored now stay in use until these are.'}
        </p>
        <CredentialsFields
          form={form}
          problems={problems}
          onChange={(next) => {
            setForm(next);
            setValidation(undefined);
            save.clear();
            test.clear();
          }}
        />
      </fieldset>
      <div class="form-end">
        {test.failure && <ActionFailure failure={test.failure} />}
        {shown && <ValidationView validation={shown} />}
        {save.failure && <ActionFailure failure={save.failure} />}
        <div class="actions">
          <ActionButton denied={denied} busy={busy}>
            {test.busy ? 'Connecting…' : 'Test'}
          </ActionButton>
          <ActionButton
            denied={denied}
            busy={busy}
            class="button primary"
            onClick={() => checkThen(() => store(cluster.has_credentials ? rotateCredentials : setCredentials))}
          >
            {save.busy ? 'Trying and storing…' : cluster.has_credentials ? 'Test and replace' : 'Save'}
          </ActionButton>
          {refusal && (
            <ActionButton denied={denied} busy={busy} class="button danger" onClick={() => store(setCredentials)}>
              Replace without a test
            </ActionButton>
          )}
          <a class="button quiet" href={clusterUrl(cluster.name)}>
            Cancel
          </a>
        </div>
      </div>
    </form>
  );
}

function validationIn(value: unknown): CredentialsValidation | undefined {
  // proof: `details.validation` of a refused rotation is what the server's own validation answered
  return typeof value === 'object' && value !== null && 'endpoints' in value
    ? (value as CredentialsValidation)
    : undefined;
}
