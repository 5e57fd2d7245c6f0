import { useLocation } from 'preact-iso';
import { useRef, useState } from 'preact/hooks';
import type { Cluster } from '../../backend/model/cluster.ts';
import { fetchCluster, updateCluster } from '../api/cluster-endpoints.ts';
import { asFailure } from '../api/failure.ts';
import { ActionButton } from '../components/Action.tsx';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { useAction } from '../components/use-action.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';
import { formOf, problemsOf, rebase, updateOf } from './cluster-form.ts';
import { clusterUrl } from './cluster-url.ts';
import { EditConflict } from './EditConflict.tsx';
import { focusFirstProblem, serverProblems } from './form-problems.ts';
import { RegistrationFields } from './RegistrationFields.tsx';

/**
 * Changes a registration, and only the one that was opened: when somebody else was faster, it shows what they changed and
 * nothing is overwritten unseen. `opened` is taken once; later versions come by a conflict only.
 */
export function EditCluster({ opened }: { opened: Cluster }) {
  const { api, fleet } = useServices();
  const { route } = useLocation();
  const denied = useDenial('cluster:write');
  const [base, setBase] = useState(opened);
  const [form, setForm] = useState(() => formOf(opened));
  const [theirs, setTheirs] = useState<Cluster | undefined>(undefined);
  const [checked, setChecked] = useState(false);
  const save = useAction();
  const element = useRef<HTMLFormElement>(null);

  const local = problemsOf(form);
  const patch = updateOf(form, base);
  const changes = Object.keys(patch).length;
  const problems = new Map([...serverProblems(save.failure), ...(checked ? local : [])]);

  const submit = () => {
    setChecked(true);
    if (local.size > 0) {
      focusFirstProblem(element.current);
      return;
    }
    void save.run(async () => {
      try {
        if (changes > 0) await updateCluster(api, base.id, patch, base.resource_version);
        void fleet.refresh();
        route(clusterUrl(base.name));
      } catch (thrown) {
        if (asFailure(thrown).code !== 'STALE_VERSION') throw thrown;
        setTheirs(await fetchCluster(api, base.id));
      }
    });
  };
  const goOnFrom = (cluster: Cluster, mine: boolean) => {
    setForm(mine ? rebase(form, base, cluster) : formOf(cluster));
    setBase(cluster);
    setTheirs(undefined);
    setChecked(false);
  };

  return (
    <form
      class="form"
      ref={element}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (denied === undefined && !theirs) submit();
      }}
    >
      <RegistrationFields
        form={form}
        problems={problems}
        isNew={false}
        onChange={(next) => {
          setForm(next);
          save.clear();
        }}
      />
      <div class="form-end">
        {theirs && <EditConflict base={base} theirs={theirs} mine={Object.keys(patch)} onChoice={goOnFrom} />}
        {save.failure && <ActionFailure failure={save.failure} />}
        {!theirs && (
          <div class="actions">
            <ActionButton denied={denied} busy={save.busy} class="button primary">
              {save.busy ? 'Saving…' : 'Save'}
            </ActionButton>
            <a class="button quiet" href={clusterUrl(base.name)}>
              Cancel
            </a>
            <span class="muted" role="status">
              {changes === 0 ? 'Nothing changed yet.' : `${changes} ${changes === 1 ? 'field' : 'fields'} changed.`}
            </span>
          </div>
        )}
      </div>
    </form>
  );
}
