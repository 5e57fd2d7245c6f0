import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { isComplete } from '../../model/outcome.ts';
import type { PrometheusClient, PrometheusResult, SeriesExemplars } from '../../spokes/prometheus.ts';
import type { Warned } from '../../spokes/prometheus-envelope.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import type { Fanout, FanoutAnswer, FanoutRequest } from '../fanout/fanout.ts';
import { type HubAnswers, createAskHub } from '../hub/ask-hub.ts';
import { type HubMember, hubGroups, hubOf } from '../hub/hub-groups.ts';

/** PromQL at one instant, or over a grid. */
export interface Expression {
  readonly query: string;
  /** Unix seconds; not used with a grid. */
  readonly time: number;
  readonly grid?: { readonly start: number; readonly end: number; readonly step: number } | undefined;
  /** Most series of one cluster. */
  readonly limit?: number | undefined;
}

export interface LabelsCall {
  readonly label: string | undefined;
  readonly matchers: readonly string[];
  readonly start: number;
  readonly end: number;
}

export interface SeriesCall {
  readonly matchers: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly limit: number;
}

export interface ExemplarsCall {
  readonly query: string;
  readonly start: number;
  readonly end: number;
}

/** A question to many clusters, wherever the metrics of each are; what became of an answer is made per cluster by `shape`. */
export type SourceRequest<R, T> = Omit<FanoutRequest<T>, 'kind' | 'ask'> & {
  readonly shape: (answer: Warned<R>, cluster: Cluster) => { readonly value: T; readonly warnings?: readonly string[] };
  /** Hears the error of one cluster and throws it, or a better one. */
  readonly explain?: (error: unknown, target: SpokeTarget, limits: CallLimits) => Promise<never>;
};

/** Evaluates one expression over the series of one cluster. */
export type Evaluate = (expression: Expression) => Promise<PrometheusResult>;

/** A question for which several expressions may have to be evaluated at each cluster. */
export type EachRequest<T> = Omit<FanoutRequest<T>, 'kind' | 'ask'> & {
  readonly ask: (
    evaluate: Evaluate,
    cluster: Cluster,
  ) => Promise<{ readonly value: T; readonly warnings?: readonly string[] }>;
};

/** An answer, and what the caller should know of how it came about. */
export type SourceAnswer<T> = FanoutAnswer<T> & { readonly notes: readonly string[] };

type Metadata = Awaited<ReturnType<PrometheusClient['metadata']>>['value'];

/**
 * Where clusters' metrics are: a cluster's own Prometheus, else the hub of its `global_metrics`. Clusters that share a hub are asked
 * in one question there, and each has its outcome all the same. Answers never carry the hub's cluster label.
 */
export interface MetricsSource {
  evaluate<T>(expression: Expression, request: SourceRequest<PrometheusResult, T>): Promise<SourceAnswer<T>>;
  /** Clusters of one hub that evaluate the same expression share that question. */
  each<T>(request: EachRequest<T>): Promise<SourceAnswer<T>>;
  labels<T>(call: LabelsCall, request: SourceRequest<string[], T>): Promise<SourceAnswer<T>>;
  series<T>(call: SeriesCall, request: SourceRequest<Record<string, string>[], T>): Promise<SourceAnswer<T>>;
  exemplars<T>(call: ExemplarsCall, request: SourceRequest<SeriesExemplars[], T>): Promise<SourceAnswer<T>>;
  metadata<T>(metric: string | undefined, request: SourceRequest<Metadata, T>): Promise<SourceAnswer<T>>;
}

/** One kind of call, as it is put to a cluster's own Prometheus and to a hub. */
interface Way<C, R> {
  readonly name: string;
  readonly direct: (target: SpokeTarget, call: C, limits: CallLimits) => Promise<Warned<R>>;
  readonly hub: (
    target: SpokeTarget,
    members: readonly HubMember[],
    call: C,
    limits: CallLimits,
    note: (text: string) => void,
  ) => Promise<HubAnswers<R>>;
}

/** Asks one cluster, by whichever way its metrics are reached. */
type Asker = <C, R>(way: Way<C, R>, call: C) => Promise<Warned<R>>;

export function createMetricsSource({
  fanout,
  spokes,
}: {
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'prometheus' | 'target'>;
}): MetricsSource {
  const { prometheus } = spokes;
  const ways = waysOver(prometheus);

  async function ask<T>(
    question: Omit<FanoutRequest<T>, 'kind' | 'ask'>,
    run: (
      asker: Asker,
      cluster: Cluster,
      target: SpokeTarget,
      limits: CallLimits,
    ) => Promise<{ readonly value: T; readonly warnings?: readonly string[] }>,
  ): Promise<SourceAnswer<T>> {
    const viaHub = question.clusters.filter((cluster) => hubOf(cluster));
    const own = viaHub.length === 0 ? question.clusters : question.clusters.filter((cluster) => !hubOf(cluster));
    const direct = fanout.ask<T>({
      ...question,
      clusters: own,
      kind: 'PROMETHEUS',
      ask: (target, cluster, limits) => {
        const asker: Asker = (way, call) => way.direct(target, call, limits);
        return run(asker, cluster, target, limits);
      },
    });
    if (viaHub.length === 0) return { ...(await direct), notes: [] };

    const notes = new Set<string>();
    const shared = throughHubs(viaHub);
    // Both at once, and neither left alone when the other is aborted.
    const [ofOwn, ofHubs] = await Promise.all([direct, shared]);
    return { ...merged(ofOwn, ofHubs), notes: [...notes] };

    async function throughHubs(clusters: readonly Cluster[]): Promise<FanoutAnswer<T>> {
      // Of a cluster that is not asked nothing is asked through the others' questions either.
      const allowed = clusters.filter((cluster) => !cluster.collection_paused && !question.refused?.has(cluster.id));
      const groups = await hubGroups(allowed, spokes);
      const asked = new Map<readonly HubMember[], Map<string, Promise<HubAnswers<unknown>>>>();
      return fanout.ask<T>({
        ...question,
        clusters,
        kind: 'GLOBAL_METRICS',
        ask: (target, cluster, limits) => {
          const members = groups.get(cluster.id) ?? [];
          const byCall = asked.get(members) ?? new Map<string, Promise<HubAnswers<unknown>>>();
          asked.set(members, byCall);
          const asker: Asker = async <C, R>(way: Way<C, R>, call: C) => {
            const key = `${way.name} ${JSON.stringify(call)}`;
            // Proof of the cast: what is kept under the name of a way came from that way.
            const known = byCall.get(key) as Promise<HubAnswers<R>> | undefined;
            const answering =
              known ??
              way
                .hub(target, members, call, limits, (text) => notes.add(text))
                .catch((error: unknown) => {
                  byCall.delete(key); // a failure is not kept, so that trying again does
                  throw error;
                });
            byCall.set(key, answering);
            const answer = (await answering).get(cluster.id);
            if (answer === undefined || answer instanceof AppError) throw answer;
            return answer;
          };
          return run(asker, cluster, target, limits);
        },
      });
    }
  }

  function askOnce<C, R, T>(way: Way<C, R>, call: C, request: SourceRequest<R, T>): Promise<SourceAnswer<T>> {
    const { shape, explain = rethrow, ...question } = request;
    return ask(question, async (asker, cluster, target, limits) =>
      shape(await asker(way, call).catch((error: unknown) => explain(error, target, limits)), cluster),
    );
  }

  return {
    evaluate: (expression, request) => askOnce(ways.evaluate, expression, request),
    each: ({ ask: run, ...question }) =>
      ask(question, (asker, cluster) =>
        run(async (expression) => (await asker(ways.evaluate, expression)).value, cluster),
      ),
    labels: (call, request) => askOnce(ways.labels, call, request),
    series: (call, request) => askOnce(ways.series, call, request),
    exemplars: (call, request) => askOnce(ways.exemplars, call, request),
    metadata: (metric, request) => askOnce(ways.metadata, { metric }, request),
  };
}

function waysOver(prometheus: PrometheusClient) {
  const hub = createAskHub(prometheus);
  const evaluate: Way<Expression, PrometheusResult> = {
    name: 'evaluate',
    direct: async (target, { query, time, grid, limit }, limits) => {
      const result = await (grid
        ? prometheus.range(target, { query, limit, ...grid, ...limits })
        : prometheus.instant(target, { query, limit, time, ...limits }));
      return { value: result, warnings: result.warnings };
    },
    hub: (target, members, call, limits, note) => hub.evaluate(target, members, call, limits, note),
  };
  const labels: Way<LabelsCall, string[]> = {
    name: 'labels',
    direct: (target, { label, ...window }, limits) => {
      const wanted = { ...window, ...limits };
      return label === undefined
        ? prometheus.labels(target, wanted)
        : prometheus.labelValues(target, { ...wanted, label });
    },
    hub: (target, members, call, limits) => hub.labels(target, members, call, limits),
  };
  const series: Way<SeriesCall, Record<string, string>[]> = {
    name: 'series',
    direct: (target, call, limits) => prometheus.series(target, { ...call, ...limits }),
    hub: (target, members, call, limits) => hub.series(target, members, call, limits),
  };
  const exemplars: Way<ExemplarsCall, SeriesExemplars[]> = {
    name: 'exemplars',
    direct: (target, call, limits) => prometheus.exemplars(target, { ...call, ...limits }),
    hub: (target, members, call, limits) => hub.exemplars(target, members, call, limits),
  };
  const metadata: Way<{ readonly metric: string | undefined }, Metadata> = {
    name: 'metadata',
    direct: (target, call, limits) => prometheus.metadata(target, { ...call, ...limits }),
    // A hub has one description of a metric for all.
    hub: async (target, members, call, limits) => {
      const answer = await prometheus.metadata(target, { ...call, ...limits });
      return new Map(members.map(({ cluster }) => [cluster.id, answer]));
    },
  };
  return { evaluate, labels, series, exemplars, metadata };
}

async function rethrow(error: unknown): Promise<never> {
  throw error;
}

function merged<T>(a: FanoutAnswer<T>, b: FanoutAnswer<T>): FanoutAnswer<T> {
  const outcomes = [...a.outcomes, ...b.outcomes].sort((x, y) => (x.cluster_name < y.cluster_name ? -1 : 1));
  return {
    outcomes,
    values: new Map([...a.values, ...b.values]),
    errors: new Map([...a.errors, ...b.errors]),
    complete: isComplete(outcomes),
  };
}
