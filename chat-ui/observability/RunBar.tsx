import { Age } from '../components/Age.tsx';
import { Icon } from '../components/Icon.tsx';
import { Popover } from '../components/Popover.tsx';
import { useServices } from '../services.ts';
import type { QueryKind } from './query-history.ts';
import type { QueryRun } from './query-run.ts';

/** Asks, or stops what is being asked; tells for how long it runs, or how old the answer is. */
export function RunBar(props: { run: QueryRun<unknown>; onRun: () => void }) {
  const since = props.run.runningSince.value;
  const state = props.run.state.value;
  return (
    <div class="run-bar">
      {since === undefined ? (
        <button type="button" class="button primary" title="Ctrl+Enter" onClick={props.onRun}>
          Run
        </button>
      ) : (
        <button type="button" class="button" onClick={props.run.cancel}>
          <Icon name="stop" />
          Cancel
        </button>
      )}
      <span class="muted page-age" role="status">
        {since !== undefined && (
          <>
            Running for <Age at={since} suffix="" />
          </>
        )}
        {since === undefined && state.status === 'ready' && !state.failure && (
          <>
            Answered <Age at={state.at} />
          </>
        )}
        {state.status === 'cancelled' && 'Cancelled'}
      </span>
    </div>
  );
}

/** Questions asked in this browser before. */
export function HistoryMenu({ kind, onPick }: { kind: QueryKind; onPick: (query: string) => void }) {
  const { history } = useServices();
  const queries = history.of(kind).value;
  return (
    <Popover name="queries asked before" label="History" class="history">
      {(close) =>
        queries.length === 0 ? (
          <p class="muted">No query was asked in this browser yet.</p>
        ) : (
          <>
            <ul class="history-list">
              {queries.map((query) => (
                <li key={query}>
                  <button
                    type="button"
                    class="history-item"
                    onClick={() => {
                      close();
                      onPick(query);
                    }}
                  >
                    <code>{query}</code>
                  </button>
                </li>
              ))}
            </ul>
            <div class="pop-actions">
              <span class="muted">Kept in this browser only.</span>
              <button type="button" class="button small" onClick={() => history.clear(kind)}>
                Clear
              </button>
            </div>
          </>
        )
      }
    </Popover>
  );
}
