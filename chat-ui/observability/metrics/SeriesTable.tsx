import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import { Icon } from '../../components/Icon.tsx';
import { StateView } from '../../components/StateView.tsx';
import { useUrlText } from '../../components/url-text.ts';
import { type GridColumn, useMedia, VirtualGrid } from '../../components/VirtualGrid.tsx';
import { type MetricsView, metricsUrl } from './metrics-view.ts';
import { filterSeries, type SeriesSort, type ShownSeries, sortSeries } from './series.ts';

/** Heights of a row in px: one line, two lines, three lines (styles/observability.css). */
const ROW_HEIGHT = { wide: 32, medium: 60, narrow: 80 } as const;

/** Every series of the answer with its values as they were sent. A row leads to the chart of that series alone. */
export function SeriesTable(props: {
  series: readonly ShownSeries[];
  view: MetricsView;
  /** Totals of an answer that is not complete are lower bounds. */
  atLeast: boolean;
  text: string;
  onText: (text: string) => void;
}) {
  const { series, view, atLeast, text, onText } = props;
  const { route } = useLocation();
  const wide = useMedia('(min-width: 900px)');
  const narrow = useMedia('(max-width: 639px)');
  const found = useMemo(() => sortSeries(filterSeries(series, text), view.sort), [series, text, view.sort]);
  const columns = useMemo(() => columnsOf(view), [metricsUrl(view)]);
  const filter = useUrlText(view.filter, (value) => route(metricsUrl({ ...view, filter: value }), true), onText);
  const urlOf = (one: ShownSeries) => metricsUrl({ ...view, only: view.only === one.key ? '' : one.key });

  return (
    <section class="series" aria-labelledby="series-title">
      <div class="filter-bar" role="search">
        <h2 id="series-title">Series</h2>
        <label class="search">
          <Icon name="search" />
          <span class="sr-only">Filter series by their names</span>
          <input
            type="search"
            placeholder="Name contains…"
            value={filter.value}
            onInput={(event) => filter.set(event.currentTarget.value)}
          />
        </label>
        <span class="muted page-age" role="status">
          {text === '' ? '' : `${found.length} of `}
          {atLeast && '≥ '}
          {series.length} series
        </span>
      </div>
      {found.length === 0 ? (
        <StateView title={`None of the ${series.length} series has this in its name.`}>
          <button type="button" class="button" onClick={() => filter.set('')}>
            Clear the filter
          </button>
        </StateView>
      ) : (
        <VirtualGrid
          label="Series"
          class={view.instant ? 'series-grid instant' : 'series-grid'}
          rows={found}
          keyOf={(one) => one.key}
          urlOf={urlOf}
          onOpen={(one) => route(urlOf(one))}
          columns={columns}
          rowHeight={ROW_HEIGHT[wide ? 'wide' : narrow ? 'narrow' : 'medium']}
        />
      )}
    </section>
  );
}

function columnsOf(view: MetricsView): GridColumn<ShownSeries>[] {
  const sortable = (by: SeriesSort['by']): Pick<GridColumn<ShownSeries>, 'sortUrl' | 'sorted'> => {
    const mine = view.sort?.by === by;
    // Names begin with the first letter, values with the highest.
    const descending = mine ? !view.sort?.descending : by !== 'name';
    return {
      sortUrl: metricsUrl({ ...view, sort: { by, descending } }),
      sorted: mine ? (view.sort?.descending ? 'descending' : 'ascending') : undefined,
    };
  };
  const value = (by: 'last' | 'min' | 'max', header: string): GridColumn<ShownSeries> => ({
    id: by,
    header,
    ...sortable(by),
    cell: (one) => one[by] ?? (one.histograms > 0 ? 'histogram' : '—'),
  });
  const name: GridColumn<ShownSeries> = {
    id: 'name',
    header: 'Name',
    ...sortable('name'),
    cell: (one) => (
      <code class="foreign" title={one.name}>
        {one.name}
      </code>
    ),
  };
  if (view.instant) return [name, value('last', 'Value')];
  return [name, value('last', 'Last'), value('min', 'Lowest'), value('max', 'Highest')];
}
