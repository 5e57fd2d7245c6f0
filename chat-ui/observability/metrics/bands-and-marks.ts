import type { AlertEpisode, Severity } from '../../../backend/model/alert.ts';
import type { Exemplar } from '../../../backend/model/metrics.ts';
import { alertUrl } from '../../alerts/alerts-view.ts';
import { drawable, type Grid } from '../../components/chart/chart-data.ts';
import type { ChartBand, ChartMark } from '../../components/chart/overlay.ts';
import { words } from '../../components/Status.tsx';
import { unitText, type Unit } from '../../components/chart/units.ts';

/** Bands have a row of their own in the chart; more would fill it. */
export const MOST_BANDS = 8;
/** Stretches of the chart that have one diamond each. */
const SLOTS = 40;

const RANK: readonly Severity[] = ['CRITICAL', 'WARNING', 'INFO'];
const TONE = { CRITICAL: 'critical', WARNING: 'warning', INFO: 'info' } as const;

/**
 * Every alert of every cluster within a grid, worst first and then by how long it fired. Alerts of one name in one cluster, such as
 * those of several pods, are one band.
 */
export function bandsOf(episodes: readonly AlertEpisode[], grid: Grid): ChartBand[] {
  const groups = Map.groupBy(episodes, ({ severity, alertname, cluster_name }) =>
    JSON.stringify([severity, alertname, cluster_name]),
  );
  const bands = [...groups].flatMap(([key, all]) => {
    const [first] = all;
    const spans = union(
      all.map(({ starts_at, ends_at }): [number, number] => [
        Math.max(grid.start, Date.parse(starts_at) / 1000),
        Math.min(grid.end, ends_at === undefined ? grid.end : Date.parse(ends_at) / 1000),
      ]),
    );
    if (!first || spans.length === 0) return [];
    const many = all.length > 1 ? ` ×${all.length}` : '';
    const band: ChartBand = {
      key,
      name: `${first.alertname} · ${first.cluster_name}${many}`,
      tone: TONE[first.severity],
      word: words(first.severity),
      url: alertUrl(first),
      spans,
    };
    return [
      { band, rank: RANK.indexOf(first.severity), length: spans.reduce((sum, [from, to]) => sum + to - from, 0) },
    ];
  });
  return bands.sort((a, b) => a.rank - b.rank || b.length - a.length).map(({ band }) => band);
}

/** Stretches that do not touch, in order of time. */
function union(spans: readonly [number, number][]): [number, number][] {
  const out: [number, number][] = [];
  for (const [from, to] of spans.filter(([a, b]) => b >= a).sort(([a], [b]) => a - b)) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** The exemplars to draw, in order of time: the highest of each of forty stretches of the grid. */
export function marksOf(
  exemplars: readonly Exemplar[],
  grid: Grid,
  unit: Unit,
  told: { readonly timeOf: (at: number) => string; readonly urlOf: (traceId: string) => string },
): ChartMark[] {
  const highest = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    const value = drawable(exemplar.value);
    const slot = Math.floor(((exemplar.at - grid.start) / Math.max(1, grid.end - grid.start)) * SLOTS);
    if (value === null || slot < 0 || slot > SLOTS) continue;
    const before = highest.get(slot);
    if (before === undefined || value > (drawable(before.value) ?? -Infinity)) highest.set(slot, exemplar);
  }
  return [...highest.values()]
    .sort((a, b) => a.at - b.at)
    .map((exemplar): ChartMark => {
      const { at, value, trace_id, metric, labels } = exemplar;
      const said = Object.entries(labels).map(([key, text]) => `${key}=${text}`);
      const of = [metric['cluster'], ...said].filter((text) => text !== undefined);
      return {
        key: JSON.stringify([at, metric, labels]),
        at,
        value: drawable(value) ?? 0,
        text: `Exemplar ${told.timeOf(at)}: ${unitText(drawable(value) ?? 0, unit)}, ${of.join(', ')}${trace_id === undefined ? ', without a trace' : ''}`,
        url: trace_id === undefined ? undefined : told.urlOf(trace_id),
      };
    });
}
