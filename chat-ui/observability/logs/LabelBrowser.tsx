import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LabelsAnswer } from '../../../backend/model/metrics.ts';
import { FailureFacts } from '../../components/StateView.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Popover } from '../../components/Popover.tsx';
import { useServices } from '../../services.ts';
import { createQueryRun } from '../query-run.ts';
import { clustersArgument, type SharedView } from '../view-url.ts';

/** Names drawn at once; the search finds the others. */
const MOST_LISTED = 100;

/** Labels of the logs in scope, and the values of one: choosing a value narrows the query to it. */
export function LabelBrowser(props: { view: SharedView; onPick: (name: string, value: string) => void }) {
  return (
    <Popover name="browse labels" label="Labels" class="history label-browser">
      {(close) => (
        <Browse
          {...props}
          onPick={(name, value) => {
            close();
            props.onPick(name, value);
          }}
        />
      )}
    </Popover>
  );
}

function Browse({ view, onPick }: { view: SharedView; onPick: (name: string, value: string) => void }) {
  const { api } = useServices();
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const run = useMemo(() => createQueryRun<LabelsAnswer>(api.serverNow), [api]);
  const path = labelsPath(view, name);
  useEffect(() => {
    void run.ask(path, (signal) => api.get<LabelsAnswer>(path, signal));
    return run.cancel;
  }, [path]);
  const state = run.state.value;
  const answer = state.status === 'ready' ? state.value : undefined;
  const found = (answer?.values ?? []).filter((value) => value.toLowerCase().includes(text.trim().toLowerCase()));
  const go = (next: string) => {
    setName(next);
    setText('');
  };
  return (
    <>
      {name !== '' && (
        <button type="button" class="button quiet small" onClick={() => go('')}>
          <Icon name="back" />
          All labels
        </button>
      )}
      <label class="form-label">
        {name === '' ? 'Label contains' : `Value of ${name} contains`}
        <input
          type="text"
          class="field"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div role="status">
        {state.status === 'loading' && <p class="muted">Asking the clusters…</p>}
        {state.status === 'failed' && (
          <p class="tone-critical">
            {state.failure.message} <FailureFacts failure={state.failure} />
          </p>
        )}
        {answer && !answer.complete && <p class="tone-warning">Not every cluster answered; there may be more.</p>}
        {answer && found.length === 0 && <p class="muted">Nothing found in this time range.</p>}
      </div>
      <ul class="history-list">
        {found.slice(0, MOST_LISTED).map((value) => (
          <li key={value}>
            <button type="button" class="history-item" onClick={() => (name === '' ? go(value) : onPick(name, value))}>
              <code class="foreign">{value}</code>
            </button>
          </li>
        ))}
      </ul>
      {found.length > MOST_LISTED && <p class="muted">{found.length - MOST_LISTED} more; write a part of the name.</p>}
    </>
  );
}

/** Names of labels, or the values of the label `name`. */
export function labelsPath(view: SharedView, name: string): string {
  const query = new URLSearchParams({ start: view.range.from, end: view.range.to, limit: '5000' });
  const clusters = clustersArgument(view.clusters);
  for (const one of typeof clusters === 'string' ? [clusters] : (clusters ?? [])) query.append('clusters', one);
  return `${name === '' ? '/logs/labels' : `/logs/label/${encodeURIComponent(name)}/values`}?${query.toString()}`;
}
