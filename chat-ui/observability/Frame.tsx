import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso';
import { ClusterPicker } from './ClusterPicker.tsx';
import { TimeRangePicker } from './TimeRangePicker.tsx';
import { REFRESHES, type SharedView, type TabName, TABS, tabUrl } from './view-url.ts';

/** What every page of observability has: its tab, the clusters, the time range and its zone. All of it lives in the URL. */
export function Frame(props: {
  tab: TabName;
  state: string;
  shared: SharedView;
  /** The address of this page with something else of what the pages share. */
  urlWith: (change: Partial<SharedView>) => string;
  children: ComponentChildren;
}) {
  const { tab, state, shared, urlWith, children } = props;
  const title = TABS.find(({ name }) => name === tab)?.title ?? '';
  return (
    <div class="page observability" data-state={state}>
      <header class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        {TABS.length > 1 && (
          <nav class="segmented" aria-label="Observability">
            {TABS.map((one) => (
              <a key={one.name} href={tabUrl(one.name, shared)} aria-current={one.name === tab ? 'page' : undefined}>
                {one.title}
              </a>
            ))}
          </nav>
        )}
        <div class="scope-bar">
          <ClusterPicker clusters={shared.clusters} urlOf={(clusters) => urlWith({ clusters })} />
          <TimeRangePicker range={shared.range} zone={shared.zone} urlOf={urlWith} />
          <Refresh shared={shared} urlWith={urlWith} />
        </div>
      </header>
      {children}
    </div>
  );
}

function Refresh({ shared, urlWith }: { shared: SharedView; urlWith: (change: Partial<SharedView>) => string }) {
  const { route } = useLocation();
  const live = shared.range.to === 'now';
  return (
    <select
      class={shared.refresh !== '' && live ? 'field chosen' : 'field'}
      aria-label="Refresh"
      title={live ? 'How often it is asked again' : 'Only a time range that ends now is asked again'}
      value={shared.refresh}
      onChange={(event) => {
        const chosen = REFRESHES.find((refresh) => refresh === event.currentTarget.value);
        route(urlWith({ refresh: chosen ?? '' }));
      }}
    >
      {REFRESHES.map((refresh) => (
        <option key={refresh} value={refresh}>
          {refresh === '' ? 'No refresh' : `Every ${refresh}`}
        </option>
      ))}
    </select>
  );
}
