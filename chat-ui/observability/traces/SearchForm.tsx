import { useLocation } from 'preact-iso';
import { useEffect, useId, useState } from 'preact/hooks';
import type { TraceNamesAnswer } from '../../../backend/model/trace.ts';
import type { ApiFailure } from '../../api/failure.ts';
import { Checkbox, TextInput } from '../../components/Field.tsx';
import { useServices } from '../../services.ts';
import { QueryEditor } from '../QueryEditor.tsx';
import type { QueryRun } from '../query-run.ts';
import { HistoryMenu, RunBar } from '../RunBar.tsx';
import { sharedQuery, type TracesView, tracesUrl, viewProblems } from './traces-view.ts';

/** Names that fit in one list of suggestions. */
const MOST_NAMES = 500;

/** What traces are looked for, by fields or in TraceQL. What is being written becomes the URL when it is run. */
export function SearchForm(props: {
  view: TracesView;
  run: QueryRun<unknown>;
  onRun: (view: TracesView) => void;
  refused: ApiFailure | undefined;
}) {
  const { view, run, onRun, refused } = props;
  const { route } = useLocation();
  const [draft, setDraft] = useState(view);
  const [raw, setRaw] = useState(view.traceql !== '');
  const asked = tracesUrl(view);
  useEffect(() => {
    setDraft(view);
    setRaw(view.traceql !== '');
  }, [asked]);
  const [tried, setTried] = useState(false);
  const problems = tried ? viewProblems(draft) : {};
  const set = (part: Partial<TracesView>) => setDraft({ ...draft, ...part });
  const submit = (wanted: TracesView) => {
    setTried(true);
    if (Object.keys(viewProblems(wanted)).length === 0)
      onRun({ ...wanted, range: view.range, zone: view.zone, clusters: view.clusters });
  };
  const fields = { ...draft, traceql: '' };

  return (
    <form
      class="query-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit(raw ? draft : fields);
      }}
    >
      {raw ? (
        <QueryEditor
          label="TraceQL query"
          language="TraceQL"
          placeholder={'{ resource.service.name = "checkout" && status = error }'}
          value={draft.traceql}
          onValue={(traceql) => set({ traceql })}
          onRun={() => submit(draft)}
          refused={refused}
          refusedQuery={view.traceql}
        />
      ) : (
        <div class="trace-fields">
          <Names label="Service" view={view} value={draft.service} onValue={(service) => set({ service })} />
          <Names
            label="Operation"
            view={view}
            of={draft.service}
            value={draft.operation}
            onValue={(operation) => set({ operation })}
          />
          <TextInput
            label="At least"
            placeholder="250ms"
            value={draft.min}
            onValue={(min) => set({ min })}
            problem={problems.min}
          />
          <TextInput
            label="At most"
            placeholder="1.5s"
            value={draft.max}
            onValue={(max) => set({ max })}
            problem={problems.max}
          />
          <TextInput
            label="Tags"
            placeholder="http.status_code=500"
            mono
            value={draft.tags}
            onValue={(tags) => set({ tags })}
            problem={problems.tags}
          />
          <Checkbox label="Errors only" checked={draft.errors} onChecked={(errors) => set({ errors })} />
        </div>
      )}
      <div class="query-options">
        <div class="segmented" role="group" aria-label="How to search">
          <button type="button" aria-pressed={!raw} onClick={() => setRaw(false)}>
            Fields
          </button>
          <button type="button" aria-pressed={raw} onClick={() => setRaw(true)}>
            TraceQL
          </button>
        </div>
        {raw && <HistoryMenu kind="traceql" onPick={(traceql) => submit({ ...draft, traceql })} />}
        <RunBar run={run} onRun={() => submit(raw ? draft : fields)} />
        {!raw &&
          asked !== tracesUrl({ ...view, service: '', operation: '', min: '', max: '', tags: '', errors: false }) && (
            <button
              type="button"
              class="button quiet"
              onClick={() =>
                route(tracesUrl({ ...view, service: '', operation: '', min: '', max: '', tags: '', errors: false }))
              }
            >
              Clear fields
            </button>
          )}
      </div>
    </form>
  );
}

/** A name, with those that the clusters know as suggestions once the field is used. `of` = operations of this service. */
function Names(props: {
  label: string;
  view: TracesView;
  of?: string;
  value: string;
  onValue: (value: string) => void;
}) {
  const { label, view, of, value, onValue } = props;
  const { api } = useServices();
  const id = useId();
  const [used, setUsed] = useState(false);
  const [names, setNames] = useState<readonly string[]>([]);
  const query = sharedQuery(view);
  query.set('limit', String(MOST_NAMES));
  if (of !== undefined && of !== '') query.set('service_name', of);
  const path = of === undefined ? `/traces/services?${query.toString()}` : `/traces/operations?${query.toString()}`;
  const wanted = used && (of === undefined || of !== '');
  useEffect(() => {
    if (!wanted) return undefined;
    const gone = new AbortController();
    api.get<TraceNamesAnswer>(path, gone.signal).then(
      (answer) => setNames(answer.names.map(({ name }) => name)),
      () => setNames([]), // no suggestions; the search itself will say what is wrong
    );
    return () => gone.abort();
  }, [path, wanted]);
  return (
    <div class="form-field" onFocusIn={() => setUsed(true)}>
      <label class="form-label" for={id}>
        {label}
      </label>
      <input
        id={id}
        type="text"
        class="field"
        list={`${id}-names`}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        placeholder="any, * as wildcard"
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      <datalist id={`${id}-names`}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}
