import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LogLevel } from '../../../backend/model/logs.ts';
import { StatusBadge, type Tone, words } from '../../components/Status.tsx';
import { rangeWith, useMedia } from '../../components/VirtualGrid.tsx';
import { wallTime } from '../../time-zone.ts';
import { LogLine } from './LogLine.tsx';
import { type LogRow, type LogsView, sourceOf } from './logs-view.ts';
import { useMeasuredRows } from './measured-rows.ts';

/** Heights of a line that is not wrapped, in px: beside and below its time (styles/logs.css). */
const HEIGHT = { wide: 28, narrow: 52 } as const;

const TONE: Readonly<Record<LogLevel, Tone>> = {
  FATAL: 'critical',
  ERROR: 'critical',
  WARN: 'warning',
  INFO: 'info',
  DEBUG: 'info',
  UNKNOWN: 'unknown',
};

export function toneOfLevel(level: LogLevel): Tone {
  return TONE[level];
}

/**
 * Lines in the order they are given, drawn in sight only. One line is the tab stop; arrows, Page Up and Down, Home and End move it,
 * Enter and the arrows to the sides open and close it. What a line says was written by the programs that are watched: it is text.
 */
export function LogView(props: {
  rows: readonly LogRow[];
  view: LogsView;
  open: string;
  onOpen: (key: string) => void;
}) {
  const { rows, view, open, onOpen } = props;
  const body = useRef<HTMLDivElement>(null);
  const move = useRef(false);
  const focused = useRef(false);
  const wide = useMedia('(min-width: 900px)');
  const [active, setActive] = useState({ key: open, index: 0 });
  const keys = useMemo(() => rows.map(({ key }) => key), [rows]);
  const places = useMeasuredRows(body, keys, HEIGHT[wide ? 'wide' : 'narrow'], `${view.wrap} ${wide} ${open}`);
  const found = keys.indexOf(active.key);
  const activeIndex = Math.max(0, found >= 0 ? found : Math.min(active.index, rows.length - 1));

  useLayoutEffect(() => {
    const row = body.current?.querySelector<HTMLElement>('[role=row][tabindex="0"]');
    if (!row) return;
    if (move.current) {
      move.current = false;
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: 'nearest' });
    } else if (focused.current && document.activeElement === document.body) {
      row.focus({ preventScroll: true }); // the line that had the focus is gone
    }
  });

  const goTo = (index: number) => {
    const at = Math.max(0, Math.min(index, rows.length - 1));
    move.current = true;
    setActive({ key: keys[at] ?? '', index: at });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (!(event.target instanceof Element) || event.target.getAttribute('role') !== 'row') return;
    const key = keys[activeIndex] ?? '';
    const page = Math.max(1, Math.floor(innerHeight / HEIGHT.wide) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: rows.length - 1,
    };
    const target = steps[event.key];
    if (target !== undefined) goTo(target);
    else if (event.key === 'Enter' || event.key === ' ') onOpen(open === key ? '' : key);
    else if (event.key === 'ArrowRight') onOpen(key);
    else if (event.key === 'ArrowLeft' && open === key) onOpen('');
    else return;
    event.preventDefault();
  };
  const day = (row: LogRow | undefined) =>
    row ? wallTime(Date.parse(row.entry.timestamp), view.zone).slice(0, 10) : '';
  const withDay = day(rows[0]) !== day(rows.at(-1));
  const drawn = rangeWith(places.from, places.to, activeIndex, rows.length);
  return (
    <div
      class={view.wrap ? 'grid log-view wrapped' : 'grid log-view'}
      role="treegrid"
      aria-label="Log lines"
      aria-rowcount={rows.length}
      aria-colcount={1}
    >
      <div
        role="rowgroup"
        class="grid-body"
        ref={body}
        style={{ height: `${places.topOf(rows.length)}px` }}
        onKeyDown={onKey}
        onFocusIn={() => (focused.current = true)}
        onFocusOut={() => (focused.current = false)}
      >
        {drawn.map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <Line
              key={row.key}
              row={row}
              index={index}
              top={places.topOf(index)}
              view={view}
              withDay={withDay}
              active={index === activeIndex}
              open={row.key === open}
              onToggle={() => {
                setActive({ key: row.key, index });
                onOpen(row.key === open ? '' : row.key);
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: LogRow;
  readonly index: number;
  readonly top: number;
  readonly view: LogsView;
  /** The lines are of more than one day. */
  readonly withDay: boolean;
  readonly active: boolean;
  readonly open: boolean;
  readonly onToggle: () => void;
}

function Line({ row, index, top, view, withDay, active, open, onToggle }: LineProps) {
  const { entry } = row;
  const at = Date.parse(entry.timestamp);
  return (
    <div
      role="row"
      class="log-row"
      data-key={row.key}
      data-level={entry.level}
      aria-level={1}
      aria-expanded={open}
      aria-rowindex={index + 1}
      tabIndex={active ? 0 : -1}
      style={{ top: `${top}px` }}
      onClick={(event) => {
        // A click into the open part, or one that ends a selection of text, is none on the line.
        const inside = event.target instanceof Element && event.target.closest('.log-detail');
        if (!inside && (getSelection()?.toString() ?? '') === '') onToggle();
      }}
    >
      <div role="gridcell" class="log-cell">
        <span class="log-line">
          <time dateTime={entry.timestamp}>
            {wallTime(at, view.zone).slice(withDay ? 5 : 11)}.{entry.timestamp.slice(20, 23)}
          </time>
          <StatusBadge tone={TONE[entry.level]}>{words(entry.level)}</StatusBadge>
          <span class="chip foreign">{entry.cluster_name}</span>
          <span class="chip foreign log-source">{sourceOf(entry)}</span>
          <span class="log-message foreign">{entry.message}</span>
        </span>
        {open && <LogLine row={row} view={view} />}
      </div>
    </div>
  );
}
