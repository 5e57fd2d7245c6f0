import { AppError } from '../../model/errors.ts';
import type { PrometheusClient, PrometheusResult, SeriesExemplars } from '../../spokes/prometheus.ts';
import type { Warned } from '../../spokes/prometheus-envelope.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import type { ExemplarsCall, Expression, LabelsCall, SeriesCall } from '../metrics/metrics-source.ts';
import { ofOneCluster, splitByCluster } from './hub-answer.ts';
import type { HubMember } from './hub-groups.ts';
import { injectMatcher, matcherFor } from './inject.ts';
import { keepLabel } from './keep-label.ts';

/** The answers of the members of a group by cluster id; an error is that of its cluster alone. */
export type HubAnswers<T> = ReadonlyMap<string, Warned<T> | AppError>;

export interface AskHub {
  /** `note` hears why clusters had to be asked one by one. */
  evaluate(
    target: SpokeTarget,
    members: readonly HubMember[],
    expression: Expression,
    limits: CallLimits,
    note: (text: string) => void,
  ): Promise<HubAnswers<PrometheusResult>>;
  /** A hub does not tell whose label a label is, so each member gets what there is of all. */
  labels(
    target: SpokeTarget,
    members: readonly HubMember[],
    call: LabelsCall,
    limits: CallLimits,
  ): Promise<HubAnswers<string[]>>;
  series(
    target: SpokeTarget,
    members: readonly HubMember[],
    call: SeriesCall,
    limits: CallLimits,
  ): Promise<HubAnswers<Record<string, string>[]>>;
  exemplars(
    target: SpokeTarget,
    members: readonly HubMember[],
    call: ExemplarsCall,
    limits: CallLimits,
  ): Promise<HubAnswers<SeriesExemplars[]>>;
}

/** Questions to the hub at a time when its clusters have to be asked one by one. */
const ONE_BY_ONE = 8;

export function createAskHub(prometheus: PrometheusClient): AskHub {
  const run = (target: SpokeTarget, expression: Expression, query: string, limits: CallLimits) => {
    // A limit is of each cluster; the hub would apply it to all of them together.
    const { grid, time } = expression;
    return grid
      ? prometheus.range(target, { query, ...grid, ...limits })
      : prometheus.instant(target, { query, time, ...limits });
  };

  async function oneByOne(
    target: SpokeTarget,
    members: readonly HubMember[],
    expression: Expression,
    limits: CallLimits,
  ): Promise<HubAnswers<PrometheusResult>> {
    const answers = new Map<string, Warned<PrometheusResult> | AppError>();
    const queue = [...members];
    const worker = async () => {
      for (let member = queue.shift(); member; member = queue.shift()) {
        limits.signal?.throwIfAborted();
        const { cluster, hub } = member;
        const query = injectMatcher(expression.query, matcherFor(hub.cluster_label, [hub.cluster_value]));
        try {
          const result = await run(target, expression, query, limits);
          const series = ofOneCluster(result.series, member);
          answers.set(cluster.id, { value: { ...result, series }, warnings: result.warnings });
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          answers.set(cluster.id, error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(ONE_BY_ONE, members.length) }, worker));
    return answers;
  }

  return {
    evaluate: async (target, members, expression, limits, note) => {
      const [first] = members;
      if (!first || members.length === 1) return oneByOne(target, members, expression, limits);
      const matcher = matcherFor(
        first.hub.cluster_label,
        members.map(({ hub }) => hub.cluster_value),
      );
      const plan = keepLabel(expression.query, first.hub.cluster_label, matcher);
      const host = new URL(target.url).host;
      if (plan.kind === 'alone') {
        note(`The metrics hub ${host} was asked once for each cluster: ${plan.reason}.`);
        return oneByOne(target, members, expression, limits);
      }
      if (plan.kind === 'shared') {
        const result = await run(target, expression, expression.query, limits);
        return toAll(members, { value: result, warnings: result.warnings });
      }
      try {
        const result = await run(target, expression, plan.query, limits);
        const split = splitByCluster(
          result.series,
          ({ metric }) => metric,
          (one, metric) => ({ ...one, metric }),
          members,
        );
        return new Map(
          [...split].map(([id, series]) => [id, { value: { ...result, series }, warnings: result.warnings }]),
        );
      } catch (error) {
        // What fails over all may fail for one cluster's data alone, or for being too much at once.
        if (!failsByData(error)) throw error;
        note(`The metrics hub ${host} was asked once for each cluster: over all of them the query fails.`);
        return oneByOne(target, members, expression, limits);
      }
    },

    labels: async (target, members, { label, matchers, start, end }, limits) => {
      const asked = { matchers: inMembers(members, matchers), start, end, ...limits };
      const answer = await (label === undefined
        ? prometheus.labels(target, asked)
        : prometheus.labelValues(target, { ...asked, label }));
      return toAll(members, answer);
    },

    series: async (target, members, { matchers, start, end, limit }, limits) => {
      const { value, warnings } = await prometheus.series(target, {
        matchers: inMembers(members, matchers),
        start,
        end,
        limit: limit * members.length,
        ...limits,
      });
      const split = splitByCluster(
        value,
        (labels) => labels,
        (_one, labels) => labels,
        members,
      );
      return new Map([...split].map(([id, sets]) => [id, { value: sets, warnings }]));
    },

    exemplars: async (target, members, { query, start, end }, limits) => {
      const [matched] = inMembers(members, [query]);
      const asked = { query: matched ?? query, start, end, ...limits };
      const { value, warnings } = await prometheus.exemplars(target, asked);
      const split = splitByCluster(
        value,
        ({ metric }) => metric,
        (one, metric) => ({ ...one, metric }),
        members,
      );
      return new Map([...split].map(([id, found]) => [id, { value: found, warnings }]));
    },
  };
}

function toAll<T>(members: readonly HubMember[], answer: Warned<T>): HubAnswers<T> {
  return new Map(members.map(({ cluster }) => [cluster.id, answer]));
}

/** The selectors, or all there is, of the members' series only. */
function inMembers(members: readonly HubMember[], selectors: readonly string[]): string[] {
  const matcher = matcherFor(
    members[0]?.hub.cluster_label ?? '',
    members.map(({ hub }) => hub.cluster_value),
  );
  return selectors.length === 0 ? [`{${matcher}}`] : selectors.map((selector) => injectMatcher(selector, matcher));
}

function failsByData(error: unknown): boolean {
  if (!(error instanceof AppError) || error.code !== 'SPOKE_ERROR') return false;
  const { reason, status } = error.details;
  return (reason === 'QUERY' && (status === 422 || status === 413)) || reason === 'TOO_LARGE';
}
