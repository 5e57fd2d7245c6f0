/** Reads the CSV of `nvidia-smi --query-…`: separated by `, `, without quotes, units in header and cells (wire.md 6.2). */

/** What stands for "no value", with or without brackets and in any case. */
const NULLS: ReadonlySet<string> = new Set([
  '',
  'n/a',
  'not supported',
  'not available',
  'not found',
  'unknown error',
  'gpu requires reset',
  'insufficient permissions',
  'err!',
]);

/** The text of a cell, or null where it stands for none. */
export function smiText(cell: string): string | null {
  const text = cell.trim();
  const bare = text.replace(/^\[(.*)\]$/, '$1').trim();
  return NULLS.has(bare.toLowerCase()) ? null : text;
}

/** The number of a cell such as `143771 MiB`, `52.12 W`, `0 %`; null where there is none. */
export function smiNumber(cell: string): number | null {
  const text = smiText(cell);
  const match = /^(-?\d+(?:\.\d+)?)(?:\s*(?:MiB|W|%|MHz|C))?$/.exec(text ?? '');
  return match ? Number(match[1]) : null;
}

/** `Active`, `Yes`, `Enabled` and their opposites. */
export function smiFlag(cell: string): boolean | null {
  const text = smiText(cell)?.toLowerCase();
  if (text === 'active' || text === 'yes' || text === 'enabled') return true;
  return text === 'not active' || text === 'no' || text === 'disabled' ? false : null;
}

/** The mask of `clocks_event_reasons.active`, such as `0x0000000000000004`. */
export function smiMask(cell: string): bigint | null {
  const text = smiText(cell);
  return text !== null && /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : null;
}

const MOST_ROWS = 4096;

/**
 * Rows of a table of `columns` columns. The last column keeps its commas, so a name that may have some is asked for last; a line of
 * fewer columns is no row. Undefined where the first line is not a header of so many columns.
 */
export function smiRows(output: string, columns: number): string[][] | undefined {
  const [header, ...lines] = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (header === undefined || cells(header, columns).length !== columns) return undefined;
  return lines
    .slice(0, MOST_ROWS)
    .map((line) => cells(line, columns))
    .filter((row) => row.length === columns);
}

function cells(line: string, columns: number): string[] {
  const parts = line.split(/,(?: |$)/);
  return parts.length <= columns ? parts : [...parts.slice(0, columns - 1), parts.slice(columns - 1).join(', ')];
}
