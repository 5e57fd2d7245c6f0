import { useState } from 'preact/hooks';
import { wallTime, type Zone, zoneName } from '../../time-zone.ts';
import type { ChartColumns, ChartLine } from './chart-data.ts';
import type { ChartBand, ChartMark } from './overlay.ts';
import { OverlayTables } from './OverlayTables.tsx';

/** Lines side by side in the table; a screen has no room for more. */
const MOST_COLUMNS = 8;
/** Rows drawn at first, and added by each "Show more". */
const ROWS = 250;

/** What the chart shows as text, newest first, every value as it was sent. Drawn only when asked for. */
export function ChartTable(props: {
  label: string;
  lines: readonly ChartLine[];
  columns: ChartColumns;
  zone: Zone;
  bands: readonly ChartBand[];
  marks: readonly ChartMark[];
}) {
  const [open, setOpen] = useState(false);
  return (
    <details class="twin" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && <Values {...props} />}
    </details>
  );
}

function Values({ label, lines, columns, zone, bands, marks }: Parameters<typeof ChartTable>[0]) {
  const [first, setFirst] = useState(0);
  const [rows, setRows] = useState(ROWS);
  const shown = lines.slice(first, first + MOST_COLUMNS);
  // Times of a grid are sums and those of samples are read, so they are compared to the millisecond.
  const texts = shown.map(({ samples }) => new Map(samples.map(([at, text]) => [Math.round(at * 1000), text])));
  const times = columns.times.toReversed();
  return (
    <>
      <div class="twin-scroll" tabIndex={0} role="region" aria-label={`${label} as a table`}>
        <OverlayTables {...{ bands, marks, zone }} />
        <table class="table ts-table">
          <caption>
            Newest first. Times in {zoneName(zone)}. — = no sample.
            {lines.length > MOST_COLUMNS && ` Lines ${first + 1} to ${first + shown.length} of ${lines.length}.`}
          </caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {shown.map((line) => (
                <th key={line.key} scope="col" class="foreign">
                  {line.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.slice(0, rows).map((at) => (
              <tr key={at}>
                <th scope="row">{wallTime(at * 1000, zone)}</th>
                {texts.map((byTime, n) => (
                  <td key={shown[n]?.key}>{byTime.get(Math.round(at * 1000)) ?? '—'}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="twin-more">
        {times.length > rows && (
          <button type="button" class="button small" onClick={() => setRows(rows + ROWS)}>
            Show {Math.min(ROWS, times.length - rows)} more of {times.length} times
          </button>
        )}
        {first > 0 && (
          <button type="button" class="button small" onClick={() => setFirst(first - MOST_COLUMNS)}>
            Lines before
          </button>
        )}
        {first + MOST_COLUMNS < lines.length && (
          <button type="button" class="button small" onClick={() => setFirst(first + MOST_COLUMNS)}>
            Next lines
          </button>
        )}
      </p>
    </>
  );
}
