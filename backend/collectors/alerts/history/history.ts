import { and, count, desc, eq, gte, inArray, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import type { AlertEpisode, Severity } from '../../../model/alert.ts';
import type { Cluster } from '../../../model/cluster.ts';
import type { ClusterOutcome } from '../../../model/outcome.ts';
import type { Clock } from '../../../platform/clock.ts';
import { alertEpisodes, alertSchedule } from '../../../platform/store/schema.ts';
import type { Store } from '../../../platform/store/store.ts';
import { isUuid } from '../../../platform/uuid.ts';
import { invalidCursor, readCursor, writeCursor } from './cursor.ts';
import type { EpisodeRow } from './sighting.ts';
import { PLATFORM_ALERTS } from './switches.ts';

/** Older than this, and what a cluster's history says of now is not known to be whole. Twice the slowest poll and more. */
const UNHEARD_MS = 600_000;

export interface EpisodeFilter {
  readonly alertname?: string | undefined;
  readonly namespace?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly state?: 'FIRING' | 'RESOLVED' | undefined;
  /** Alertmanager's, or what Prometheus alone calls it. */
  readonly fingerprint?: string | undefined;
  readonly startsAt?: Date | undefined;
  /** Those that fired at some time from `from` to `to`. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface EpisodePage {
  /** Newest start first. */
  readonly episodes: AlertEpisode[];
  /** All that match. */
  readonly total: number;
  readonly by_severity: Record<Severity, number>;
  readonly next_cursor?: string;
}

/** How an alert has behaved. Durations are of episodes that are over, in seconds; null when there is none. */
export interface Behaviour {
  readonly episodes: number;
  readonly first_seen_at: string | null;
  readonly mean_seconds: number | null;
  readonly max_seconds: number | null;
}

/** What fired when, as far as polls and notifications told. Knows nothing of scopes: whoever asks names the clusters. */
export interface AlertHistory {
  /** Throws VALIDATION_FAILED for a cursor that is none of ours. */
  list(
    clusters: readonly Cluster[],
    filter: EpisodeFilter,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<EpisodePage>;
  /** Our own alerts about a cluster's alerting that fire now. */
  platformAlerts(clusters: readonly Cluster[]): Promise<AlertEpisode[]>;
  behaviour(clusterId: string, fingerprint: string): Promise<Behaviour>;
  /** One a cluster, by name: PARTIAL where the cluster has not answered lately, so that something may be missing. */
  outcomes(clusters: readonly Cluster[]): Promise<ClusterOutcome[]>;
  /** Deletes episodes that ended before, or, still open, were last seen before. Returns how many. */
  purge(before: Date): Promise<number>;
}

export function createAlertHistory(store: Store, clock: Clock): AlertHistory {
  const e = alertEpisodes;
  const ids = (clusters: readonly Cluster[]) => clusters.map((cluster) => cluster.id);

  return {
    list: async (clusters, filter, { limit, cursor }) => {
      const none = { episodes: [], total: 0, by_severity: { CRITICAL: 0, WARNING: 0, INFO: 0 } };
      if (clusters.length === 0) return none;
      const where = and(inArray(e.cluster_id, ids(clusters)), matching(filter));
      const after = cursor === undefined ? undefined : afterCursor(cursor);
      const [rows, totals] = await Promise.all([
        store.query((db) =>
          db
            .select()
            .from(e)
            .where(and(where, after))
            .orderBy(desc(e.starts_at), desc(e.id))
            .limit(limit + 1),
        ),
        store.query((db) =>
          db.select({ severity: e.severity, count: count() }).from(e).where(where).groupBy(e.severity),
        ),
      ]);
      const by = (severity: Severity) => totals.find((total) => total.severity === severity)?.count ?? 0;
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        episodes: shown.map(toEpisode(clusters)),
        total: totals.reduce((sum, one) => sum + one.count, 0),
        by_severity: { CRITICAL: by('CRITICAL'), WARNING: by('WARNING'), INFO: by('INFO') },
        ...(rows.length > limit && last ? { next_cursor: writeCursor([last.starts_at.toISOString(), last.id]) } : {}),
      };
    },

    platformAlerts: async (clusters) => {
      if (clusters.length === 0) return [];
      const names = Object.values(PLATFORM_ALERTS).map(({ alertname }) => alertname);
      const rows = await store.query((db) =>
        db
          .select()
          .from(e)
          .where(and(inArray(e.cluster_id, ids(clusters)), eq(e.state, 'FIRING'), inArray(e.alertname, names))),
      );
      return rows.filter((row) => row.sources.includes('PLATFORM')).map(toEpisode(clusters));
    },

    behaviour: async (clusterId, fingerprint) => {
      const seconds = sql`extract(epoch from ${e.ends_at} - ${e.starts_at})`;
      const [row] = await store.query((db) =>
        db
          .select({
            episodes: count(),
            first: sql<Date | string | null>`min(${e.first_seen_at})`,
            mean: sql<string | null>`avg(${seconds})`,
            max: sql<string | null>`max(${seconds})`,
          })
          .from(e)
          .where(and(eq(e.cluster_id, clusterId), named(fingerprint))),
      );
      const rounded = (text: string | null | undefined) =>
        text === null || text === undefined ? null : Math.round(Number(text));
      return {
        episodes: row?.episodes ?? 0,
        first_seen_at: row?.first ? new Date(row.first).toISOString() : null,
        mean_seconds: rounded(row?.mean),
        max_seconds: rounded(row?.max),
      };
    },

    outcomes: async (clusters) => {
      const rows =
        clusters.length === 0
          ? []
          : await store.query((db) =>
              db
                .select({ id: alertSchedule.cluster_id, switches: alertSchedule.switches })
                .from(alertSchedule)
                .where(inArray(alertSchedule.cluster_id, ids(clusters))),
            );
      const answered = new Map(rows.map(({ id, switches }) => [id, switches.answered_at]));
      const since = clock.now().getTime() - UNHEARD_MS;
      return clusters
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ id, name, endpoints }) => {
          const at = answered.get(id);
          const base = { cluster_id: id, cluster_name: name, query_time_ms: 0, cached: false };
          if (at !== undefined && Date.parse(at) >= since) return { ...base, status: 'SUCCESS' as const };
          const asked = endpoints.prometheus_url !== undefined || endpoints.alertmanager_url !== undefined;
          if (!asked) return { ...base, status: 'SKIPPED' as const };
          const until =
            at === undefined ? 'it has never been polled whole' : `it has not been polled whole since ${at}`;
          return { ...base, status: 'PARTIAL' as const, warnings: [`${until}; what fired since may be missing`] };
        });
    },

    purge: async (before) => {
      const forgotten = and(eq(e.state, 'FIRING'), lt(e.last_seen_at, before));
      const gone = or(and(eq(e.state, 'RESOLVED'), lt(e.ends_at, before)), forgotten);
      const { rows } = await store.query((db) =>
        db.execute<{ count: string }>(
          sql`with gone as (delete from ${e} where ${gone} returning 1) select count(*)::text as count from gone`,
        ),
      );
      return Number(rows[0]?.count ?? 0);
    },
  };
}

function named(fingerprint: string): SQL | undefined {
  return or(eq(alertEpisodes.fingerprint, fingerprint), eq(alertEpisodes.rule_fingerprint, fingerprint));
}

function matching(filter: EpisodeFilter): SQL | undefined {
  const e = alertEpisodes;
  const { alertname, namespace, severity, state, fingerprint, startsAt, from, to } = filter;
  return and(
    alertname === undefined ? undefined : eq(e.alertname, alertname),
    namespace === undefined ? undefined : eq(e.namespace, namespace),
    severity === undefined ? undefined : eq(e.severity, severity),
    state === undefined ? undefined : eq(e.state, state),
    fingerprint === undefined ? undefined : named(fingerprint),
    startsAt === undefined ? undefined : eq(e.starts_at, startsAt),
    to === undefined ? undefined : lte(e.starts_at, to),
    from === undefined ? undefined : or(isNull(e.ends_at), gte(e.ends_at, from)),
  );
}

function afterCursor(cursor: string): SQL {
  const [startsAt = '', id = ''] = readCursor(cursor, 2);
  if (Number.isNaN(Date.parse(startsAt)) || !isUuid(id)) throw invalidCursor();
  return sql`(${alertEpisodes.starts_at}, ${alertEpisodes.id}) < (${new Date(startsAt)}, ${id}::uuid)`;
}

/** How an episode is shown; its clusters are those that were asked for. */
function toEpisode(clusters: readonly Cluster[]): (row: EpisodeRow) => AlertEpisode {
  const names = new Map(clusters.map((cluster) => [cluster.id, cluster.name]));
  return (row) => {
    const cluster_name = names.get(row.cluster_id) ?? row.cluster_id;
    const starts_at = row.starts_at.toISOString();
    return {
      id: `${cluster_name}/${row.fingerprint}/${starts_at}`,
      episode_id: row.id,
      fingerprint: row.fingerprint,
      cluster_id: row.cluster_id,
      cluster_name,
      alertname: row.alertname,
      severity: row.severity,
      state: row.state,
      silenced: row.silenced,
      inhibited: row.inhibited,
      labels: row.labels,
      annotations: row.annotations,
      starts_at,
      ...(row.ends_at === null ? {} : { ends_at: row.ends_at.toISOString() }),
      ...(row.generator_url === null ? {} : { generator_url: row.generator_url }),
      sources: row.sources,
      first_seen_at: row.first_seen_at.toISOString(),
      last_seen_at: row.last_seen_at.toISOString(),
      flapping: row.flapping,
      announced: row.fired_told_at !== null,
    };
  };
}
