import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { words } from '../components/Status.tsx';
import { useUrlText } from '../components/url-text.ts';
import { STATES } from '../fleet/fleet-view.ts';
import {
  CLUSTER_TYPES,
  countFilters,
  ENVIRONMENTS,
  type ListFilter,
  type ListView,
  listUrl,
  NO_FILTER,
} from './cluster-list.ts';

/** Every filter of the list; each is written to the URL, text a moment after it was typed. */
export function ClusterFilterBar(props: {
  view: ListView;
  regions: readonly string[];
  onText: (text: Pick<ListFilter, 'name' | 'label'>) => void;
}) {
  const { view, regions, onText } = props;
  const { filter } = view;
  const { route } = useLocation();
  const [open, setOpen] = useState(false);
  const change = (part: Partial<ListFilter>, replace = false) =>
    route(listUrl({ ...view, filter: { ...filter, ...part } }), replace);
  const name = useUrlText(
    filter.name,
    (text) => change({ name: text }, true),
    (text) => onText({ name: text, label: label.value }),
  );
  const label: { value: string; set: (text: string) => void } = useUrlText(
    filter.label,
    (text) => change({ label: text }, true),
    (text) => onText({ name: name.value, label: text }),
  );
  const set = countFilters(filter);

  return (
    <div class="filter-bar list-filters" role="search" data-open={open}>
      <label class="search">
        <Icon name="search" />
        <span class="sr-only">Filter clusters by name</span>
        <input
          type="search"
          data-shortcut="/"
          placeholder="Name contains…"
          value={name.value}
          onInput={(event) => name.set(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <button
        type="button"
        class="button filter-toggle"
        aria-expanded={open}
        aria-controls="more-filters"
        onClick={() => setOpen(!open)}
      >
        <Icon name="filter" />
        Filters{set > 0 && ` (${set})`}
      </button>
      <div class="more-filters" id="more-filters">
        <Choice
          label="State"
          value={filter.state}
          options={STATES.map((state) => [state, words(state)])}
          onChange={(state) => change({ state })}
        />
        <Choice
          label="Type"
          value={filter.cluster_type}
          options={CLUSTER_TYPES.map((type) => [type, words(type)])}
          onChange={(cluster_type) => change({ cluster_type })}
        />
        <Choice
          label="Environment"
          value={filter.environment}
          options={ENVIRONMENTS.map((environment) => [environment, words(environment)])}
          onChange={(environment) => change({ environment })}
        />
        <Choice
          label="Region"
          value={filter.region}
          options={[...new Set([...regions, ...(filter.region === undefined ? [] : [filter.region])])].map((r) => [
            r,
            r,
          ])}
          onChange={(region) => change({ region })}
        />
        <YesOrNo label="GPU" value={filter.has_gpu} onChange={(has_gpu) => change({ has_gpu })} />
        <YesOrNo label="CNF" value={filter.has_cnf} onChange={(has_cnf) => change({ has_cnf })} />
        <label class="choice">
          <span>Label</span>
          <input
            type="text"
            class="field"
            placeholder="key=value"
            spellcheck={false}
            autocapitalize="off"
            value={label.value}
            onInput={(event) => label.set(event.currentTarget.value)}
          />
        </label>
      </div>
      {set > 0 && (
        <a class="filter-chip" href={listUrl({ ...view, filter: NO_FILTER })}>
          Clear filters
          <Icon name="close" />
        </a>
      )}
    </div>
  );
}

function Choice<T extends string>(props: {
  label: string;
  value: T | undefined;
  options: readonly (readonly [T, string])[];
  onChange: (value: T | undefined) => void;
}) {
  const { label, value, options, onChange } = props;
  return (
    <label class="choice">
      <span>{label}</span>
      <select
        class={value === undefined ? 'field' : 'field chosen'}
        value={value ?? ''}
        onChange={(event) => onChange(options.find(([option]) => option === event.currentTarget.value)?.[0])}
      >
        <option value="">Any</option>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function YesOrNo(props: { label: string; value: boolean | undefined; onChange: (value: boolean | undefined) => void }) {
  return (
    <Choice
      label={props.label}
      value={props.value === undefined ? undefined : props.value ? 'true' : 'false'}
      options={[
        ['true', 'Has'],
        ['false', 'Has none'],
      ]}
      onChange={(value) => props.onChange(value === undefined ? undefined : value === 'true')}
    />
  );
}
