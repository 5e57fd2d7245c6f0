import { useLocation } from 'preact-iso';
import { useMemo, useState } from 'preact/hooks';
import type { ChartLine } from '../../components/chart/chart-data.ts';
import { TimeSeriesChart } from '../../components/chart/TimeSeriesChart.tsx';
import { StateView } from '../../components/StateView.tsx';
import { wallTime } from '../../time-zone.ts';
import { logsUrl } from '../logs-link.ts';
import { absoluteRange } from '../time-range.ts';
import { type MetricsView, metricsUrl } from './metrics-view.ts';
import { OverlayChoice, useOverlays } from './Overlays.tsx';
import { MOST_LINES, seriesToDraw, type ShownSeries, type WholeAnswer } from './series.ts';
import { useUnit } from './use-unit.ts';

/** The lines of an answer, and what happened meanwhile where that is wanted. */
export function MetricsChart(props: {
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
  const over = useOverlays(view, range, unit, only?.metric['cluster']);
  if (lines.length === 0) return <StateView title="No value of this answer can be drawn; the table has them all." />;
  return (
    <section class="panel" aria-label="Chart">
      <OverlayChoice view={view} {...over} />
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
        bands={over.bands}
        marks={over.marks}
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
