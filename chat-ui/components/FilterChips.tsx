import { useLocation } from 'preact-iso';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from './Icon.tsx';
import { Popover } from './Popover.tsx';
import { Shape, type Tone, words } from './Status.tsx';

/** Values listed at once; the search finds the others. */
const MOST_LISTED = 100;

/** A few values of one filter, each with how many it would show. Pressed ones are alternatives; none pressed = all. */
export function FilterChips<T extends string>(props: {
  label: string;
  values: readonly T[];
  chosen: readonly T[];
  /** Undefined while it is not known. */
  counts: ReadonlyMap<string, number> | undefined;
  atLeast?: boolean;
  toneOf?: (value: T) => Tone;
  /** The address with this value chosen, or not any more. */
  urlOf: (value: T) => string;
}) {
  const { label, values, chosen, counts, atLeast = false, toneOf, urlOf } = props;
  const { route } = useLocation();
  return (
    <div class="chips" role="group" aria-label={label}>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          class="toggle-chip"
          aria-pressed={chosen.includes(value)}
          onClick={() => route(urlOf(value), true)}
        >
          {toneOf && <Shape tone={toneOf(value)} />}
          {words(value)}
          <span class="chip-count">
            {counts === undefined ? '—' : `${atLeast ? '≥ ' : ''}${counts.get(value) ?? 0}`}
          </span>
        </button>
      ))}
    </div>
  );
}

/** Many values of one filter: a button that lists them with a search, and those chosen as chips beside it. */
export function FilterMenu(props: {
  label: string;
  chosen: readonly string[];
  counts: ReadonlyMap<string, number> | undefined;
  urlOf: (value: string) => string;
}) {
  const { label, chosen, counts, urlOf } = props;
  return (
    <div class="chips">
      <Popover name={`filter by ${label.toLowerCase()}`} label={<MenuLabel>{label}</MenuLabel>} class="filter-menu">
        {() => <MenuList {...props} />}
      </Popover>
      {chosen.map((value) => (
        <a key={value} class="filter-chip" href={urlOf(value)}>
          <span class="foreign">{value}</span>
          <span class="chip-count">{counts?.get(value) ?? '—'}</span>
          <Icon name="close" />
          <span class="sr-only">, remove this filter</span>
        </a>
      ))}
    </div>
  );
}

function MenuLabel({ children }: { children: ComponentChildren }) {
  return (
    <>
      <Icon name="filter" />
      {children}
    </>
  );
}

function MenuList(props: {
  label: string;
  chosen: readonly string[];
  counts: ReadonlyMap<string, number> | undefined;
  urlOf: (value: string) => string;
}) {
  const { label, chosen, counts, urlOf } = props;
  const { route } = useLocation();
  const [text, setText] = useState('');
  const found = [...(counts ?? [])].filter(([value]) => value.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <>
      <label class="form-label">
        {label} contains
        <input
          type="text"
          class="field"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <fieldset class="cluster-ticks" aria-label={label}>
        {found.slice(0, MOST_LISTED).map(([value, count]) => (
          <label key={value}>
            <input type="checkbox" checked={chosen.includes(value)} onChange={() => route(urlOf(value), true)} />
            <span class="foreign menu-value">{value}</span>
            <span class="chip-count">{count}</span>
          </label>
        ))}
        {found.length > MOST_LISTED && (
          <p class="muted">{found.length - MOST_LISTED} more; write a part of the name.</p>
        )}
        {found.length === 0 && <p class="muted">{counts ? 'Nothing has this in its name.' : 'Not loaded.'}</p>}
      </fieldset>
    </>
  );
}
