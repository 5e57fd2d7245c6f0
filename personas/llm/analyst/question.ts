/** A question as the offline analyst understands it. Every pattern here is linear in the length of the text. */
export interface Question {
  /** Lower case, without PromQL. */
  readonly words: string;
  /** Words and names of the question, `-` kept. */
  readonly tokens: ReadonlySet<string>;
  /** A PromQL expression that was given as such. */
  readonly promql?: string;
  /** "in the last 30 minutes" as a PromQL duration: `30m`. */
  readonly window?: string;
  /** "top 5"; 10 when the question does not say. */
  readonly limit: number;
  /** "in namespace payments". */
  readonly namespace?: string;
  /** Words that stand where a cluster name stands ("in edge-1", "cluster lab"). They need not name one. */
  readonly clusterWords: readonly string[];
}

const LONGEST_QUESTION = 4000;
const DEFAULT_LIMIT = 10;
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
  thirty: 30,
};
const WINDOW = new RegExp(
  String.raw`\b(?:last|past|previous)\s{1,9}(?:(\d{1,4}|${Object.keys(NUMBERS).join('|')})\s{0,9})?(s|sec|seconds?|m|min|mins|minutes?|h|hr|hrs|hours?|d|days?|w|weeks?)\b`,
);
const TRAILING_WINDOW = /\s{1,9}(?:in|over|for|during)\s{1,9}the\s{1,9}(?:last|past|previous)\s{1,9}[a-z0-9 ]{1,30}$/i;
const TRAILING_CLUSTER =
  /\s{1,9}(?:in|on|at|for|from)\s{1,9}(?:the\s{1,9})?(?:cluster\s{1,9})?([a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/;
const RUN = /^\s*(?:please\s{1,9})?(?:run|query|promql|evaluate|execute)\b[:\s]{1,9}(\S.*)$/is;

export function understand(text: string): Question {
  const whole = text.slice(0, LONGEST_QUESTION);
  const { promql, rest } = splitPromql(whole);
  const words = rest.toLowerCase();
  const window = windowOf(words);
  const namespace =
    /\bnamespace\s{1,9}([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\b/.exec(words)?.[1] ??
    /\b([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\s{1,9}namespace\b/.exec(words)?.[1];
  const named = namespace === undefined || FILLERS.has(namespace) ? undefined : namespace;
  return {
    words,
    tokens: new Set(
      words
        .split(/[^a-z0-9-]+/)
        .map((token) => token.replace(/^-+|-+$/g, ''))
        .filter((token) => token !== ''),
    ),
    limit: limitOf(words),
    clusterWords: clusterWordsOf(words).filter((word) => word !== named),
    ...(promql === undefined ? {} : { promql }),
    ...(window === undefined ? {} : { window }),
    ...(named === undefined ? {} : { namespace: named }),
  };
}

/** Words that stand before or after "namespace" or "cluster" without being a name. */
const FILLERS: ReadonlySet<string> = new Set([
  'a',
  'an',
  'the',
  'any',
  'all',
  'by',
  'each',
  'every',
  'in',
  'is',
  'are',
  'on',
  'of',
  'per',
  'my',
  'our',
  'this',
  'that',
  'which',
  'what',
  'and',
  'or',
  'has',
  'have',
  'with',
  'health',
  'status',
  'state',
  'list',
  'names',
  'name',
  'top',
  'memory',
  'cpu',
  'does',
  'do',
  'use',
  'uses',
  'using',
  'count',
]);

/** PromQL in backticks, or after "run" or "query" when it looks like an expression; and the question around it. */
function splitPromql(text: string): { promql?: string; rest: string } {
  const ticked = /`{1,3}([^`]{1,3000})`{1,3}/.exec(text);
  if (ticked) return { promql: (ticked[1] ?? '').trim(), rest: text.replace(ticked[0], ' ') };
  const run = RUN.exec(text);
  if (!run) return { rest: text };
  let expression = (run[1] ?? '').trim().replace(/[?.!]+$/, '');
  let around = '';
  for (const trailing of [TRAILING_WINDOW, TRAILING_CLUSTER, TRAILING_WINDOW]) {
    const match = trailing.exec(expression);
    if (!match) continue;
    around += match[0];
    expression = expression.slice(0, match.index);
  }
  const looksLikePromql = /[{([]/.test(expression) || /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(expression);
  return looksLikePromql ? { promql: expression, rest: around } : { rest: text };
}

function windowOf(words: string): string | undefined {
  const match = WINDOW.exec(words);
  if (!match) return undefined;
  const [, count, unit = 'h'] = match;
  const number = count === undefined ? 1 : (NUMBERS[count] ?? Number(count));
  return number > 0 ? `${number}${unit[0]}` : undefined;
}

function limitOf(words: string): number {
  const match =
    /\b(?:top|first|highest|largest|biggest)\s{1,9}(\d{1,3})\b/.exec(words) ??
    /\b(\d{1,3})\s{1,9}(?:top|highest|largest|biggest|most)\b/.exec(words);
  const asked = match ? Number(match[1]) : DEFAULT_LIMIT;
  return Math.min(Math.max(asked, 1), MOST_LIMIT);
}

function clusterWordsOf(words: string): string[] {
  const found = new Set<string>();
  for (const [, word = ''] of words.matchAll(
    /\b(?:in|on|at|for|from|of|and)\s{1,9}(?:the\s{1,9})?cluster\s{1,9}([a-z0-9][a-z0-9-]{1,61}[a-z0-9])(?![a-z0-9_-])/g,
  )) {
    if (!FILLERS.has(word)) found.add(word);
  }
  // Elsewhere only what looks like a machine's name counts: "in edge-1", "is cluster edge-1 up", not "in total" or "is the cluster healthy".
  for (const [, word = ''] of words.matchAll(
    /\b(?:in|on|at|for|from|of|is|are|and|cluster)\s{1,9}(?:the\s{1,9})?(?:cluster\s{1,9})?([a-z0-9][a-z0-9-]{1,61}[a-z0-9])(?![a-z0-9_-])/g,
  )) {
    const likeAName =
      /[a-z]/.test(word) &&
      /[\d-]/.test(word) &&
      !/^\d+(?:ms|s|sec|m|min|h|hr|d|w)$/.test(word) &&
      !/^top-?\d+$/.test(word);
    if (likeAName) found.add(word);
  }
  return [...found];
}
