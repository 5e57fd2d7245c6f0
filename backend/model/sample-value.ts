/** The number behind a sample's text. JavaScript reads neither `+Inf` nor `-Inf`; `NaN` and what is no number become NaN. */
export function sampleNumber(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  return text === '-Inf' ? -Infinity : text.trim() === '' ? Number.NaN : Number(text);
}

const SCALES = [
  [1e18, 'E'],
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Few significant digits (4) with a decimal SI suffix: `281.2M` = 281,200,000. Small numbers keep their own notation: `0.00012`. */
export function shortNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const scale = size >= 1e21 ? undefined : SCALES.find(([least]) => size >= least);
  return scale ? `${Number((rounded / scale[0]).toPrecision(digits))}${scale[1]}` : String(rounded);
}
