import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { wallTime, type Zone, zoneName } from '../../time-zone.ts';
import { type ChartLine, chartColumns, type Grid } from './chart-data.ts';
import { ChartTable } from './ChartTable.tsx';
import { Legend } from './Legend.tsx';
import { Marks } from './Marks.tsx';
import type { ChartBand, ChartMark, Place } from './overlay.ts';
import { BandList } from './OverlayTables.tsx';
import type { Plot } from './plot.ts';
import { type Unit, UNIT_WORDS, unitText } from './units.ts';

interface ChartProps {
  /** What is shown, for those who cannot see it. */
  readonly label: string;
  readonly lines: readonly ChartLine[];
  readonly grid: Grid;
  readonly unit: Unit;
  readonly zone: Zone;
  readonly bands?: readonly ChartBand[];
  /** In order of time. */
  readonly marks?: readonly ChartMark[];
  /** A stretch of time was chosen, in unix seconds. */
  readonly onZoom: (from: number, to: number) => void;
  /** A line was chosen in the legend. */
  readonly onLine: (line: ChartLine) => void;
  /** A point was chosen by a click or by Enter. */
  readonly onPick: (line: ChartLine, at: number) => void;
}

const NO_BANDS: readonly ChartBand[] = [];
const NO_MARKS: readonly ChartMark[] = [];

interface Point {
  readonly index: number;
  readonly line: number;
}

/** Fetches the drawing code ahead of the first answer. */
export const loadPlot = () => import('./plot.ts');

/**
 * Lines over time. The pointer and the arrow keys (left and right in time, up and down between lines) move one point, whose
 * time and values stand below in words; Enter chooses it. A gap is a time without a sample.
 */
export function TimeSeriesChart(props: ChartProps) {
  const { label, lines, grid, unit, zone, bands = NO_BANDS, marks = NO_MARKS } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const [problem, setProblem] = useState(false);
  const [point, setPoint] = useState<Point | undefined>(undefined);
  const [places, setPlaces] = useState<readonly Place[]>([]);
  const latest = useRef({ ...props, point });
  latest.current = { ...props, point };
  const columns = useMemo(() => chartColumns(lines, grid), [lines, grid]);
  const { times } = columns;

  useEffect(() => {
    let gone = false;
    setPoint(undefined);
    void loadPlot().then(
      ({ drawPlot }) => {
        if (gone || !host.current) return;
        plot.current = drawPlot(host.current, {
          columns,
          labels: lines.map((line) => line.label),
          start: grid.start,
          end: grid.end,
          unit,
          zone,
          bands,
          marks,
          onPlaces: (found) =>
            setPlaces((before) => (JSON.stringify(before) === JSON.stringify(found) ? before : found)),
          onPoint: (index, line) => setPoint(index === undefined ? undefined : { index, line: line ?? 0 }),
          onPick: () => pick(latest.current.point),
          onZoom: (from, to) => latest.current.onZoom(from, to),
        });
      },
      () => setProblem(!gone),
    );
    return () => {
      gone = true;
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [columns, lines, grid, unit, zone, bands, marks]);

  function pick(at: Point | undefined): void {
    const line = at && latest.current.lines[at.line];
    const time = at && times[at.index];
    if (line && time !== undefined) latest.current.onPick(line, time);
  }

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' && point) {
      event.preventDefault();
      pick(point);
      return;
    }
    const next = movedPoint(event.key, point ?? { index: times.length, line: 0 }, times.length, lines.length);
    if (!next) return;
    event.preventDefault();
    setPoint(next);
    plot.current?.point(next.index, lines.length > 1 ? next.line : undefined);
  };

  const shown = point ?? { index: times.length - 1, line: 0 };
  return (
    <figure class="ts-chart">
      <div class="ts-frame">
        <div
          class="ts-plot"
          ref={host}
          role="slider"
          tabIndex={0}
          aria-label={`${label}; arrow keys move in time and between lines`}
          aria-orientation="horizontal"
          aria-valuemin={0}
          aria-valuemax={Math.max(0, times.length - 1)}
          aria-valuenow={Math.max(0, shown.index)}
          aria-valuetext={pointText(shown, times, lines, columns.values, unit, zone)}
          onKeyDown={onKey}
          onBlur={() => {
            setPoint(undefined);
            plot.current?.point(undefined, undefined);
          }}
        />
        {marks.length > 0 && <Marks label="Exemplars" marks={marks} places={places} />}
      </div>
      {problem && (
        <p class="muted">The chart could not be loaded. The table below has everything that it would show.</p>
      )}
      <figcaption class="ts-caption">
        <span>{times[shown.index] === undefined ? '' : wallTime((times[shown.index] ?? 0) * 1000, zone)}</span>{' '}
        <span class="muted">
          Times in {zoneName(zone)}. Unit: {UNIT_WORDS[unit]}.
        </span>
      </figcaption>
      <Legend
        lines={lines}
        values={columns.values.map((column) => column[shown.index] ?? null)}
        unit={unit}
        active={point?.line}
        onLine={props.onLine}
      />
      {bands.length > 0 && <BandList bands={bands} />}
      <ChartTable {...{ label, lines, columns, zone, bands, marks }} />
    </figure>
  );
}

function pointText(
  { index, line }: Point,
  times: readonly number[],
  lines: readonly ChartLine[],
  values: readonly (readonly (number | null)[])[],
  unit: Unit,
  zone: Zone,
): string {
  const at = times[index];
  const of = lines[line];
  if (at === undefined || of === undefined) return 'No samples';
  const value = values[line]?.[index] ?? null;
  const which = lines.length > 1 ? `, line ${line + 1} of ${lines.length}` : '';
  return `${wallTime(at * 1000, zone)}: ${of.label} ${value === null ? 'no sample' : unitText(value, unit)}${which}`;
}

function movedPoint(key: string, { index, line }: Point, times: number, lines: number): Point | undefined {
  const to = (i: number, l: number): Point => ({
    index: Math.max(0, Math.min(times - 1, i)),
    line: Math.max(0, Math.min(lines - 1, l)),
  });
  switch (key) {
    case 'ArrowLeft':
      return to(index - 1, line);
    case 'ArrowRight':
      return to(index + 1, line);
    case 'ArrowUp':
      return to(index, line - 1);
    case 'ArrowDown':
      return to(index, line + 1);
    case 'PageUp':
      return to(index - Math.ceil(times / 20), line);
    case 'PageDown':
      return to(index + Math.ceil(times / 20), line);
    case 'Home':
      return to(0, line);
    case 'End':
      return to(times - 1, line);
    default:
      return undefined;
  }
}
