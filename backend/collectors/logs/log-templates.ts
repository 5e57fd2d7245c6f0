/**
 * What log lines say, without what differs between two lines that say the same. After Drain (He et al., ICWS 2017): values are
 * masked, then texts of equal length that share their beginning and most of their words become one template. Unlike Drain it works
 * on the counted set of masked texts and not on the stream of lines, so the order of lines does not matter as long as their
 * masked texts fit the bound below.
 */

/** What stands for a part that differs; Loki's own notation. */
export const MASK = '<_>';

export interface Template<T> {
  /** Words and {@link MASK}. */
  readonly template: string;
  readonly count: number;
  /** What was added with its texts, folded together. */
  readonly data: T;
}

export interface TemplateMiner<T> {
  /** `weight` lines of this text. */
  add(text: string, weight: number, data: T): void;
  /** Most lines first, then by text; lines beyond the bound are under {@link OTHERS}. */
  templates(): Template<T>[];
}

export interface MinerOptions<T> {
  /** Folds what two texts of one template brought. Must not care for order. */
  readonly fold: (a: T, b: T) => T;
  /** Distinct masked texts kept; what comes after them is counted under {@link OTHERS}. */
  readonly maxTexts?: number;
}

/** The template of lines that no place was left for. */
export const OTHERS = '(other lines)';

const MAX_TEXTS = 2000;
/** Characters of a text that count: what follows is detail, and the work stays bounded. */
const MAX_LENGTH = 600;
const MAX_WORDS = 60;
/** Share of words that two texts have in common for them to be one template. */
const SIMILARITY = 0.6;
/** Templates of one length and beginning that a text is compared with. */
const MAX_SIBLINGS = 40;
/** Words that decide where a text belongs before any comparison. */
const PREFIX = 1;

/** Everything that is a value wherever it stands. Each is linear: no nested quantifier. The order counts. */
const MASKS: readonly RegExp[] = [
  /"(?:[^"\\]|\\.){0,400}"|'[^'\n]{1,400}'(?![a-z])/g, // quoted
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, // UUID
  /\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?/g, // time
  /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?\b/g, // IPv4
  /(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?![\w:])/gi, // IPv6
  /(?<=[a-z0-9]-)[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, // pod of a replica set
  /\b0x[0-9a-f]{1,16}\b/gi,
  /\b(?=[0-9a-f]{0,40}\d)[0-9a-f]{8,64}\b/gi, // hash, trace id
  /(?<![A-Za-z_])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?:ns|µs|us|ms|[smhd]|[KMGTP]i?B?|kB|B|%)?(?![A-Za-z_])/g, // number, with unit
  /(?<=[A-Za-z_-])\d+(?![A-Za-z])/g, // number behind a name
];

/** A line with its values masked; quoted text that says what happened (`msg="…"`, `reason="…"`) stays, its values masked. */
export function maskLine(line: string): string {
  let text = messageOf(line).slice(0, MAX_LENGTH);
  for (const mask of MASKS) text = text.replace(mask, MASK);
  // Two masks that touch are one: how many parts a value has is no part of what a line says.
  return text.replaceAll(/(?:<_>[,.:/_-]?){2,50}/g, (run) => `${MASK}${/[,.:/_-]$/.exec(run)?.[0] ?? ''}`).trim();
}

const SAID = /^(?:msg|message|error|err|reason|exception|cause|event|log)$/i;

/** What a line says: of JSON and logfmt the fields that hold a sentence, in their order; else the line without its colours. */
function messageOf(line: string): string {
  const text = line.slice(0, 20 * MAX_LENGTH);
  if (text.startsWith('{')) {
    const said = ofJson(text);
    if (said !== '') return said;
  }
  const pairs = [...text.matchAll(/(?<![\w.])([A-Za-z_][\w.]{0,40})=(?:"((?:[^"\\]|\\.){0,4000})"|(\S{1,400}))/g)];
  const said = pairs.flatMap(([, key = '', quoted, bare]) => (SAID.test(key) ? [quoted ?? bare ?? ''] : []));
  if (pairs.length >= 2 && said.length > 0) return said.join(': ');
  // oxlint-disable-next-line no-control-regex -- terminal colours are exactly what is removed here
  return text.replaceAll(/\u001b\[[0-9;]{0,20}m/g, '');
}

function ofJson(text: string): string {
  let json: unknown;
  try {
    // Loki's own patterns leave a mask where a number was.
    json = JSON.parse(text.replaceAll(/:<_>(?=[,}])/g, ':null'));
  } catch {
    return ''; // cut, or no JSON after all: its text is taken as it stands
  }
  if (json === null || typeof json !== 'object') return '';
  const said = Object.entries(json).flatMap(([key, value]: [string, unknown]) =>
    SAID.test(key) && typeof value === 'string' ? [value] : [],
  );
  return said.join(': ');
}

export function createTemplateMiner<T>({ fold, maxTexts = MAX_TEXTS }: MinerOptions<T>): TemplateMiner<T> {
  const texts = new Map<string, { count: number; data: T }>();
  let others: { count: number; data: T } | undefined;
  return {
    add: (text, weight, data) => {
      const known = texts.get(text);
      if (known) {
        known.count += weight;
        known.data = fold(known.data, data);
      } else if (texts.size < maxTexts && text !== OTHERS) texts.set(text, { count: weight, data });
      else others = others ? { count: others.count + weight, data: fold(others.data, data) } : { count: weight, data };
    },
    templates: () => {
      const found = mine(
        [...texts].map(([text, { count, data }]) => ({ text, count, data })),
        fold,
      );
      if (others) found.push({ template: OTHERS, ...others });
      return found.sort(
        (a, b) => b.count - a.count || (a.template < b.template ? -1 : a.template > b.template ? 1 : 0),
      );
    },
  };
}

interface Group<T> {
  readonly words: string[];
  count: number;
  data: T;
}

/** In an order of their own, so that the result depends on the set of texts alone: frequent ones first, as they shape a template best. */
function mine<T>(texts: { text: string; count: number; data: T }[], fold: (a: T, b: T) => T): Template<T>[] {
  const ordered = texts.sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
  const siblings = new Map<string, Group<T>[]>();
  for (const { text, count, data } of ordered) {
    const words = wordsOf(text);
    const key = `${words.length} ${words.slice(0, PREFIX).join(' ')}`;
    const known = siblings.get(key) ?? [];
    siblings.set(key, known);
    const group = nearest(known, words);
    if (group) {
      for (const [index, word] of words.entries()) if (group.words[index] !== word) group.words[index] = MASK;
      group.count += count;
      group.data = fold(group.data, data);
    } else if (known.length < MAX_SIBLINGS) known.push({ words, count, data });
    else {
      const last = known.at(-1);
      if (last) Object.assign(last, { count: last.count + count, data: fold(last.data, data) });
    }
  }
  const byText = new Map<string, Template<T>>();
  for (const { words, count, data } of [...siblings.values()].flat()) {
    const template = words.join(' ');
    const same = byText.get(template);
    byText.set(
      template,
      same ? { template, count: same.count + count, data: fold(same.data, data) } : { template, count, data },
    );
  }
  return [...byText.values()];
}

function wordsOf(text: string): string[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.length > MAX_WORDS ? [...words.slice(0, MAX_WORDS), '…'] : words;
}

/** The most similar group, of equals the first; undefined when none is similar enough. */
function nearest<T>(groups: readonly Group<T>[], words: readonly string[]): Group<T> | undefined {
  let best: Group<T> | undefined;
  let bestShare = SIMILARITY;
  for (const group of groups) {
    const share = similarity(group.words, words);
    if (share > bestShare || (share === bestShare && best === undefined)) [best, bestShare] = [group, share];
  }
  return best;
}

/** Share of places with the same word. A mask that meets a mask says nothing of either, so it counts half. */
function similarity(a: readonly string[], b: readonly string[]): number {
  let same = 0;
  for (const [index, word] of a.entries()) {
    if (word === b[index]) same += word === MASK ? 0.5 : 1;
  }
  return a.length === 0 ? 1 : same / a.length;
}
