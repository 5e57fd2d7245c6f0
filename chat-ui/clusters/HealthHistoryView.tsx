import { useLocation } from 'preact-iso';
import { useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { ClusterState, HealthHistory } from '../../backend/model/cluster.ts';
import { StaleBanner } from '../components/Banner.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { Shape, toneOfState, words } from '../components/Status.tsx';
import type { ClusterStore } from './cluster-store.ts';
import { HealthChart, momentText, timeZone } from './HealthChart.tsx';
import { type HealthSeries, healthSeries, RANGES, type RangeName, readRange } from './health-series.ts';

/** Changes of state named below the chart; the table has all. */
const MOST_CHANGES = 5;

/** How a cluster fared: a chart, the last changes of its state, and both again as a table. The range lives in the URL. */
export function HealthHistoryView(props: { name: string; state: ClusterState; store: ClusterStore }) {
  const { name, state, store } = props;
  const { query, path } = useLocation();
  const range = readRange(query.range);
  useLayoutEffect(() => store.setHistoryHours(RANGES[range]), [store, range]);
  const history = store.history.value;
  const onRetry = () => void store.refresh();
  return (
    <section class="panel" aria-labelledby="history-title">
      <header class="panel-head">
        <h2 id="history-title">Health history</h2>
        <nav class="segmented" aria-label="Time range">
          {(Object.keys(RANGES) as RangeName[]) // proof: the keys of the constant
            .map((r) => (
              <a key={r} href={`${path}?range=${r}`} aria-current={r === range ? 'true' : undefined}>
                {RANGE_WORDS[r]}
              </a>
            ))}
        </nav>
      </header>
      {history.status === 'loading' && <StateView title="Loading the history…" live />}
      {history.status === 'failed' && (
        <FailureView what="the health history" failure={history.failure} onRetry={onRetry} />
      )}
      {history.status === 'ready' && (
        <>
          {history.failure && (
            <StaleBanner what="History" at={history.at} failure={history.failure} onRetry={onRetry} />
          )}
          <Series key={range} name={name} range={range} history={history.value} at={history.at} state={state} />
        </>
      )}
    </section>
  );
}

const RANGE_WORDS = { '6h': '6 hours', '24h': '24 hours', '7d': '7 days' } as const;

function Series(props: { name: string; range: RangeName; history: HealthHistory; at: number; state: ClusterState }) {
  const { name, range, history, at, state } = props;
  const series = useMemo(() => healthSeries(history, range, at, state), [history, range, at, state]);
  if (series.points.length === 0) {
    return <StateView title={`No health check was recorded in the last ${RANGE_WORDS[range]}.`} />;
  }
  return (
    <>
      <HealthChart
        series={series}
        label={`Health score of ${name} over the last ${RANGE_WORDS[range]}; arrow keys move in time`}
      />
      <Changes series={series} />
      <Tables series={series} />
    </>
  );
}

function Changes({ series: { transitions } }: { series: HealthSeries }) {
  const latest = transitions.toReversed().slice(0, MOST_CHANGES);
  if (latest.length === 0) return <p class="muted">No change of state in this time.</p>;
  return (
    <>
      <h3>Changes of state</h3>
      <ul class="changes">
        {latest.map((change) => (
          <li key={change.at + change.new_state}>
            <time dateTime={change.at}>{momentText(Date.parse(change.at))}</time>
            <span class="change-states">
              {words(change.old_state)} → <Shape tone={toneOfState(change.new_state)} />
              <b>{words(change.new_state)}</b>
            </span>
            <span class="foreign muted">{change.reason}</span>
          </li>
        ))}
      </ul>
      {transitions.length > latest.length && (
        <p class="muted">
          The last {latest.length} of {transitions.length}; all of them are in the table.
        </p>
      )}
    </>
  );
}

/** What the chart shows, as text. Drawn only when asked for. */
function Tables({ series }: { series: HealthSeries }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="twin" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && (
        <div class="twin-scroll" tabIndex={0} role="region" aria-label="Health history as tables">
          <table class="table">
            <caption>Changes of state, newest first. Times in {timeZone()}.</caption>
            <thead>
              <tr>
                <th scope="col">At</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Score</th>
                <th scope="col">Reason</th>
              </tr>
            </thead>
            <tbody>
              {series.transitions.toReversed().map((t) => (
                <tr key={t.at + t.new_state}>
                  <td>{momentText(Date.parse(t.at))}</td>
                  <td>{words(t.old_state)}</td>
                  <td>{words(t.new_state)}</td>
                  <td>{t.health_score ?? '—'}</td>
                  <td class="foreign">{t.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <table class="table">
            <caption>Score in steps of {series.stepMs / 60_000} minutes, newest first.</caption>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Average</th>
                <th scope="col">Lowest</th>
                <th scope="col">Healthy checks</th>
                <th scope="col">Checks</th>
              </tr>
            </thead>
            <tbody>
              {series.points.toReversed().map((p) => (
                <tr key={p.start}>
                  <td>{momentText(p.start)}</td>
                  <td>{Math.round(p.average * 10) / 10}</td>
                  <td>{p.min}</td>
                  <td>{p.healthyChecks}</td>
                  <td>{p.checks}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
