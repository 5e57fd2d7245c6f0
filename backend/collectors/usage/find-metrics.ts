import type { Cluster } from '../../model/cluster.ts';
import type { FoundMetric, FoundMetrics } from '../../model/usage.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import type { MetricsCollector } from '../metrics/metrics.ts';

export interface FindQuery extends Question {
  /** Words of what is looked for. */
  readonly words: string;
  readonly limit: number;
}

export interface MetricFinder {
  /** Metrics whose name, help or unit fit the words, best first; with labels and a query to start with for the first ten. */
  find(query: FindQuery): Promise<FoundMetrics>;
}

/** Metrics that are searched at most; a cluster has a few thousand. */
const SEARCHED = 10_000;
const LABELLED = 10;
const LOOK_BACK_SECONDS = 3600;

/** Other words for the same thing, as metrics are named. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  ram: ['memory'],
  mem: ['memory'],
  processor: ['cpu'],
  disk: ['filesystem', 'fs'],
  storage: ['filesystem', 'volume'],
  network: ['net'],
  traffic: ['network', 'requests'],
  restart: ['restarts'],
  latency: ['duration', 'seconds'],
  slow: ['duration'],
  errors: ['failed', 'failures'],
  error: ['errors', 'failed'],
  gpu: ['dcgm'],
  oom: ['oom', 'terminated'],
};

interface Candidate {
  readonly metric: string;
  readonly type: string;
  readonly unit: string;
  readonly help: string;
  readonly clusterCount: number | null;
  /** Names of clusters that have it. */
  readonly clusters: readonly string[];
}

export function createMetricFinder({
  metrics,
  clock,
}: {
  readonly metrics: Pick<MetricsCollector, 'metadata' | 'labels'>;
  readonly clock: Clock;
}): MetricFinder {
  return {
    find: async (wanted) => {
      const question = questionOf(wanted);
      const end = clock.now().getTime() / 1000;
      const when = { start: end - LOOK_BACK_SECONDS, end };
      const [described, names] = await Promise.all([
        metrics.metadata({ limit: SEARCHED, ...question }),
        metrics.labels({ label: '__name__', matchers: [], limit: SEARCHED, ...when, ...question }),
      ]);
      const candidates = candidatesOf(described.metrics, names.values);
      const ranked = candidates
        .map((candidate) => ({ candidate, score: scoreOf(candidate, wordsOf(wanted.words)) }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || (a.candidate.metric < b.candidate.metric ? -1 : 1))
        .map(({ candidate }) => candidate);
      const shown = ranked.slice(0, wanted.limit);
      const labels = await Promise.all(
        shown.slice(0, LABELLED).map(async (candidate) => {
          const asked = clustersFor(candidate, wanted.clusters);
          if (asked.length === 0) return null;
          const matchers = [`{__name__=~"${candidate.metric}(_bucket|_count|_sum)?"}`];
          const answer = await metrics.labels({ matchers, limit: 100, ...when, ...question, clusters: asked });
          return answer.values.length === 0 ? null : answer.values.filter((label) => label !== '__name__');
        }),
      );
      return {
        metrics: shown.map((candidate, index): FoundMetric => {
          const own = labels[index] ?? null;
          const { metric, type, unit, help, clusterCount } = candidate;
          return {
            metric,
            type,
            unit,
            help: help.slice(0, 300),
            cluster_count: clusterCount,
            labels: own,
            example: exampleOf(candidate, own ?? []),
          };
        }),
        total: ranked.length,
        searched: candidates.length,
        clusters: described.clusters,
        complete: described.complete && names.complete,
      };
    },
  };
}

type Described = Awaited<ReturnType<MetricsCollector['metadata']>>['metrics'];

/** One candidate a metric. Names without a description are recording rules, or of targets that describe nothing. */
function candidatesOf(described: Described, names: readonly string[]): Candidate[] {
  const all = new Map<string, Candidate>();
  for (const { metric, type, unit, help, cluster_count, clusters } of described) {
    const known = all.get(metric);
    // Where targets describe it in different ways the description that most clusters give stands.
    if (known && (known.clusterCount ?? 0) >= cluster_count) continue;
    all.set(metric, { metric, type, unit, help, clusterCount: cluster_count, clusters });
  }
  for (const metric of names) {
    const family = metric.replace(/_(?:bucket|count|sum)$/, '');
    if (!all.has(metric) && !all.has(family))
      all.set(metric, { metric, type: '', unit: '', help: '', clusterCount: null, clusters: [] });
  }
  return [...all.values()];
}

export function wordsOf(text: string): string[] {
  return [
    ...new Set(
      text
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .filter((word) => word.length > 1),
    ),
  ].slice(0, 12);
}

/** A word counts most as a part of the name, less as the beginning of one, least in the help; synonyms count half. */
export function scoreOf(
  { metric, help, unit }: Pick<Candidate, 'metric' | 'help' | 'unit'>,
  words: readonly string[],
): number {
  const name = metric.toLowerCase();
  const parts = name.split(/[^a-z0-9]+/);
  const said = new Set(`${help} ${unit}`.toLowerCase().split(/[^a-z0-9]+/));
  if (words.join('_') === name) return 1000;
  let score = 0;
  let hit = 0;
  for (const word of words) {
    const own = scoreOfWord(word, parts, name, said);
    const others = (SYNONYMS[word] ?? []).map((other) => scoreOfWord(other, parts, name, said) / 2);
    const best = Math.max(own, ...others);
    score += best;
    if (best > 0) hit += 1;
  }
  // All of three words beat three times one of them; shorter names are closer to the words.
  return hit === 0 ? 0 : score * (hit / words.length) + 1 / (1 + parts.length);
}

function scoreOfWord(word: string, parts: readonly string[], name: string, said: ReadonlySet<string>): number {
  if (parts.includes(word)) return 6;
  if (parts.some((part) => part.startsWith(word) || (part.length > 3 && word.startsWith(part)))) return 4;
  if (name.includes(word)) return 3;
  return said.has(word) ? 2 : 0;
}

/** Labels are looked up in one cluster that has the metric, or in the first two when none is known. */
function clustersFor({ clusters: names }: Candidate, clusters: readonly Cluster[]): Cluster[] {
  const having = clusters.filter(({ name }) => names.includes(name));
  return having.length > 0 ? having.slice(0, 1) : clusters.slice(0, 2);
}

const GROUPS = ['namespace', 'pod', 'node', 'instance', 'job'];

function exampleOf({ metric, type }: Candidate, labels: readonly string[]): string {
  const group = GROUPS.find((label) => labels.includes(label));
  const by = group === undefined ? '' : ` by (${group})`;
  switch (type) {
    case 'counter':
      return `sum${by} (rate(${metric}[5m]))`;
    case 'histogram':
      return `histogram_quantile(0.99, sum by (le) (rate(${metric}_bucket[5m])))`;
    case 'summary':
      return `sum${by} (rate(${metric}_sum[5m])) / sum${by} (rate(${metric}_count[5m]))`;
    default:
      return metric.endsWith('_total') ? `sum${by} (rate(${metric}[5m]))` : `topk(10, ${metric})`;
  }
}
