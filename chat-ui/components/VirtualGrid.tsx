import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

export interface GridColumn<T> {
  readonly id: string;
  readonly header: string;
  /** Where a click on the header leads; without it the column cannot be sorted by. */
  readonly sortUrl?: string;
  readonly sorted?: 'ascending' | 'descending' | undefined;
  readonly cell: (item: T) => ComponentChildren;
  /** What is special about the cell of an item; not of the first column, which is a link. */
  readonly dress?: (item: T) => CellDress;
}

export interface CellDress {
  readonly class?: string;
  /** What the cell says where its text alone does not. */
  readonly label?: string;
  /** Columns it takes; those it covers are not drawn. */
  readonly span?: number;
}

interface GridProps<T> {
  readonly label: string;
  /** Its style sheet gives the widths of the columns to this class. */
  readonly class: string;
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Where Enter and a click on the first cell lead. */
  readonly urlOf: (row: T) => string;
  readonly onOpen: (row: T) => void;
  readonly columns: readonly GridColumn<T>[];
  /** In px; every row is as high. */
  readonly rowHeight: number;
  /** A click anywhere in a row opens it. */
  readonly openByClick?: boolean;
}

/** Rows drawn above and below what is to be seen. */
const BEYOND = 2;

/**
 * A grid that scrolls with the page and draws only the rows in sight, so that thousands of rows cost what thirty cost. One
 * cell is the tab stop; arrows, Page Up and Down, Home and End move it, Enter opens. The row with the tab stop stays drawn when
 * it is scrolled away, and follows its item when the list changes, so that focus is never lost.
 */
export function VirtualGrid<T>(props: GridProps<T>) {
  const { label, rows, keyOf, urlOf, onOpen, columns, rowHeight, openByClick } = props;
  const body = useRef<HTMLDivElement>(null);
  const [from, to] = useRowsInSight(body, rows.length, rowHeight);
  const [active, setActive] = useState({ key: '', index: 0, column: 0 });
  const move = useRef(false);
  const focused = useRef(false);

  // The tab stop follows its item; when the item is gone, whatever is in its place has it.
  const found = useMemo(
    () => (active.key === '' ? -1 : rows.findIndex((row) => keyOf(row) === active.key)),
    [rows, active.key],
  );
  const activeIndex = Math.max(0, found >= 0 ? found : Math.min(active.index, rows.length - 1));

  useLayoutEffect(() => {
    const cell = body.current?.querySelector<HTMLElement>('[tabindex="0"]');
    if (!cell) return;
    if (move.current) {
      move.current = false;
      cell.focus({ preventScroll: true });
      cell.closest('[role=row]')?.scrollIntoView({ block: 'nearest' });
    } else if (focused.current && document.activeElement === document.body) {
      cell.focus({ preventScroll: true }); // the row that had the focus is gone
    }
  });

  const goTo = (index: number, column: number) => {
    const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
    if (row === undefined) return;
    move.current = true;
    setActive({
      key: keyOf(row),
      index: Math.max(0, Math.min(index, rows.length - 1)),
      column: Math.max(0, Math.min(column, columns.length - 1)),
    });
  };

  /** Focus that came by mouse or by a screen reader takes the tab stop along. */
  const follow = (target: EventTarget | null) => {
    const cell = target instanceof Element ? target.closest('[aria-colindex]') : null;
    const index = Number(cell?.closest('[role=row]')?.getAttribute('aria-rowindex')) - 2;
    const column = Number(cell?.getAttribute('aria-colindex')) - 1;
    const row = rows[index];
    if (row === undefined || (index === activeIndex && column === active.column)) return;
    setActive({ key: keyOf(row), index, column });
  };

  const openAt = ({ target }: MouseEvent) => {
    if (!(target instanceof Element) || target.closest('a')) return;
    const row = rows[Number(target.closest('[role=row]')?.getAttribute('aria-rowindex')) - 2];
    if (row !== undefined) onOpen(row);
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey || event.shiftKey) return;
    const row = rows[activeIndex];
    if (event.key === 'Enter' && row !== undefined && !(event.target instanceof HTMLAnchorElement)) {
      event.preventDefault();
      onOpen(row);
      return;
    }
    const target = nextCell(event, activeIndex, active.column, {
      rows: rows.length,
      columns: columns.length,
      page: Math.max(1, Math.floor(innerHeight / rowHeight) - 2),
    });
    if (!target) return;
    event.preventDefault();
    goTo(target[0], target[1]);
  };

  const drawn = rangeWith(from, to, activeIndex, rows.length);
  return (
    <div
      class={`grid ${props.class}`}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
    >
      <div role="rowgroup" class="grid-head">
        <div role="row" aria-rowindex={1} class="grid-row">
          {columns.map((column, c) => (
            <HeaderCell key={column.id} column={column} index={c} />
          ))}
        </div>
      </div>
      <div
        role="rowgroup"
        class="grid-body"
        ref={body}
        style={{ height: `${rows.length * rowHeight}px` }}
        onKeyDown={onKey}
        onClick={openByClick ? openAt : undefined}
        onFocusIn={(event) => {
          focused.current = true;
          follow(event.target);
        }}
        onFocusOut={() => (focused.current = false)}
      >
        {drawn.map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <Row
              key={keyOf(row)}
              row={row}
              index={index}
              url={urlOf(row)}
              columns={columns}
              rowHeight={rowHeight}
              activeColumn={index === activeIndex ? active.column : -1}
            />
          );
        })}
      </div>
    </div>
  );
}

function HeaderCell<T>({ column, index }: { column: GridColumn<T>; index: number }) {
  return (
    <div
      role="columnheader"
      class={`cell cell-${column.id}`}
      aria-colindex={index + 1}
      aria-sort={column.sortUrl === undefined ? undefined : (column.sorted ?? 'none')}
    >
      {column.sortUrl === undefined ? (
        <span class="sort-none">{column.header}</span>
      ) : (
        <a class="sort" href={column.sortUrl}>
          {column.header}
          <span class="sort-mark" aria-hidden="true">
            {column.sorted === 'ascending' ? '↑' : column.sorted === 'descending' ? '↓' : ''}
          </span>
        </a>
      )}
    </div>
  );
}

interface RowProps<T> {
  readonly row: T;
  readonly index: number;
  readonly url: string;
  readonly columns: readonly GridColumn<T>[];
  readonly rowHeight: number;
  /** −1 when the tab stop is in another row. */
  readonly activeColumn: number;
}

/** The same element again for a row in which nothing changed, so that scrolling draws only what comes into sight. */
function Row<T>({ row, index, url, columns, rowHeight, activeColumn }: RowProps<T>) {
  return useMemo(
    () => (
      <div
        role="row"
        class="grid-row"
        aria-rowindex={index + 2}
        style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
      >
        {cellsOf(row, columns).map(({ column, c, dress, span }) => {
          const tabIndex = activeColumn >= c && activeColumn < c + span ? 0 : -1;
          const first = c === 0;
          return (
            <div
              key={column.id}
              role={first ? 'rowheader' : 'gridcell'}
              class={`cell cell-${column.id} ${dress?.class ?? ''}`.trimEnd()}
              style={span > 1 ? { gridColumn: `span ${span}` } : undefined}
              aria-label={dress?.label}
              aria-colindex={c + 1}
              aria-colspan={span > 1 ? span : undefined}
              tabIndex={first ? undefined : tabIndex}
            >
              {first ? (
                <a href={url} tabIndex={tabIndex}>
                  {column.cell(row)}
                </a>
              ) : (
                column.cell(row)
              )}
            </div>
          );
        })}
      </div>
    ),
    [row, index, url, columns, rowHeight, activeColumn],
  );
}

/** The cells of a row, without those that a wider one covers. */
function cellsOf<T>(row: T, columns: readonly GridColumn<T>[]) {
  let covered = 0;
  return columns.flatMap((column, c) => {
    if (c < covered) return [];
    const dress = column.dress?.(row);
    const span = dress?.span ?? 1;
    covered = c + span;
    return [{ column, c, dress, span }];
  });
}

/** Where a key leads from a cell; undefined for a key that is not of the grid. */
function nextCell(
  { key, ctrlKey }: KeyboardEvent,
  row: number,
  column: number,
  size: { rows: number; columns: number; page: number },
): [number, number] | undefined {
  switch (key) {
    case 'ArrowDown':
      return [row + 1, column];
    case 'ArrowUp':
      return [row - 1, column];
    case 'ArrowRight':
      return [row, column + 1];
    case 'ArrowLeft':
      return [row, column - 1];
    case 'PageDown':
      return [row + size.page, column];
    case 'PageUp':
      return [row - size.page, column];
    case 'Home':
      return ctrlKey ? [0, 0] : [row, 0];
    case 'End':
      return ctrlKey ? [size.rows - 1, size.columns - 1] : [row, size.columns - 1];
    default:
      return undefined;
  }
}

/** Rows `from` to `to`, and the one with the tab stop, in order. */
export function rangeWith(from: number, to: number, active: number, count: number): number[] {
  const range = Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
  if (active >= count || (active >= from && active < to)) return range;
  return active < from ? [active, ...range] : [...range, active];
}

/** The first row to draw and the one after the last. */
export function useRowsInSight(
  body: { readonly current: HTMLElement | null },
  count: number,
  rowHeight: number,
): readonly [number, number] {
  const [range, setRange] = useState<readonly [number, number]>([0, Math.min(count, 30)]);
  useLayoutEffect(() => {
    let frame = 0;
    const measure = () => {
      frame = 0;
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const to = Math.min(count, Math.max(0, Math.ceil((innerHeight - top) / rowHeight) + BEYOND));
      const from = Math.min(to, Math.max(0, Math.floor(-top / rowHeight) - BEYOND));
      setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
    };
    const soon = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    // What stands above may grow or shrink without a scroll.
    const moved = new ResizeObserver(soon);
    moved.observe(document.body);
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      moved.disconnect();
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [count, rowHeight]);
  return range;
}

/** True while a media query holds; follows it. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const follow = () => setHolds(list.matches);
    follow();
    list.addEventListener('change', follow);
    return () => list.removeEventListener('change', follow);
  }, [query]);
  return holds;
}
