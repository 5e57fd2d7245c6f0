import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/**
 * A button that opens a panel below itself. Esc and a click elsewhere close it; Esc gives the focus back to the button.
 * `children` is called while it is open, with what closes it.
 */
export function Popover(props: {
  label: ComponentChildren;
  /** Read out after the words of the button. */
  name: string;
  class?: string;
  children: (close: () => void) => ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    if (root.current?.contains(document.activeElement)) button.current?.focus();
    setOpen(false);
  };
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    addEventListener('pointerdown', outside);
    addEventListener('focusin', outside);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('focusin', outside);
    };
  }, [open]);
  return (
    <div
      class={`pop ${props.class ?? ''}`}
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.stopPropagation();
        close();
      }}
    >
      <button ref={button} type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {props.label}
        <span class="sr-only">, {props.name}</span>
      </button>
      {open && (
        <div class="pop-panel" role="group" aria-label={props.name}>
          {props.children(close)}
        </div>
      )}
    </div>
  );
}
