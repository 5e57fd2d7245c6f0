import { AppError } from '../../model/errors.ts';
import type { MetricsAnswer } from '../../model/metrics.ts';
import { type ClusterOutcome, isComplete } from '../../model/outcome.ts';
import { sampleNumber } from '../../model/sample-value.ts';
import type { ConsumerResource, MissingMeasure, TopAnswer, UsageAnswer, UsageBy } from '../../model/usage.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import type { MetricsCollector } from '../metrics/metrics.ts';
import { rounded } from '../metrics/series-digest.ts';
import { GROUP_LABELS, type Measure, RANKINGS, SHARES, USAGE, matchersFor } from './definitions.ts';

export interface UsageFilter {
  readonly namespaces?: readonly string[] | undefined;
  /** Pods of that name, alone or before a `-`. */
  readonly workloads?: readonly string[] | undefined;
  readonly node?: string | undefined;
}

export interface UsageQuery extends Question, UsageFilter {
  readonly by: UsageBy;
  readonly orderBy: 'cpu' | 'memory';
  readonly limit: number;
}

export interface TopQuery extends Question, UsageFilter {
  readonly resource: ConsumerResource;
  readonly by: UsageBy;
  /** PromQL duration; left out = now. */
  readonly window?: string | undefined;
  /** The smallest first. */
  readonly least: boolean;
  readonly limit: number;
}

export interface UsageCollector {
  /** Use, requests, limits and what there is, of the groups that use most. What no cluster has a metric for is named. */
  usage(query: UsageQuery): Promise<UsageAnswer>;
  /** The largest (or smallest) consumers of the fleet: each cluster ranks its own, and those are ranked again. */
  top(query: TopQuery): Promise<TopAnswer>;
}

const NAMED_CLUSTERS = 10;

export function createUsageCollector({
  metrics,
  clock,
}: {
  readonly metrics: Pick<MetricsCollector, 'query'>;
  readonly clock: Clock;
}): UsageCollector {
  async function usage(query: UsageQuery): Promise<UsageAnswer> {
    const { by, limit } = query;
    const scope = { by, matchers: matchersFor(query) };
    const order = query.orderBy === 'cpu' ? 'cpu_cores' : 'memory_bytes';
    const main = USAGE[order];
    const measures = Object.entries(USAGE).filter(([, measure]) => measure.by.includes(by));
    if (!main) throw new TypeError(`there is no measure ${order}`);
    const leading = `topk(${limit}, ${main.query(scope)})`;
    const labels = GROUP_LABELS[by];
    // Whole seconds, so that equal questions are one.
    const time = Math.floor(clock.now().getTime() / 1000);
    const answers = await Promise.all(
      measures.map(async ([name, measure]) => {
        // Each cluster shows the rest of the same groups that lead there by the measure of the order.
        const expression = name === order ? leading : `(${measure.query(scope)}) and on (${labels}) ${leading}`;
        return { name, measure, answer: await metrics.query({ query: expression, time, ...questionOf(query) }) };
      }),
    );
    const rows = new Map<string, { cluster: string; labels: Record<string, string>; values: Record<string, number> }>();
    for (const { name, answer } of answers) {
      for (const { cluster, labels: own, value } of valuesOf(answer)) {
        const key = JSON.stringify([cluster, own['namespace'], own['pod'], own['node']]);
        const row = rows.get(key) ?? { cluster, labels: own, values: {} };
        row.values[name] = rounded(value, 6);
        rows.set(key, row);
      }
    }
    const ranked = [...rows.values()].sort(
      (a, b) => (b.values[order] ?? 0) - (a.values[order] ?? 0) || (a.cluster < b.cluster ? -1 : 1),
    );
    const outcomes = joinOutcomes(answers.map(({ answer }) => answer));
    // Where nothing is of what was asked for, its metrics may be there all the same.
    const found = new Set([...rows.values()].map(({ cluster }) => cluster));
    const isSilent = (cluster: string) => isNarrowed(query) && !found.has(cluster);
    return {
      by,
      rows: ranked.slice(0, limit).map((row) => ({ ...row, percent: sharesOf(row.values) })),
      missing: answers.flatMap(({ name, measure, answer }) => missingOf(name, measure, answer, isSilent)),
      time: new Date(time * 1000).toISOString(),
      clusters: outcomes,
      complete: isComplete(outcomes),
    };
  }

  async function top(query: TopQuery): Promise<TopAnswer> {
    const { resource, by, window, least, limit } = query;
    const ranking = RANKINGS[resource];
    if (!ranking.by.includes(by)) {
      const message = `by: ${resource} cannot be ranked by ${by}; use ${ranking.by.join(', ')}`;
      throw new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'by', message }] } });
    }
    const expression = `${least ? 'bottomk' : 'topk'}(${limit}, ${ranking.query({ by, matchers: matchersFor(query), window })})`;
    const answer = await metrics.query({ query: expression, ...questionOf(query) });
    const items = valuesOf(answer)
      .filter(({ value }) => value !== 0 || least || ranking.zeroIsNone !== true)
      .sort((a, b) => (least ? a.value - b.value : b.value - a.value) || (keyOf(a) < keyOf(b) ? -1 : 1));
    const outcomes = answer.results.map(outcomeOf);
    return {
      resource,
      by,
      unit: ranking.unit,
      meaning: ranking.meaning(window),
      query: expression,
      items: items.slice(0, limit),
      missing: isNarrowed(query) ? [] : missingOf(resource, ranking, answer),
      clusters: outcomes,
      complete: answer.complete,
    };
  }

  return { usage, top };
}

interface Value {
  readonly cluster: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** Finite values only: a share of nothing is no use. */
function valuesOf(answer: MetricsAnswer): Value[] {
  return answer.results.flatMap(({ cluster_name: cluster, data }) =>
    data.flatMap(({ metric: { cluster: _cluster, ...labels }, values }) => {
      const value = sampleNumber(values.at(-1)?.[1] ?? '');
      return Number.isFinite(value) ? [{ cluster, labels, value }] : [];
    }),
  );
}

function keyOf({ cluster, labels }: Value): string {
  return JSON.stringify([labels['namespace'], labels['pod'], labels['node'], cluster]);
}

function sharesOf(values: Readonly<Record<string, number>>): Record<string, number> {
  const shares = Object.entries(SHARES).flatMap(([name, [part, whole]]) => {
    const used = values[part];
    const all = values[whole];
    return used === undefined || all === undefined || all <= 0 ? [] : [[name, rounded((100 * used) / all, 4)] as const];
  });
  return Object.fromEntries(shares);
}

function isNarrowed(filter: UsageFilter): boolean {
  return matchersFor(filter).length > 0;
}

/** Clusters that answered and have nothing of it. */
function missingOf(
  name: string,
  { metric, source }: Measure,
  answer: MetricsAnswer,
  isSilent: (cluster: string) => boolean = () => false,
): MissingMeasure[] {
  const without = answer.results
    .filter(({ status, data }) => (status === 'SUCCESS' || status === 'PARTIAL') && data.length === 0)
    .map((result) => result.cluster_name)
    .filter((cluster) => !isSilent(cluster));
  if (without.length === 0) return [];
  return [{ measure: name, metric, source, cluster_count: without.length, clusters: without.slice(0, NAMED_CLUSTERS) }];
}

/** One outcome for each cluster over several questions: the worst of them, with the longest time. */
function joinOutcomes(answers: readonly MetricsAnswer[]): ClusterOutcome[] {
  const joined = new Map<string, ClusterOutcome>();
  for (const answer of answers) {
    for (const result of answer.results) {
      const own = outcomeOf(result);
      const known = joined.get(own.cluster_id);
      if (!known || RANK[own.status] > RANK[known.status]) joined.set(own.cluster_id, own);
    }
  }
  // A cluster that failed one question and answered others has answered in part.
  return [...joined.values()].map((outcome) =>
    (outcome.status === 'ERROR' || outcome.status === 'TIMEOUT') &&
    answers.some(({ results }) =>
      results.some((one) => one.cluster_id === outcome.cluster_id && one.status === 'SUCCESS'),
    )
      ? { ...outcome, status: 'PARTIAL' }
      : outcome,
  );
}

const RANK: Readonly<Record<ClusterOutcome['status'], number>> = {
  SKIPPED: 0,
  SUCCESS: 1,
  PARTIAL: 2,
  ERROR: 3,
  TIMEOUT: 4,
};

function outcomeOf({ data: _data, result_type: _type, ...outcome }: MetricsAnswer['results'][number]): ClusterOutcome {
  return outcome;
}
