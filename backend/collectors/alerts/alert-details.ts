import type { Alert, AlertDetail, AlertEpisode } from '../../model/alert.ts';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { describeOutcomes, isComplete } from '../../model/outcome.ts';
import type { Silence } from '../../model/silence.ts';
import type { AlertingRule } from '../../spokes/prometheus-rules.ts';
import type { AlertHistory } from './history/history.ts';
import { type AlertsReader, asAlert, joinOutcomes, readAlerts } from './alerts.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import { toSilence } from './silences.ts';

const LAST_EPISODES = 10;
const OTHER_CLUSTERS = 20;
/** Episodes read to find the clusters of a fingerprint. */
const MAX_READ = 500;

export interface AlertDetails {
  /**
   * One alert by Alertmanager's fingerprint, or Prometheus's own of the same. Where it fired in several clusters: the one that
   * fires, else fired last. `startsAt` picks an episode. Throws ALERT_NOT_FOUND.
   */
  get(query: Question & { readonly fingerprint: string; readonly startsAt?: Date | undefined }): Promise<AlertDetail>;
}

export interface AlertDetailsOptions extends AlertsReader {
  readonly history: Pick<AlertHistory, 'list' | 'behaviour'>;
}

export function createAlertDetails(options: AlertDetailsOptions): AlertDetails {
  const { fanout, spokes, history } = options;

  return {
    get: async ({ fingerprint, startsAt, ...query }) => {
      const question = questionOf(query);
      const { episodes } = await history.list(question.clusters, { fingerprint, startsAt }, { limit: MAX_READ });
      const [newest] = episodes.toSorted(firingFirst);
      // What the history does not have yet may have begun a moment ago, anywhere.
      const asked = newest ? question.clusters.filter(({ id }) => id === newest.cluster_id) : question.clusters;
      const read = await readAlerts(options, { ...question, clusters: asked }, 'KEPT');
      const outcomes = read.prometheus.map((outcome, at) => joinOutcomes(outcome, read.alertmanager[at] ?? outcome));
      const live = [...read.alerts.values()]
        .flat()
        .find(({ alert, rule }) => alert.fingerprint === fingerprint || rule?.fingerprint === fingerprint)?.alert;
      const wanted = startsAt === undefined || live?.starts_at === startsAt.toISOString();
      const alert = (wanted ? live : undefined) ?? (newest && asAlert(newest));
      const cluster = question.clusters.find(({ id }) => id === alert?.cluster_id);
      if (!alert || !cluster) throw notFound(fingerprint, describeOutcomes(outcomes), isComplete(outcomes));

      const one = { ...question, clusters: [cluster] };
      const [behaviour, last, rule, quiet] = await Promise.all([
        history.behaviour(cluster.id, fingerprint),
        history.list([cluster], { fingerprint }, { limit: LAST_EPISODES }),
        ruleOf(one, alert),
        quietOf(cluster, one, alert),
      ]);
      const complete = isComplete(outcomes);
      return {
        alert,
        active: live !== undefined && wanted ? true : complete ? false : null,
        history: {
          ...behaviour,
          flapping: last.episodes[0]?.flapping ?? false,
          last: last.episodes.map(({ state, starts_at, ends_at, announced }) => ({
            state,
            starts_at,
            ...(ends_at === undefined ? {} : { ends_at }),
            announced,
          })),
        },
        rule,
        runbook_url: alert.annotations['runbook_url'] ?? alert.annotations['runbook'] ?? null,
        ...quiet,
        other_clusters: otherClusters(episodes, cluster.id),
        clusters: outcomes,
        complete,
      };
    },
  };

  async function ruleOf(question: Question, alert: Alert): Promise<AlertDetail['rule']> {
    const { values } = await fanout.ask<AlertingRule[]>({
      ...question,
      kind: 'PROMETHEUS',
      ask: (target, _cluster, limits) => spokes.prometheus.alertingRules(target, alert.alertname, limits),
    });
    const rules = values.get(alert.cluster_id) ?? [];
    const rule = rules.find(({ labels }) => couldGive(labels, alert.labels)) ?? rules[0];
    if (rule) {
      const { query, group, forSeconds, health, lastError } = rule;
      const failed = lastError === undefined || lastError === '' ? {} : { last_error: lastError };
      return { query, group, for_seconds: forSeconds, health, ...failed };
    }
    // Prometheus puts the expression into the link that it sends along.
    const query = URL.parse(alert.generator_url ?? '')?.searchParams.get('g0.expr') ?? null;
    return query === null ? null : { query };
  }

  async function quietOf(
    cluster: Cluster,
    question: Question,
    alert: Alert,
  ): Promise<Pick<AlertDetail, 'silences' | 'inhibited_by'>> {
    if (!alert.silenced && !alert.inhibited) return { silences: [], inhibited_by: [] };
    const { values } = await fanout.ask({
      ...question,
      kind: 'ALERTMANAGER',
      ask: async (target, _cluster, limits) => {
        const [alerts, silences] = await Promise.all([
          spokes.alertmanager.alerts(target, limits),
          spokes.alertmanager.silences(target, limits),
        ]);
        return { value: { alerts, silences } };
      },
    });
    const answer = values.get(cluster.id);
    const own = answer?.alerts.find((one) => one.fingerprint === alert.fingerprint);
    const silences: Silence[] = (answer?.silences ?? [])
      .filter(({ id }) => own?.silencedBy.includes(id))
      .map((silence) => toSilence(cluster, silence));
    const nameOf = (fingerprint: string) =>
      answer?.alerts.find((one) => one.fingerprint === fingerprint)?.labels['alertname'] ?? null;
    const inhibited_by = (own?.inhibitedBy ?? []).map((fingerprint) => ({
      fingerprint,
      alertname: nameOf(fingerprint),
    }));
    return { silences, inhibited_by };
  }
}

function firingFirst(a: AlertEpisode, b: AlertEpisode): number {
  if (a.state !== b.state) return a.state === 'FIRING' ? -1 : 1;
  return a.starts_at < b.starts_at ? 1 : a.starts_at > b.starts_at ? -1 : a.cluster_name < b.cluster_name ? -1 : 1;
}

/** A rule's own labels are on its alerts, unless they are templates. */
function couldGive(rule: Readonly<Record<string, string>>, alert: Readonly<Record<string, string>>): boolean {
  return Object.entries(rule).every(([name, value]) => value.includes('{{') || alert[name] === value);
}

/** The newest episode of each. */
function otherClusters(episodes: readonly AlertEpisode[], clusterId: string): AlertDetail['other_clusters'] {
  const newest = new Map<string, AlertEpisode>();
  for (const episode of episodes.toSorted(firingFirst))
    if (episode.cluster_id !== clusterId && !newest.has(episode.cluster_id)) newest.set(episode.cluster_id, episode);
  return [...newest.values()]
    .slice(0, OTHER_CLUSTERS)
    .map(({ cluster_name, state, starts_at }) => ({ cluster_name, state, starts_at }));
}

function notFound(fingerprint: string, coverage: string, complete: boolean): AppError {
  const asked = complete ? '' : ` ${coverage}, so it may be there.`;
  return new AppError('ALERT_NOT_FOUND', `No alert of the fingerprint ${fingerprint} is known.${asked}`, {
    hint: 'list_alerts shows what fires, with fingerprints; list_alerts with start shows what has fired.',
  });
}
