import { useLocation } from 'preact-iso';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { AlertEpisode } from '../../../backend/model/alert.ts';
import type { ExemplarsAnswer } from '../../../backend/model/metrics.ts';
import type { ClusterOutcome } from '../../../backend/model/outcome.ts';
import type { Grid } from '../../components/chart/chart-data.ts';
import type { ChartBand, ChartMark } from '../../components/chart/overlay.ts';
import type { Unit } from '../../components/chart/units.ts';
import { FailureFacts } from '../../components/StateView.tsx';
import { type Loadable, valueOf } from '../../loadable.ts';
import { useServices } from '../../services.ts';
import { wallTime } from '../../time-zone.ts';
import { traceUrl, readTracesView } from '../traces/traces-view.ts';
import { useAnswer } from '../use-answer.ts';
import { clustersArgument } from '../view-url.ts';
import { type MetricsView, metricsUrl } from './metrics-view.ts';
import { bandsOf, MOST_BANDS, marksOf } from './bands-and-marks.ts';

/** Asked for at most; the answers say how many there are. */
const MOST_EPISODES = 500;
const MOST_EXEMPLARS = 500;

interface Part {
  readonly total: number;
  readonly complete: boolean;
  readonly clusters: readonly ClusterOutcome[];
}

interface Overlays {
  readonly bands: readonly ChartBand[];
  readonly marks: readonly ChartMark[];
  readonly alerts: Loadable<Part> | undefined;
  readonly exemplars: Loadable<Part> | undefined;
  /** Names of alerts in a cluster that there are, drawn or not. */
  readonly named: number;
}

/** What happened in the time of a chart, in its clusters or in the one `cluster` that is drawn; asked for only where it is wanted. */
export function useOverlays(view: MetricsView, grid: Grid, unit: Unit, cluster: string | undefined): Overlays {
  const { api } = useServices();
  const path = (base: string, own: Readonly<Record<string, string>>) => {
    const query = new URLSearchParams({ ...own, start: String(grid.start), end: String(grid.end) });
    const clusters = cluster ?? clustersArgument(view.clusters) ?? [];
    for (const name of [clusters].flat()) query.append('clusters', name);
    return `${base}?${query.toString()}`;
  };
  const alerts = useAnswer(
    view.alerts ? path('/alerts/history', { limit: String(MOST_EPISODES) }) : undefined,
    (asked, signal) => api.get<Part & { episodes: AlertEpisode[] }>(asked, signal),
  );
  const exemplars = useAnswer(
    view.exemplars ? path('/metrics/exemplars', { query: view.query, limit: String(MOST_EXEMPLARS) }) : undefined,
    (asked, signal) => api.get<ExemplarsAnswer>(asked, signal),
  );
  const named = useMemo(() => bandsOf((alerts && valueOf(alerts)?.episodes) ?? [], grid), [alerts, grid]);
  const bands = useMemo(() => named.slice(0, MOST_BANDS), [named]);
  const marks = useMemo(
    () =>
      marksOf((exemplars && valueOf(exemplars)?.exemplars) ?? [], grid, unit, {
        timeOf: (at) => wallTime(at * 1000, view.zone),
        urlOf: (id) =>
          traceUrl(id, { ...readTracesView({}), range: view.range, zone: view.zone, clusters: view.clusters }),
      }),
    [exemplars, grid, unit, view],
  );
  return { bands, marks, alerts, exemplars, named: named.length };
}

/** Chooses what is drawn over the lines, and says how much of it is. */
export function OverlayChoice(props: Overlays & { view: MetricsView }) {
  const { view, bands, marks, alerts, exemplars, named } = props;
  const { route } = useLocation();
  const choice = (label: string, chosen: boolean, change: Partial<MetricsView>) => (
    <button
      type="button"
      class="toggle-chip"
      aria-pressed={chosen}
      onClick={() => route(metricsUrl({ ...view, ...change }), true)}
    >
      {label}
    </button>
  );
  return (
    <>
      <div class="chips" role="group" aria-label="Drawn over the lines">
        {choice('Alerts', view.alerts, { alerts: !view.alerts })}
        {choice('Exemplars', view.exemplars, { exemplars: !view.exemplars })}
      </div>
      <p class="muted" role="status">
        {alerts && (
          <Told what="alerts" of={alerts}>
            {(n) =>
              named === 0
                ? 'No alert fired.'
                : `${bands.length} of ${named} alerts drawn, worst first; fired ${n} times.`
            }
          </Told>
        )}{' '}
        {exemplars && (
          <Told what="exemplars" of={exemplars}>
            {(n) =>
              n === '0'
                ? 'No exemplars: a Prometheus keeps them only where that is turned on.'
                : `${marks.length} of ${n} exemplars drawn, the highest.`
            }
          </Told>
        )}
      </p>
    </>
  );
}

function Told(props: { what: string; of: Loadable<Part>; children: (total: string) => ComponentChildren }) {
  const { what, of } = props;
  if (of.status === 'loading') return <>Reading {what}…</>;
  if (of.status === 'failed') {
    return (
      <>
        Could not read the {what}: <span class="foreign">{of.failure.message}</span>{' '}
        <FailureFacts failure={of.failure} />
      </>
    );
  }
  const { total, complete, clusters } = of.value;
  const missing = clusters.filter((o) => o.status !== 'SUCCESS' && (o.status !== 'SKIPPED' || o.error)).length;
  return (
    <>
      {props.children(`${complete ? '' : '≥ '}${total}`)}
      {!complete && ` ${missing} ${missing === 1 ? 'cluster' : 'clusters'} did not answer whole.`}
    </>
  );
}
