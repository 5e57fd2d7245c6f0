/** What one measurement found. */
export interface Row {
  readonly measure: string;
  readonly ours: number;
  readonly baseline: number;
  readonly unit: 'ms' | 'calls/s' | 'MB/s' | 'MB' | 'tokens' | 'elements';
  /** The bar in words, and whether it is met. */
  readonly bar: string;
  readonly met: boolean;
}

export interface Report {
  /** ISO 8601 UTC. */
  readonly measured_at: string;
  readonly machine: string;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

const HEAD = ['measure', 'ours', 'baseline', 'ratio', 'bar', 'verdict'] as const;
/** Columns of numbers, which stand on the right. */
const NUMBERS: ReadonlySet<number> = new Set([1, 2, 3]);

/** A table for a terminal, columns aligned. */
export function toTable(rows: readonly Row[]): string {
  const cells = [[...HEAD], ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, NUMBERS.has(column)))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return lines.join('\n');
}

export function toMarkdown({ rows, measured_at, machine, seconds }: Report): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = HEAD.map((_, column) => (NUMBERS.has(column) ? '---:' : '---'));
  const table = [HEAD, rule, ...rows.map(cellsOf)].map(line).join('\n');
  return `# Benchmark\n\n${measured_at}, ${machine}, ${seconds} s.\n\n${table}\n`;
}

/** For programs: the rows with their ratios. */
export function toJson(report: Report): string {
  const rows = report.rows.map((row) => ({ ...row, ratio: row.ours / row.baseline }));
  return `${JSON.stringify({ ...report, rows }, null, 2)}\n`;
}

function cellsOf({ measure, ours, baseline, unit, bar, met }: Row): string[] {
  const ratio = (ours / baseline).toFixed(2);
  return [measure, `${figure(ours)} ${unit}`, `${figure(baseline)} ${unit}`, ratio, bar, met ? 'met' : 'MISSED'];
}

/** Three significant digits, or whole numbers from a hundred on. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
