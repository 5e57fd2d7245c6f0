import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { Alert } from '../../backend/model/alert.ts';
import { Age } from '../components/Age.tsx';
import { Icon } from '../components/Icon.tsx';
import { StatusBadge, type Tone, toneOfSeverity, words } from '../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import { type AlertGroup, type ListRow, rowsOf, severityText } from './alert-list.ts';
import { keyOf } from './alerts-store.ts';
import {
  type AlertSort,
  type AlertsView,
  alertsUrl,
  alertUrl,
  type Disposition,
  dispositionOf,
  isPlatforms,
  summaryOf,
} from './alerts-view.ts';

/** Heights of a row in px: one line, three lines (styles/alerts.css). */
const ROW_HEIGHT = { wide: 40, narrow: 92 } as const;

const STATE_TONE: Readonly<Record<Disposition, Tone>> = {
  FIRING: 'critical',
  PENDING: 'info',
  SILENCED: 'unknown',
  INHIBITED: 'unknown',
  RESOLVED: 'healthy',
};

/** Alerts in their order, as a list or in groups; only the rows in sight are drawn. */
export function AlertGrid(props: { alerts: readonly Alert[]; view: AlertsView }) {
  const { alerts, view } = props;
  const { route } = useLocation();
  const wide = useMedia('(min-width: 1024px)');
  const rows = useMemo(() => rowsOf(alerts, view.group, view.open), [alerts, view.group, view.open]);
  const columns = useMemo(() => columnsOf(view), [alertsUrl(view)]);
  const urlOf = (row: ListRow) =>
    row.kind === 'alert'
      ? alertUrl(row.alert, view)
      : alertsUrl({ ...view, open: row.open ? undefined : row.group.name });
  return (
    <VirtualGrid
      label={view.group === undefined ? 'Alerts' : `Alerts by ${view.group}`}
      class="alert-grid"
      rows={rows}
      keyOf={rowKey}
      urlOf={urlOf}
      onOpen={(row) => route(urlOf(row), row.kind === 'group')}
      columns={columns}
      rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
    />
  );
}

function rowKey(row: ListRow): string {
  return row.kind === 'group' ? `group ${row.group.name}` : keyOf(row.alert);
}

function columnsOf(view: AlertsView): GridColumn<ListRow>[] {
  const sortable = (by: AlertSort['by']): Pick<GridColumn<ListRow>, 'sortUrl' | 'sorted'> => {
    const mine = view.sort.by === by;
    const descending = mine ? !view.sort.descending : by === 'severity' || by === 'since';
    return {
      sortUrl: alertsUrl({ ...view, sort: { by, descending } }),
      sorted: mine ? (view.sort.descending ? 'descending' : 'ascending') : undefined,
    };
  };
  const ofAlert = (cell: (alert: Alert) => preact.ComponentChildren) => (row: ListRow) =>
    row.kind === 'alert' ? cell(row.alert) : undefined;
  return [
    {
      id: 'name',
      header: 'Alert',
      ...sortable('name'),
      cell: (row) =>
        row.kind === 'group' ? <GroupName group={row.group} open={row.open} view={view} /> : <Name {...row} />,
    },
    {
      id: 'severity',
      header: 'Severity',
      ...sortable('severity'),
      cell: (row) => (row.kind === 'alert' ? <SeverityBadge alert={row.alert} /> : <WorstBadge group={row.group} />),
    },
    {
      id: 'state',
      header: 'State',
      cell: (row) =>
        row.kind === 'alert' ? (
          <StateBadge alert={row.alert} />
        ) : (
          <span class="muted">{severityText(row.group.bySeverity)}</span>
        ),
    },
    {
      id: 'cluster',
      header: 'Cluster',
      ...sortable('cluster'),
      cell: (row) =>
        row.kind === 'alert' ? (
          <span class="foreign">{row.alert.cluster_name}</span>
        ) : (
          <span class="muted">{row.group.clusters === 1 ? '1 cluster' : `${row.group.clusters} clusters`}</span>
        ),
    },
    {
      id: 'namespace',
      header: 'Namespace',
      cell: ofAlert((alert) => <span class="foreign">{alert.labels['namespace'] ?? '—'}</span>),
    },
    {
      id: 'since',
      header: 'Since',
      ...sortable('since'),
      cell: ofAlert((alert) => <Age at={alert.starts_at} suffix="" />),
    },
  ];
}

function Name({ alert, inGroup }: { alert: Alert; inGroup: boolean }) {
  return (
    <span class={inGroup ? 'foreign in-group' : 'foreign'}>
      {alert.alertname} {isPlatforms(alert) && <span class="chip">Told by AIOps</span>}{' '}
      <span class="alert-summary">{summaryOf(alert)}</span>
    </span>
  );
}

function GroupName({ group, open, view }: { group: AlertGroup; open: boolean; view: AlertsView }) {
  return (
    <span class="group-name">
      <span class={open ? 'chevron open' : 'chevron'}>
        <Icon name="chevron" />
      </span>
      <span class="foreign">{group.name === '' ? `No ${view.group ?? ''}` : group.name}</span>
      <span class="chip-count">{group.alerts.length}</span>
      <span class="sr-only">{open ? ', open' : ', closed'}</span>
    </span>
  );
}

function WorstBadge({ group }: { group: AlertGroup }) {
  const worst = SEVERITIES.find((severity) => group.bySeverity[severity] > 0) ?? 'INFO';
  return <StatusBadge tone={toneOfSeverity(worst)}>{words(worst)}</StatusBadge>;
}

export function SeverityBadge({ alert }: { alert: Pick<Alert, 'severity'> }) {
  return <StatusBadge tone={toneOfSeverity(alert.severity)}>{words(alert.severity)}</StatusBadge>;
}

export function StateBadge({ alert }: { alert: Alert }) {
  const state = dispositionOf(alert);
  // What fires has the shape of its severity, so that a warning is no diamond.
  const tone = state === 'FIRING' ? toneOfSeverity(alert.severity) : STATE_TONE[state];
  return <StatusBadge tone={tone}>{words(state)}</StatusBadge>;
}
