/** What a cell of a heatmap shows; the four kinds look different and are called differently. */
export type HeatValue =
  /** `share` 0–1 of the scale. */
  | { readonly kind: 'value'; readonly text: string; readonly share: number }
  /** There is a thing here and nobody told this of it. */
  | { readonly kind: 'unknown' };

export interface HeatCell {
  /** Its name in the row, such as `GPU 3`. */
  readonly name: string;
  readonly value: HeatValue;
  /** Everything to be known of it in words, after its name and before its place. */
  readonly words: string;
  /** Drawn as a shape beside the value. */
  readonly mark?: 'critical' | 'warning' | undefined;
}

/** A row of things; more of them than fit in a line go on in the next. */
export interface HeatRow {
  readonly key: string;
  readonly name: string;
  /** Where the row is, such as its cluster. */
  readonly place: string;
  readonly url: string;
  readonly cells: readonly HeatCell[];
  /** Stands in place of cells. `gap`: they exist and cannot be read. `none`: there are none. */
  readonly note?: { readonly kind: 'gap' | 'none'; readonly text: string } | undefined;
}

export interface HeatLine extends HeatRow {
  /** Cells of its row that stand in lines above. */
  readonly before: number;
}

/** Cells in a line. Few enough that all lines of a screen are some hundred elements, many enough for one server's GPUs. */
export const CELLS_IN_LINE = 8;

/** Rows as lines of at most {@link CELLS_IN_LINE} cells, in order. */
export function linesOf(rows: readonly HeatRow[]): HeatLine[] {
  return rows.flatMap((row) => {
    const lines = Math.max(1, Math.ceil(row.cells.length / CELLS_IN_LINE));
    return Array.from({ length: lines }, (_, n): HeatLine => {
      const before = n * CELLS_IN_LINE;
      return { ...row, before, cells: row.cells.slice(before, before + CELLS_IN_LINE) };
    });
  });
}

/** Colours of the scale (reference/ui.md). */
export const HEAT_STEPS = 6;

/** Exactly nothing is step 0 and no colour; above it six equal steps, 1 and more in the last. */
export function heatStep(share: number): number {
  if (share <= 0) return 0;
  return Math.min(HEAT_STEPS, Math.floor(share * HEAT_STEPS) + 1);
}

/** Screens are 40 rows high at most, so that a tall one draws taller rows and not more of them. */
const MOST_LINES = 34;

export function lineHeight(narrow: boolean, screenHeight: number): number {
  return Math.max(narrow ? 56 : 32, Math.ceil(screenHeight / MOST_LINES));
}
