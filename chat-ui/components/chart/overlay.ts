import type uPlot from 'uplot';
import type { Tone } from '../Status.tsx';
import type { ChartColours } from './chart-look.ts';

/** Stretches of time in which one thing held, drawn behind the lines under its name. Times are unix seconds. */
export interface ChartBand {
  readonly key: string;
  readonly name: string;
  readonly tone: Extract<Tone, 'critical' | 'warning' | 'info'>;
  /** What the tone means, such as `Critical`. */
  readonly word: string;
  readonly url: string;
  readonly spans: readonly (readonly [from: number, to: number])[];
}

/** One observation, drawn as a diamond. Times are unix seconds. */
export interface ChartMark {
  readonly key: string;
  readonly at: number;
  readonly value: number;
  /** All that there is to say of it. */
  readonly text: string;
  readonly url: string | undefined;
}

/** Where a mark is, in px from the upper left corner of the plot. */
export interface Place {
  readonly left: number;
  readonly top: number;
}

const FONT_PX = 11;
const ROW_PX = 14;
/** A narrower plot has no room for names; the list below has them too. */
const NAMES_FROM_PX = 400;
/** Shape and line besides the colour. */
const SIGN = { critical: '◆', warning: '▲', info: '●' } as const;
const DASH = { critical: [], warning: [5, 3], info: [1, 3] } as const;

/** Bands behind everything else, each with its name in a row of its own. */
export function drawBands(u: uPlot, bands: readonly ChartBand[], colours: ChartColours): void {
  const { ctx, bbox } = u;
  const ratio = ctx.canvas.width / u.width;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${FONT_PX * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  bands.forEach(({ name, tone, spans }, row) => {
    const top = bbox.top + (row * ROW_PX + 1) * ratio;
    ctx.fillStyle = colours.tones[tone];
    ctx.strokeStyle = colours.tones[tone];
    ctx.lineWidth = ratio;
    ctx.setLineDash(DASH[tone].map((length) => length * ratio));
    for (const [from, to] of spans) {
      const left = Math.max(bbox.left, u.valToPos(from, 'x', true));
      const right = Math.max(left + 2 * ratio, u.valToPos(to, 'x', true));
      ctx.globalAlpha = 0.1;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.globalAlpha = 1;
      ctx.strokeRect(left, bbox.top - ratio, right - left, bbox.height + 2 * ratio);
    }
    const first = spans[0];
    if (!first) return;
    const text = u.width < NAMES_FROM_PX ? SIGN[tone] : `${SIGN[tone]} ${name}`;
    const left = Math.max(bbox.left, u.valToPos(first[0], 'x', true));
    const gap = 4 * ratio;
    // A band that begins near the end has its name before it.
    const fits = left + gap + ctx.measureText(text).width <= bbox.left + bbox.width;
    ctx.textAlign = fits ? 'left' : 'right';
    ctx.fillText(text, fits ? left + gap : left - gap, top);
  });
  ctx.restore();
}

/** Where each mark is; one beyond the axis stands at its edge. */
export function placesOf(u: uPlot, marks: readonly ChartMark[]): Place[] {
  const ratio = u.ctx.canvas.width / u.width;
  const [left, top] = [u.bbox.left / ratio, u.bbox.top / ratio];
  const height = u.bbox.height / ratio;
  return marks.map(({ at, value }) => ({
    left: Math.round(left + u.valToPos(at, 'x')),
    top: Math.round(top + Math.max(0, Math.min(height, u.valToPos(value, 'y')))),
  }));
}
