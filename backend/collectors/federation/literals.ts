const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
/** Largest first; weeks and years are not written, as nobody reads them faster than days. */
const PRINTED_UNITS = ['d', 'h', 'm', 's', 'ms'] as const;
const DURATION = /^(?:\d+(?:ms|[smhdwy]))+$/;
const CLASSIC_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const CLASSIC_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Milliseconds of `1h30m`, or of plain seconds such as `300` (Prometheus 3); undefined when it is neither. */
export function readDuration(text: string): number | undefined {
  if (DURATION.test(text)) {
    let total = 0;
    for (const [, count, unit = ''] of text.matchAll(/(\d+)(ms|[smhdwy])/g))
      total += Number(count) * (UNIT_MS[unit] ?? 0);
    return total;
  }
  const seconds = readNumber(text);
  return seconds === undefined || !Number.isFinite(seconds) ? undefined : Math.round(seconds * 1000);
}

export function printDuration(ms: number): string {
  const size = Math.abs(ms);
  const unit = PRINTED_UNITS.find((one) => size % (UNIT_MS[one] ?? 1) === 0) ?? 'ms';
  return size === 0 ? '0s' : `${ms < 0 ? '-' : ''}${size / (UNIT_MS[unit] ?? 1)}${unit}`;
}

/** A number as PromQL writes it: decimal, exponent, hexadecimal, `Inf`, `NaN`, and durations as seconds (Prometheus 3). */
export function readNumber(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text
    .replace(/^[+-]\s*/, '')
    .replaceAll('_', '')
    .toLowerCase();
  if (body === 'inf') return sign * Infinity;
  if (body === 'nan') return NaN;
  if (/^0x[0-9a-f]+$/.test(body) || /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(body)) {
    // A leading zero means octal to Go's integer parser.
    const octal = /^0[0-7]+$/.test(body);
    return sign * (octal ? Number.parseInt(body, 8) : Number(body));
  }
  if (!DURATION.test(body)) return undefined;
  return (sign * (readDuration(body) ?? 0)) / 1000;
}

export function printNumber(value: number): string {
  if (value === Infinity) return 'Inf';
  if (value === -Infinity) return '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** The text inside a quoted literal, by Go's escapes; undefined for an escape that Go refuses. */
export function readString(literal: string): string | undefined {
  const quote = literal[0];
  const body = literal.slice(1, -1);
  if (quote === '`') return body;
  const bytes: number[] = [];
  const out: string[] = [];
  const flush = (): void => {
    if (bytes.length > 0) out.push(new TextDecoder().decode(Uint8Array.from(bytes)));
    bytes.length = 0;
  };
  const pattern =
    /\\(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\"']))|[^\\]|\\/gu;
  for (const [whole, hex, octal, u4, u8, simple] of body.matchAll(pattern)) {
    if (whole === '\\') return undefined;
    if (hex !== undefined || octal !== undefined) {
      bytes.push(hex === undefined ? Number.parseInt(octal ?? '0', 8) : Number.parseInt(hex, 16));
      continue;
    }
    flush();
    const code = u4 ?? u8;
    if (code !== undefined) {
      const point = Number.parseInt(code, 16);
      if (point > 0x10ffff) return undefined;
      out.push(String.fromCodePoint(point));
    } else out.push(simple === undefined ? whole : (SIMPLE_ESCAPES[simple] ?? ''));
  }
  flush();
  return out.join('');
}

/** A double-quoted literal that Go and this module read back alike: JSON's escapes are a part of Go's. */
export function printString(text: string): string {
  return JSON.stringify(text);
}

export function printLabelName(name: string): string {
  return CLASSIC_LABEL.test(name) ? name : printString(name);
}

/** Words that a metric may be called, but that mean something else where an expression begins. */
const RESERVED =
  /^(?:and|or|unless|atan2|offset|by|without|on|ignoring|group_left|group_right|bool|start|end|inf|nan|sum|avg|count|min|max|group|stddev|stdvar|topk|bottomk|count_values|quantile|limitk|limit_ratio|fill|fill_left|fill_right|anchored|smoothed)$/i;

/** True when the name can stand before the braces of a selector. */
export function isClassicMetricName(name: string): boolean {
  return CLASSIC_METRIC.test(name) && !RESERVED.test(name);
}
