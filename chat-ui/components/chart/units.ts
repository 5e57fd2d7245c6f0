/** What a number counts, for axes and readouts. `ratio` is 0–1 and shown in percent. */
export const UNITS = [
  'none',
  'seconds',
  'bytes',
  'bytes/s',
  'ratio',
  'percent',
  'per second',
  'celsius',
  'watts',
] as const;
export type Unit = (typeof UNITS)[number];

export const UNIT_WORDS: Readonly<Record<Unit, string>> = {
  none: 'number',
  seconds: 'seconds',
  bytes: 'bytes',
  'bytes/s': 'bytes per second',
  ratio: 'percent of 1',
  percent: 'percent',
  'per second': 'per second',
  celsius: 'degrees Celsius',
  watts: 'watts',
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
const WATTS = [
  [1e6, ' MW'],
  [1e3, ' kW'],
  [1, ' W'],
  [1e-3, ' mW'],
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
    case 'celsius':
      return `${digits(value)} °C`;
    case 'watts':
      return scaled(value, WATTS, ' W');
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
 * (https://prometheus.io/docs/practices/naming/#base-units), and of names without one from what is `described` of them; `none`
 * where names disagree or arithmetic could have changed it.
 */
export function guessUnit(query: string, described: ReadonlyMap<string, Unit> = new Map()): Unit {
  const plain = withoutMatchers(query);
  if (changesUnit(plain)) return 'none';
  const units = new Set(namesIn(plain).flatMap((name) => unitOfName(name) ?? described.get(name) ?? []));
  const [unit] = units;
  if (units.size !== 1 || unit === undefined)
    return /\b(?:rate|irate)\s*\(/.test(plain) && units.size === 0 ? 'per second' : 'none';
  if (!/\b(?:rate|irate|deriv)\s*\(/.test(plain) || /\bhistogram_quantile\s*\(/.test(plain)) return unit;
  if (unit === 'bytes') return 'bytes/s';
  return 'none'; // seconds per second, ratio per second: no word that helps
}

/** Metrics of a query whose name has no unit, each once, where knowing one could tell that of the query. */
export function namesWithoutUnit(query: string): string[] {
  const plain = withoutMatchers(query);
  return changesUnit(plain) ? [] : [...new Set(namesIn(plain))].filter((name) => unitOfName(name) === undefined);
}

/**
 * The unit that targets tell of a metric: the one they declare, else what their words of help say it is in, such as
 * `GPU utilization (in %).`; undefined where they tell none or not the same.
 */
export function describedUnit(told: readonly { readonly unit: string; readonly help: string }[]): Unit | undefined {
  const units = new Set(told.map(({ unit, help }) => UNIT_OF_WORD[(unit === '' ? inHelp(help) : unit).toLowerCase()]));
  const [unit] = units;
  return units.size === 1 ? unit : undefined;
}

const UNIT_OF_WORD: Readonly<Record<string, Unit>> = {
  seconds: 'seconds',
  s: 'seconds',
  bytes: 'bytes',
  byte: 'bytes',
  ratio: 'ratio',
  percent: 'percent',
  percentage: 'percent',
  '%': 'percent',
};

function inHelp(help: string): string {
  return /\bin (seconds|bytes|percent|%)(?![\w/])(?! per\b)/i.exec(help)?.[1] ?? '';
}

/** Without strings, matchers, ranges, comments and lists of labels. */
function withoutMatchers(query: string): string {
  return query
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]|#.*$/gm, '')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
}

function changesUnit(plain: string): boolean {
  const counts = /\b(?:count|count_values|group|absent|changes|resets|timestamp|stdvar|sgn|ln|log2|log10|sqrt)\s*\(/;
  return counts.test(plain) || /[*/%^]|[=!<>]=?\s*bool\b/.test(plain);
}

const KEYWORDS = new Set(['and', 'or', 'unless', 'offset', 'bool', 'by', 'without', 'atan2', 'inf', 'nan']);

function namesIn(plain: string): string[] {
  const words = [...plain.matchAll(/\b[a-zA-Z_:][\w:]*\b(?!\s*\()/g)].map(([name]) => name);
  return words.filter((word) => !KEYWORDS.has(word.toLowerCase()));
}

function unitOfName(name: string): Unit | undefined {
  const stem = name.replace(/_(?:total|sum|bucket|created)$/, '');
  if (/(?:^|[_:])seconds$/.test(stem)) return 'seconds';
  if (/(?:^|[_:])bytes$/.test(stem)) return 'bytes';
  if (/(?:^|[_:])ratio$/.test(stem)) return 'ratio';
  if (/(?:^|[_:])percent$/.test(stem)) return 'percent';
  if (/(?:^|[_:])celsius$/.test(stem)) return 'celsius';
  if (/(?:^|[_:])watts$/.test(stem)) return 'watts';
  return undefined;
}
