import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Aggregation, MetricResult, MetricSeries, MetricsAnswer, ResultType } from '../../model/metrics.ts';
import { hasNoEndpoint } from '../../model/outcome.ts';
import type { Clock } from '../../platform/clock.ts';
import { FRESHNESS, rangeFreshness } from '../fanout/cache-ttl.ts';
import { sortByLabels } from '../metrics/cluster-series.ts';
import { type FanoutAnswer, type Question, questionOf } from '../fanout/fanout.ts';
import { labelledSeries } from '../metrics/foreign-cluster.ts';
import type { Evaluate, MetricsSource, SourceAnswer } from '../metrics/metrics-source.ts';
import type { QueryGuard } from '../query-guard/query-guard.ts';
import { type RangeRequest, planRange } from '../metrics/range-grid.ts';
import { throwWhenRefusedByAll } from '../fanout/refused-by-all.ts';
import {
  type AskOne,
  type ClusterPart,
  type ClusterQuestion,
  agreedLeftOpen,
  askCluster,
  gather,
  questionsFor,
} from './ask-cluster.ts';
import type { Expr } from './ast.ts';
import { typeOf } from './check.ts';
import { toMetricSeries } from './columns.ts';
import { evaluate } from './evaluate.ts';
import { guardFetches } from './guard-fetches.ts';
import { gapNotes, missingClusters, undecidable } from './incomplete.ts';
import { parseExpr } from './parse.ts';
import { type Plan, planFleet, planOverClusters } from './plan.ts';
import { printExpr } from './print.ts';
import { DEFAULT_RAW_BUDGET, type RawBudget, createSpending, requireShort } from './raw-budget.ts';
import { evaluationError, invalidPromql } from './refusals.ts';
import type { Grid } from './vector.ts';

export interface FederatedQuery extends Question {
  readonly query: string;
  readonly aggregation: Exclude<Aggregation, 'MERGE'>;
  /** Unix seconds of an instant query; left out = now. */
  readonly time?: number | undefined;
  readonly range?: RangeRequest | undefined;
}

export interface FederationOptions {
  readonly clock: Clock;
  readonly source: MetricsSource;
  readonly guard: QueryGuard;
  readonly budget?: RawBudget;
}

/**
 * One PromQL query answered as one, exactly or not at all. Throws INVALID_PROMQL for what does not parse or has the wrong type;
 * QUERY_REFUSED with `details.rule` not_decomposable (no exact answer is possible), evaluation (one Prometheus would err too),
 * undecidable (it hangs on something being absent, and a cluster is silent), fleet_series or fleet_points (too much to hold). A cluster
 * that fails is an outcome, and `notes` says what its absence means for the numbers.
 */
export type FederatedQueryRunner = (query: FederatedQuery) => Promise<MetricsAnswer>;

/** What a cluster gave: samples to compute with, or series that are a part of the answer as they are. */
type Contribution =
  | { readonly kind: 'part'; readonly part: ClusterPart }
  | { readonly kind: 'series'; readonly series: readonly MetricSeries[] };

const SHOWN_PARTS = 3;

export function createFederatedQuery(options: FederationOptions): FederatedQueryRunner {
  const { clock, source, guard, budget = DEFAULT_RAW_BUDGET } = options;

  const left = (budgetMs: number, sinceMs: number): number => Math.max(1, budgetMs - (clock.monotonicMs() - sinceMs));

  async function run(wanted: FederatedQuery): Promise<MetricsAnswer> {
    const { query, aggregation } = wanted;
    const startedMs = clock.monotonicMs();
    const expr = parseExpr(query);
    const planned = wanted.range && planRange(wanted.range);
    requireAnswerable(expr, planned !== undefined);
    const time = wanted.time ?? clock.now().getTime() / 1000;
    const scoped = aggregation === 'FLEET';
    const planOn = (grid: Grid): Plan =>
      scoped ? planFleet(expr, grid) : planOverClusters(aggregation.toLowerCase(), expr, grid);
    const first = planOn(planned ? gridOf(planned) : { startMs: Math.round(time * 1000), stepMs: 1000, count: 1 });
    const clusters = wanted.clusters.filter(({ name }) => questionsFor(first.fetches, name, scoped).length > 0);
    const verdict = await guardFetches(guard, first, { ...questionOf(wanted), clusters }, scoped);
    const range = planned && { ...planned, step: (verdict.stepMs ?? planned.step * 1000) / 1000 };
    const plan = range && verdict.stepMs !== undefined ? planOn(gridOf(range)) : first;

    const answer = await gatherParts({ ...wanted, clusters, budgetMs: left(wanted.budgetMs, startedMs) }, plan, {
      scoped,
      ranged: range !== undefined,
      refused: verdict.refused,
    });
    const missing = missingClusters(answer.outcomes);
    const unasked = wanted.clusters.length - clusters.length;
    const merged =
      answer.values.size === 0 && clusters.length > 0
        ? undefined
        : mergedAnswer(plan, answer, { missing, ranged: range !== undefined, budget });
    return {
      query,
      aggregation,
      results: answer.outcomes.map((outcome): MetricResult => ({ ...outcome, data: [] })),
      ...(merged ? { merged } : {}),
      complete: answer.complete,
      clusters_queried: answer.outcomes.filter((outcome) => !hasNoEndpoint(outcome)).length,
      clusters_succeeded: answer.values.size,
      total_query_time_ms: Math.round((clock.monotonicMs() - startedMs) * 10) / 10,
      ...(range ? { range: { start: range.start, end: range.end, step: range.step } } : {}),
      notes: [
        ...(range?.notes ?? []),
        ...verdict.notes,
        ...plan.notes,
        ...answer.notes,
        ...partsNote(plan),
        ...(plan.fetches.length > 0 && unasked > 0
          ? [
              `${unasked} ${unasked === 1 ? 'cluster' : 'clusters'} cannot match the query and ${unasked === 1 ? 'was' : 'were'} not asked.`,
            ]
          : []),
        ...gapNotes(plan, missing),
      ],
    };
  }

  async function gatherParts(
    wanted: FederatedQuery,
    plan: Plan,
    { scoped, ranged, refused }: { scoped: boolean; ranged: boolean; refused: ReadonlyMap<string, AppError> },
  ): Promise<SourceAnswer<Contribution>> {
    const { query, aggregation, signal } = wanted;
    const { startMs, stepMs, count } = plan.grid;
    const spending = createSpending(budget);
    // A refusal of the whole question ends the requests that still run.
    const stop = new AbortController();
    const asIs = plan.root.type === 'fetch';
    const answer = await source.each<Contribution>({
      ...questionOf(wanted),
      signal: AbortSignal.any([signal, stop.signal]),
      refused,
      // An instant of "now" is hardly ever asked twice, and parts of one answer must be of one instant.
      ...(wanted.time === undefined && !ranged
        ? {}
        : {
            cache: {
              key: JSON.stringify([aggregation, startMs, stepMs, count, query]),
              ...(ranged ? rangeFreshness((stepMs * (count - 1)) / 1000) : FRESHNESS.INSTANT),
            },
          }),
      ask: async (evaluateAt, cluster) => {
        const own = questionsFor(plan.fetches, cluster.name, scoped);
        const ask = askOne(evaluateAt);
        let [series, points] = [0, 0];
        const spend = (moreSeries: number, morePoints: number): void => {
          series += moreSeries;
          points += morePoints;
          spending.spend(moreSeries, morePoints);
        };
        try {
          if (asIs) return await asSeries(cluster, own, ask, spend);
          const part = await askCluster(plan, cluster.name, own, ask, spend);
          return { value: { kind: 'part', part }, warnings: part.warnings };
        } catch (thrown) {
          spending.release(series, points);
          const error = aggregation === 'FLEET' ? asEvaluationError(thrown) : thrown;
          if (error instanceof AppError && error.code === 'QUERY_REFUSED') stop.abort(error);
          throw error;
        }
      },
    });
    throwWhenRefused(answer);
    throwWhenRefusedByAll(answer);
    return answer;
  }

  return run;
}

function askOne(evaluateAt: Evaluate): AskOne {
  return (query, { startMs, stepMs, count }) => {
    const time = startMs / 1000;
    const end = (startMs + stepMs * (count - 1)) / 1000;
    return evaluateAt({ query, time, grid: count === 1 ? undefined : { start: time, end, step: stepMs / 1000 } });
  };
}

function gridOf({ start, end, step }: { start: number; end: number; step: number }): Grid {
  const stepMs = Math.max(1, Math.round(step * 1000));
  const startMs = Math.round(start * 1000);
  return { startMs, stepMs, count: Math.floor((Math.round(end * 1000) - startMs) / stepMs) + 1 };
}

function requireAnswerable(expr: Expr, ranged: boolean): void {
  const type = typeOf(expr);
  if (ranged && type !== 'vector' && type !== 'scalar')
    throw invalidPromql(`a range query needs a scalar or an instant vector, not a ${type}`, expr.at);
}

/** A query that is whole within each cluster: what comes is a part of the answer as it is, native histograms too. */
async function asSeries(
  { name }: Cluster,
  [question]: readonly ClusterQuestion[],
  ask: AskOne,
  spend: (series: number, points: number) => void,
): Promise<{ value: Contribution; warnings: readonly string[] }> {
  if (!question) return { value: { kind: 'series', series: [] }, warnings: [] };
  const { series, warnings } = await ask(question.text, question.grid);
  spend(series.length, series.length * question.grid.count);
  return { value: { kind: 'series', series: labelledSeries(series, name) }, warnings };
}

function mergedAnswer(
  plan: Plan,
  answer: FanoutAnswer<Contribution>,
  { missing, ranged, budget }: { missing: readonly string[]; ranged: boolean; budget: RawBudget },
): { result_type: ResultType; data: MetricSeries[] } {
  const given = answer.outcomes.flatMap(({ cluster_id: id }) => answer.values.get(id) ?? []);
  const [only] = plan.fetches;
  if (plan.root.type === 'fetch' && only) {
    const series = given.flatMap((one) => (one.kind === 'series' ? one.series : []));
    requireShort(series.length, plan.grid.count, budget);
    const matrix = ranged || typeOf(only.expr) === 'matrix';
    return {
      result_type: matrix ? 'MATRIX' : 'VECTOR',
      data: !matrix && isRanking(only.expr) ? series : sortByLabels(series),
    };
  }
  const parts = given.flatMap((one) => (one.kind === 'part' ? [one.part] : []));
  const value = evaluate(plan, {
    fetched: gather(plan.fetches, parts),
    leftOpen: agreedLeftOpen(parts),
    onAbsent: (at) => {
      if (missing.length > 0) throw undecidable(missing, at);
    },
  });
  if (value.kind === 'vector') requireShort(value.series.length, plan.grid.count, budget);
  const type = value.kind === 'vector' ? 'VECTOR' : value.kind === 'scalar' ? 'SCALAR' : 'STRING';
  const ranked = !ranged && (plan.root.type === 'aggregate' || plan.root.type === 'call') && isRanking(plan.root.expr);
  return { result_type: ranged ? 'MATRIX' : type, data: toMetricSeries(value, plan.grid, ranked) };
}

/** The order of an instant answer carries meaning. */
function isRanking(expr: Expr): boolean {
  if (expr.kind === 'aggregate') return expr.op === 'topk' || expr.op === 'bottomk';
  return expr.kind === 'call' && (expr.func === 'sort' || expr.func === 'sort_desc');
}

/** Errors of the evaluation that one Prometheus with all the data would have as well, since it holds this cluster's. */
const OF_THE_QUERY = /many-to-many|many-to-one|grouping labels must ensure|same labelset|overflows int64/;

function asEvaluationError(thrown: unknown): unknown {
  if (!(thrown instanceof AppError) || thrown.code !== 'SPOKE_ERROR' || !OF_THE_QUERY.test(thrown.message))
    return thrown;
  return evaluationError(thrown.message.replace(/\.$/, ''), 0);
}

const WHOLE_REFUSALS = new Set(['not_decomposable', 'evaluation', 'fleet_series', 'fleet_points']);

/** A refusal that a request shared with another question brought back as one cluster's. */
function throwWhenRefused({ errors }: FanoutAnswer<Contribution>): void {
  for (const error of errors.values())
    if (error.code === 'QUERY_REFUSED' && WHOLE_REFUSALS.has(String(error.details['rule']))) throw error;
}

/** What was left to the clusters; the rest was computed here. */
function partsNote({ fetches, root }: Plan): string[] {
  if (root.type === 'fetch' || fetches.length === 0) return [];
  const texts = fetches.slice(0, SHOWN_PARTS).map(({ expr }) => printExpr(expr).slice(0, 200));
  const more = fetches.length > SHOWN_PARTS ? `; and ${fetches.length - SHOWN_PARTS} more` : '';
  return [`Asked of each cluster: ${texts.join('; ')}${more}. The rest was computed over their answers.`];
}
