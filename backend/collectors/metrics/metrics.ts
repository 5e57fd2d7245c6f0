import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Aggregation, ExemplarsAnswer, MetricResult, MetricSeries, MetricsAnswer } from '../../model/metrics.ts';
import { hasNoEndpoint } from '../../model/outcome.ts';
import type { Clock } from '../../platform/clock.ts';
import type { PrometheusClient, PrometheusResult } from '../../spokes/prometheus.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import { FRESHNESS, rangeFreshness } from '../fanout/cache-ttl.ts';
import { sortByLabels } from './cluster-series.ts';
import { createFederatedQuery } from '../federation/federated-query.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import { labelledSeries } from './foreign-cluster.ts';
import { type MetricsInventory, createMetricsInventory } from './metrics-inventory.ts';
import { type ExemplarsQuery, createExemplars } from './exemplars.ts';
import type { MetricsSource } from './metrics-source.ts';
import { parsePromql } from './promql.ts';
import { type RangeGrid, type RangeRequest, planRange } from './range-grid.ts';
import type { QueryGuard } from '../query-guard/query-guard.ts';
import { throwWhenRefusedByAll } from '../fanout/refused-by-all.ts';

export interface MetricsQuery extends Question {
  readonly query: string;
  /**
   * Unix seconds of an instant query; left out = now, or up to a minute before where a cluster's answer is kept from then (its
   * outcome says so). Queries whose answers are to be put together give the same time.
   */
  readonly time?: number | undefined;
  readonly range?: RangeRequest | undefined;
  /** Most series a cluster gives; one that has more is PARTIAL. Only for MERGE. */
  readonly limit?: number | undefined;
  /** Left out = MERGE. */
  readonly aggregation?: Aggregation | undefined;
}

export interface MetricsCollector extends MetricsInventory {
  /**
   * One PromQL query over many clusters. Values are exactly what each spoke says; every series gets the label `cluster`. Throws
   * INVALID_PROMQL (also when every spoke refuses the query), QUERY_REFUSED when the guard lets no cluster be asked, and
   * VALIDATION_FAILED. A cluster that the guard refuses alone is an outcome of ERROR with the refusal as data. With an
   * aggregation other than MERGE the clusters' answers become one: see {@link createFederatedQuery}.
   */
  query(query: MetricsQuery): Promise<MetricsAnswer>;
  /** See {@link createExemplars}. */
  exemplars(query: ExemplarsQuery): Promise<ExemplarsAnswer>;
}

export interface MetricsCollectorOptions {
  readonly clock: Clock;
  readonly source: MetricsSource;
  readonly prometheus: Pick<PrometheusClient, 'server'>;
  readonly guard: QueryGuard;
}

export function createMetricsCollector({
  clock,
  source,
  prometheus,
  guard,
}: MetricsCollectorOptions): MetricsCollector {
  const federated = createFederatedQuery({ clock, source, guard });

  async function query(wanted: MetricsQuery): Promise<MetricsAnswer> {
    const { query: text, limit, aggregation = 'MERGE' } = wanted;
    if (aggregation !== 'MERGE') {
      if (limit !== undefined) throw limitWithAggregation();
      return federated({ ...wanted, aggregation });
    }
    const startedMs = clock.monotonicMs();
    const facts = parsePromql(text);
    const planned = wanted.range && planRange(wanted.range);
    const time = wanted.time ?? clock.now().getTime() / 1000;
    const question = questionOf(wanted);
    const verdict = await guard.check({ query: text, time: planned?.end ?? time, grid: planned, question });
    const grid = planned && { ...planned, step: verdict.step ?? planned.step };
    const keepOrder = facts.ranked && !grid;

    const answer = await source.evaluate<Answered>(
      { query: text, time, grid: grid && gridOf(grid), limit },
      {
        ...question,
        budgetMs: Math.max(1, wanted.budgetMs - (clock.monotonicMs() - startedMs)),
        refused: verdict.refused,
        cache: grid
          ? { key: JSON.stringify(['range', gridOf(grid), limit, text]), ...rangeFreshness(grid.end - grid.start) }
          : { key: JSON.stringify(['instant', wanted.time ?? 'now', limit, text]), ...FRESHNESS.INSTANT },
        explain: (error, target, limits) => explain(error, target, limits, facts.quotedNames),
        shape: ({ value, warnings }, cluster) => ({
          value: answered(value, cluster, { keepOrder, limit }),
          warnings: withCut(warnings, value, limit),
        }),
      },
    );
    throwWhenRefusedByAll(answer);

    return {
      query: text,
      results: answer.outcomes.map((outcome): MetricResult => {
        const value = answer.values.get(outcome.cluster_id);
        return value ? { ...outcome, result_type: value.type, data: value.series } : { ...outcome, data: [] };
      }),
      complete: answer.complete,
      clusters_queried: answer.outcomes.filter((outcome) => !hasNoEndpoint(outcome)).length,
      clusters_succeeded: answer.values.size,
      total_query_time_ms: Math.round((clock.monotonicMs() - startedMs) * 10) / 10,
      ...(grid ? { range: gridOf(grid) } : {}),
      notes: [
        ...(grid?.notes ?? []),
        ...verdict.notes,
        ...answer.notes,
        ...(facts.matchesCluster ? [CLUSTER_MATCHER_NOTE] : []),
      ],
    };
  }

  /** The query parses here, by a newer grammar than the one of a server before 3.0, which is told apart from a wrong query. */
  async function explain(error: unknown, target: SpokeTarget, limits: CallLimits, quoted: boolean): Promise<never> {
    if (!quoted || !(error instanceof AppError) || error.code !== 'INVALID_PROMQL') throw error;
    const { version, utf8Names } = await prometheus.server(target, limits);
    if (utf8Names !== false) throw error;
    throw new AppError('SPOKE_ERROR', `Its Prometheus ${version} knows no quoted names; they came with 3.0.`, {
      details: { reason: 'TOO_OLD' },
      cause: error,
    });
  }

  return { query, exemplars: createExemplars(source), ...createMetricsInventory(source) };
}

/** A cluster that leaves series out would make every total wrong. */
function limitWithAggregation(): AppError {
  const message = 'limit belongs to aggregation MERGE only; use topk in the query';
  return new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'limit', message }] } });
}

interface Answered {
  readonly type: PrometheusResult['resultType'];
  readonly series: MetricSeries[];
}

const CLUSTER_MATCHER_NOTE =
  'The query matches on the label cluster, which series only get after they have left their cluster; choose clusters by the clusters argument.';

function answered(
  { resultType, series }: PrometheusResult,
  cluster: Cluster,
  { keepOrder, limit }: { readonly keepOrder: boolean; readonly limit: number | undefined },
): Answered {
  const labelled = labelledSeries(series, cluster.name);
  return { type: resultType, series: (keepOrder ? labelled : sortByLabels(labelled)).slice(0, limit) };
}

/** Servers before 3.2 know no limit, so what they give too much is cut here and said in the words of those that do. */
function withCut(
  warnings: readonly string[],
  { series }: PrometheusResult,
  limit: number | undefined,
): readonly string[] {
  const cut = limit !== undefined && series.length > limit;
  return cut ? [...warnings, 'results truncated due to limit'] : warnings;
}

function gridOf({ start, end, step }: RangeGrid): { start: number; end: number; step: number } {
  return { start, end, step };
}
