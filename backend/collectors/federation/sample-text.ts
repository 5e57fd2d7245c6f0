/** The number that a sample's text says; undefined when it is none. JavaScript reads neither `+Inf` nor `-Inf`. */
export function readSample(text: string): number | undefined {
  const value = Number(text);
  if (value !== 0 && !Number.isNaN(value)) return value;
  if (value === 0) return text.trim() === '' ? undefined : value;
  return SPECIAL.get(text);
}

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['+Inf', Infinity],
  ['Inf', Infinity],
  ['-Inf', -Infinity],
]);

/** As Prometheus writes it: shortest decimal that reads back equal, exponents of two digits at least, `NaN`, `+Inf`, `-0`. */
export function printSample(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** As `count_values` writes a value into a label: Go's plain decimal notation, never an exponent. */
export function printPlain(value: number): string {
  const text = printSample(value);
  const exponent = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!exponent) return text;
  const [, sign = '', lead = '', rest = '', power = '0'] = exponent;
  const digits = lead + rest;
  const shift = Number(power);
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${digits}`;
  return `${sign}${digits.padEnd(shift + 1, '0')}`;
}
