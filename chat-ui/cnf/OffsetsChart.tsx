import { useLocation } from 'preact-iso';
import { useEffect, useMemo } from 'preact/hooks';
import type { ChartLine } from '../components/chart/chart-data.ts';
import { TimeSeriesChart } from '../components/chart/TimeSeriesChart.tsx';
import { Panel } from '../components/Facts.tsx';
import { StateView } from '../components/StateView.tsx';
import { MOST_LINES, seriesOf, seriesToDraw, type WholeAnswer } from '../observability/metrics/series.ts';
import { createQueryRun } from '../observability/query-run.ts';
import { absoluteRange } from '../observability/time-range.ts';
import { clustersArgument } from '../observability/view-url.ts';
import { useServices } from '../services.ts';
import { Answer } from '../telemetry/Answer.tsx';
import { cnfUrl, type CnfView } from './cnf-view.ts';

/** Lines that stand still, such as thresholds, in the unit of the chart. */
export interface Level {
  readonly label: string;
  readonly value: number;
}

/** A query of offsets in seconds, over the time of the page. `cluster` = of this one alone. */
export function OffsetsChart(props: {
  view: CnfView;
  title: string;
  query: string;
  cluster?: string;
  levels?: readonly Level[];
}) {
  const { view, title, query, cluster } = props;
  const { api } = useServices();
  const run = useMemo(
    () => createQueryRun<WholeAnswer & { readonly clusters: WholeAnswer['results'] }>(api.serverNow),
    [api],
  );
  const clusters = cluster === undefined ? clustersArgument(view.clusters) : [cluster];
  const body = { query, start: view.range.from, end: view.range.to, ...(clusters === undefined ? {} : { clusters }) };
  const key = JSON.stringify(body);
  const ask = () =>
    void run.ask(key, async (signal) => {
      const answer = await api.post<WholeAnswer>('/metrics/query_range', body, { signal });
      return { ...answer, clusters: answer.results };
    });
  useEffect(ask, [key]);
  useEffect(() => run.cancel, [run]);
  return (
    <Panel id="offsets" title={title}>
      <Answer state={run.state.value} what="the offsets" title="Offsets" onRetry={ask}>
        {(answer) => <Lines answer={answer} view={view} title={title} levels={props.levels ?? []} />}
      </Answer>
    </Panel>
  );
}

function Lines(props: { answer: WholeAnswer; view: CnfView; title: string; levels: readonly Level[] }) {
  const { answer, view, title, levels } = props;
  const { route } = useLocation();
  const range = answer.range;
  const lines = useMemo(() => {
    const series: readonly ChartLine[] = seriesToDraw(seriesOf(answer));
    return series.length === 0 || !range ? series : [...series, ...levels.map((level) => levelLine(level, range))];
  }, [answer, JSON.stringify(levels)]);
  if (!range || lines.length === 0)
    return (
      <StateView title="No offset was measured in this time.">
        <p>Widen the time range, or see the sources below.</p>
      </StateView>
    );
  return (
    <>
      {lines.length >= MOST_LINES && <p class="muted">The {MOST_LINES} that reach highest are drawn.</p>}
      <TimeSeriesChart
        label={title}
        lines={lines}
        grid={range}
        unit="seconds"
        zone={view.zone}
        onZoom={(from, to) => route(cnfUrl({ ...view, range: absoluteRange(from * 1000, to * 1000) }))}
        onLine={() => undefined}
        onPick={() => undefined}
      />
    </>
  );
}

function levelLine({ label, value }: Level, range: NonNullable<WholeAnswer['range']>): ChartLine {
  const steps = Math.floor((range.end - range.start) / range.step) + 1;
  return {
    key: label,
    label,
    samples: Array.from({ length: steps }, (_, n) => [range.start + n * range.step, String(value)]),
  };
}
