import { useLocation } from 'preact-iso';
import { FilterMenu } from '../components/FilterChips.tsx';
import { Icon } from '../components/Icon.tsx';
import { words } from '../components/Status.tsx';
import { useUrlText } from '../components/url-text.ts';
import { type Card, filterCards, modelOf } from './gpu-cards.ts';
import { KIND_WORDS } from './GpuNumbers.tsx';
import { gpuUrl, type GpuView, isNarrowed, MEASURES, NO_FILTER } from './gpu-view.ts';

/** What the cards are narrowed by, and what the heatmap is coloured by. */
export function GpuFilters(props: {
  /** With the text as it is being written. */
  view: GpuView;
  textInUrl: string;
  cards: readonly Card[] | undefined;
  onText: (text: string) => void;
  summary: string;
}) {
  const { view, cards, onText, summary } = props;
  const { route } = useLocation();
  const text = useUrlText(props.textInUrl, (value) => route(gpuUrl({ ...view, text: value }), true), onText);
  const models = cards && Map.groupBy(filterCards(cards, view, 'model'), modelOf);
  return (
    <div class="filter-bar" role="search">
      <label class="search">
        <Icon name="search" />
        <span class="sr-only">Filter GPUs by node, cluster, model or pod</span>
        <input
          type="search"
          data-shortcut="/"
          placeholder="Node, cluster, model or pod…"
          value={text.value}
          onInput={(event) => text.set(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <FilterMenu
        label="Model"
        chosen={view.model === '' ? [] : [view.model]}
        counts={models && new Map([...models].filter(([m]) => m !== '').map(([m, alike]) => [m, alike.length]))}
        urlOf={(model) => gpuUrl({ ...view, model: view.model === model ? '' : model })}
      />
      {view.kind !== undefined && (
        <a class="filter-chip" href={gpuUrl({ ...view, kind: undefined })}>
          {KIND_WORDS[view.kind].title}
          <Icon name="close" />
          <span class="sr-only">, remove this filter</span>
        </a>
      )}
      {view.show === 'heatmap' && (
        <nav class="segmented" aria-label="Colour by">
          {MEASURES.map((measure) => (
            <a
              key={measure}
              href={gpuUrl({ ...view, measure })}
              aria-current={view.measure === measure ? 'true' : undefined}
            >
              {words(measure)}
            </a>
          ))}
        </nav>
      )}
      {isNarrowed(view) && <a href={gpuUrl({ ...view, ...NO_FILTER })}>Clear filters</a>}
      <span class="filter-summary muted" role="status">
        {summary}
      </span>
    </div>
  );
}
