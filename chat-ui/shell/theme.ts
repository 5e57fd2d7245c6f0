import { type ReadonlySignal, signal } from '@preact/signals';

const KEY = 'aiops.theme';
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export interface ThemeChoice {
  readonly theme: ReadonlySignal<Theme>;
  set(theme: Theme): void;
}

/** The chosen theme, kept in localStorage; `system` follows the device. Sets `data-theme` on the root element. */
export function createThemeChoice(root: HTMLElement, storage: Storage | undefined): ThemeChoice {
  const theme = signal<Theme>(read(storage));
  const apply = (chosen: Theme) => {
    theme.value = chosen;
    if (chosen === 'system') delete root.dataset.theme;
    else root.dataset.theme = chosen;
  };
  apply(theme.value);
  return {
    theme,
    set: (chosen) => {
      apply(chosen);
      try {
        storage?.setItem(KEY, chosen);
      } catch {
        return; // storage is forbidden: the choice lasts until the next reload
      }
    },
  };
}

function read(storage: Storage | undefined): Theme {
  try {
    const stored = storage?.getItem(KEY);
    return THEMES.find((theme) => theme === stored) ?? 'system';
  } catch {
    return 'system';
  }
}
