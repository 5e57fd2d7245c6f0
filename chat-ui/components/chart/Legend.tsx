import { useState } from 'preact/hooks';
import type { ChartLine } from './chart-data.ts';
import { PALETTE } from './chart-look.ts';
import { type Unit, unitText } from './units.ts';

/** Lines named at first. */
const FIRST = 8;

/** Which line is which, with the value at the cursor; choosing one shows it alone. */
export function Legend(props: {
  lines: readonly ChartLine[];
  values: readonly (number | null)[];
  unit: Unit;
  active: number | undefined;
  onLine: (line: ChartLine) => void;
}) {
  const { lines, values, unit, active } = props;
  const [all, setAll] = useState(false);
  const shown = all ? lines : lines.slice(0, FIRST);
  return (
    <ul class="ts-legend" aria-label="Lines">
      {shown.map((line, n) => (
        <li key={line.key}>
          <button
            type="button"
            class="ts-key"
            data-active={n === active}
            title={line.key}
            onClick={() => props.onLine(line)}
          >
            <LineKey line={n} />
            <span class="foreign ts-name">{line.label}</span>
            <span class="ts-value">
              {values[n] === null || values[n] === undefined ? '—' : unitText(values[n], unit)}
            </span>
          </button>
        </li>
      ))}
      {lines.length > FIRST && (
        <li>
          <button type="button" class="button quiet small" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? 'Fewer' : `${lines.length - FIRST} more`}
          </button>
        </li>
      )}
    </ul>
  );
}

/** A piece of the line as it is drawn. */
function LineKey({ line }: { line: number }) {
  const round = Math.floor(line / PALETTE);
  return (
    <svg class={`ts-mark chart-${(line % PALETTE) + 1}`} viewBox="0 0 20 4" width="20" height="4" aria-hidden="true">
      <path
        d="M0 2h20"
        stroke="currentColor"
        stroke-width="3"
        stroke-dasharray={['', '6 3', '2 3', '10 3 2 3', '1 2'][round % 5]}
      />
    </svg>
  );
}
