/**
 * The part of Markdown that answers use, as data. There is no raw HTML, no image and no entity: whatever is not in this
 * grammar stays the text it was. Parsing takes time linear in the text but for nested emphasis, which is cut at a depth.
 */
export type Block =
  | { readonly type: 'heading'; readonly level: number; readonly content: Inline[] }
  | { readonly type: 'paragraph'; readonly content: Inline[] }
  | { readonly type: 'list'; readonly ordered: boolean; readonly start: number; readonly items: ListItem[] }
  | { readonly type: 'code'; readonly text: string }
  | { readonly type: 'table'; readonly head: Cell[]; readonly rows: Cell[][] }
  | { readonly type: 'quote'; readonly blocks: Block[] }
  | { readonly type: 'rule' };

export interface ListItem {
  readonly content: Inline[];
  readonly children: Block[];
}

export interface Cell {
  readonly content: Inline[];
  readonly align: 'left' | 'right' | 'center';
}

export type Inline =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'strong' | 'emphasis'; readonly content: Inline[] }
  | { readonly type: 'code'; readonly text: string }
  | { readonly type: 'link'; readonly text: string; readonly href: string }
  | { readonly type: 'citation'; readonly id: string };

const DEEPEST = 6;
const FENCE = /^\s*(`{3,}|~{3,})/;
const HEADING = /^(#{1,6})\s+(.+?)\s*#*\s*$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?/;
const DELIMITERS = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

export function parseMarkdown(text: string): Block[] {
  return parseBlocks(text.replaceAll('\r\n', '\n').split('\n'), 0);
}

function parseBlocks(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const heading = HEADING.exec(line);
    if (line.trim() === '') {
      at += 1;
    } else if (FENCE.test(line)) {
      at = takeFence(lines, at, blocks);
    } else if (heading) {
      blocks.push({ type: 'heading', level: heading[1]?.length ?? 1, content: parseInline(heading[2] ?? '') });
      at += 1;
    } else if (RULE.test(line)) {
      blocks.push({ type: 'rule' });
      at += 1;
    } else if (QUOTE.test(line) && depth < DEEPEST) {
      at = takeQuote(lines, at, blocks, depth);
    } else if (isTable(lines, at)) {
      at = takeTable(lines, at, blocks);
    } else if (ITEM.test(line) && depth < DEEPEST) {
      at = takeList(lines, at, blocks, depth);
    } else {
      at = takeParagraph(lines, at, blocks);
    }
  }
  return blocks;
}

/** An unclosed fence runs to the end: while an answer streams, its code is code from the first line on. */
function takeFence(lines: readonly string[], start: number, blocks: Block[]): number {
  const fence = FENCE.exec(lines[start] ?? '')?.[1] ?? '```';
  let end = start + 1;
  while (end < lines.length && !(lines[end] ?? '').trim().startsWith(fence)) end += 1;
  blocks.push({ type: 'code', text: lines.slice(start + 1, end).join('\n') });
  return end + 1;
}

function takeQuote(lines: readonly string[], start: number, blocks: Block[], depth: number): number {
  let end = start;
  while (end < lines.length && QUOTE.test(lines[end] ?? '')) end += 1;
  blocks.push({
    type: 'quote',
    blocks: parseBlocks(
      lines.slice(start, end).map((line) => line.replace(QUOTE, '')),
      depth + 1,
    ),
  });
  return end;
}

function isTable(lines: readonly string[], at: number): boolean {
  const delimiters = lines[at + 1] ?? '';
  return (
    (lines[at] ?? '').includes('|') &&
    delimiters.includes('-') &&
    delimiters.includes('|') &&
    DELIMITERS.test(delimiters)
  );
}

function takeTable(lines: readonly string[], start: number, blocks: Block[]): number {
  const aligns = splitRow(lines[start + 1] ?? '').map((cell): Cell['align'] => {
    if (!cell.endsWith(':')) return 'left';
    return cell.startsWith(':') ? 'center' : 'right';
  });
  const row = (line: string): Cell[] => {
    const cells = splitRow(line);
    return aligns.map((align, column) => ({ align, content: parseInline(cells[column] ?? '') }));
  };
  let end = start + 2;
  while (end < lines.length && (lines[end] ?? '').includes('|')) end += 1;
  blocks.push({ type: 'table', head: row(lines[start] ?? ''), rows: lines.slice(start + 2, end).map(row) });
  return end;
}

/** Cells of a row; `\|` and a bar inside backticks do not end a cell. */
function splitRow(line: string): string[] {
  const cells: string[] = [''];
  let inCode = false;
  const row = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  for (let i = 0; i < row.length; i += 1) {
    const char = row[i] ?? '';
    if (char === '`') inCode = !inCode;
    if (char === '\\' && row[i + 1] === '|') {
      cells[cells.length - 1] += '|';
      i += 1;
    } else if (char === '|' && !inCode) {
      cells.push('');
    } else {
      cells[cells.length - 1] += char;
    }
  }
  return cells.map((cell) => cell.trim());
}

function takeList(lines: readonly string[], start: number, blocks: Block[], depth: number): number {
  const first = ITEM.exec(lines[start] ?? '');
  const indent = first?.[1]?.length ?? 0;
  const ordered = /\d/.test(first?.[2] ?? '');
  const items: ListItem[] = [];
  let at = start;
  while (at < lines.length) {
    const item = ITEM.exec(lines[at] ?? '');
    if (!item || (item[1]?.length ?? 0) !== indent || /\d/.test(item[2] ?? '') !== ordered) break;
    const nested: string[] = [];
    at += 1;
    while (at < lines.length && belongsToItem(lines, at, indent)) {
      nested.push((lines[at] ?? '').slice(Math.min(indent + 2, leading(lines[at] ?? ''))));
      at += 1;
    }
    items.push({ content: parseInline(item[3] ?? ''), children: parseBlocks(nested, depth + 1) });
  }
  blocks.push({ type: 'list', ordered, start: ordered ? Number.parseInt(first?.[2] ?? '1', 10) : 1, items });
  return at;
}

function belongsToItem(lines: readonly string[], at: number, indent: number): boolean {
  const line = lines[at] ?? '';
  if (line.trim() !== '') return leading(line) > indent;
  const next = lines[at + 1];
  return next !== undefined && next.trim() !== '' && leading(next) > indent;
}

function leading(line: string): number {
  return line.length - line.trimStart().length;
}

function takeParagraph(lines: readonly string[], start: number, blocks: Block[]): number {
  let end = start + 1;
  while (end < lines.length && !endsParagraph(lines, end)) end += 1;
  blocks.push({ type: 'paragraph', content: parseInline(lines.slice(start, end).join('\n').trim()) });
  return end;
}

function endsParagraph(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return (
    line.trim() === '' ||
    FENCE.test(line) ||
    HEADING.test(line) ||
    RULE.test(line) ||
    QUOTE.test(line) ||
    ITEM.test(line) ||
    isTable(lines, at)
  );
}

const INLINE =
  /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|(?<![\w*])[*_](?=[^\s*_])([^*_]*?[^\s*_])[*_](?![\w*])|\[(E\d{1,4}(?:\s*,\s*E\d{1,4})*)\]|\[([^\]\n]{1,300})\]\(([^)\s]{1,2000})\)/g;

function parseInline(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) parts.push({ type: 'text', text: text.slice(end, match.index) });
    parts.push(...inlineOf(match, depth));
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ type: 'text', text: text.slice(end) });
  return parts;
}

function inlineOf(match: RegExpExecArray, depth: number): Inline[] {
  const [whole, , code, strong, emphasis, citations, linkText, href] = match;
  const nested = (content: string): Inline[] =>
    depth < DEEPEST ? parseInline(content, depth + 1) : [{ type: 'text', text: content }];
  if (code !== undefined) return [{ type: 'code', text: code.trim() === '' ? code : code.trim() }];
  if (strong !== undefined) return [{ type: 'strong', content: nested(strong) }];
  if (emphasis !== undefined) return [{ type: 'emphasis', content: nested(emphasis) }];
  if (citations !== undefined) return citations.split(',').map((id) => ({ type: 'citation', id: id.trim() }));
  if (linkText !== undefined && href !== undefined) return [{ type: 'link', text: linkText, href }];
  return [{ type: 'text', text: whole }];
}
