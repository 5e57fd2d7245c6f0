import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Alert } from '../../backend/model/alert.ts';
import { createSilence, fetchClusterAlerts, type SilenceMade } from '../api/alert-endpoints.ts';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { Select, TextInput } from '../components/Field.tsx';
import { FailureFacts } from '../components/StateView.tsx';
import { reasonOf } from '../components/PartialBanner.tsx';
import { useAction } from '../components/use-action.ts';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { durationMs } from '../observability/time-range.ts';
import { useServices } from '../services.ts';
import { Dialog } from '../shell/Dialog.tsx';
import { covered, DURATIONS, firstLabels, matcherText, type SilenceDuration } from './silence.ts';

/** Alerts named one by one. */
const MOST_NAMED = 5;

/**
 * Silences alerts of one cluster that share labels with `alert`. It says which ones before anything is done; Enter never
 * confirms, so that nothing is silenced by a key too many.
 */
export function SilenceDialog(props: { alert: Alert; onClose: () => void; onMade: (made: SilenceMade) => void }) {
  const { alert, onClose, onMade } = props;
  const { api } = useServices();
  const [labels, setLabels] = useState<readonly string[]>(firstLabels(alert.labels));
  const [duration, setDuration] = useState<SilenceDuration>('2h');
  const [comment, setComment] = useState('');
  const [tried, setTried] = useState(false);
  const action = useAction();
  const run = useMemo(() => createQueryRun<readonly Alert[]>(api.serverNow), [api]);
  useEffect(() => {
    void run.ask(alert.cluster_name, (signal) =>
      fetchClusterAlerts(api, alert.cluster_name, signal).then((answer) => answer.alerts),
    );
    return run.cancel;
  }, [run]);

  const names = Object.keys(alert.labels).sort(
    (a, b) => Number(b === 'alertname') - Number(a === 'alertname') || (a < b ? -1 : 1),
  );
  const matchers = names
    .filter((name) => labels.includes(name))
    .map((name) => matcherText(name, alert.labels[name] ?? ''));
  const problem = comment.trim().length < 3 ? 'Say why, in a few words: whoever is on call next reads it.' : undefined;
  const confirm = () => {
    setTried(true);
    if (problem !== undefined || matchers.length === 0) return;
    void action.run(async () => {
      const made = await createSilence(api, {
        clusters: [alert.cluster_name],
        matchers,
        duration,
        comment: comment.trim(),
      });
      const [refused] = made.silences.length === 0 ? made.clusters : [];
      if (refused) throw new Error(`${refused.cluster_name}: ${reasonOf(refused)}`);
      onMade(made);
    });
  };
  return (
    <Dialog title="Silence alerts" onClose={onClose}>
      <form class="dialog-form silence-form" onSubmit={(event) => event.preventDefault()}>
        <fieldset class="label-ticks">
          <legend class="form-label">Alerts that have all of these labels</legend>
          {names.map((name) => (
            <label key={name} class="form-check">
              <input
                type="checkbox"
                checked={labels.includes(name)}
                onChange={(event) =>
                  setLabels(event.currentTarget.checked ? [...labels, name] : labels.filter((one) => one !== name))
                }
              />
              <code class="foreign">{matcherText(name, alert.labels[name] ?? '')}</code>
            </label>
          ))}
        </fieldset>
        <Select
          label="For"
          value={duration}
          options={DURATIONS.map((one) => [one, one] as const)}
          onValue={setDuration}
        />
        <TextInput label="Why" value={comment} onValue={setComment} problem={tried ? problem : undefined} required />
        <Statement {...{ alert, matchers, duration }} state={run.state.value} labels={labels} />
        {action.failure && <ActionFailure failure={action.failure} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            class="button danger"
            aria-disabled={matchers.length === 0 || action.busy}
            aria-describedby="silence-keys"
            onKeyDown={(event) => {
              if (event.key === 'Enter') event.preventDefault();
            }}
            onClick={confirm}
          >
            {action.busy ? 'Silencing…' : 'Silence these alerts'}
          </button>
        </div>
        <p id="silence-keys" class="muted form-hint">
          Confirm with a click or the space bar; Enter does nothing here.
        </p>
      </form>
    </Dialog>
  );
}

/** What will be silenced, in words. */
function Statement(props: {
  alert: Alert;
  labels: readonly string[];
  matchers: readonly string[];
  duration: SilenceDuration;
  state: RunState<readonly Alert[]>;
}) {
  const { alert, labels, matchers, duration, state } = props;
  const { api } = useServices();
  const until = new Date(api.serverNow() + (durationMs(duration) ?? 0));
  const mine = state.status === 'ready' ? covered(state.value, labels, alert.labels) : [];
  if (matchers.length === 0)
    return <p class="statement tone-warning">Tick a label: a silence has to say what it is about.</p>;
  return (
    <div class="statement" role="status">
      <p>
        <b>In {alert.cluster_name} nobody is notified</b> of alerts with{' '}
        {matchers.map((matcher, n) => (
          <span key={matcher}>
            {n > 0 && ' and '}
            <code class="foreign">{matcher}</code>
          </span>
        ))}{' '}
        until {until.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })} ({duration}). They go on
        firing, and are shown here as silenced.
      </p>
      {state.status === 'loading' && <p class="muted">Looking what that is now…</p>}
      {state.status === 'failed' && (
        <p class="tone-warning">
          What that is now could not be read: {state.failure.message} <FailureFacts failure={state.failure} />
        </p>
      )}
      {state.status === 'ready' && (
        <p>
          Now that is <b>{mine.length === 1 ? '1 alert' : `${mine.length} alerts`}</b>
          {mine.length > 0 && ': '}
          <span class="foreign">{mine.slice(0, MOST_NAMED).map(nameOf).join(', ')}</span>
          {mine.length > MOST_NAMED && ` and ${mine.length - MOST_NAMED} more`}.
        </p>
      )}
    </div>
  );
}

function nameOf({ alertname, labels }: Alert): string {
  const subject = labels['pod'] ?? labels['deployment'] ?? labels['node'] ?? labels['instance'] ?? labels['namespace'];
  return subject === undefined ? alertname : `${alertname} (${subject})`;
}
