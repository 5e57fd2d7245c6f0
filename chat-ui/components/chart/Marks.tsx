import { useState } from 'preact/hooks';
import type { ChartMark, Place } from './overlay.ts';

/**
 * Diamonds over a chart, in order of time. One of them is the tab stop, arrow keys go to the next; what it stands for is told below
 * and announced, and following it leads to where more is known.
 */
export function Marks(props: { label: string; marks: readonly ChartMark[]; places: readonly Place[] }) {
  const { label, marks, places } = props;
  const [active, setActive] = useState(0);
  const [told, setTold] = useState<ChartMark | undefined>(undefined);
  const last = marks.length - 1;
  const stop = Math.min(active, last);

  const onKey = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const to = movedTo(event.key, stop, last);
    if (to === undefined) return;
    event.preventDefault();
    setActive(to);
    event.currentTarget.querySelectorAll<HTMLElement>('.ts-diamond')[to]?.focus();
  };

  return (
    <>
      <div class="ts-marks" role="group" aria-label={`${label}; arrow keys go to the next`} onKeyDown={onKey}>
        {marks.map((mark, n) => {
          const shared = {
            class: 'ts-diamond',
            'aria-label': mark.text,
            tabIndex: n === stop ? 0 : -1,
            style: places[n] ? { left: `${places[n].left}px`, top: `${places[n].top}px` } : { display: 'none' },
            onFocus: () => {
              setActive(n);
              setTold(mark);
            },
            onPointerEnter: () => setTold(mark),
          };
          return mark.url === undefined ? (
            <span key={mark.key} role="img" {...shared}>
              <Diamond />
            </span>
          ) : (
            <a key={mark.key} href={mark.url} {...shared}>
              <Diamond />
            </a>
          );
        })}
      </div>
      <p class="ts-told foreign muted" role="status">
        {told?.text}
      </p>
    </>
  );
}

function movedTo(key: string, at: number, last: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, at - 1);
    case 'ArrowRight':
      return Math.min(last, at + 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}

function Diamond() {
  return (
    <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d="M6 .8L11.2 6 6 11.2.8 6z" fill="currentColor" stroke="var(--surface)" />
    </svg>
  );
}
