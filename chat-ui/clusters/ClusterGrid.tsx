import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { Age } from '../components/Age.tsx';
import { StatusBadge, toneOfState, words } from '../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { isStale, reasonOf } from '../fleet/fleet-view.ts';
import { useServices } from '../services.ts';
import { capabilityChips } from './capability-text.ts';
import { clusterUrl } from './cluster-url.ts';
import { type ListView, listUrl, type SortKey } from './cluster-list.ts';
import { inMaintenance } from './cluster-facts.ts';

/** Heights of a row in px: one line, two lines, four lines. `styles/clusters.css` draws them so. */
const ROW_HEIGHT = { wide: 40, medium: 72, narrow: 112 } as const;

/** Chips drawn in a row at most. */
const MOST_CHIPS = 3;

/** Every cluster of the view as a row; a thousand cost what thirty cost. */
export function ClusterGrid({ clusters, view }: { clusters: readonly ListedCluster[]; view: ListView }) {
  const { route } = useLocation();
  const wide = useMedia('(min-width: 1240px)');
  const narrow = useMedia('(max-width: 639px)');
  const columns = useMemo(() => columnsOf(view), [listUrl(view)]);
  return (
    <VirtualGrid
      label="Clusters"
      class="cluster-grid"
      rows={clusters}
      keyOf={(cluster) => cluster.id}
      urlOf={(cluster) => clusterUrl(cluster.name)}
      onOpen={(cluster) => route(clusterUrl(cluster.name))}
      columns={columns}
      rowHeight={ROW_HEIGHT[wide ? 'wide' : narrow ? 'narrow' : 'medium']}
    />
  );
}

function columnsOf(view: ListView): GridColumn<ListedCluster>[] {
  const sortable = (by: SortKey): Pick<GridColumn<ListedCluster>, 'sortUrl' | 'sorted'> => {
    const mine = view.sort.by === by;
    return {
      sortUrl: listUrl({ ...view, sort: { by, descending: mine && !view.sort.descending } }),
      sorted: mine ? (view.sort.descending ? 'descending' : 'ascending') : undefined,
    };
  };
  return [
    { id: 'name', header: 'Name', ...sortable('name'), cell: (c) => c.name },
    { id: 'state', header: 'State', ...sortable('state'), cell: (c) => <State cluster={c} /> },
    { id: 'reason', header: 'Reason', cell: (c) => <Reason cluster={c} /> },
    { id: 'health', header: 'Health', ...sortable('health'), cell: (c) => c.status.health_score ?? '—' },
    { id: 'type', header: 'Type', ...sortable('cluster_type'), cell: (c) => words(c.cluster_type) },
    { id: 'environment', header: 'Environment', ...sortable('environment'), cell: (c) => words(c.environment) },
    { id: 'region', header: 'Region', ...sortable('region'), cell: (c) => c.region ?? '—' },
    { id: 'capabilities', header: 'Capabilities', cell: (c) => <Chips cluster={c} /> },
    { id: 'seen', header: 'Last seen', ...sortable('last_seen'), cell: (c) => <Seen cluster={c} /> },
  ];
}

function State({ cluster: { status } }: { cluster: ListedCluster }) {
  return <StatusBadge tone={toneOfState(status.state)}>{words(status.state)}</StatusBadge>;
}

function Reason({ cluster }: { cluster: ListedCluster }) {
  const { now } = useServices();
  return (
    <>
      {inMaintenance(cluster, now.value) && <span class="chip">Maintenance</span>} {reasonOf(cluster)}
    </>
  );
}

function Chips({ cluster: { capabilities } }: { cluster: ListedCluster }) {
  if (capabilities === null) return <span class="muted">Not discovered yet</span>;
  const chips = capabilityChips(capabilities);
  const unknown = capabilities.unknown.length;
  return (
    <>
      {chips.slice(0, MOST_CHIPS).map((chip) => (
        <span key={chip} class="chip">
          {chip}
        </span>
      ))}
      {chips.length > MOST_CHIPS && (
        <span class="muted" title={chips.slice(MOST_CHIPS).join(', ')}>
          +{chips.length - MOST_CHIPS}
        </span>
      )}
      {unknown > 0 && (
        <span class="muted" title={capabilities.unknown.map(({ field, reason }) => `${field}: ${reason}`).join('\n')}>
          ? {unknown} unknown
        </span>
      )}
      {chips.length === 0 && unknown === 0 && <span class="muted">None</span>}
    </>
  );
}

function Seen({ cluster }: { cluster: ListedCluster }) {
  const { now } = useServices();
  if (cluster.last_seen_at === null) return <span class="muted">Never</span>;
  const age = <Age at={cluster.last_seen_at} />;
  const old = isStale(cluster, now.value) || cluster.status.state === 'OFFLINE';
  return old ? <span class="tone-warning">{age}</span> : age;
}
