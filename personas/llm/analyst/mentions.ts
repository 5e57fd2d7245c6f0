import { ClusterState, ClusterType, Environment, Platform } from '../../../backend/model/cluster.ts';
import type { Fleet } from './playbook.ts';
import type { Phrase, Question } from './question.ts';
import { NEGATED } from './words.ts';

/** A part of the question that says which clusters are meant: one requirement of a selector. */
export interface Mention extends Phrase {
  readonly key: string;
  readonly value: string;
  /** "except hub-1", "non-prod". */
  readonly negated: boolean;
}

/** A word of its own, not a part of a name such as `prod-eu-1`; "non-prod" is one with its "non-". */
const word = (words: string) => new RegExp(String.raw`(?<![\w./=-])(non-)?(?:${words})(?![\w/=-])`, 'g');
const CLUSTERS = String.raw`(?:\s{1,9}clusters?)?`;

const KINDS: readonly (readonly [RegExp, string, string])[] = [
  [word(`(?:production|prod)${CLUSTERS}`), 'environment', Environment.enum.PRODUCTION],
  [word(`(?:staging|stage)${CLUSTERS}`), 'environment', Environment.enum.STAGING],
  [word(`(?:development|dev)${CLUSTERS}`), 'environment', Environment.enum.DEVELOPMENT],
  [word(`labs?${CLUSTERS}`), 'environment', Environment.enum.LAB],
  [word(`hubs?${CLUSTERS}`), 'cluster_type', ClusterType.enum.HUB],
  [word(`spokes?${CLUSTERS}`), 'cluster_type', ClusterType.enum.SPOKE],
  [word(`far[ -]edge${CLUSTERS}`), 'cluster_type', ClusterType.enum.FAR_EDGE],
  [word(`(?<!\\bfar )edge${CLUSTERS}`), 'cluster_type', ClusterType.enum.EDGE],
  [word(`openshift${CLUSTERS}`), 'platform', Platform.enum.OPENSHIFT],
  [word(`microshift${CLUSTERS}`), 'platform', Platform.enum.MICROSHIFT],
  ...ClusterState.options.map((state) => [word(state.toLowerCase()), 'state', state] as const),
];
const REGION = /\bregion\s{1,9}(?:is\s{1,9}|of\s{1,9})?([a-z0-9][a-z0-9-]{0,62})/g;
const NO_REGION: ReadonlySet<string> = new Set([
  'is',
  'are',
  'do',
  'does',
  'has',
  'have',
  'of',
  'and',
  'or',
  'in',
  'with',
]);
/** Namespaces by convention of the platforms, where a cluster of that name is unlikely. */
const PLATFORM_NAMESPACE = /^(?:kube|openshift)-/;

/** In the order of the question. What was read as one thing (a name) is not read again as another (its environment). */
export function mentionsOf(question: Question, fleet: Fleet): Mention[] {
  const { words } = question;
  const found: Mention[] = [];
  const others = question.phrases.filter((phrase) => phrase.kind === 'namespace');
  const isFree = (start: number, end: number) =>
    [...found, ...others].every((one) => end <= one.start || one.end <= start);
  const add = (start: number, end: number, key: string, value: string, negated = false) => {
    if (isFree(start, end)) found.push({ kind: 'scope', start, end, key, value, negated });
  };

  for (const { start, end, key, value, negated } of question.selectors) add(start, end, key, value, negated);
  for (const match of words.matchAll(REGION)) {
    const [text, region = ''] = match;
    if (!NO_REGION.has(region)) add(match.index, match.index + text.length, 'region', region);
  }
  const known = new Set(fleet.clusters.map((cluster) => cluster.name));
  const regions = new Set(fleet.clusters.flatMap((cluster) => cluster.region?.toLowerCase() ?? []));
  const unknown = new Set(question.clusterWords.filter((name) => !known.has(name) && !PLATFORM_NAMESPACE.test(name)));
  const labels = new Set(
    fleet.clusters.flatMap(({ labels: own }) => Object.entries(own).map((pair) => pair.join(' '))),
  );
  for (const match of words.matchAll(/[a-z0-9][\w./-]*/g)) {
    const text = match[0].replace(/[./_-]+$/, '');
    const end = match.index + text.length;
    const next = /^(?:\s{1,3}(?:is|of))?\s{1,3}([\w./-]*\w)/.exec(words.slice(end, end + 100));
    if (known.has(text)) add(match.index, end, 'name', text);
    else if (next && labels.has(`${text} ${next[1]}`)) add(match.index, end + next[0].length, text, next[1] ?? '');
    else if (regions.has(text)) add(match.index, end, 'region', text);
    else if (unknown.has(text)) add(match.index, end, 'name', text);
  }
  for (const [pattern, key, value] of KINDS) {
    for (const match of words.matchAll(pattern))
      add(match.index, match.index + match[0].length, key, value, match[1] !== undefined);
  }
  return withNegation(
    found.sort((a, b) => a.start - b.start),
    words,
  );
}

/** "except hub-1 and lab" leaves out both; the negation is part of what has been read. */
function withNegation(mentions: readonly Mention[], words: string): Mention[] {
  const result: Mention[] = [];
  for (const one of mentions) {
    const previous = result.at(-1);
    const gap = words.slice(Math.max(previous?.end ?? 0, one.start - 80), one.start);
    const negation = NEGATED.exec(gap);
    const chained = previous?.negated === true && /^\s*(?:,|and|or|nor|,\s*and)\s*$/.test(gap);
    if (negation) result.push({ ...one, negated: !one.negated, start: one.start - negation[0].length });
    else result.push(chained ? { ...one, negated: true } : one);
  }
  return result;
}
