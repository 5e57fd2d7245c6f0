import { useEffect } from 'preact/hooks';

/** How long after `g` its letter counts. */
const CHORD_MS = 1500;

export interface Shortcuts {
  /** `g` + letter → what it does. */
  readonly go: Readonly<Record<string, () => void>>;
  readonly help: () => void;
}

/** True where a key is text and no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest('input, textarea, select, [contenteditable]') !== null;
}

/** `/` moves to the filter or composer of the page (`data-shortcut="/"`), `?` helps, `g` + letter goes. Off while typing. */
export function useShortcuts({ go, help }: Shortcuts): void {
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const action = event.timeStamp < chordUntil ? go[event.key] : undefined;
      chordUntil = 0;
      if (action) {
        event.preventDefault();
        action();
      } else if (event.key === 'g') {
        chordUntil = event.timeStamp + CHORD_MS;
      } else if (event.key === '?') {
        event.preventDefault();
        help();
      } else if (event.key === '/') {
        const target = document.querySelector<HTMLElement>('[data-shortcut="/"]');
        if (!target) return;
        event.preventDefault();
        target.focus();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}
