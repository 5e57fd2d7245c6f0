import { AppError } from '../../model/errors.ts';
import type { LabelsAnswer, MetadataAnswer, MetricMetadata, SeriesAnswer } from '../../model/metrics.ts';
import { FRESHNESS } from '../fanout/cache-ttl.ts';
import { labelKey } from './cluster-series.ts';
import { labelledSets } from './foreign-cluster.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import type { MetricsSource } from './metrics-source.ts';
import { parsePromql } from './promql.ts';
import { throwWhenRefusedByAll } from '../fanout/refused-by-all.ts';
import { requireOrder } from './range-grid.ts';

export interface LabelsQuery extends Question {
  /** Left out = label names; given = the values of that label. */
  readonly label?: string | undefined;
  /** Series selectors; a label counts when a series that matches one of them carries it. Empty = every series. */
  readonly matchers: readonly string[];
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Most values in the answer; `total` counts all. */
  readonly limit: number;
}

export interface SeriesQuery extends Question {
  /** Series selectors, of which one must match; at least one. */
  readonly matchers: readonly string[];
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Most series in the answer, and most that a cluster is asked for. */
  readonly limit: number;
}

export interface MetadataQuery extends Question {
  /** One metric; left out = all. */
  readonly metric?: string | undefined;
  /** Most entries in the answer; `total` counts all. */
  readonly limit: number;
}

/** What there is to ask for, over many clusters. Every method throws as {@link MetricsCollector.query} does. */
export interface MetricsInventory {
  /** Label names or values. */
  labels(query: LabelsQuery): Promise<LabelsAnswer>;
  /** Label sets of series, each with the label `cluster`. */
  series(query: SeriesQuery): Promise<SeriesAnswer>;
  /** Type, help and unit of metrics as targets describe them. */
  metadata(query: MetadataQuery): Promise<MetadataAnswer>;
}

/** Names of clusters that stand beside one entry of metadata. */
const CLUSTERS_NAMED = 10;

export function createMetricsInventory(source: MetricsSource): MetricsInventory {
  return {
    labels: async (wanted) => {
      const { label, matchers, start, end } = wanted;
      for (const matcher of matchers) requireSelector(matcher);
      requireOrder(start, end);
      const answer = await source.labels<string[]>(
        { label, matchers, start, end },
        {
          ...questionOf(wanted),
          cache: { key: JSON.stringify(['labels', label, matchers, slot(start), slot(end)]), ...FRESHNESS.LABELS },
          shape: (found) => found,
        },
      );
      throwWhenRefusedByAll(answer);
      const union = [...new Set([...answer.values.values()].flat())].sort();
      return {
        values: union.slice(0, wanted.limit),
        total: union.length,
        clusters: answer.outcomes,
        complete: answer.complete,
      };
    },

    series: async (wanted) => {
      const { matchers, start, end, limit } = wanted;
      for (const matcher of matchers) requireSelector(matcher);
      requireOrder(start, end);
      const answer = await source.series<Record<string, string>[]>(
        { matchers, start, end, limit },
        {
          ...questionOf(wanted),
          cache: { key: JSON.stringify(['series', matchers, slot(start), slot(end), limit]), ...FRESHNESS.LABELS },
          shape: ({ value, warnings }, cluster) => ({
            value: sortedSets(labelledSets(value, cluster.name)),
            warnings,
          }),
        },
      );
      throwWhenRefusedByAll(answer);
      const all = answer.outcomes.flatMap(({ cluster_id }) => answer.values.get(cluster_id) ?? []);
      return {
        series: all.slice(0, limit),
        total: all.length,
        clusters: answer.outcomes,
        complete: answer.complete,
      };
    },

    metadata: async (wanted) => {
      const answer = await source.metadata<Record<string, MetricMetadata[]>>(wanted.metric, {
        ...questionOf(wanted),
        cache: { key: JSON.stringify(['metadata', wanted.metric]), ...FRESHNESS.LABELS },
        shape: (found) => found,
      });
      const entries = new Map<string, MetadataAnswer['metrics'][number]>();
      for (const { cluster_id, cluster_name } of answer.outcomes) {
        for (const [metric, described] of Object.entries(answer.values.get(cluster_id) ?? {})) {
          const said = new Map(described.map((one) => [JSON.stringify([metric, one.type, one.help, one.unit]), one]));
          for (const [key, { type, help, unit }] of said) {
            const entry = entries.get(key) ?? { metric, type, help, unit, cluster_count: 0, clusters: [] };
            entry.cluster_count += 1;
            if (entry.clusters.length < CLUSTERS_NAMED) entry.clusters.push(cluster_name);
            entries.set(key, entry);
          }
        }
      }
      const metrics = [...entries.values()].sort((a, b) =>
        a.metric === b.metric ? b.cluster_count - a.cluster_count : a.metric < b.metric ? -1 : 1,
      );
      return {
        metrics: metrics.slice(0, wanted.limit),
        total: metrics.length,
        clusters: answer.outcomes,
        complete: answer.complete,
      };
    },
  };
}

/** Windows that begin and end within the same five minutes hold the same series, as far as an answer kept so long can tell. */
function slot(time: number): number {
  return Math.floor((time * 1000) / FRESHNESS.LABELS.ttlMs);
}

function sortedSets(sets: readonly Record<string, string>[]): Record<string, string>[] {
  const keyed = sets.map((set) => ({ set, key: labelKey(set) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ set }) => set);
}

function requireSelector(matcher: string): void {
  if (parsePromql(matcher).selector) return;
  throw new AppError('INVALID_PROMQL', `${JSON.stringify(matcher)} is not a series selector.`, {
    details: { position: 0 },
    hint: 'Write a plain selector such as up or {job="node"}.',
  });
}
