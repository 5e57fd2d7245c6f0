/** How many new rows wait above, while the person reads further down; a press shows them. */
export function WaitingPill(props: { count: number; what: string; onShow: () => void }) {
  const { count, what, onShow } = props;
  return (
    <div class="waiting" role="status">
      {count > 0 && (
        <button type="button" class="button primary waiting-pill" onClick={onShow}>
          {count} {what}
          <span class="sr-only">, show</span>
        </button>
      )}
    </div>
  );
}

/** True while the person is among the rows of `list`: it has the focus, or the page is scrolled into it. Rows must not move then. */
export function isAmongRows(list: Element | null): boolean {
  if (!list) return false;
  return list.contains(document.activeElement) || list.getBoundingClientRect().top < 0;
}
