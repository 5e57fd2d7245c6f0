import type { LogTemplate, Novelty } from '../../model/logs.ts';
import { namespaceOf, podOf } from './log-labels.ts';
import type { PlacedEntry } from './log-order.ts';
import { maskLine } from './log-templates.ts';
import { isoOfNs, toLogEntry } from './log-entry.ts';

/** What is known of the lines that say one thing. */
export interface Tally {
  readonly current: number;
  readonly previous: number;
  /** Lines in the window, by cluster name. */
  readonly clusters: ReadonlyMap<string, number>;
  readonly namespaces: ReadonlySet<string>;
  readonly pods: ReadonlySet<string>;
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
  /** The newest line. */
  readonly sample: PlacedEntry | undefined;
  readonly byLoki: boolean;
  /** Some cluster's window before could not be counted whole. */
  readonly blind: boolean;
}

/** Names kept of a kind, and texts of one cluster; what comes after them is only counted. */
const MAX_NAMES = 500;
const MAX_TEXTS = 2000;
const SHOWN_NAMES = 10;

const NOTHING: Tally = {
  current: 0,
  previous: 0,
  clusters: new Map(),
  namespaces: new Set(),
  pods: new Set(),
  first: undefined,
  last: undefined,
  sample: undefined,
  byLoki: false,
  blind: false,
};

export function fold(a: Tally, b: Tally): Tally {
  const clusters = new Map(a.clusters);
  for (const [name, count] of b.clusters) clusters.set(name, (clusters.get(name) ?? 0) + count);
  return {
    current: a.current + b.current,
    previous: a.previous + b.previous,
    clusters,
    namespaces: union(a.namespaces, b.namespaces),
    pods: union(a.pods, b.pods),
    first: extreme(a.first, b.first, (x, y) => x < y),
    last: extreme(a.last, b.last, (x, y) => x > y),
    sample: newest(a.sample, b.sample),
    byLoki: a.byLoki || b.byLoki,
    blind: a.blind || b.blind,
  };
}

/** In the order of names, so that which of them are kept does not depend on who came first. */
function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  if ([...b].every((name) => a.has(name))) return a;
  return new Set([...a, ...b].sort().slice(0, MAX_NAMES));
}

function extreme<T>(a: T | undefined, b: T | undefined, wins: (a: T, b: T) => boolean): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return wins(a, b) ? a : b;
}

function newest(a: PlacedEntry | undefined, b: PlacedEntry | undefined): PlacedEntry | undefined {
  return extreme(
    a,
    b,
    (x, y) =>
      x.entry.ns > y.entry.ns || (x.entry.ns === y.entry.ns && `${x.cluster} ${x.key}` <= `${y.cluster} ${y.key}`),
  );
}

/** Lines of one cluster, counted by what they say; lines are let go of as they are counted. */
export interface ClusterTally {
  /** A line of the window, or of the one before. With `counted` false it only shows where and when: its count is known otherwise. */
  line(one: PlacedEntry, window: 'CURRENT' | 'PREVIOUS', counted: boolean): void;
  /** As Loki counted the lines of one of its patterns. */
  pattern(cluster: string, pattern: string, counts: PatternCounts): void;
  texts(): ReadonlyMap<string, Tally>;
}

export interface PatternCounts {
  readonly current: number;
  readonly previous: number;
  /** Of the window, as exact as Loki's steps. */
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
}

export function createClusterTally(blind: boolean): ClusterTally {
  const texts = new Map<string, Tally>();
  const add = (text: string, tally: Tally) => {
    const key = texts.size < MAX_TEXTS || texts.has(text) ? text : '(more texts)';
    const known = texts.get(key);
    texts.set(key, known ? fold(known, tally) : tally);
  };
  return {
    line: (one, window, counted) => {
      const weight = counted ? 1 : 0;
      if (window === 'PREVIOUS') {
        if (counted) add(maskLine(one.entry.line), { ...NOTHING, previous: 1, blind });
        return;
      }
      const { stream, ns } = one.entry;
      const namespace = namespaceOf(stream);
      const pod = podOf(stream);
      add(maskLine(one.entry.line), {
        ...NOTHING,
        current: weight,
        clusters: new Map([[one.cluster, weight]]),
        namespaces: new Set(namespace === undefined ? [] : [namespace]),
        pods: new Set(pod === undefined ? [] : [pod]),
        first: ns,
        last: ns,
        sample: one,
        blind,
      });
    },
    pattern: (cluster, pattern, counts) => {
      const clusters = new Map(counts.current > 0 ? [[cluster, counts.current]] : []);
      add(maskLine(pattern), { ...NOTHING, ...counts, clusters, byLoki: true, blind });
    },
    texts: () => texts,
  };
}

/** A change counts when it is at least by this factor and more than chance makes of a steady rate (three standard deviations of a Poisson count). */
const FACTOR = 2;
const DEVIATIONS = 3;

export function noveltyOf({ current, previous, blind }: Pick<Tally, 'current' | 'previous' | 'blind'>): Novelty {
  if (blind) return 'UNKNOWN';
  if (previous === 0) return 'NEW';
  if (current === 0) return 'GONE';
  const spread = DEVIATIONS * Math.sqrt(previous);
  if (current >= FACTOR * previous && current - previous > spread) return 'INCREASED';
  if (previous >= FACTOR * current && previous - current > spread) return 'DECREASED';
  return 'STEADY';
}

/** `ids` by cluster name; the sample line keeps `lineLength` characters. */
export function toLogTemplate(
  template: string,
  tally: Tally,
  ids: ReadonlyMap<string, string>,
  lineLength: number,
): LogTemplate {
  const { current, previous, clusters, namespaces, pods, first, last, sample } = tally;
  const ranked = [...clusters].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return {
    template,
    count: current,
    previous_count: previous,
    novelty: noveltyOf(tally),
    ...(previous > 0 ? { change: Math.round((current / previous) * 100) / 100 } : {}),
    clusters: ranked.map(([name, count]) => ({ name, count })),
    namespaces: [...namespaces].sort().slice(0, SHOWN_NAMES),
    namespaces_total: namespaces.size,
    pods: [...pods].sort().slice(0, SHOWN_NAMES),
    pods_total: pods.size,
    ...(first === undefined || last === undefined ? {} : { first_seen: isoOfNs(first), last_seen: isoOfNs(last) }),
    ...(sample ? { sample: toLogEntry(sample, ids.get(sample.cluster) ?? '', lineLength) } : {}),
    source: tally.byLoki ? 'LOKI' : 'MINED',
  };
}
