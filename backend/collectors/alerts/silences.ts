import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { type ClusterOutcome, hasNoEndpoint, isComplete } from '../../model/outcome.ts';
import {
  type Silence,
  type SilenceMatcher,
  type SilenceState,
  type SilencesAnswer,
  formatMatcher,
  requireNarrow,
} from '../../model/silence.ts';
import type { AlertmanagerSilence } from '../../spokes/alertmanager.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import { type Fanout, type Question, questionOf } from '../fanout/fanout.ts';

export interface NewSilenceRequest extends Question {
  readonly matchers: readonly SilenceMatcher[];
  readonly durationMs: number;
  readonly comment: string;
  readonly createdBy: string;
}

/** A silence that was made. */
export interface MadeSilence {
  readonly cluster_id: string;
  readonly cluster_name: string;
  readonly silence_id: string;
  /** Alerts that it covers now. */
  readonly matching_alerts: number;
}

export interface Silences {
  /** Of all clusters, those that end last first. */
  list(
    query: Question & { readonly state?: SilenceState | undefined; readonly limit: number },
  ): Promise<SilencesAnswer>;
  /**
   * Makes one in each cluster. Each Alertmanager is asked first what it would cover: one that would hide the Watchdog, or all of
   * three alerts and more, is refused there. Throws VALIDATION_FAILED when no matcher is an equality.
   */
  create(
    request: NewSilenceRequest,
  ): Promise<{ silences: MadeSilence[]; ends_at: string; clusters: ClusterOutcome[]; complete: boolean }>;
  /** Ends one of one cluster. Throws SILENCE_NOT_FOUND, the spoke's error, VALIDATION_FAILED without an Alertmanager. */
  expire(cluster: Cluster, id: string, question: Question): Promise<void>;
}

/** From this many alerts on, a silence of all of them is taken for a mistake. */
const TOO_MANY = 3;
/** Alertmanager takes a start in the past for now; so its clock, not ours, says when the silence begins. */
const BEFORE_MS = 86_400_000;

export function createSilences(parts: {
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'alertmanager'>;
  readonly clock: Clock;
  /** Alerts that must never be silenced. */
  readonly watchdogs: readonly string[];
}): Silences {
  const { fanout, spokes, clock, watchdogs } = parts;

  return {
    list: async ({ state, limit, ...question }) => {
      const { outcomes, values, complete } = await fanout.ask({
        ...questionOf(question),
        kind: 'ALERTMANAGER',
        ask: async (target, _cluster, limits) => ({ value: await spokes.alertmanager.silences(target, limits) }),
      });
      const silences = question.clusters
        .flatMap((cluster) => (values.get(cluster.id) ?? []).map((silence) => toSilence(cluster, silence)))
        .filter((silence) => state === undefined || silence.state === state)
        .sort((a, b) => (a.ends_at === b.ends_at ? (a.id < b.id ? -1 : 1) : a.ends_at < b.ends_at ? 1 : -1));
      return { silences: silences.slice(0, limit), total: silences.length, clusters: outcomes, complete };
    },

    create: async ({ matchers, durationMs, comment, createdBy, ...question }) => {
      requireNarrow(matchers);
      const now = clock.now().getTime();
      const ends_at = new Date(now + durationMs).toISOString();
      const filters = matchers.map(formatMatcher);
      const { outcomes, values } = await fanout.ask({
        ...questionOf(question),
        kind: 'ALERTMANAGER',
        idempotent: false,
        ask: async (target, _cluster, limits) => {
          const [covered, all] = await Promise.all([
            spokes.alertmanager.alerts(target, { ...limits, filters }),
            spokes.alertmanager.alerts(target, limits),
          ]);
          refuseWide(
            covered.map((alert) => alert.labels['alertname'] ?? ''),
            all.length,
          );
          const silence = {
            matchers,
            comment,
            createdBy,
            startsAt: new Date(now - BEFORE_MS).toISOString(),
            endsAt: ends_at,
          };
          const silence_id = await spokes.alertmanager.createSilence(target, silence, limits);
          return { value: { silence_id, matching_alerts: covered.length } };
        },
      });
      const silences = question.clusters.flatMap(({ id, name }) => {
        const made = values.get(id);
        return made ? [{ cluster_id: id, cluster_name: name, ...made }] : [];
      });
      // A cluster without an Alertmanager was asked for something that it cannot do.
      const complete = isComplete(outcomes) && !outcomes.some(hasNoEndpoint);
      return { silences, ends_at, clusters: outcomes, complete };
    },

    expire: async (cluster, id, question) => {
      const { outcomes, errors } = await fanout.ask({
        ...questionOf({ ...question, clusters: [cluster] }),
        kind: 'ALERTMANAGER',
        idempotent: false,
        ask: async (target, _cluster, limits) => ({
          value: await spokes.alertmanager.expireSilence(target, id, limits),
        }),
      });
      const error = errors.get(cluster.id);
      if (error) throw error;
      if (outcomes.every((outcome) => outcome.status === 'SUCCESS')) return;
      const message = `${cluster.name} has no Alertmanager registered`;
      throw new AppError('VALIDATION_FAILED', `cluster: ${message}.`, {
        details: { issues: [{ field: 'cluster', message }] },
      });
    },
  };

  function refuseWide(covered: readonly string[], all: number): void {
    const watchdog = covered.find((name) => watchdogs.includes(name));
    const why =
      watchdog !== undefined
        ? `it would silence ${watchdog}, the alert that shows that alerting works`
        : covered.length === all && all >= TOO_MANY
          ? `it would silence all ${all} alerts of this cluster`
          : undefined;
    if (why === undefined) return;
    throw new AppError('QUERY_REFUSED', `No silence was made: ${why}.`, {
      details: { rule: 'SILENCE_TOO_WIDE', observed: covered.length },
      hint: 'Add matchers, such as alertname and namespace.',
    });
  }
}

export function toSilence(cluster: Cluster, silence: AlertmanagerSilence): Silence {
  return {
    id: silence.id,
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    state: silence.state,
    matchers: silence.matchers.map(formatMatcher),
    starts_at: new Date(silence.startsAt).toISOString(),
    ends_at: new Date(silence.endsAt).toISOString(),
    created_by: silence.createdBy,
    comment: silence.comment,
  };
}
