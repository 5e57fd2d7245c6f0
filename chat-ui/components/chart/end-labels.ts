import type uPlot from 'uplot';
import type { ChartColours } from './chart-look.ts';

const FONT_PX = 11;
const LINE_PX = 14;
/** Names get a quarter of the width at most, and nothing on a narrow chart: the legend has them too. */
const LEAST_WIDTH = 560;
const MOST_WIDTH = 190;

/** Room to the right of the lines for their names, in CSS px. */
export function endLabelRoom(u: uPlot, labels: readonly string[]): number {
  if (u.width < LEAST_WIDTH) return 8;
  u.ctx.save();
  u.ctx.font = `${FONT_PX}px system-ui, sans-serif`;
  const widest = Math.max(0, ...labels.map((label) => u.ctx.measureText(label).width));
  u.ctx.restore();
  return Math.min(MOST_WIDTH, u.width / 4, Math.ceil(widest) + 14);
}

/** Each line's name beside its last point; names that would lie on each other are moved apart. */
export function drawEndLabels(u: uPlot, labels: readonly string[], colours: ChartColours): void {
  const room = endLabelRoom(u, labels);
  if (room <= 8) return;
  const { ctx, bbox } = u;
  const ratio = ctx.canvas.width / u.width;
  const ends = labels.flatMap((label, n) => {
    const last = lastValue(u.data[n + 1] ?? []);
    return last === undefined ? [] : [{ label, n, y: u.valToPos(last, 'y', true) }];
  });
  ends.sort((a, b) => a.y - b.y);
  const gap = LINE_PX * ratio;
  const bottom = bbox.top + bbox.height;
  ends.forEach((end, i) => (end.y = Math.max(end.y, i === 0 ? bbox.top : (ends[i - 1]?.y ?? 0) + gap)));
  for (let i = ends.length - 1; i >= 0; i -= 1) {
    const end = ends[i];
    if (end) end.y = Math.min(end.y, (ends[i + 1]?.y ?? bottom + gap) - gap);
  }
  ctx.save();
  ctx.font = `${FONT_PX * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  const x = bbox.left + bbox.width + 6 * ratio;
  for (const { label, n, y } of ends) {
    ctx.fillStyle = colours.lines[n] ?? colours.text;
    ctx.fillText(fitted(ctx, label, (room - 8) * ratio), x, y);
  }
  ctx.restore();
}

function lastValue(column: ArrayLike<number | null | undefined>): number | undefined {
  for (let i = column.length - 1; i >= 0; i -= 1) {
    const value = column[i];
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}

function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let short = text.slice(0, 60);
  while (short !== '' && ctx.measureText(`${short}…`).width > width) short = short.slice(0, -1);
  return `${short}…`;
}
