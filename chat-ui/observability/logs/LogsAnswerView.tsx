import { useLocation } from 'preact-iso';
import { useMemo, useState } from 'preact/hooks';
import type { LogEntry, LogsAnswer } from '../../../backend/model/logs.ts';
import { ActionFailure } from '../../components/ActionFailure.tsx';
import { Banner } from '../../components/Banner.tsx';
import { TimeSeriesChart } from '../../components/chart/TimeSeriesChart.tsx';
import { FilterChips } from '../../components/FilterChips.tsx';
import { PartialBanner } from '../../components/PartialBanner.tsx';
import { StateView } from '../../components/StateView.tsx';
import { useAction } from '../../components/use-action.ts';
import { useServices } from '../../services.ts';
import { zoneName } from '../../time-zone.ts';
import { seriesToDraw, shownSeries } from '../metrics/series.ts';
import { Outcomes } from '../Outcomes.tsx';
import { absoluteRange } from '../time-range.ts';
import { LogView, toneOfLevel } from './LogView.tsx';
import { LEVELS, logsBody, type LogsView, logsViewUrl, rowsOf } from './logs-view.ts';

/** Lines kept at most; a narrower question finds the others. */
const MOST_LINES = 20_000;

/** What the clusters answered: lines page after page, or the lines of a metric query, and how each cluster fared. */
export function LogsAnswerView(props: { first: LogsAnswer; view: LogsView; onRetry: () => void }) {
  const { first, view, onRetry } = props;
  return (
    <>
      {!first.complete && <PartialBanner what="Logs" outcomes={first.clusters} onRetry={onRetry} />}
      {first.notes.length > 0 && (
        <Banner tone="info">
          <ul class="banner-list">
            {first.notes.map((note) => (
              <li key={note} class="foreign">
                {note}
              </li>
            ))}
          </ul>
        </Banner>
      )}
      {first.clusters.length === 0 ? (
        <StateView title="No cluster was asked.">
          <p>No cluster in your scope fits this choice of clusters.</p>
        </StateView>
      ) : first.result_type === 'STREAMS' ? (
        <Lines first={first} view={view} />
      ) : (
        <Series answer={first} view={view} />
      )}
      {first.clusters.length > 0 && <Outcomes outcomes={first.clusters} what="" />}
    </>
  );
}

function Lines({ first, view }: { first: LogsAnswer; view: LogsView }) {
  const { api } = useServices();
  const { route } = useLocation();
  const [entries, setEntries] = useState<readonly LogEntry[]>(first.entries);
  const [cursor, setCursor] = useState(first.next_cursor);
  const action = useAction();
  const all = useMemo(() => rowsOf(entries), [entries]);
  const rows = useMemo(
    () => all.filter(({ entry }) => view.levels.length === 0 || view.levels.includes(entry.level)),
    [all, view.levels.join()],
  );
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    for (const { level } of entries) found.set(level, (found.get(level) ?? 0) + 1);
    return found;
  }, [entries]);
  const more = () =>
    void action.run(async () => {
      const page = await api.post<LogsAnswer>('/logs/query_range', logsBody(view, cursor));
      setEntries([...entries, ...page.entries]);
      setCursor(page.next_cursor);
    });
  if (entries.length === 0)
    return (
      <StateView title={first.complete ? 'No line matches.' : 'No line came from the clusters that answered.'}>
        <p>Check the labels, loosen the filter, or widen the time range.</p>
      </StateView>
    );
  const older = first.direction === 'BACKWARD' ? 'Older' : 'Newer';
  return (
    <>
      <div class="filter-bar">
        <FilterChips
          label="Level"
          values={LEVELS.filter((level) => counts.has(level) || view.levels.includes(level))}
          chosen={view.levels}
          counts={counts}
          toneOf={toneOfLevel}
          urlOf={(level) =>
            logsViewUrl({
              ...view,
              levels: view.levels.includes(level)
                ? view.levels.filter((one) => one !== level)
                : [...view.levels, level],
            })
          }
        />
        <span class="muted filter-summary" role="status">
          {rows.length < entries.length && `${rows.length} of `}
          {entries.length} lines read{first.total !== null && `, all ${first.total} there are`}
          {cursor !== undefined && '; there are more'}. Times in {zoneName(view.zone)}.
        </span>
      </div>
      {rows.length === 0 ? (
        <StateView title={`None of the ${entries.length} lines read has this level.`}>
          <a class="button" href={logsViewUrl({ ...view, levels: [] })}>
            Show all levels
          </a>
        </StateView>
      ) : (
        <LogView
          rows={rows}
          view={view}
          open={view.line}
          onOpen={(line) => route(logsViewUrl({ ...view, line }), true)}
        />
      )}
      {action.failure && <ActionFailure failure={action.failure} />}
      {cursor !== undefined && (
        <p class="more-tiles">
          {entries.length >= MOST_LINES ? (
            <span class="muted">{MOST_LINES} lines are kept at most. Narrow the query or the time range.</span>
          ) : (
            <button type="button" class="button" aria-disabled={action.busy} onClick={more}>
              {action.busy ? 'Reading…' : older}
            </button>
          )}
        </p>
      )}
    </>
  );
}

/** The result of a metric query: lines over time. */
function Series({ answer, view }: { answer: LogsAnswer; view: LogsView }) {
  const { route } = useLocation();
  const series = useMemo(() => shownSeries(answer.series), [answer]);
  const [only, setOnly] = useState('');
  const lines = useMemo(() => {
    const one = series.find(({ key }) => key === only);
    return one ? [one] : seriesToDraw(series);
  }, [series, only]);
  if (series.length === 0)
    return (
      <StateView title={answer.complete ? 'No series matches.' : 'No series came from the clusters that answered.'} />
    );
  if (lines.length === 0) return <StateView title="No value of this answer can be drawn." />;
  const grid = {
    start: Date.parse(answer.start) / 1000,
    end: Date.parse(answer.end) / 1000,
    step: answer.step ?? 1,
  };
  return (
    <section class="panel" aria-label="Chart">
      <p class="muted" role="status">
        {answer.complete ? '' : '≥ '}
        {series.length} series
        {lines.length < series.length && `, ${lines.length} drawn`}.{' '}
        {only !== '' && (
          <button type="button" class="button quiet small" onClick={() => setOnly('')}>
            Show all
          </button>
        )}
      </p>
      <TimeSeriesChart
        label={`Values of ${view.query}`}
        lines={lines}
        grid={grid}
        unit="none"
        zone={view.zone}
        onZoom={(from, to) => route(logsViewUrl({ ...view, range: absoluteRange(from * 1000, to * 1000) }))}
        onLine={(line) => setOnly(line.key === only ? '' : line.key)}
        onPick={() => undefined}
      />
    </section>
  );
}
