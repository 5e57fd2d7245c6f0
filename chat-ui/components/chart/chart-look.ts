/** Colours of a chart as the canvas takes them. */
export interface ChartColours {
  readonly text: string;
  readonly line: string;
  readonly surface: string;
  readonly lines: readonly string[];
  readonly tones: Readonly<Record<'critical' | 'warning' | 'info', string>>;
}

/** Tokens `--chart-1` to `--chart-8` (styles/tokens.css). */
export const PALETTE = 8;

/** Lines past the palette come in its colours again, broken in another way. */
export function dashOf(line: number): number[] {
  const round = Math.floor(line / PALETTE);
  if (matchMedia('(forced-colors: active)').matches) return DASHES[line % DASHES.length] ?? [];
  return DASHES[round % DASHES.length] ?? [];
}

const DASHES: readonly number[][] = [[], [6, 3], [2, 3], [10, 3, 2, 3], [1, 2]];

/** The theme's colours at `host`, resolved: a canvas knows neither `var()` nor `light-dark()`. */
export function chartColours(host: HTMLElement, lines: number): ChartColours {
  const probe = document.createElement('span');
  host.append(probe);
  const resolve = (token: string) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const palette = Array.from({ length: Math.min(lines, PALETTE) }, (_, n) => resolve(`--chart-${n + 1}`));
  const colours = {
    text: resolve('--muted'),
    line: resolve('--line'),
    surface: resolve('--surface'),
    tones: { critical: resolve('--critical'), warning: resolve('--warning'), info: resolve('--info') },
    lines: Array.from({ length: lines }, (_, n) => palette[n % PALETTE] ?? ''),
  };
  probe.remove();
  return colours;
}

/** Calls `act` when the theme, the device's colours or the medium change, until the returned function is called. */
export function onLookChange(act: () => void): () => void {
  const queries = ['(prefers-color-scheme: dark)', '(forced-colors: active)', 'print'].map((text) => matchMedia(text));
  for (const query of queries) query.addEventListener('change', act);
  const themed = new MutationObserver(act);
  themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    themed.disconnect();
    for (const query of queries) query.removeEventListener('change', act);
  };
}
