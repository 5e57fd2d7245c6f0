import { useLocation } from 'preact-iso';
import { Icon } from '../components/Icon.tsx';
import { words } from '../components/Status.tsx';
import { useUrlText } from '../components/url-text.ts';
import { type FleetFilter, fleetUrl } from './fleet-view.ts';

/** The text filter, applied on every keystroke and written to the URL a moment later, and what else is filtered. */
export function FleetFilterBar(props: { filter: FleetFilter; onText: (text: string) => void; summary: string }) {
  const { filter, onText, summary } = props;
  const { route } = useLocation();
  const text = useUrlText(filter.text, (value) => route(fleetUrl({ ...filter, text: value }), true), onText);
  return (
    <div class="filter-bar" role="search">
      <label class="search">
        <Icon name="search" />
        <span class="sr-only">Filter clusters by name, type, environment, region or label</span>
        <input
          type="search"
          data-shortcut="/"
          placeholder="Filter by name, type, region, label…"
          value={text.value}
          onInput={(event) => text.set(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      {filter.state && (
        <Chip label={`State: ${words(filter.state)}`} href={fleetUrl({ ...filter, state: undefined })} />
      )}
      {filter.cluster !== undefined && (
        <Chip label={`Cluster: ${filter.cluster}`} href={fleetUrl({ ...filter, cluster: undefined })} />
      )}
      <span class="filter-summary muted" role="status">
        {summary}
      </span>
    </div>
  );
}

function Chip({ label, href }: { label: string; href: string }) {
  return (
    <a class="filter-chip" href={href}>
      {label}
      <Icon name="close" />
      <span class="sr-only">, remove</span>
    </a>
  );
}
