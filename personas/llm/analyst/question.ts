import { DEFAULT_LIMIT, limitOf, windowOf } from './numbers.ts';
import { NEGATED, wordSet } from './words.ts';

/** What a part of the question narrows; a playbook says which of them it can honour. */
export type PhraseKind = 'window' | 'limit' | 'namespace' | 'grouping' | 'selector';

/** A part of {@link Question.words} that a rule has read. */
export interface Phrase {
  readonly kind: PhraseKind | 'scope';
  readonly start: number;
  readonly end: number;
}

/** `tier=edge` as it was written. */
export interface WrittenSelector extends Phrase {
  readonly key: string;
  readonly negated: boolean;
  readonly value: string;
}

export type Grouping = 'namespace' | 'pod' | 'cluster';

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
  /** Said before the answer: what of the question could not be done as it was asked. */
  readonly notes: readonly string[];
  /** "in namespace payments". */
  readonly namespace?: string;
  /** "per namespace", "which clusters use …". */
  readonly grouping?: Grouping;
  readonly selectors: readonly WrittenSelector[];
  /** Words that stand where a cluster name stands ("in edge-1", "cluster lab"). They need not name one. */
  readonly clusterWords: readonly string[];
  /** What of `words` the rules above have read. */
  readonly phrases: readonly Phrase[];
}

const LONGEST_QUESTION = 4000;
const TRAILING_WINDOW = /\s{1,9}(?:in|over|for|during)\s{1,9}the\s{1,9}(?:last|past|previous)\s{1,9}[a-z0-9. ]{1,30}$/i;
const TRAILING_CLUSTER =
  /\s{1,9}(?:in|on|at|for|from)\s{1,9}(?:the\s{1,9})?(?:cluster\s{1,9})?([a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/;
const RUN = /^\s*(?:please\s{1,9})?(?:run|query|promql|evaluate|execute)\b[:\s]{1,9}(\S.*)$/is;

/** Label selectors of clusters; these keys are labels of alerts and of series instead. */
const SELECTOR =
  /(?<![\w./-])([A-Za-z][A-Za-z0-9._/-]{0,250})\s{0,3}(!=|==?)\s{0,3}"?([A-Za-z0-9][A-Za-z0-9._/-]{0,250})"?/g;
const NOT_OF_CLUSTERS: ReadonlySet<string> = new Set(['namespace', 'severity', 'alertname', 'pod', 'container']);

const NAMESPACE_AFTER = /\bnamespace(?:\s{1,9}|\s{0,3}=\s{0,3}"?)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?![\w-])"?/;
const NAMESPACE_BEFORE = /(?<![\w-])([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\s{1,9}namespace\b/;
const GROUPINGS: readonly (readonly [Grouping, RegExp])[] = [
  ['namespace', /\b(?:(?:per|by|for\s{1,3}each|of\s{1,3}each|each)\s{1,3}namespace|namespaces)\b/],
  ['pod', /\b(?:per|by|for\s{1,3}each|of\s{1,3}each|each)\s{1,3}pods?\b/],
  ['cluster', /\b(?:per|by|for\s{1,3}each|of\s{1,3}each|each)\s{1,3}clusters?\b/],
  [
    'cluster',
    /\b(?:which|what|rank|top)\s{1,3}(?:(?!in\b|on\b|of\b|for\b|across\b)[\w-]{1,20}\s{1,3}){0,2}clusters?\b/,
  ],
];

export function understand(text: string): Question {
  const whole = text.slice(0, LONGEST_QUESTION).replaceAll('’', "'");
  const { promql, rest } = splitPromql(whole);
  // Only ASCII changes its case, so that positions in `words` are positions in `rest`.
  const words = rest.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const selectors = selectorsOf(rest);
  const window = windowOf(words);
  const limit = limitOf(words);
  const namespace = namespaceOf(words);
  const grouping = groupingOf(words);
  const phrases = [
    ...selectors,
    ...(window ? [spanOf('window', window.match)] : []),
    ...(limit ? [spanOf('limit', limit.match)] : []),
    ...(namespace ? [spanOf('namespace', namespace)] : []),
    ...(grouping ? [spanOf('grouping', grouping.match)] : []),
  ];
  return {
    words,
    tokens: new Set(
      words
        .split(/[^a-z0-9-]+/)
        .map((token) => token.replace(/^-+|-+$/g, ''))
        .filter((token) => token !== ''),
    ),
    limit: limit?.lines ?? DEFAULT_LIMIT,
    notes: limit?.note === undefined ? [] : [limit.note],
    clusterWords: clusterWordsOf(words).filter((word) => word !== namespace?.[1] && !isSelected(word, selectors)),
    selectors,
    phrases,
    ...(promql === undefined ? {} : { promql }),
    ...(window === undefined ? {} : { window: window.duration }),
    ...(namespace?.[1] === undefined ? {} : { namespace: namespace[1] }),
    ...(grouping === undefined ? {} : { grouping: grouping.by }),
  };
}

function spanOf(kind: PhraseKind, match: RegExpExecArray): Phrase {
  return { kind, start: match.index, end: match.index + match[0].length };
}

function selectorsOf(text: string): WrittenSelector[] {
  return [...text.matchAll(SELECTOR)].flatMap((match) => {
    const [, key = '', operator, written = ''] = match;
    if (NOT_OF_CLUSTERS.has(key.toLowerCase())) return [];
    const value = written.replace(/[._/-]+$/, '');
    return [{ ...spanOf('selector', match), key, negated: operator === '!=', value }];
  });
}

function isSelected(word: string, selectors: readonly WrittenSelector[]): boolean {
  return selectors.some(({ key, value }) => word === value.toLowerCase() || word === key.toLowerCase());
}

function namespaceOf(words: string): RegExpExecArray | undefined {
  for (const pattern of [NAMESPACE_AFTER, NAMESPACE_BEFORE]) {
    const match = pattern.exec(words);
    if (match && !FILLERS.has(match[1] ?? '') && !NEGATED.test(words.slice(0, match.index))) return match;
  }
  return undefined;
}

function groupingOf(words: string): { by: Grouping; match: RegExpExecArray } | undefined {
  for (const [by, pattern] of GROUPINGS) {
    const match = pattern.exec(words);
    if (match) return { by, match };
  }
  return undefined;
}

/** Words that stand before or after "namespace" or "cluster" without being a name. */
const FILLERS = wordSet(`
  a an the any all by each every in is are on of per my our this that which what and or has have with health status state list names name top memory cpu does do use uses using count was were critical firing pending alerts pods pod least lowest highest
`);

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
  const looksLikePromql =
    /[{([]/.test(expression) ||
    /^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\s{0,9}(?:[=!<>]=|[<>+*/%^-])\s{0,9}(?:bool\s{1,9})?[\w:.+-]{1,100})*$/.test(
      expression,
    );
  return looksLikePromql ? { promql: expression, rest: around } : { rest: text };
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
