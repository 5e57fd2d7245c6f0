import { useLocation } from 'preact-iso';
import { useMemo, useState } from 'preact/hooks';
import type { MetricResult } from '../../../backend/model/metrics.ts';
import { Banner } from '../../components/Banner.tsx';
import type { ChartLine } from '../../components/chart/chart-data.ts';
import { TimeSeriesChart } from '../../components/chart/TimeSeriesChart.tsx';
import { PartialBanner } from '../../components/PartialBanner.tsx';
import { StateView } from '../../components/StateView.tsx';
import { wallTime } from '../../time-zone.ts';
import { logsUrl } from '../logs-link.ts';
import { askAgainWords } from '../ask-failed.ts';
import { Outcomes } from '../Outcomes.tsx';
import { absoluteRange } from '../time-range.ts';
import { type MetricsView, metricsUrl } from './metrics-view.ts';
import { type WholeAnswer, MOST_LINES, seriesToDraw, type ShownSeries } from './series.ts';
import { SeriesTable } from './SeriesTable.tsx';
import { useUnit } from './use-unit.ts';

/** What the clusters answered: what is missing, the lines, the series, and how each cluster fared. */
export function MetricsAnswerView(props: {
  answer: WholeAnswer;
  series: readonly ShownSeries[];
  view: MetricsView;
  text: string;
  onText: (text: string) => void;
  onRetry: () => void;
  /** Those that {@link onRetry} asks; empty = all. */
  again: readonly string[];
}) {
  const { answer, series, view, text, onText, onRetry } = props;
  return (
    <>
      {!answer.complete && (
        <PartialBanner
          what="Metrics"
          outcomes={answer.results}
          onRetry={onRetry}
          retry={askAgainWords(props.again)}
          // A sum is then a lower bound, an average is not; the notes of the answer say which.
          consequence={answer.aggregation ? 'Values are of those alone.' : 'Totals are lower bounds.'}
        />
      )}
      <Notes answer={answer} />
      {answer.results.length === 0 && (
        <StateView title="No cluster was asked.">
          <p>No cluster in your scope fits this choice of clusters.</p>
        </StateView>
      )}
      {answer.results.length > 0 && series.length === 0 && (
        <StateView
          title={answer.complete ? 'No series matches this query.' : 'No series came from the clusters that answered.'}
        >
          <p>Check the metric name and the labels, or widen the time range.</p>
        </StateView>
      )}
      {series.length > 0 && answer.range && <Chart answer={answer} range={answer.range} series={series} view={view} />}
      {series.length > 0 && (
        <SeriesTable series={series} view={view} atLeast={!answer.complete} text={text} onText={onText} />
      )}
      {answer.results.length > 0 && (
        <Outcomes
          outcomes={answer.results}
          count={answer.aggregation ? undefined : (result: MetricResult) => result.data.length}
          what="Series"
        />
      )}
    </>
  );
}

function Notes({ answer: { notes, shortened } }: { answer: WholeAnswer }) {
  if (notes.length === 0 && !shortened) return null;
  return (
    <Banner tone="info">
      <ul class="banner-list">
        {notes.map((note) => (
          <li key={note} class="foreign">
            {note}
          </li>
        ))}
        {shortened && <li>The answer was too large to show whole: lists were cut at their ends. Narrow the query.</li>}
      </ul>
    </Banner>
  );
}

function Chart(props: {
  answer: WholeAnswer;
  range: NonNullable<WholeAnswer['range']>;
  series: readonly ShownSeries[];
  view: MetricsView;
}) {
  const { range, series, view } = props;
  const { route } = useLocation();
  const [picked, setPicked] = useState<{ line: ChartLine; at: number } | undefined>(undefined);
  const only = series.find((one) => one.key === view.only);
  const lines = useMemo(() => (only ? [only] : seriesToDraw(series)), [series, only]);
  const unit = useUnit(view, props.answer);
  const isolate = (key: string) => route(metricsUrl({ ...view, only: view.only === key ? '' : key }));
  if (lines.length === 0) return <StateView title="No value of this answer can be drawn; the table has them all." />;
  return (
    <section class="panel" aria-label="Chart">
      {only === undefined && lines.length < series.length && (
        <p class="muted">
          Drawn: the {lines.length} of {series.length} series that reach highest ({MOST_LINES} at most).
        </p>
      )}
      {only !== undefined && (
        <p class="muted">
          One of {series.length} series. <a href={metricsUrl({ ...view, only: '' })}>Show all</a>
        </p>
      )}
      <TimeSeriesChart
        label={`Values of ${view.query}`}
        lines={lines}
        grid={range}
        unit={unit}
        zone={view.zone}
        onZoom={(from, to) => route(metricsUrl({ ...view, range: absoluteRange(from * 1000, to * 1000) }))}
        onLine={(line) => isolate(line.key)}
        onPick={(line, at) => setPicked({ line, at })}
      />
      {picked && lines.some((line) => line.key === picked.line.key) && (
        <PickedPoint
          {...picked}
          metric={series.find((one) => one.key === picked.line.key)?.metric ?? {}}
          view={view}
          step={range.step}
          onClose={() => setPicked(undefined)}
        />
      )}
    </section>
  );
}

/** What can be done from one point of the chart. */
function PickedPoint(props: {
  line: ChartLine;
  metric: Readonly<Record<string, string>>;
  at: number;
  view: MetricsView;
  step: number;
  onClose: () => void;
}) {
  const { line, metric, at, view, step, onClose } = props;
  const cluster = metric['cluster'] ?? view.clusters;
  const logs = logsUrl(view, { cluster, labels: metric, fromMs: at * 1000, toMs: at * 1000 });
  const around = (seconds: number) => absoluteRange((at - seconds) * 1000, (at + seconds) * 1000);
  const value = line.samples.findLast(([time]) => Math.abs(time - at) < step / 2)?.[1];
  return (
    <div class="picked" role="status">
      <p>
        <b>{wallTime(at * 1000, view.zone)}</b> <code class="foreign">{line.key}</code> {value ?? 'no sample'}
      </p>
      <a class="button small" href={metricsUrl({ ...view, range: around(Math.max(300, step * 10)) })}>
        Around this time
      </a>
      {logs !== undefined && (
        <a class="button small" href={logs}>
          Logs at this time
        </a>
      )}
      <button type="button" class="button quiet small" onClick={onClose}>
        Close
      </button>
    </div>
  );
}
