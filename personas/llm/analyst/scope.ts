import { ClusterType, Environment } from '../../../backend/model/cluster.ts';
import { isSelector, matchesSelector, parseSelector } from '../../../backend/model/selector.ts';
import type { Fleet } from './playbook.ts';
import type { Question } from './question.ts';

/** Which clusters a question is about. */
export interface Scope {
  /** The `clusters` argument of a tool; absent = every cluster in the user's scope. */
  readonly argument: { readonly clusters?: readonly string[] };
  /** Names, when they are known without asking; absent = every cluster, or a selector over a fleet that is not known whole. */
  readonly names?: readonly string[];
  /** For a sentence: `all clusters`, `edge-1, edge-2`. */
  readonly words: string;
}

/**
 * Clusters that the question names win over the kind it names ("production clusters"), that over the session's context.
 * A name that is not known is kept: the tool then says that there is no such cluster and which ones are near.
 */
export function scopeOf(question: Question, fleet: Fleet, context: readonly string[]): Scope {
  const known = fleet.clusters.map((cluster) => cluster.name);
  const named = known.filter((name) => question.tokens.has(name));
  const unknown = question.clusterWords.filter((word) => !known.includes(word));
  const names = [...new Set([...named, ...unknown])];
  if (names.length > 0) return { argument: { clusters: names }, names, words: names.join(', ') };
  const selector = selectorOf(question.words);
  const wanted = selector === undefined ? context : [selector];
  const [only] = wanted;
  if (only === undefined) return { argument: {}, words: 'all clusters' };
  if (!isSelector(only)) return { argument: { clusters: wanted }, names: wanted, words: wanted.join(', ') };
  const words = `clusters with ${only}`;
  if (!fleet.whole) return { argument: { clusters: wanted }, words };
  const requirements = parseSelector(only);
  return {
    argument: { clusters: wanted },
    names: fleet.clusters.filter((cluster) => matchesSelector(cluster, requirements)).map((cluster) => cluster.name),
    words,
  };
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:production|prod)\s{1,9}(?:(?:far[ -])?edge\s{1,9}|hub\s{1,9}|spoke\s{1,9})?clusters?\b/,
    `environment=${Environment.enum.PRODUCTION}`,
  ],
  [/\bstaging\s{1,9}clusters?\b/, `environment=${Environment.enum.STAGING}`],
  [/\b(?:development|dev)\s{1,9}clusters?\b/, `environment=${Environment.enum.DEVELOPMENT}`],
  [/\blab\s{1,9}clusters?\b/, `environment=${Environment.enum.LAB}`],
  [/\bhub\s{1,9}clusters?\b/, `cluster_type=${ClusterType.enum.HUB}`],
  [/\bspoke\s{1,9}clusters?\b/, `cluster_type=${ClusterType.enum.SPOKE}`],
  [/\bfar[ -]edge\s{1,9}clusters?\b/, `cluster_type=${ClusterType.enum.FAR_EDGE}`],
  [/(?<!\bfar[ -])\bedge\s{1,9}clusters?\b/, `cluster_type=${ClusterType.enum.EDGE}`],
];

/** "production edge clusters" as one selector. */
function selectorOf(words: string): string | undefined {
  const requirements = KINDS.filter(([pattern]) => pattern.test(words)).map(([, requirement]) => requirement);
  return requirements.length > 0 ? requirements.join(',') : undefined;
}
