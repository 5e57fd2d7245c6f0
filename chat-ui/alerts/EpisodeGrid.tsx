import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { AlertEpisode } from '../../backend/model/alert.ts';
import { ageText } from '../components/Age.tsx';
import { StatusBadge, toneOfSeverity } from '../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { useServices } from '../services.ts';
import { wallTime, zoneName } from '../time-zone.ts';
import { SeverityBadge } from './AlertGrid.tsx';
import { alertUrl, isPlatforms, summaryOf } from './alerts-view.ts';
import type { HistoryView } from './history-view.ts';

const ROW_HEIGHT = { wide: 40, narrow: 92 } as const;

/** Times that alerts fired, newest first. */
export function EpisodeGrid({ episodes, view }: { episodes: readonly AlertEpisode[]; view: HistoryView }) {
  const { route } = useLocation();
  const { now } = useServices();
  const wide = useMedia('(min-width: 1024px)');
  const zone = view.zone;
  const minute = Math.floor(now.value / 60_000);
  const columns = useMemo((): GridColumn<AlertEpisode>[] => {
    const length = (one: AlertEpisode) =>
      ageText((one.ends_at === undefined ? minute * 60_000 : Date.parse(one.ends_at)) - Date.parse(one.starts_at));
    return [
      {
        id: 'name',
        header: 'Alert',
        cell: (one) => (
          <span class="foreign">
            {one.alertname} {isPlatforms(one) && <span class="chip">Told by AIOps</span>}{' '}
            {one.flapping && <span class="chip">Flaps</span>} <span class="alert-summary">{summaryOf(one)}</span>
          </span>
        ),
      },
      { id: 'severity', header: 'Severity', cell: (one) => <SeverityBadge alert={one} /> },
      {
        id: 'state',
        header: 'State',
        cell: (one) =>
          one.state === 'RESOLVED' ? (
            <StatusBadge tone="healthy">Over</StatusBadge>
          ) : (
            <StatusBadge tone={toneOfSeverity(one.severity)}>Firing</StatusBadge>
          ),
      },
      { id: 'cluster', header: 'Cluster', cell: (one) => <span class="foreign">{one.cluster_name}</span> },
      {
        id: 'namespace',
        header: 'Namespace',
        cell: (one) => <span class="foreign">{one.labels['namespace'] ?? '—'}</span>,
      },
      { id: 'began', header: `Began (${zoneName(zone)})`, cell: (one) => wallTime(Date.parse(one.starts_at), zone) },
      { id: 'lasted', header: 'For', cell: (one) => length(one) },
    ];
  }, [zone, minute]);
  return (
    <VirtualGrid
      label="Times that alerts fired"
      class="alert-grid episodes"
      rows={episodes}
      keyOf={(one) => one.episode_id}
      urlOf={(one) => alertUrl(one)}
      onOpen={(one) => route(alertUrl(one))}
      columns={columns}
      rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
    />
  );
}
