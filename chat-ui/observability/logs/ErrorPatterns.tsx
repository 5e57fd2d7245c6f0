import { useLocation } from 'preact-iso';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ErrorLogsAnswer, LogTemplate, Novelty } from '../../../backend/model/logs.ts';
import { Banner, StaleBanner } from '../../components/Banner.tsx';
import { TextInput } from '../../components/Field.tsx';
import { PartialBanner } from '../../components/PartialBanner.tsx';
import { FailureView, StateView } from '../../components/StateView.tsx';
import { StatusBadge, type Tone, words } from '../../components/Status.tsx';
import { useServices } from '../../services.ts';
import { Outcomes } from '../Outcomes.tsx';
import { createQueryRun, type RunState } from '../query-run.ts';
import { RunBar } from '../RunBar.tsx';
import { errorsQuery, type LogsView, logsViewUrl, patternQuery } from './logs-view.ts';

const TONE: Readonly<Record<Novelty, Tone>> = {
  NEW: 'critical',
  INCREASED: 'warning',
  STEADY: 'info',
  DECREASED: 'info',
  GONE: 'healthy',
  UNKNOWN: 'unknown',
};

/** What error lines say over the clusters, new first: counted against the window of equal length before. */
export function ErrorPatterns({ view, onState }: { view: LogsView; onState: (state: string) => void }) {
  const { api } = useServices();
  const run = useMemo(() => createQueryRun<ErrorLogsAnswer>(api.serverNow), [api]);
  const path = `/logs/errors?${errorsQuery(view).toString()}`;
  const ask = () => void run.ask(path, (signal) => api.get<ErrorLogsAnswer>(path, signal));
  useEffect(ask, [path]);
  useEffect(() => run.cancel, [run]);
  const state = run.state.value;
  const name = stateOf(state);
  useEffect(() => onState(name), [name]);
  return (
    <>
      <Narrow view={view} run={run} onAsk={ask} />
      {state.status === 'loading' && <StateView title="Reading error lines of this time and the one before…" live />}
      {state.status === 'cancelled' && <StateView title="The search was cancelled." />}
      {state.status === 'failed' && <FailureView what="the error logs" failure={state.failure} onRetry={ask} />}
      {state.status === 'ready' && state.failure && <StaleBanner at={state.at} failure={state.failure} onRetry={ask} />}
      {state.status === 'ready' && <Patterns answer={state.value} view={view} onRetry={ask} />}
    </>
  );
}

function Narrow(props: { view: LogsView; run: ReturnType<typeof createQueryRun<ErrorLogsAnswer>>; onAsk: () => void }) {
  const { view, run, onAsk } = props;
  const { route } = useLocation();
  const [draft, setDraft] = useState(view);
  useEffect(() => setDraft(view), [view.namespace, view.workload, view.contains]);
  const submit = () => {
    const wanted = logsViewUrl({
      ...view,
      namespace: draft.namespace.trim(),
      workload: draft.workload.trim(),
      contains: draft.contains.trim(),
    });
    if (wanted === logsViewUrl(view)) onAsk();
    else route(wanted);
  };
  return (
    <form
      class="query-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="form-row">
        {(['namespace', 'workload', 'contains'] as const).map((field) => (
          <TextInput
            key={field}
            label={words(field)}
            optional
            value={draft[field]}
            onValue={(value) => setDraft({ ...draft, [field]: value })}
          />
        ))}
      </div>
      <RunBar run={run} onRun={submit} />
    </form>
  );
}

function Patterns({ answer, view, onRetry }: { answer: ErrorLogsAnswer; view: LogsView; onRetry: () => void }) {
  const exact = answer.counts_are_exact && answer.complete;
  const bound = exact ? '' : '≥ ';
  return (
    <>
      {!answer.complete && <PartialBanner what="Error logs" outcomes={answer.clusters} onRetry={onRetry} />}
      {answer.notes.length > 0 && (
        <Banner tone="info">
          <ul class="banner-list">
            {answer.notes.map((note) => (
              <li key={note} class="foreign">
                {note}
              </li>
            ))}
          </ul>
        </Banner>
      )}
      {answer.templates.length === 0 ? (
        <StateView
          tone={answer.complete ? 'healthy' : 'warning'}
          title={answer.complete ? 'No error line in this time.' : 'No error line on the clusters that answered.'}
        />
      ) : (
        <>
          <p class="muted" role="status">
            {bound}
            {answer.lines} error lines, {bound}
            {answer.previous_lines} in the time before
            {answer.templates.length < answer.templates_total &&
              `; the first ${answer.templates.length} of ${answer.templates_total} patterns`}
            .
          </p>
          <ul class="silences">
            {answer.templates.map((template) => (
              <Pattern key={template.template} template={template} view={view} bound={bound} />
            ))}
          </ul>
        </>
      )}
      {answer.clusters.length > 0 && <Outcomes outcomes={answer.clusters} what="" />}
    </>
  );
}

function Pattern({ template, view, bound }: { template: LogTemplate; view: LogsView; bound: string }) {
  const { clusters, namespaces, namespaces_total: all, count, previous_count: before, sample } = template;
  const named = clusters.map(({ name }) => name).join(',');
  return (
    <li class="silence">
      <StatusBadge tone={TONE[template.novelty]}>{words(template.novelty)}</StatusBadge>
      <div class="silence-what">
        <p>
          <code class="foreign">{template.template}</code>
        </p>
        <p class="muted">
          {bound}
          {count} lines, {bound}
          {before} before ·{' '}
          <span class="foreign">{clusters.map(({ name, count: n }) => `${name} ${n}`).join(', ')}</span>
          {namespaces.length > 0 && (
            <>
              {' · '}
              <span class="foreign">{namespaces.join(', ')}</span>
              {all > namespaces.length && ` and ${all - namespaces.length} more`}
            </>
          )}
        </p>
        {sample && (
          <details class="more">
            <summary>A line of it</summary>
            <p>
              <code class="foreign">{sample.message}</code>
            </p>
          </details>
        )}
      </div>
      {sample && (
        <a
          class="button small"
          href={logsViewUrl({
            ...view,
            show: 'lines',
            query: patternQuery(template.template, sample),
            clusters: named,
          })}
        >
          Its lines
        </a>
      )}
    </li>
  );
}

function stateOf(state: RunState<ErrorLogsAnswer>): string {
  if (state.status === 'failed') return state.failure.denied ? 'denied' : 'error';
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  if (!state.value.complete) return 'partial';
  return state.value.templates.length === 0 ? 'empty' : 'ready';
}
