import {
  ClusterState,
  ClusterType,
  Environment,
  type ListedCluster,
  Platform,
} from '../../../backend/model/cluster.ts';
import { isSelector, matchesSelector, parseSelector } from '../../../backend/model/selector.ts';
import type { Fleet } from './playbook.ts';
import { type Mention, mentionsOf } from './mentions.ts';
import type { Phrase, Question } from './question.ts';

/** Which clusters a question is about. */
export interface Scope {
  /** The `clusters` argument of a tool; absent = every cluster in the user's scope. */
  readonly argument: { readonly clusters?: readonly string[] };
  /** Names, when they are known without asking; absent = every cluster, or a selector over a fleet that is not known whole. */
  readonly names?: readonly string[];
  /** For a sentence: `all clusters`, `edge-1, edge-2`. */
  readonly words: string;
  /** What of the question this scope was read from. */
  readonly phrases: readonly Phrase[];
}

/** Fields whose values are known, so that "one of these" can be asked as "none of the others". */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  environment: Environment.options,
  cluster_type: ClusterType.options,
  state: ClusterState.options,
  platform: Platform.options,
};

/**
 * Clusters that the question names win over the kind it names ("production clusters"), that over the session's context;
 * names and kinds joined by "and" are both meant. A name that is not known is kept: the tool then says that there is no
 * such cluster and which ones are near.
 */
export function scopeOf(question: Question, fleet: Fleet, context: readonly string[]): Scope {
  const all = mentionsOf(question, fleet);
  const names = [...new Set(all.filter((one) => one.key === 'name' && !one.negated).map((one) => one.value))];
  // "is edge-1 online" asks for the state; "offline clusters" narrows by it.
  if (names.length > 0)
    return namedScope(
      names,
      all.filter((one) => one.key !== 'state'),
      question,
      fleet,
    );
  if (all.length === 0) return contextScope(fleet, context);
  const kind = kindOf(all);
  const [only] = context;
  if (only === undefined || all.some((one) => !one.negated && one.key !== 'state')) {
    return kindScope(kind, fleet, all) ?? contextScope(fleet, context);
  }
  // "offline clusters" and "all but hub-1" narrow what the session is about.
  const base = contextScope(fleet, context);
  if (isSelector(only) && kind.selector !== undefined) {
    const both = { ...kind, selector: `${only},${kind.selector}`, words: `${only},${kind.words}` };
    return {
      ...base,
      ...kindScope(both, fleet, all),
      ...(base.names ? { names: fitting(kind, fleet, base.names) } : {}),
    };
  }
  if (!fleet.whole) return base;
  const kept = fitting(kind, fleet, base.names ?? []);
  return { argument: { clusters: kept }, names: kept, words: `${base.words} with ${kind.words}`, phrases: all };
}

function namedScope(names: readonly string[], mentions: readonly Mention[], question: Question, fleet: Fleet): Scope {
  const ofNames = mentions.filter((one) => one.key === 'name');
  const left = new Set(ofNames.filter((one) => one.negated).map((one) => one.value));
  const wanted = names.filter((name) => !left.has(name));
  const alone = { argument: { clusters: wanted }, names: wanted, words: wanted.join(', ') };
  const kinds = mentions.filter((one) => one.key !== 'name');
  if (kinds.length === 0) return { ...alone, phrases: mentions };
  const kind = kindOf(kinds);
  const known = wanted.filter((name) => fleet.clusters.some((cluster) => cluster.name === name));
  if (!areJoined(mentions, question.words)) {
    return { ...alone, phrases: fitting(kind, fleet, known).length === known.length ? mentions : ofNames };
  }
  if (!fleet.whole) return { ...alone, phrases: ofNames };
  const both = [...new Set([...fitting(kind, fleet).filter((name) => !left.has(name)), ...wanted])].sort();
  const words = `clusters with ${kind.words} and ${wanted.join(', ')}`;
  return { argument: { clusters: both }, names: both, words, phrases: mentions };
}

/** Undefined when no selector says it and the fleet is not known whole. */
function kindScope(kind: Kind, fleet: Fleet, phrases: readonly Phrase[]): Scope | undefined {
  const words = `clusters with ${kind.words}`;
  if (!fleet.whole)
    return kind.selector === undefined ? undefined : { argument: { clusters: [kind.selector] }, words, phrases };
  const names = fitting(kind, fleet);
  return { argument: { clusters: kind.selector === undefined ? names : [kind.selector] }, names, words, phrases };
}

function contextScope(fleet: Fleet, context: readonly string[]): Scope {
  const [only] = context;
  if (only === undefined) return { argument: {}, words: 'all clusters', phrases: [] };
  if (!isSelector(only))
    return { argument: { clusters: context }, names: context, words: context.join(', '), phrases: [] };
  const requirements = parseSelector(only);
  const kind = { selector: only, words: only, fits: (one: ListedCluster) => matchesSelector(one, requirements) };
  return kindScope(kind, fleet, []) ?? { argument: { clusters: [only] }, words: only, phrases: [] };
}

interface Kind {
  /** Absent when no selector can say it. */
  readonly selector?: string;
  readonly words: string;
  fits(cluster: ListedCluster): boolean;
}

/** Several values of one field mean any of them, different fields all of them. */
function kindOf(mentions: readonly Mention[]): Kind {
  const fields = [...new Set(mentions.map((one) => one.key))].map((key) => {
    const values = (negated: boolean) => [
      ...new Set(mentions.filter((one) => one.key === key && one.negated === negated).map((one) => one.value)),
    ];
    return { key, wanted: values(false), refused: values(true) };
  });
  const parts = fields.map(({ key, wanted, refused }) => {
    const others = VALUES[key]?.filter((value) => !wanted.includes(value));
    const any =
      wanted.length <= 1 ? wanted.map((value) => `${key}=${value}`) : others?.map((value) => `${key}!=${value}`);
    const none = refused.map((value) => `${key}!=${value}`);
    return {
      selector: any && [...any, ...none],
      words: [...(wanted.length > 0 ? [wanted.map((value) => `${key}=${value}`).join(' or ')] : []), ...none],
    };
  });
  const selectors = parts.map((part) => part.selector);
  const selector = selectors.every((part) => part !== undefined) ? { selector: selectors.flat().join(',') } : {};
  return {
    ...selector,
    words: parts.flatMap((part) => part.words).join(','),
    fits: (cluster) =>
      fields.every(({ key, wanted, refused }) => {
        const has = (value: string) => matchesSelector(cluster, [{ key, value, negated: false }]);
        return (wanted.length === 0 || wanted.some(has)) && !refused.some(has);
      }),
  };
}

/** Names of the known clusters of a kind, of all or of some. */
function fitting(kind: Kind, fleet: Fleet, among?: readonly string[]): string[] {
  const names = fleet.clusters.filter((cluster) => kind.fits(cluster)).map((cluster) => cluster.name);
  return among ? names.filter((name) => among.includes(name)) : names;
}

/** True for "prod clusters and stage-1", false for "stage-1 in prod". */
function areJoined(mentions: readonly Mention[], words: string): boolean {
  return mentions.some((one, i) => {
    const next = mentions[i + 1];
    const gap = next && (one.key === 'name') !== (next.key === 'name') ? words.slice(one.end, next.start) : '';
    return /\b(?:and|or|plus)\b|[,&+]/.test(gap);
  });
}
