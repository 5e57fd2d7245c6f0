import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { ApiFailure } from '../../api/failure.ts';
import { useServices } from '../../services.ts';
import { Option } from '../Option.tsx';
import { QueryEditor } from '../QueryEditor.tsx';
import type { QueryRun } from '../query-run.ts';
import { HistoryMenu, RunBar } from '../RunBar.tsx';
import { createSuggest } from '../suggest.ts';
import { LabelBrowser, labelsPath } from './LabelBrowser.tsx';
import { LIMITS, type LogsView, logsViewUrl, narrowed } from './logs-view.ts';

/** The query and how it is asked. Everything but the text that is being written lives in the URL. */
export function QueryForm(props: {
  view: LogsView;
  run: QueryRun<unknown>;
  draft: string;
  onDraft: (draft: string) => void;
  onRun: (query: string) => void;
  refused: ApiFailure | undefined;
}) {
  const { view, run, draft, onDraft, onRun, refused } = props;
  const { api } = useServices();
  const { route } = useLocation();
  const suggest = useMemo(
    () =>
      createSuggest(api, (place) =>
        place.kind === 'metric' ? undefined : labelsPath(view, place.kind === 'label' ? '' : place.label),
      ),
    [api, view],
  );
  const change = (part: Partial<LogsView>) => route(logsViewUrl({ ...view, query: draft, ...part }));
  const live = view.show === 'live';
  return (
    <form
      class="query-form"
      onSubmit={(event) => {
        event.preventDefault();
        onRun(draft);
      }}
    >
      <QueryEditor
        label="LogQL query"
        language="LogQL"
        placeholder={'{namespace="shop"} |= "error"'}
        value={draft}
        onValue={onDraft}
        onRun={() => onRun(draft)}
        refused={refused}
        refusedQuery={view.query}
        suggest={(text, cursor) => suggest(view.clusters, text, cursor)}
      />
      <div class="query-options">
        {!live && (
          <>
            <Option
              label="Lines a page"
              value={String(view.limit)}
              options={LIMITS.map((limit) => [String(limit), String(limit)] as const)}
              onChange={(text) => change({ limit: LIMITS.find((limit) => String(limit) === text) ?? 100 })}
            />
            <Option
              label="Order"
              value={view.direction}
              options={[
                ['BACKWARD', 'Newest first'],
                ['FORWARD', 'Oldest first'],
              ]}
              onChange={(direction) => change({ direction })}
            />
          </>
        )}
        <label class="form-check">
          <input
            type="checkbox"
            checked={view.wrap}
            onChange={(event) => route(logsViewUrl({ ...view, wrap: event.currentTarget.checked }), true)}
          />
          Wrap lines
        </label>
        <LabelBrowser view={view} onPick={(name, value) => onDraft(narrowed(draft, name, value, true))} />
        <HistoryMenu
          kind="logql"
          onPick={(query) => {
            onDraft(query);
            onRun(query);
          }}
        />
        {live ? (
          <button type="button" class="button primary" title="Ctrl+Enter" onClick={() => onRun(draft)}>
            Follow
          </button>
        ) : (
          <RunBar run={run} onRun={() => onRun(draft)} />
        )}
      </div>
    </form>
  );
}
