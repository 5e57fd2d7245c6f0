export const DEFAULT_LIMIT = 10;
const MOST_LIMIT = 50;

const NUMBERS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
};
const COUNTS = Object.keys(NUMBERS).filter((word) => word.length > 2);
const COUNT = String.raw`(\d{1,9}(?!\.?\d)|${COUNTS.join('|')})\b`;
const UNITS: readonly (readonly [string, number])[] = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

const WINDOW = new RegExp(
  String.raw`\b(?:last|past|previous)\s{1,9}(?:(\d{1,4}(?:\.\d{1,3})?|${Object.keys(NUMBERS).join('|')})\s{0,9})?(s|sec|seconds?|m|min|mins|minutes?|h|hr|hrs|hours?|d|days?|w|weeks?)\b`,
);
const LIMIT_AFTER = new RegExp(String.raw`\b(?:top|first|highest|lowest|largest|smallest|biggest)[\s-]{0,9}${COUNT}`);
const LIMIT_BEFORE = new RegExp(
  String.raw`\b${COUNT}\s{1,9}(?:top|highest|lowest|largest|smallest|biggest|most|least)\b`,
);

/** "in the last 1.5 hours" as a PromQL duration, which has no fractions: `90m`. */
export function windowOf(words: string): { duration: string; match: RegExpExecArray } | undefined {
  const match = WINDOW.exec(words);
  if (!match) return undefined;
  const [, count, unit = 'h'] = match;
  const number = count === undefined ? 1 : (NUMBERS[count] ?? Number(count));
  const letter = unit.charAt(0);
  if (Number.isInteger(number)) return number > 0 ? { duration: `${number}${letter}`, match } : undefined;
  const seconds = Math.round(number * (UNITS.find(([name]) => name === letter)?.[1] ?? 1));
  const whole = UNITS.find(([, length]) => seconds % length === 0);
  return seconds > 0 && whole ? { duration: `${seconds / whole[1]}${whole[0]}`, match } : undefined;
}

/** "top 5", "top five", "5 biggest"; with a note when as many lines cannot be listed. */
export function limitOf(words: string): { lines: number; note?: string; match: RegExpExecArray } | undefined {
  const match = LIMIT_AFTER.exec(words) ?? LIMIT_BEFORE.exec(words);
  if (!match) return undefined;
  const asked = NUMBERS[match[1] ?? ''] ?? Number(match[1]);
  if (asked > MOST_LIMIT)
    return { lines: MOST_LIMIT, match, note: `At most \`${MOST_LIMIT}\` are listed, not \`${asked}\`.` };
  if (asked < 1)
    return {
      lines: DEFAULT_LIMIT,
      match,
      note: `A list of \`${asked}\` cannot be made; up to \`${DEFAULT_LIMIT}\` are listed.`,
    };
  return { lines: asked, match };
}
