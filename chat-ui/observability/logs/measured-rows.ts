import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

/** Drawn above and below what is to be seen, in px. */
const BEYOND = 120;

/** Where rows of different heights stand: those in sight are measured, the others are taken for `estimate` px. */
export interface MeasuredRows {
  readonly from: number;
  /** The one after the last to draw. */
  readonly to: number;
  /** Distance of a row from the top of the list, in px; of `count` itself the height of the whole. */
  topOf(index: number): number;
}

/**
 * Which rows of a list that scrolls with the page have to be drawn. `keys` name the rows; heights are forgotten when `shape`
 * changes, which is whatever changes them all. Each drawn row says its key in `data-key`.
 */
export function useMeasuredRows(
  body: { readonly current: HTMLElement | null },
  keys: readonly string[],
  estimate: number,
  shape: string,
): MeasuredRows {
  const heights = useRef({ shape, of: new Map<string, number>() });
  if (heights.current.shape !== shape) heights.current = { shape, of: new Map() };
  const [version, setVersion] = useState(0);
  const [range, setRange] = useState<readonly [number, number]>([0, Math.min(keys.length, 30)]);
  const tops = useMemo(() => {
    const sums = new Float64Array(keys.length + 1);
    keys.forEach((key, n) => (sums[n + 1] = (sums[n] ?? 0) + (heights.current.of.get(key) ?? estimate)));
    return sums;
  }, [keys, estimate, shape, version]);

  const place = useCallback(() => {
    const top = body.current?.getBoundingClientRect().top ?? 0;
    const from = firstBelow(tops, -top - BEYOND);
    const to = Math.min(keys.length, firstBelow(tops, innerHeight - top + BEYOND) + 1);
    setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
  }, [tops]);

  useLayoutEffect(() => {
    let changed = false;
    for (const row of body.current?.querySelectorAll<HTMLElement>('[data-key]') ?? []) {
      const key = row.dataset['key'] ?? '';
      const height = row.offsetHeight;
      if (height === 0 || height === (heights.current.of.get(key) ?? estimate)) continue;
      heights.current.of.set(key, height);
      changed = true;
    }
    if (changed) setVersion((before) => before + 1);
  });

  useLayoutEffect(() => {
    let frame = 0;
    const soon = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        place();
      });
    };
    place();
    const moved = new ResizeObserver(soon);
    moved.observe(document.body);
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      moved.disconnect();
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [place]);

  return {
    from: Math.min(range[0], keys.length),
    to: Math.min(range[1], keys.length),
    topOf: (index) => tops[index] ?? 0,
  };
}

/** The row that stands at `y`, or the last or first where it lies outside. `tops` ascends. */
export function firstBelow(tops: Float64Array, y: number): number {
  let low = 0;
  let high = Math.max(0, tops.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
