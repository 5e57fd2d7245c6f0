/**
 * A set of ASCII characters, one bit each. What a regular expression does with other characters does not matter for what it is
 * used for: names and nearly all label values are ASCII.
 */
export type AsciiSet = bigint;

export const ALL: AsciiSet = (1n << 128n) - 1n;
export const NONE: AsciiSet = 0n;

/** From `first` to `last`, both included; the part of it that is ASCII. */
export function rangeOf(first: number, last: number): AsciiSet {
  if (first > 127 || last < first) return NONE;
  const end = Math.min(last, 127);
  return ((1n << BigInt(end - first + 1)) - 1n) << BigInt(first);
}

export function charsOf(text: string): AsciiSet {
  return Array.from(text).reduce(
    (set, char) => set | rangeOf(char.codePointAt(0) ?? 128, char.codePointAt(0) ?? 128),
    NONE,
  );
}

export function complement(set: AsciiSet): AsciiSet {
  return ALL & ~set;
}

export function includesAll(set: AsciiSet, wanted: AsciiSet): boolean {
  return (set & wanted) === wanted;
}

const UPPER = rangeOf(65, 90);
const LOWER = rangeOf(97, 122);

/** With the other case of each letter. */
export function foldCase(set: AsciiSet): AsciiSet {
  return set | ((set & UPPER) << 32n) | ((set & LOWER) >> 32n);
}

export const DIGITS = rangeOf(48, 57);
export const WORD = DIGITS | UPPER | LOWER | charsOf('_');
export const SPACE = charsOf('\t\n\f\r ');
/** What one can see, and the blank. */
export const PRINTABLE = rangeOf(32, 126);

/** The POSIX classes of RE2, as in `[[:alpha:]]`. */
export const POSIX: Readonly<Record<string, AsciiSet>> = {
  alnum: DIGITS | UPPER | LOWER,
  alpha: UPPER | LOWER,
  ascii: ALL,
  blank: charsOf('\t '),
  cntrl: rangeOf(0, 31) | rangeOf(127, 127),
  digit: DIGITS,
  graph: rangeOf(33, 126),
  lower: LOWER,
  print: PRINTABLE,
  punct: rangeOf(33, 126) & complement(DIGITS | UPPER | LOWER),
  space: charsOf('\t\n\u000b\f\r '),
  upper: UPPER,
  word: WORD,
  xdigit: DIGITS | charsOf('abcdefABCDEF'),
};

/** The ASCII part of a Unicode category or script such as `L` or `Greek`; undefined when there is none of that name. */
export function unicodeClass(name: string): AsciiSet | undefined {
  if (!/^[A-Za-z_]{1,40}$/.test(name)) return undefined;
  if (name === 'Any') return ALL;
  const test = [`\\p{General_Category=${name}}`, `\\p{Script=${name}}`].map(compiled).find((one) => one !== undefined);
  if (!test) return undefined;
  let set = NONE;
  for (let code = 0; code < 128; code += 1) if (test.test(String.fromCodePoint(code))) set |= 1n << BigInt(code);
  return set;
}

function compiled(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined; // no such property, which is the question
  }
}
