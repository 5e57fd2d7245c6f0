import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { type Block, type Cell, type Inline, parseMarkdown } from './markdown.ts';

/** How a citation such as E1 is drawn; undefined when there is no such evidence. */
export type CitationLink = (id: string) => ComponentChildren;

/** An answer's text as vnodes. Everything that came from a model or a spoke stays text; nothing is ever set as HTML. */
export function Markdown({ text, cite }: { text: string; cite: CitationLink }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <div class="markdown foreign">
      {blocks.map((block, n) => (
        <BlockView key={n} block={block} cite={cite} />
      ))}
    </div>
  );
}

function BlockView({ block, cite }: { block: Block; cite: CitationLink }) {
  switch (block.type) {
    case 'heading': {
      // The page owns h1 and h2; an answer's headings come below them.
      const Tag = (['h3', 'h4', 'h5'] as const)[Math.min(block.level, 3) - 1] ?? 'h5';
      return <Tag>{inline(block.content, cite)}</Tag>;
    }
    case 'paragraph':
      return <p>{inline(block.content, cite)}</p>;
    case 'list':
      return <ListView block={block} cite={cite} />;
    case 'code':
      return (
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case 'table':
      return <TableView head={block.head} rows={block.rows} cite={cite} />;
    case 'quote':
      return (
        <blockquote>
          {block.blocks.map((inner, n) => (
            <BlockView key={n} block={inner} cite={cite} />
          ))}
        </blockquote>
      );
    case 'rule':
      return <hr />;
  }
}

function ListView({ block, cite }: { block: Extract<Block, { type: 'list' }>; cite: CitationLink }) {
  const items = block.items.map((item, n) => (
    <li key={n}>
      {inline(item.content, cite)}
      {item.children.map((child, m) => (
        <BlockView key={m} block={child} cite={cite} />
      ))}
    </li>
  ));
  return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
}

function TableView({ head, rows, cite }: { head: Cell[]; rows: Cell[][]; cite: CitationLink }) {
  return (
    <div class="table-scroll" role="region" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell, n) => (
              <th key={n} scope="col" class={`align-${cell.align}`}>
                {inline(cell.content, cite)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, n) => (
            <tr key={n}>
              {row.map((cell, m) => (
                <td key={m} class={`align-${cell.align}`}>
                  {inline(cell.content, cite)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(parts: readonly Inline[], cite: CitationLink): ComponentChildren[] {
  return parts.map((part, n) => {
    switch (part.type) {
      case 'text':
        return part.text;
      case 'strong':
        return <strong key={n}>{inline(part.content, cite)}</strong>;
      case 'emphasis':
        return <em key={n}>{inline(part.content, cite)}</em>;
      case 'code':
        return <code key={n}>{part.text}</code>;
      case 'link':
        return <LinkView key={n} text={part.text} href={part.href} />;
      case 'citation':
        return cite(part.id);
    }
  });
}

/** Only pages of this server are links. Anything else is shown with its address, for a person to judge. */
function LinkView({ text, href }: { text: string; href: string }) {
  const path = sameOriginPath(href, location.origin);
  if (path !== undefined) return <a href={path}>{text}</a>;
  return <span>{text === href ? href : `${text} (${href})`}</span>;
}

export function sameOriginPath(href: string, origin: string): string | undefined {
  if (!URL.canParse(href, origin)) return undefined;
  const url = new URL(href, origin);
  if (url.origin !== origin || !/^https?:$/.test(url.protocol)) return undefined;
  return `${url.pathname}${url.search}${url.hash}`;
}
