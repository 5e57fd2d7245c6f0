import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { ApiFailure } from '../../api/failure.ts';
import { UNIT_WORDS, UNITS } from '../../components/chart/units.ts';
import { useServices } from '../../services.ts';
import { Option } from '../Option.tsx';
import { QueryEditor } from '../QueryEditor.tsx';
import type { QueryRun } from '../query-run.ts';
import { HistoryMenu, RunBar } from '../RunBar.tsx';
import { createSuggest } from '../suggest.ts';
import { AGGREGATIONS, type MetricsView, metricsUrl } from './metrics-view.ts';

const AGGREGATION_WORDS = {
  MERGE: 'Every cluster by itself',
  FLEET: 'As one Prometheus',
  SUM: 'Sum over clusters',
  AVG: 'Average over clusters',
  MIN: 'Lowest of clusters',
  MAX: 'Highest of clusters',
  COUNT: 'Count of clusters',
} as const;
const STEPS = ['15s', '30s', '1m', '5m', '15m', '1h', '6h', '1d'] as const;

/** The query and how it is asked. Everything but the text that is being written lives in the URL. */
export function QueryForm(props: {
  view: MetricsView;
  run: QueryRun<unknown>;
  draft: string;
  onDraft: (draft: string) => void;
  onRun: (query: string) => void;
  refused: ApiFailure | undefined;
}) {
  const { view, run, draft, onDraft, onRun, refused } = props;
  const { api } = useServices();
  const { route } = useLocation();
  const suggest = useMemo(() => createSuggest(api), [api]);
  const change = (part: Partial<MetricsView>) => route(metricsUrl({ ...view, query: draft, ...part }));
  return (
    <form
      class="query-form"
      onSubmit={(event) => {
        event.preventDefault();
        onRun(draft);
      }}
    >
      <QueryEditor
        label="PromQL query"
        language="PromQL"
        placeholder="sum by (cluster) (rate(http_requests_total[5m]))"
        value={draft}
        onValue={onDraft}
        onRun={() => onRun(draft)}
        refused={refused}
        refusedQuery={view.query}
        suggest={(text, cursor) => suggest(view.clusters, text, cursor)}
      />
      <div class="query-options">
        <nav class="segmented" aria-label="Kind of query">
          <a
            href={metricsUrl({ ...view, query: draft, instant: false })}
            aria-current={view.instant ? undefined : 'true'}
          >
            Range
          </a>
          <a
            href={metricsUrl({ ...view, query: draft, instant: true })}
            aria-current={view.instant ? 'true' : undefined}
          >
            Instant
          </a>
        </nav>
        <Option
          label="Clusters become"
          value={view.aggregation}
          options={AGGREGATIONS.map((one) => [one, AGGREGATION_WORDS[one]])}
          onChange={(aggregation) => change({ aggregation })}
        />
        {!view.instant && (
          <Option
            label="Step"
            value={view.step}
            options={[
              ['', 'Automatic'],
              ...[...new Set([...STEPS, view.step])].filter(Boolean).map((s): [string, string] => [s, s]),
            ]}
            onChange={(step) => change({ step })}
          />
        )}
        {!view.instant && (
          <Option
            label="Unit"
            value={view.unit ?? ''}
            options={[['', 'From the name'], ...UNITS.map((unit): [typeof unit, string] => [unit, UNIT_WORDS[unit]])]}
            onChange={(unit) => change({ unit: unit === '' ? undefined : unit })}
          />
        )}
        <HistoryMenu
          kind="promql"
          onPick={(query) => {
            onDraft(query);
            onRun(query);
          }}
        />
        <RunBar run={run} onRun={() => onRun(draft)} />
      </div>
    </form>
  );
}
