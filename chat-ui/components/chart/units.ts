/** What a number counts, for axes and readouts. `ratio` is 0–1 and shown in percent. */
export const UNITS = ['none', 'seconds', 'bytes', 'bytes/s', 'ratio', 'percent', 'per second'] as const;
export type Unit = (typeof UNITS)[number];

export const UNIT_WORDS: Readonly<Record<Unit, string>> = {
  none: 'number',
  seconds: 'seconds',
  bytes: 'bytes',
  'bytes/s': 'bytes per second',
  ratio: 'percent of 1',
  percent: 'percent',
  'per second': 'per second',
};

const SECONDS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const;
const DECIMAL = [
  [1e12, ' T'],
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
  [1, ''],
] as const;
const BINARY = [
  [2 ** 50, ' PiB'],
  [2 ** 40, ' TiB'],
  [2 ** 30, ' GiB'],
  [2 ** 20, ' MiB'],
  [2 ** 10, ' KiB'],
  [1, ' B'],
] as const;

/** A value with its unit in about four digits, such as `1.25 s`, `3.2 GiB`, `42 %`; not exact, and never for a table. */
export function unitText(value: number, unit: Unit): string {
  switch (unit) {
    case 'seconds':
      return scaled(value, SECONDS, 's', ' ');
    case 'bytes':
      return scaled(value, BINARY, ' B');
    case 'bytes/s':
      return `${scaled(value, BINARY, ' B')}/s`;
    case 'ratio':
      return `${digits(value * 100)} %`;
    case 'percent':
      return `${digits(value)} %`;
    case 'per second':
      return `${scaled(value, DECIMAL, '')}/s`;
    case 'none':
      return scaled(value, DECIMAL, '');
  }
}

function scaled(value: number, scale: readonly (readonly [number, string])[], zero: string, space = ''): string {
  if (value === 0) return `0${space}${zero}`;
  const size = Math.abs(value);
  // The smallest step takes whatever is smaller still.
  const [step, word] = scale.find(([least]) => size >= least * 0.9999995) ?? scale.at(-1) ?? [1, ''];
  return `${digits(value / step)}${space}${word}`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 || (size < 1e-4 && size > 0)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/**
 * The unit of a query, from the base units that Prometheus metric names end with
 * (https://prometheus.io/docs/practices/naming/#base-units); `none` where names disagree or arithmetic could have changed it.
 */
export function guessUnit(query: string): Unit {
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]|#.*$/gm, '');
  const plain = bare.replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  if (/\b(?:count|count_values|group|absent|changes|resets|timestamp|stdvar|sgn|ln|log2|log10|sqrt)\s*\(/.test(plain)) {
    return 'none';
  }
  if (/[*/%^]|[=!<>]=?\s*bool\b/.test(plain)) return 'none';
  const units = new Set([...plain.matchAll(/\b[a-zA-Z_:][\w:]*\b(?!\s*\()/g)].flatMap(([name]) => unitOfName(name)));
  const [unit] = units;
  if (units.size !== 1 || unit === undefined)
    return /\b(?:rate|irate)\s*\(/.test(plain) && units.size === 0 ? 'per second' : 'none';
  if (!/\b(?:rate|irate|deriv)\s*\(/.test(plain) || /\bhistogram_quantile\s*\(/.test(plain)) return unit;
  if (unit === 'bytes') return 'bytes/s';
  return 'none'; // seconds per second, ratio per second: no word that helps
}

function unitOfName(name: string): Unit[] {
  const stem = name.replace(/_(?:total|sum|bucket|created)$/, '');
  if (/(?:^|[_:])seconds$/.test(stem)) return ['seconds'];
  if (/(?:^|[_:])bytes$/.test(stem)) return ['bytes'];
  if (/(?:^|[_:])ratio$/.test(stem)) return ['ratio'];
  if (/(?:^|[_:])percent$/.test(stem)) return ['percent'];
  return [];
}
