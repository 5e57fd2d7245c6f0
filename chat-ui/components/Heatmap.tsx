import { useLocation } from 'preact-iso';
import { useEffect, useMemo, useState } from 'preact/hooks';
import {
  CELLS_IN_LINE,
  HEAT_STEPS,
  type HeatCell,
  type HeatLine,
  type HeatRow,
  heatStep,
  lineHeight,
  linesOf,
} from './heat.ts';
import { type CellDress, type GridColumn, useMedia, VirtualGrid } from './VirtualGrid.tsx';

/**
 * Rows of cells coloured by a value, which also stands in each in figures. Scrolls with the page and draws what is in sight; is
 * moved in cell by cell with the keys of a grid, and a cell tells its name, its value and what is wrong with it. A row opens by
 * a click anywhere in it, or by Enter.
 */
export function Heatmap(props: {
  label: string;
  /** Over the names of rows, and over their cells. */
  rowTitle: string;
  cellTitle: string;
  rows: readonly HeatRow[];
}) {
  const { label, rowTitle, cellTitle, rows } = props;
  const { route } = useLocation();
  const narrow = useMedia('(max-width: 639px)');
  const height = lineHeight(narrow, useScreenHeight());
  const lines = useMemo(() => linesOf(rows), [rows]);
  const columns = useMemo(() => columnsOf(rowTitle, cellTitle), [rowTitle, cellTitle]);
  return (
    <VirtualGrid
      label={label}
      class="heat-grid"
      rows={lines}
      keyOf={(line) => `${line.key} ${line.before}`}
      urlOf={(line) => line.url}
      onOpen={(line) => route(line.url)}
      columns={columns}
      rowHeight={height}
      openByClick
    />
  );
}

/** What colours and other looks stand for; `edges` are the upper ends of the steps but the last. */
export function HeatLegend({ title, edges, unit }: { title: string; edges: readonly string[]; unit: string }) {
  return (
    <ul class="heat-legend" aria-label={`Colours: ${title}, in ${unit}`}>
      <li class="heat heat-0">0</li>
      {Array.from({ length: HEAT_STEPS }, (_, n) => (
        <li key={n} class={`heat heat-${n + 1}`}>
          {edges[n] === undefined ? `${edges[n - 1] ?? ''}+` : `< ${edges[n]}`}
        </li>
      ))}
      <li class="muted">{unit}</li>
      <li class="heat heat-unknown">? not told</li>
    </ul>
  );
}

function columnsOf(rowTitle: string, cellTitle: string): GridColumn<HeatLine>[] {
  return [
    {
      id: 'name',
      header: rowTitle,
      cell: (line) => (
        <>
          {line.name}
          <span class="heat-place foreign">
            {line.before === 0 ? line.place : `${line.cells[0]?.name ?? ''} and on`}
          </span>
        </>
      ),
    },
    ...Array.from({ length: CELLS_IN_LINE }, (_, n): GridColumn<HeatLine> => ({
      id: `heat-${n}`,
      header: n === 0 ? `${cellTitle} 0` : String(n),
      cell: (line) => {
        const cell = line.cells[n];
        if (cell === undefined) return n === 0 ? line.note?.text : '';
        return cell.value.kind === 'value' ? cell.value.text : '?';
      },
      dress: (line) => dressOf(line, n),
    })),
  ];
}

function dressOf(line: HeatLine, n: number): CellDress {
  const cell = line.cells[n];
  if (cell !== undefined) return { class: cellClass(cell), label: `${cell.name}: ${cell.words}` };
  const span = CELLS_IN_LINE - n;
  if (n === 0) return { class: `heat-note heat-${line.note?.kind ?? 'none'}`, span };
  return { label: `No more on ${line.name}`, span };
}

function cellClass({ value, mark }: HeatCell): string {
  const look = value.kind === 'value' ? heatStep(value.share) : 'unknown';
  return mark === undefined ? `heat heat-${look}` : `heat heat-${look} mark-${mark}`;
}

function useScreenHeight(): number {
  const [height, setHeight] = useState(() => innerHeight);
  useEffect(() => {
    const follow = () => setHeight(innerHeight);
    addEventListener('resize', follow);
    return () => removeEventListener('resize', follow);
  }, []);
  return height;
}
