import { useState } from 'preact/hooks';
import type { Silence, SilenceState } from '../../backend/model/silence.ts';
import { expireSilence } from '../api/alert-endpoints.ts';
import { ActionButton } from '../components/Action.tsx';
import { ActionFailure } from '../components/ActionFailure.tsx';
import { Age, ageText } from '../components/Age.tsx';
import { StatusBadge, type Tone, words } from '../components/Status.tsx';
import { useAction } from '../components/use-action.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';
import { Dialog } from '../shell/Dialog.tsx';

const TONE: Readonly<Record<SilenceState, Tone>> = { ACTIVE: 'info', PENDING: 'unknown', EXPIRED: 'unknown' };

/** Silences with what they cover, for how long, by whom and why; those that still hold can be ended. */
export function SilenceTable({ silences, onChanged }: { silences: readonly Silence[]; onChanged: () => void }) {
  const denied = useDenial('alerts:write');
  const { now } = useServices();
  const [ending, setEnding] = useState<Silence | undefined>(undefined);
  return (
    <>
      <ul class="silences">
        {silences.map((silence) => (
          <li key={`${silence.cluster_id}/${silence.id}`} class="silence">
            <StatusBadge tone={TONE[silence.state]}>{words(silence.state)}</StatusBadge>
            <div class="silence-what">
              <p class="silence-matchers">
                {silence.matchers.map((matcher) => (
                  <code key={matcher} class="foreign">
                    {matcher}
                  </code>
                ))}
              </p>
              <p class="foreign">{silence.comment}</p>
              <p class="muted">
                {silence.cluster_name} · by <span class="foreign">{silence.created_by}</span> ·{' '}
                {silence.state === 'EXPIRED' ? (
                  <>
                    ended <Age at={silence.ends_at} />
                  </>
                ) : (
                  <time dateTime={silence.ends_at} title={new Date(silence.ends_at).toLocaleString()}>
                    ends in {ageText(Date.parse(silence.ends_at) - now.value)}
                  </time>
                )}
              </p>
            </div>
            {silence.state !== 'EXPIRED' && (
              <ActionButton denied={denied} class="button small" onClick={() => setEnding(silence)}>
                End
              </ActionButton>
            )}
          </li>
        ))}
      </ul>
      {ending && (
        <EndDialog
          silence={ending}
          onClose={() => setEnding(undefined)}
          onEnded={() => {
            setEnding(undefined);
            onChanged();
          }}
        />
      )}
    </>
  );
}

function EndDialog(props: { silence: Silence; onClose: () => void; onEnded: () => void }) {
  const { silence, onClose, onEnded } = props;
  const { api } = useServices();
  const action = useAction();
  return (
    <Dialog title="End a silence" onClose={onClose}>
      <div class="dialog-form">
        <p>
          In {silence.cluster_name} alerts with <code class="foreign">{silence.matchers.join(' and ')}</code> notify
          again from now on.
        </p>
        {action.failure && <ActionFailure failure={action.failure} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            class="button danger"
            aria-disabled={action.busy}
            onKeyDown={(event) => {
              if (event.key === 'Enter') event.preventDefault();
            }}
            onClick={() =>
              void action.run(async () => {
                await expireSilence(api, { cluster: silence.cluster_name, id: silence.id });
                onEnded();
              })
            }
          >
            {action.busy ? 'Ending…' : 'End this silence'}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
