import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { PALETTE } from '../../components/chart/chart-look.ts';
import { Icon } from '../../components/Icon.tsx';
import { Shape } from '../../components/Status.tsx';
import { rangeWith, useMedia, useRowsInSight } from '../../components/VirtualGrid.tsx';
import { durationWords, type SpanRow, visibleRows, type Waterfall } from './waterfall.ts';

/** Heights of a row in px: one line, two lines (styles/traces.css). */
const ROW_HEIGHT = { wide: 32, narrow: 52 } as const;
/** Steps of indentation that are drawn; deeper levels stay at the last. */
const MOST_INDENTS = 12;
const TICKS = [0, 0.25, 0.5, 0.75] as const;

interface WaterfallProps {
  readonly label: string;
  readonly waterfall: Waterfall;
  /** The span whose details are shown. */
  readonly selected: string;
  readonly onSelect: (row: SpanRow) => void;
}

/**
 * The spans of a trace as a tree over time. Only rows in sight are drawn. Up and Down move, Right opens or goes down a level,
 * Left closes or goes up, Enter shows a span; a click does too. What is outlined is on the critical path.
 */
export function TraceWaterfall({ label, waterfall, selected, onSelect }: WaterfallProps) {
  const body = useRef<HTMLDivElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<SpanRow>>(new Set());
  const [active, setActive] = useState<SpanRow | undefined>(undefined);
  const move = useRef(false);
  const wide = useMedia('(min-width: 900px)');
  const rowHeight = ROW_HEIGHT[wide ? 'wide' : 'narrow'];
  const clusters = useMemo(() => new Set(waterfall.rows.map((row) => row.span.cluster_name)).size, [waterfall]);
  const rows = useMemo(() => visibleRows(waterfall.rows, closed), [waterfall, closed]);
  const [from, to] = useRowsInSight(body, rows.length, rowHeight);
  const found = active === undefined ? -1 : rows.indexOf(active);
  const activeIndex = Math.max(0, found);

  useLayoutEffect(() => {
    if (!move.current) return;
    move.current = false;
    const row = body.current?.querySelector<HTMLElement>('[tabindex="0"]');
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  });

  const goTo = (row: SpanRow | undefined) => {
    if (!row) return;
    move.current = true;
    setActive(row);
  };
  const toggle = (row: SpanRow, close: boolean) => {
    const next = new Set(closed);
    if (close) next.add(row);
    else next.delete(row);
    setClosed(next);
    goTo(row);
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const row = rows[activeIndex];
    if (!row) return;
    const page = Math.max(1, Math.floor(innerHeight / rowHeight) - 3);
    const at = (index: number) => rows[Math.max(0, Math.min(rows.length - 1, index))];
    const open = row.children.length > 0 && !closed.has(row);
    if (event.key === 'ArrowDown') goTo(at(activeIndex + 1));
    else if (event.key === 'ArrowUp') goTo(at(activeIndex - 1));
    else if (event.key === 'PageDown') goTo(at(activeIndex + page));
    else if (event.key === 'PageUp') goTo(at(activeIndex - page));
    else if (event.key === 'Home') goTo(at(0));
    else if (event.key === 'End') goTo(at(rows.length - 1));
    else if (event.key === 'ArrowRight') {
      if (open) goTo(row.children[0]);
      else if (row.children.length > 0) toggle(row, false);
    } else if (event.key === 'ArrowLeft') {
      if (open) toggle(row, true);
      else goTo(row.parent);
    } else if (event.key === 'Enter' || event.key === ' ') onSelect(row);
    else return;
    event.preventDefault();
  };

  return (
    <div
      class="waterfall grid"
      data-clusters={clusters}
      role="treegrid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={4}
    >
      <div role="rowgroup" class="grid-head">
        <div role="row" aria-rowindex={1} class="wf-row">
          <span role="columnheader" class="cell cell-span">
            Span
          </span>
          <span role="columnheader" class="cell cell-cluster">
            Cluster
          </span>
          <span role="columnheader" class="cell cell-time">
            <span class="sr-only">Time, from 0 to {durationWords(waterfall.totalMs)}</span>
            <span class="wf-ticks" aria-hidden="true">
              {TICKS.map((part) => (
                <span key={part} style={{ left: `${part * 100}%` }}>
                  {durationWords(part * waterfall.totalMs)}
                </span>
              ))}
            </span>
          </span>
          <span role="columnheader" class="cell cell-took">
            Took (self)
          </span>
        </div>
      </div>
      <div
        role="rowgroup"
        class="grid-body"
        ref={body}
        style={{ height: `${rows.length * rowHeight}px` }}
        onKeyDown={onKey}
      >
        {rangeWith(from, to, activeIndex, rows.length).map((index) => {
          const row = rows[index];
          return (
            row && (
              <Row
                key={`${row.span.cluster_name} ${row.span.span_id} ${row.offsetMs}`}
                {...{ row, index, rowHeight, waterfall }}
                open={row.children.length === 0 ? undefined : !closed.has(row)}
                tabStop={index === activeIndex}
                selected={row.span.span_id === selected}
                onToggle={() => toggle(row, !closed.has(row))}
                onSelect={() => {
                  setActive(row);
                  onSelect(row);
                }}
                onFocus={() => setActive(row)}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: SpanRow;
  readonly index: number;
  readonly rowHeight: number;
  readonly waterfall: Waterfall;
  /** Undefined = nothing is below it. */
  readonly open: boolean | undefined;
  readonly tabStop: boolean;
  readonly selected: boolean;
  readonly onToggle: () => void;
  readonly onSelect: () => void;
  readonly onFocus: () => void;
}

function Row(props: RowProps) {
  const { row, index, rowHeight, waterfall, open, tabStop, selected } = props;
  const { span } = row;
  const failed = span.status === 'ERROR';
  return (
    <div
      role="row"
      class="wf-row"
      aria-rowindex={index + 2}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={open}
      aria-selected={selected}
      data-critical={row.critical.length > 0}
      tabIndex={tabStop ? 0 : -1}
      style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
      onClick={props.onSelect}
      onFocus={props.onFocus}
    >
      <span role="gridcell" class="cell cell-span">
        <span class="wf-indent" style={{ width: `${Math.min(row.level - 1, MOST_INDENTS) * 14}px` }} />
        {open === undefined ? (
          <span class="wf-leaf" />
        ) : (
          <span
            class="wf-toggle"
            data-open={open}
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              props.onToggle();
            }}
          >
            <Icon name="chevron" />
          </span>
        )}
        {failed && <Shape tone="critical" />}
        {!failed && open === false && row.errorBelow && <Shape tone="warning" />}
        <span class="wf-name foreign" title={`${span.service_name} ${span.operation_name}`}>
          <b>{span.service_name}</b> {span.operation_name}
        </span>
        <span class="sr-only">
          {failed && ', error'}
          {!failed && open === false && row.errorBelow && ', an error below'}
          {row.critical.length > 0 && ', on the critical path'}
        </span>
      </span>
      <span role="gridcell" class="cell cell-cluster foreign">
        {span.cluster_name}
      </span>
      <span role="gridcell" class="cell cell-time">
        <span class="sr-only">starts at {durationWords(Math.max(0, row.offsetMs))}</span>
        <Bar row={row} waterfall={waterfall} />
      </span>
      <span role="gridcell" class="cell cell-took">
        {durationWords(span.duration_ms)} <span class="muted">({durationWords(span.self_ms)})</span>
      </span>
    </div>
  );
}

/** The span over time in the colour of its service; the line below is its part of the critical path. */
function Bar({ row, waterfall: { totalMs, services } }: { row: SpanRow; waterfall: Waterfall }) {
  const percent = (ms: number) => `${Math.max(0, Math.min(100, (ms / totalMs) * 100))}%`;
  const colour = (services.indexOf(row.span.service_name) % PALETTE) + 1;
  return (
    <span class="wf-track" aria-hidden="true">
      <span
        class={`wf-bar chart-${colour}`}
        data-error={row.span.status === 'ERROR'}
        style={{ left: percent(row.offsetMs), width: percent(row.span.duration_ms) }}
      />
      {row.critical.map((part) => (
        <span key={part.atMs} class="wf-critical" style={{ left: percent(part.atMs), width: percent(part.ms) }} />
      ))}
    </span>
  );
}
