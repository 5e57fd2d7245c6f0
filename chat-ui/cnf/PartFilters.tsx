import { useLocation } from 'preact-iso';
import { FilterChips } from '../components/FilterChips.tsx';
import { Icon } from '../components/Icon.tsx';
import type { Tone } from '../components/Status.tsx';
import { useUrlText } from '../components/url-text.ts';
import { cnfUrl, type CnfView } from './cnf-view.ts';

/** Words, and the one filter of a part, with how many each value would show. */
export function PartFilters<T extends string>(props: {
  view: CnfView;
  label: string;
  placeholder: string;
  values: readonly T[];
  counts: ReadonlyMap<string, number>;
  atLeast: boolean;
  toneOf?: (value: T) => Tone;
  summary: string;
}) {
  const { view, label, placeholder, values, counts, atLeast, toneOf, summary } = props;
  const { route } = useLocation();
  const text = useUrlText(
    view.text,
    (value) => route(cnfUrl({ ...view, text: value }), true),
    () => undefined,
  );
  return (
    <div class="filter-bar" role="search">
      <label class="search">
        <Icon name="search" />
        <span class="sr-only">Filter by {placeholder.toLowerCase()}</span>
        <input
          type="search"
          data-shortcut="/"
          placeholder={`${placeholder}…`}
          value={text.value}
          onInput={(event) => text.set(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <FilterChips
        label={label}
        values={values}
        chosen={values.filter((value) => value.toUpperCase() === view.is)}
        counts={counts}
        atLeast={atLeast}
        {...(toneOf ? { toneOf } : {})}
        urlOf={(value) => cnfUrl({ ...view, is: value.toUpperCase() === view.is ? '' : value })}
      />
      <span class="filter-summary muted" role="status">
        {summary}
      </span>
    </div>
  );
}
