import { useState } from 'preact/hooks';
import type { ApiFailure } from '../api/failure.ts';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { useServices } from '../services.ts';
import { Dialog } from '../shell/Dialog.tsx';

const HOURS = [1, 2, 4, 8, 24, 72] as const;

/** Asks how long; the end is a time, so that nobody has to remember to end it. */
export function MaintenanceDialog(props: {
  name: string;
  busy: boolean;
  failure: ApiFailure | undefined;
  onClose: () => void;
  onStart: (until: string) => void;
}) {
  const { api } = useServices();
  const [hours, setHours] = useState<number>(2);
  const until = new Date(api.serverNow() + hours * 3_600_000);
  return (
    <Dialog title={`Maintenance of ${props.name}`} onClose={props.onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          props.onStart(until.toISOString());
        }}
      >
        <p>
          Health is still measured, but no change of state is announced and the cluster does not count as unhealthy. It
          ends by itself.
        </p>
        <label class="form-field">
          <span class="form-label">For</span>
          <select class="field" value={String(hours)} onChange={(event) => setHours(Number(event.currentTarget.value))}>
            {HOURS.map((h) => (
              <option key={h} value={String(h)}>
                {h} hour{h === 1 ? '' : 's'}
              </option>
            ))}
          </select>
        </label>
        <p class="muted">Until {until.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' })}</p>
        {props.failure && <ActionFailure failure={props.failure} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" aria-disabled={props.busy}>
            Start maintenance
          </button>
        </div>
      </form>
    </Dialog>
  );
}
