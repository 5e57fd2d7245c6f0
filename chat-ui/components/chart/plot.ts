import uPlot from 'uplot';
import type { ChartColumns } from './chart-data.ts';
import { chartColours, dashOf, onLookChange } from './chart-look.ts';
import { drawEndLabels, endLabelRoom } from './end-labels.ts';
import { type ChartBand, type ChartMark, drawBands, type Place, placesOf } from './overlay.ts';
import { axisTimeText } from './time-axis.ts';
import { type Unit, unitText } from './units.ts';

export interface PlotOptions {
  readonly columns: ChartColumns;
  readonly labels: readonly string[];
  /** Ends of the time axis, in unix seconds. */
  readonly start: number;
  readonly end: number;
  readonly unit: Unit;
  readonly zone: 'local' | 'utc';
  readonly bands: readonly ChartBand[];
  readonly marks: readonly ChartMark[];
  /** Where the marks are, told anew whenever they may have moved. */
  readonly onPlaces: (places: readonly Place[]) => void;
  /** The pointer is at a time and nearest to a line; undefined when it left. */
  readonly onPoint: (index: number | undefined, line: number | undefined) => void;
  /** The point that was clicked. */
  readonly onPick: () => void;
  /** A stretch of time was chosen by dragging, in unix seconds. */
  readonly onZoom: (from: number, to: number) => void;
}

export interface Plot {
  /** Moves the cursor, and lets one line stand out. */
  point(index: number | undefined, line: number | undefined): void;
  destroy(): void;
}

/** Charts of a page move their cursors together. */
const SYNC_KEY = 'page';
/** Lines named at their end; more would hide each other. */
const MOST_END_LABELS = 8;
const FONT = '11px system-ui, sans-serif';
const STEPS_TIME = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3].flatMap((n) => [n, 2 * n, 5 * n]);
const STEPS_SECONDS = [
  ...STEPS_TIME.concat([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]),
  ...[1, 2, 3, 6, 12, 24, 48, 120, 240].map((hours) => hours * 3600),
];
const STEPS_BYTES = Array.from({ length: 62 }, (_, n) => 2 ** n);

/** Draws into `host` in its size, and again when its size or the theme changes. Styles are set through the CSSOM only. */
export function drawPlot(host: HTMLElement, options: PlotOptions): Plot {
  const { columns, labels, unit } = options;
  let colours = chartColours(host, labels.length);
  const named = labels.length <= MOST_END_LABELS;
  let silent = false;
  /** The line that stands out. */
  let focused: number | undefined;

  const size = () => ({ width: Math.max(120, host.clientWidth), height: Math.max(120, host.clientHeight) });
  const axis = { font: FONT, stroke: () => colours.text, ticks: { show: false } };
  const grid = { stroke: () => colours.line, width: 1 };
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: false },
      padding: [8, (u) => (named ? endLabelRoom(u, labels) : 8), 0, 0],
      cursor: {
        y: false,
        sync: { key: SYNC_KEY },
        focus: { prox: 24 },
        drag: { x: true, y: false, setScale: false },
      },
      focus: { alpha: 0.25 },
      scales: {
        x: { time: true, range: () => [options.start, Math.max(options.end, options.start + 1)] },
        y: { range: (_, low, high) => valueRange(low, high) },
      },
      axes: [
        {
          ...axis,
          grid,
          space: 64,
          size: 26,
          values: (_, splits, _axis, _space, step) => axisTimeText(splits, step, options.zone),
        },
        {
          ...axis,
          grid,
          ...(unit === 'seconds' ? { incrs: STEPS_SECONDS } : {}),
          ...(unit.startsWith('bytes') ? { incrs: STEPS_BYTES } : {}),
          size: (u, values) => axisWidth(u, values),
          values: (_, splits) => splits.map((value) => unitText(value, unit)),
        },
      ],
      series: [
        {},
        ...labels.map((label, n): uPlot.Series => ({
          label,
          stroke: () => colours.lines[n] ?? colours.text,
          width: 1.5,
          spanGaps: false,
          dash: dashOf(n),
          points: { size: 5, width: 1.5 },
        })),
      ],
      tzDate: (seconds) =>
        options.zone === 'utc' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
      hooks: {
        drawClear: [(u) => drawBands(u, options.bands, colours)],
        draw: [
          (u) => named && drawEndLabels(u, labels, colours),
          (u) => options.marks.length > 0 && options.onPlaces(placesOf(u, options.marks)),
        ],
        setCursor: [(u) => silent || options.onPoint(u.cursor.idx ?? undefined, focused)],
        setSeries: [
          (u, n) => {
            focused = n === null || n === 0 ? undefined : n - 1;
            if (!silent) options.onPoint(u.cursor.idx ?? undefined, focused);
          },
        ],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 4) return;
            options.onZoom(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    // proof: uPlot reads its columns and never writes them; null is its own sign of a gap
    [columns.times, ...columns.values] as uPlot.AlignedData,
    host,
  );
  plot.over.addEventListener('click', options.onPick);

  const resized = new ResizeObserver(() => {
    const { width, height } = size();
    if (width !== plot.width || height !== plot.height) plot.setSize({ width, height });
  });
  resized.observe(host);
  const forget = onLookChange(() => {
    colours = chartColours(host, labels.length);
    plot.redraw(false);
  });

  return {
    point: (index, line) => {
      silent = true;
      plot.setSeries(line === undefined ? null : line + 1, { focus: true }, false);
      const at = index === undefined ? undefined : columns.times[index];
      const left = at === undefined ? -10 : plot.valToPos(at, 'x');
      plot.setCursor({ left, top: at === undefined ? -10 : 10 }, false);
      silent = false;
    },
    destroy: () => {
      forget();
      resized.disconnect();
      plot.destroy();
    },
  };
}

/** Zero is in sight where the values are not far from it; a line that never moves gets room around it. */
function valueRange(low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  if (low === high) return low === 0 ? [0, 1] : low > 0 ? [0, low * 1.25] : [low * 1.25, 0];
  return uPlot.rangeNum(low, high, { min: { pad: 0.1, soft: 0, mode: 2 }, max: { pad: 0.1, soft: 0, mode: 2 } });
}

function axisWidth(u: uPlot, values: readonly string[] | null): number {
  u.ctx.save();
  u.ctx.font = FONT;
  const widest = Math.max(24, ...(values ?? []).map((text) => u.ctx.measureText(text).width));
  u.ctx.restore();
  return Math.ceil(widest) + 14;
}
