import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import { StatusBadge, toneOfSeverity, words } from '../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { type Card, modelOf, ruleWords, readingText, sortCards } from './gpu-cards.ts';
import { gpuNodeUrl, type GpuSort, gpuUrl, type GpuView } from './gpu-view.ts';

/** Heights of a row in px: one line, four lines (styles/heat.css). */
const ROW_HEIGHT = { wide: 36, narrow: 84 } as const;

/** Every card with all that the heatmap can show, and what it does not. */
export function GpuTable({ cards, view }: { cards: readonly Card[]; view: GpuView }) {
  const { route } = useLocation();
  const wide = useMedia('(min-width: 1024px)');
  const rows = useMemo(() => sortCards(cards, view.sort), [cards, view.sort?.by, view.sort?.descending]);
  const columns = useMemo(() => columnsOf(view), [gpuUrl(view)]);
  const urlOf = ({ node }: Card) => gpuNodeUrl(node.cluster_name, node.node_name, view);
  return (
    <VirtualGrid
      label="GPUs"
      class="tele-grid gpu-grid"
      rows={rows}
      keyOf={({ node, name }) => `${node.cluster_id} ${node.node_name} ${name}`}
      urlOf={urlOf}
      onOpen={(card) => route(urlOf(card))}
      columns={columns}
      rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
    />
  );
}

function columnsOf(view: GpuView): GridColumn<Card>[] {
  const sortable = (by: GpuSort['by']): Pick<GridColumn<Card>, 'sortUrl' | 'sorted'> => {
    const mine = view.sort?.by === by;
    // Names begin with the first letter, values with the highest.
    const descending = mine ? !view.sort?.descending : by !== 'node';
    return {
      sortUrl: gpuUrl({ ...view, sort: { by, descending } }),
      sorted: mine ? (view.sort?.descending ? 'descending' : 'ascending') : undefined,
    };
  };
  return [
    {
      id: 'name',
      header: 'GPU',
      ...sortable('node'),
      cell: ({ node, name }) => (
        <span class="foreign">
          {name} <span class="root-operation">{node.node_name}</span>
        </span>
      ),
    },
    { id: 'state', header: 'State', cell: (card) => <CardState card={card} /> },
    { id: 'cluster', header: 'Cluster', cell: ({ node }) => <span class="foreign">{node.cluster_name}</span> },
    { id: 'model', header: 'Model', cell: (card) => <span class="foreign">{modelOf(card) || '—'}</span> },
    ...(['utilisation', 'memory', 'temperature', 'power'] as const).map((measure): GridColumn<Card> => ({
      id: measure,
      header: words(measure),
      ...sortable(measure),
      cell: ({ gpu }) => readingText(gpu, measure),
    })),
    { id: 'pods', header: 'Held by', cell: (card) => <Holders card={card} /> },
  ];
}

/** The worst finding, or that there is none, or that nobody measures it. */
export function CardState({ card: { gpu, findings, node } }: { card: Card }) {
  const [worst] = findings;
  if (worst) return <StatusBadge tone={toneOfSeverity(worst.severity)}>{ruleWords(worst.code)}</StatusBadge>;
  if (gpu === undefined) return <StatusBadge tone="unknown">Not measured</StatusBadge>;
  if (node.stale) return <StatusBadge tone="unknown">Old numbers</StatusBadge>;
  return <StatusBadge tone="healthy">Nothing found</StatusBadge>;
}

function Holders({ card: { pods } }: { card: Card }) {
  if (pods === null) return <span class="muted">—</span>;
  if (pods.length === 0) return <span class="muted">Nobody</span>;
  return <span class="foreign">{pods.map(({ namespace, pod }) => `${namespace}/${pod}`).join(', ')}</span>;
}
