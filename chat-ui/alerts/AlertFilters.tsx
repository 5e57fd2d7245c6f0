import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { Alert } from '../../backend/model/alert.ts';
import { FilterChips, FilterMenu } from '../components/FilterChips.tsx';
import { Icon } from '../components/Icon.tsx';
import { toneOfSeverity } from '../components/Status.tsx';
import { useUrlText } from '../components/url-text.ts';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import { facetCounts, filterAlerts } from './alert-list.ts';
import {
  type AlertsView,
  alertsUrl,
  type Disposition,
  type Facet,
  GROUPINGS,
  NO_FILTER,
  toggled,
} from './alerts-view.ts';

const STATES = ['FIRING', 'PENDING', 'SILENCED', 'INHIBITED'] as const satisfies readonly Disposition[];
const GROUPING_WORDS = { alertname: 'Alert', cluster: 'Cluster', namespace: 'Namespace' } as const;

/** Everything the list is narrowed and grouped by; all of it lives in the URL. Numbers are those of the list under the other filters. */
export function AlertFilters(props: {
  view: AlertsView;
  /** With the text as it is being written. */
  filter: AlertsView;
  alerts: readonly Alert[] | undefined;
  atLeast: boolean;
  onText: (text: string) => void;
  summary: string;
}) {
  const { view, filter, alerts, atLeast, onText, summary } = props;
  const { route } = useLocation();
  const text = useUrlText(view.text, (value) => route(alertsUrl({ ...view, text: value }), true), onText);
  const key = alertsUrl({ ...filter, group: undefined });
  const counts = useMemo(() => {
    if (alerts === undefined) return undefined;
    // The text once for all five.
    const fitting = filterAlerts(alerts, { ...NO_FILTER, text: filter.text });
    const others = { ...filter, text: '' };
    return new Map(
      (['severity', 'state', 'cluster', 'namespace', 'alertname'] as const).map((facet) => [
        facet,
        facetCounts(fitting, others, facet),
      ]),
    );
  }, [alerts, key]);
  const urlOf = (facet: Facet) => (value: string) =>
    alertsUrl({ ...filter, [facet]: toggled<string>(filter[facet], value) });
  const narrowed = viewIsNarrowed(filter);
  return (
    <div class="alert-filters" role="search">
      <div class="filter-bar">
        <label class="search">
          <Icon name="search" />
          <span class="sr-only">Filter alerts by name, label or summary</span>
          <input
            type="search"
            placeholder="Name, label or summary contains…"
            data-shortcut="/"
            value={text.value}
            onInput={(event) => text.set(event.currentTarget.value)}
          />
        </label>
        <FilterMenu label="Cluster" chosen={filter.cluster} counts={counts?.get('cluster')} urlOf={urlOf('cluster')} />
        <FilterMenu
          label="Namespace"
          chosen={filter.namespace}
          counts={counts?.get('namespace')}
          urlOf={urlOf('namespace')}
        />
        {filter.alertname.length > 0 && (
          <FilterMenu
            label="Alert"
            chosen={filter.alertname}
            counts={counts?.get('alertname')}
            urlOf={urlOf('alertname')}
          />
        )}
      </div>
      <div class="filter-bar">
        <FilterChips
          label="Severity"
          values={SEVERITIES}
          chosen={filter.severity}
          counts={counts?.get('severity')}
          atLeast={atLeast}
          toneOf={toneOfSeverity}
          urlOf={urlOf('severity')}
        />
        <FilterChips
          label="State"
          values={STATES}
          chosen={filter.state}
          counts={counts?.get('state')}
          atLeast={atLeast}
          urlOf={urlOf('state')}
        />
        <nav class="segmented" aria-label="Group by">
          {([undefined, ...GROUPINGS] as const).map((group) => (
            <a
              key={group ?? ''}
              href={alertsUrl({ ...filter, group, open: undefined })}
              aria-current={view.group === group ? 'true' : undefined}
            >
              {group === undefined ? 'No groups' : GROUPING_WORDS[group]}
            </a>
          ))}
        </nav>
        {narrowed && <a href={alertsUrl({ ...filter, ...NO_FILTER })}>Clear filters</a>}
        <span class="muted filter-summary" role="status">
          {summary}
        </span>
      </div>
    </div>
  );
}

export function viewIsNarrowed(view: AlertsView): boolean {
  return (
    view.text !== '' ||
    (['severity', 'state', 'cluster', 'namespace', 'alertname'] as const).some((facet) => view[facet].length > 0)
  );
}
